/**
 * What a crash left at the end of the write-ahead log. SQLite discards it without a word when the database is
 * opened: all frames behind the last commit that is whole. That is right for a commit that was being written;
 * but a damaged byte further before would take whole commits behind it along, and so it is read first.
 *
 * As https://sqlite.org/fileformat2.html#the_write_ahead_log has it (section 4):
 *
 *     header (32)  magic, version, page size, checkpoint sequence, salt (8), checksum (8)
 *     frame (24)   page number, size of the database after a commit or 0, salt (8), checksum (8); the page
 *
 * A frame counts if its salt is the header's and its checksum goes on from the frame before it; frames with
 * another salt are left over from before the log was last begun anew.
 *
 * @module
 */
import { DamageError } from "../log/damage.ts";

const HEADER_BYTES = 32;
const FRAME_BYTES = 24;
const MAGIC = 0x377f0682;
/** The lowest bit of the magic number: checksums are made of big-endian words. */
const BIG_ENDIAN = 1;
const PAGE_BYTES_LEAST = 512;
const PAGE_BYTES_MOST = 65_536;

/** What SQLite will not take of a write-ahead log. */
export interface WalTail {
  /** Where the last commit that is whole ends. */
  readonly end: number;
  /** Bytes behind it that belong to this log, and frames that they are, the last perhaps not whole. */
  readonly bytes: number;
  readonly frames: number;
  /**
   * Whole commits among them, behind the one that is not: no crash leaves that where each waited for its
   * fsync.
   */
  readonly commits: number;
}

type Checksum = readonly [number, number];

/**
 * Reads a write-ahead log; undefined: there is none, or nothing of it is discarded. Call before SQLite opens
 * the database. Throws DamageError where it does not begin as one.
 */
export function readWalTail(path: string): WalTail | undefined {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, { read: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  try {
    const length = file.statSync().size;
    return length === 0 ? undefined : new WalReader(file, length).tail();
  } finally {
    file.close();
  }
}

/**
 * Throws DamageError where more than the end is gone: whole commits, that a store which waits for its fsyncs
 * has acknowledged.
 */
export function requireEnd(tail: WalTail | undefined): void {
  if (tail === undefined || tail.commits === 0) return;
  throw new DamageError(
    `behind byte ${tail.end} of its write-ahead log a commit is not whole, ` +
      `and ${tail.commits} behind it that are would be gone ` +
      "(to go on without them, start it once with --sync interval)",
  );
}

class WalReader {
  readonly #file: Deno.FsFile;
  readonly #length: number;
  readonly #littleEndian: boolean;
  readonly #salt: string;
  readonly #start: Checksum;
  /** A frame with its page, read again and again into the same bytes. */
  readonly #frame: Uint8Array;
  readonly #view: DataView;

  constructor(file: Deno.FsFile, length: number) {
    this.#file = file;
    this.#length = length;
    const header = new Uint8Array(HEADER_BYTES);
    if (readFull(file, header) < HEADER_BYTES) {
      throw new DamageError("its write-ahead log has no whole header");
    }
    const view = new DataView(header.buffer);
    const magic = view.getUint32(0);
    const pageBytes = view.getUint32(8);
    this.#littleEndian = (magic & BIG_ENDIAN) === 0;
    this.#salt = saltOf(view, 16);
    this.#start = this.#sum(view, { from: 0, to: 24, after: [0, 0] });
    if (
      (magic & ~BIG_ENDIAN) !== MAGIC || pageBytes < PAGE_BYTES_LEAST || pageBytes > PAGE_BYTES_MOST ||
      !same(this.#start, checksumAt(view, 24))
    ) throw new DamageError("the header of its write-ahead log is not as it was written");
    this.#frame = new Uint8Array(FRAME_BYTES + pageBytes);
    this.#view = new DataView(this.#frame.buffer);
  }

  tail(): WalTail | undefined {
    let end = HEADER_BYTES;
    /** Where the last frame of this log ends, whole or not. */
    let last = HEADER_BYTES;
    let sum: Checksum | undefined = this.#start;
    /** What the frame before says its checksum is. */
    let before: Checksum = this.#start;
    /** Whether every frame since a commit that is not whole goes on from the one before it. */
    let linked = false;
    let commits = 0;
    for (let at = HEADER_BYTES; at < this.#length;) {
      const size = readFull(this.#file, this.#frame);
      const ours = this.#isOurs(size, at === last);
      at += size;
      if (ours) last = at;
      if (size < this.#frame.length) break;
      const stored = checksumAt(this.#view, 16);
      const marks = this.#view.getUint32(4) !== 0;
      sum = ours && sum !== undefined && same(this.#sumOfFrame(sum), stored) ? stored : undefined;
      if (sum !== undefined) {
        if (marks) end = at;
      } else if (ours) {
        linked &&= same(this.#sumOfFrame(before), stored);
        if (linked && marks) commits++;
        linked ||= marks;
      }
      before = stored;
    }
    if (last <= end) return undefined;
    const bytes = last - end;
    return { end, bytes, frames: Math.ceil(bytes / this.#frame.length), commits };
  }

  /**
   * Whether a frame is of this log. Of one that is cut before its salt, `follows` decides: whether the one
   * before was.
   */
  #isOurs(size: number, follows: boolean): boolean {
    return size < 16 ? follows : saltOf(this.#view, 8) === this.#salt;
  }

  #sumOfFrame(after: Checksum): Checksum {
    const head = this.#sum(this.#view, { from: 0, to: 8, after });
    return this.#sum(this.#view, { from: FRAME_BYTES, to: this.#frame.length, after: head });
  }

  #sum(view: DataView, { from, to, after }: { from: number; to: number; after: Checksum }): Checksum {
    let [a, b] = after;
    for (let at = from; at < to; at += 8) {
      a = (a + view.getUint32(at, this.#littleEndian) + b) | 0;
      b = (b + view.getUint32(at + 4, this.#littleEndian) + a) | 0;
    }
    return [a, b];
  }
}

function checksumAt(view: DataView, at: number): Checksum {
  return [view.getInt32(at), view.getInt32(at + 4)];
}

function saltOf(view: DataView, at: number): string {
  return `${view.getUint32(at)} ${view.getUint32(at + 4)}`;
}

function same(a: Checksum, b: Checksum): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

/** Reads until `into` is full or the file ends. */
function readFull(file: Deno.FsFile, into: Uint8Array): number {
  let size = 0;
  while (size < into.length) {
    const count = file.readSync(into.subarray(size));
    if (count === null) break;
    size += count;
  }
  return size;
}
