/**
 * Whether an acknowledgement or a delivery left before the fsync that covers its message, judged from a trace
 * of the broker.
 *
 * Every message carries a mark of its own at both ends, `<sender.number>`, so that a page break cuts one of
 * them at most.
 *
 * 1. **Written.** What is written to the `-wal` file is read as SQLite's file format has it
 *    (sqlite.org/fileformat2.html, 4.1): 24 bytes of frame header, then a page. Bytes 4 to 7 of the header
 *    are 0 but in the last frame of a commit. The marks in the pages up to that frame, seen for the first
 *    time, are the messages of the commit; they are written when the write of its last page has returned.
 * 2. **On disk.** An fsync of that file covers what was written before it *began*, and counts from when it
 *    has *returned* 0.
 * 3. **Acknowledged.** The bytes sent to a publisher are cut into lines. Replies come in the order of the
 *    requests, so the n-th acknowledgement (`OK`; `ok K …` is K of them) is for the sender's n-th message. It
 *    leaves when the call *begins* that carries the first byte of its line. Of two publishers that send the
 *    same messages with the same ids, the one that comes second is acknowledged without being stored; that it
 *    waits for the other's fsync is judged by the same mark.
 * 4. **Delivered.** The same for lines with a mark that are sent to a subscriber; a v2 message begins with
 *    the line before.
 *
 * A message that is acknowledged or delivered and not on disk then is a violation. An order that is right by
 * luck is not found; so many messages go through that luck does not last, which the two controls show:
 * without fsync, and with one that nobody waits for.
 *
 * @module
 */
import type { Call, Moment } from "./strace.ts";

/** Calls that write, and that wait for the disk. One that is missing here shows in what was acknowledged. */
export const CALLS = [
  ..."write writev pwrite64 pwritev pwritev2 sendto sendmsg sendmmsg sendfile splice".split(" "),
  ..."fsync fdatasync sync_file_range msync".split(" "),
];

/** Who is who: the broker's log and ports, and the senders by the port of their end. */
export interface Parties {
  /** The write-ahead log, as the system names it: Deno has others, for what it caches. */
  readonly wal: string;
  readonly pubPort: number;
  readonly subPort: number;
  /**
   * By the publisher's own port, its number in the marks; two have the same one where they send the same
   * messages.
   */
  readonly senders: ReadonlyMap<number, number>;
}

/** What a trace shows. */
export interface SyncOrder {
  /** Messages of which the acknowledgement left, by the publisher's port. */
  readonly acknowledged: ReadonlyMap<number, number>;
  /** Deliveries that left, to all subscribers together. */
  readonly delivered: number;
  /** Commits, and how many times the disk was waited for. */
  readonly commits: number;
  readonly fsyncs: number;
  /** Of the most messages that one fsync covered, how many. */
  readonly mostAtOnce: number;
  /** What left too early, as a sentence each. */
  readonly violations: readonly string[];
}

/** A mark, as messages carry it. */
export function markOf(sender: number, number: number): string {
  return `<${sender}.${number}>`;
}

const MARK = /<\d+\.\d+>/g;
const FRAME_HEADER_BYTES = 24;
const WAL_HEADER_BYTES = 32;

/** Judges a trace. Throws Error where it cannot be understood: then nothing is shown. */
export function syncOrderOf(moments: Iterable<Moment>, parties: Parties): SyncOrder {
  const judge = new Judge(parties);
  for (const moment of moments) judge.take(moment);
  return judge.result;
}

class Judge {
  readonly #parties: Parties;
  readonly #disk = new Disk();
  readonly #acknowledged = new Map<number, number>();
  readonly #streams = new Map<string, Stream>();
  readonly #violations: string[] = [];
  #delivered = 0;

  constructor(parties: Parties) {
    this.#parties = parties;
  }

  get result(): SyncOrder {
    const { commits, fsyncs, mostAtOnce } = this.#disk;
    return {
      acknowledged: this.#acknowledged,
      delivered: this.#delivered,
      commits,
      fsyncs,
      mostAtOnce,
      violations: this.#violations,
    };
  }

