/**
 * Messages from outside, stored with the times they have.
 *
 * @module
 */
import { RunError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { checkTail } from "../sqlite/check_tail.ts";
import { asRunError, type DataFiles, filesIn, lockDirectory, prepareDirectory } from "../sqlite/files.ts";
import { type NewBatch, topicProblem } from "../log/group.ts";
import { DamageError } from "../log/damage.ts";
import { connect } from "../sqlite/connection.ts";
import { createWhereMissing } from "../sqlite/create.ts";
import { damaged, isDamage, reasonOf } from "../sqlite/errors.ts";
import { inspect } from "../sqlite/inspect.ts";
import { frameOf, type ImportedMessage, ttlOf } from "./import_frame.ts";
import { readWalTail } from "../sqlite/wal_tail.ts";
import { Writer } from "../sqlite/writer/writer.ts";

/** Bytes and messages from which what was added is committed. */
const COMMIT_BYTES = 8 * 1024 * 1024;
const COMMIT_MESSAGES = 20_000;
/** Bytes a batch grows to before the next message to its topic begins another. */
const BATCH_BYTES_MOST = 1024 * 1024;

/**
 * - Messages are stored in the order in which they are added, over all topics; neighbours of one topic and time share a batch.
 * - A message's time is its own, but never before the one stored last, and never in the future.
 * - Commits do not wait for the disk; {@link close} does. What was killed before that has stored the first so many.
 */
export class Importer {
  readonly #dir: string;
  readonly #lock: Deno.FsFile;
  readonly #writer: Writer;
  #frames: Uint8Array[] = [];
  #batches: NewBatch[] = [];
  #bytes = 0;
  #time = 0;
  #messages = 0;

  private constructor(dir: string, parts: { readonly lock: Deno.FsFile; readonly writer: Writer }) {
    this.#dir = dir;
    this.#lock = parts.lock;
    this.#writer = parts.writer;
  }

  /** Opens the store in a directory, which is made where it is missing and which nobody may have open. Throws RunError. */
  static open(dir: string): Importer {
    const files = filesIn(dir);
    prepareDirectory(dir);
    const lock = lockDirectory(files);
    try {
      return new Importer(dir, { lock, writer: openWriter(files) });
    } catch (error) {
      release(lock);
      throw asTold(dir, error);
    }
  }

  /** Messages that are stored. */
  get messages(): number {
    return this.#messages;
  }

  /** Topics in the store. */
  get topics(): number {
    return this.#writer.topics;
  }

  /** Takes a message whose topic is canonical. Throws RunError where what was added cannot be stored. */
  add(message: ImportedMessage): void {
    const { topic } = message;
    const problem = topicProblem(topic);
    if (problem !== undefined) throw new RunError(problem);
    // "now" is a while, so that what has no time of its own shares a commit
    const now = this.#frames.length === 0 || message.time !== undefined ? Date.now() : this.#time;
    const time = Math.min(message.time ?? now, now);
    // an earlier time becomes that of the message before it anyhow
    if (time > this.#time) {
      this.commit();
      this.#time = time;
    }
    this.#append(topic, frameOf(message), ttlOf(message));
    if (this.#bytes >= COMMIT_BYTES || this.#frames.length >= COMMIT_MESSAGES) this.commit();
  }

  /** Stores what was added so far. Throws RunError. */
  commit(): void {
    const frames = this.#frames;
    if (frames.length === 0) return;
    const bytes = new Uint8Array(this.#bytes);
    let at = 0;
    for (const frame of frames) {
      bytes.set(frame, at);
      at += frame.length;
    }
    const batches = this.#batches;
    this.#frames = [];
    this.#batches = [];
    this.#bytes = 0;
    this.#orThrow(() => this.#writer.commit(batches, bytes, this.#time));
    this.#messages += frames.length;
    if (this.#writer.checkpointDue) this.#orThrow(() => this.#writer.checkpoint());
  }

  /** Writes all that was committed to disk; what was not is given up. Throws RunError where that fails. */
  close(): void {
    try {
      this.#writer.close();
    } catch (error) {
      throw asTold(this.#dir, error);
    } finally {
      release(this.#lock);
    }
  }

  #append(topic: string, frame: Uint8Array, ttl: number | undefined): void {
    const start = this.#bytes;
    this.#frames.push(frame);
    this.#bytes += frame.length;
    const open = this.#batches.at(-1);
    if (open?.topic !== topic || open.end - open.start + frame.length > BATCH_BYTES_MOST) {
      this.#batches.push({ topic, count: 1, start, end: this.#bytes, ttl });
    } else {
      this.#batches[this.#batches.length - 1] = {
        ...open,
        count: open.count + 1,
        end: this.#bytes,
        ttl: ttl === undefined ? open.ttl : Math.min(ttl, open.ttl ?? ttl),
      };
    }
  }

  #orThrow(work: () => { readonly kind: string; readonly reason: string } | object | undefined): void {
    let outcome: ReturnType<typeof work>;
    try {
      outcome = work();
    } catch (error) {
      throw asTold(this.#dir, error);
    }
    if (outcome !== undefined && "reason" in outcome) {
      throw new RunError(`the store in ${quote(this.#dir)} takes no more: ${outcome.reason}`);
    }
  }
}

function openWriter(files: DataFiles): Writer {
  createWhereMissing(files, Date.now());
  inspect(files);
  if ((readWalTail(files.wal)?.commits ?? 0) > 0) {
    throw new DamageError("its write-ahead log is not whole (start a broker there, it says what that means)");
  }
  const db = connect(files.database, { readOnly: false, sync: "interval" });
  try {
    checkTail(db);
    return new Writer(db, files);
  } catch (error) {
    db.close();
    throw error;
  }
}

function release(lock: Deno.FsFile): void {
  lock.truncateSync(0);
  lock.close();
}

function asTold(dir: string, error: unknown): Error {
  if (isDamage(error)) return damaged(dir, reasonOf(error));
  const known = asRunError(dir, error);
  if (known instanceof RunError || !(error instanceof Error) || !("errcode" in error)) return known;
  return new RunError(`the store in ${quote(dir)} cannot be used: ${reasonOf(error)}`);
}