  take({ kind, call }: Moment): void {
    if (call.on === this.#parties.wal) return this.#disk.take(kind, call);
    const ends = /^TCP(?:v6)?:\[.*:(\d+)->.*:(\d+)\]$/.exec(call.on);
    if (ends === null) return;
    const [local, peer] = [Number(ends[1]), Number(ends[2])];
    if (local !== this.#parties.pubPort && local !== this.#parties.subPort) return;
    const stream = this.#streamOf(call.on);
    // whether it is on disk is asked when the call begins, what of it was sent is known when it returned
    if (kind === "begins") stream.begin(this.#disk.synced);
    else {
      for (const line of stream.returned(call.data.slice(0, Math.max(0, call.result ?? 0)))) {
        if (local === this.#parties.pubPort) this.#reply(line, peer);
        else this.#delivery(line);
      }
    }
  }

  #reply({ text, synced }: Line, port: number): void {
    const sender = this.#parties.senders.get(port);
    if (sender === undefined) throw new Error(`a publisher that nobody knows, at port ${port}`);
    if (text === "OK_2" || text.startsWith("info ")) return;
    const count = text === "OK" ? 1 : Number(/^ok (\d+) /.exec(text)?.[1] ?? NaN);
    if (Number.isNaN(count)) throw new Error(`a publisher was told ${JSON.stringify(text)}`);
    const first = this.#acknowledged.get(port) ?? 0;
    this.#acknowledged.set(port, first + count);
    for (let number = first; number < first + count; number++) {
      this.#look(markOf(sender, number), { synced, what: "acknowledged" });
    }
  }

  #delivery({ text, synced }: Line): void {
    const mark = text.match(MARK)?.[0];
    if (mark === undefined) return;
    this.#delivered++;
    this.#look(mark, { synced, what: "delivered" });
  }

  #look(mark: string, { synced, what }: { readonly synced: number; readonly what: string }): void {
    const place = this.#disk.placeOf(mark);
    if (place !== undefined && place < synced) return;
    this.#violations.push(`${mark} was ${what} and ${place === undefined ? "not written" : "not on disk"}`);
  }

  #streamOf(on: string): Stream {
    let stream = this.#streams.get(on);
    if (stream === undefined) this.#streams.set(on, stream = new Stream());
    return stream;
  }
}

/** What of the messages is in the write-ahead log, and for how much of it the disk was waited for. */
class Disk {
  commits = 0;
  fsyncs = 0;
  mostAtOnce = 0;
  /** How many messages are on disk: those with a smaller place. */
  synced = 0;
  readonly #places = new Map<string, number>();
  readonly #begun = new Map<number, number>();
  /** Marks of the commit that is being written. */
  #open = new Set<string>();
  #frame: { readonly last: boolean } | undefined;

  /** When a message was written, among all; undefined: it was not. */
  placeOf(mark: string): number | undefined {
    return this.#places.get(mark);
  }

  take(kind: Moment["kind"], call: Call): void {
    if (call.name === "fsync" || call.name === "fdatasync") return this.#sync(kind, call);
    if (call.name !== "pwrite64") throw new Error(`the write-ahead log was written by ${call.name}`);
    if (kind === "begins") return;
    if (call.result !== call.data.length) {
      throw new Error(`${call.result} of ${call.data.length} bytes were written`);
    }
    if (call.data.length === WAL_HEADER_BYTES) return;
    if (call.data.length === FRAME_HEADER_BYTES) this.#frame = { last: call.data.slice(4, 8) !== "\0\0\0\0" };
    else this.#page(call.data);
  }

  #page(data: string): void {
    if (this.#frame === undefined) throw new Error("a page without a frame header before it");
    const { last } = this.#frame;
    this.#frame = undefined;
    for (const [mark] of data.matchAll(MARK)) if (!this.#places.has(mark)) this.#open.add(mark);
    if (!last) return;
    this.commits++;
    for (const mark of this.#open) this.#places.set(mark, this.#places.size);
    this.#open = new Set();
  }

  #sync(kind: Moment["kind"], { thread, result }: Call): void {
    if (kind === "begins") {
      this.#begun.set(thread, this.#places.size);
      return;
    }
    const covered = this.#begun.get(thread);
    if (result !== 0 || covered === undefined) return;
    this.fsyncs++;
    this.mostAtOnce = Math.max(this.mostAtOnce, covered - this.synced);
    this.synced = Math.max(this.synced, covered);
  }
}

interface Line {
  readonly text: string;
  /** What was on disk when its first byte left. */
  readonly synced: number;
}

/** The bytes sent on one connection, cut into lines. */
class Stream {
  #synced = 0;
  #text = "";
  /** What was on disk when the first byte of the line that is being gathered left. */
  #since = 0;
  #headline: number | undefined;

  begin(synced: number): void {
    this.#synced = synced;
  }

  /** The lines that end in what was sent. */
  returned(sent: string): Line[] {
    const lines: Line[] = [];
    for (let start = 0; start < sent.length;) {
      if (this.#text === "") this.#since = this.#synced;
      const lf = sent.indexOf("\n", start);
      if (lf < 0) {
        this.#text += sent.slice(start);
        break;
      }
      const text = this.#text + sent.slice(start, lf);
      lines.push({ text, synced: this.#headline ?? this.#since });
      this.#headline = text.startsWith("pub ") ? this.#since : undefined;
      this.#text = "";
      start = lf + 1;
    }
    return lines;
  }
}
