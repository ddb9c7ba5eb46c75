/**
 * What other brokers and NATS programs send of topics in memory, as runs.
 *
 * @module
 */
import { type Chunk, type ChunkPool, Slice } from "../../buffers.ts";
import { encodeText } from "../../wire/bytes.ts";
import { RECORDS } from "../../wire/encoding.ts";
import { recordHead } from "../../wire/records.ts";
import { type Route, Run } from "../../wire/run.ts";
import { type Checked, checkRecords, readStamp, type Stamp, stampOf } from "./packed.ts";
import { fieldsOfHeaders, FROM, recordRoom, writeRecord } from "./plain.ts";
import type { NatsMessage } from "./port.ts";
import type { Subjects } from "./subjects.ts";

/** What it needs. */
export interface IncomingOptions {
  readonly subjects: Subjects;
  readonly pool: ChunkPool;
  readonly now: () => number;
  readonly routeOf: (topic: string) => Route;
  /** A message was left out, for it cannot be read. */
  readonly onUnreadable: (reason: string) => void;
}

/** A message as it came, its topic found. */
export interface Arrived {
  readonly topic: string;
  /** Who sent it; undefined: it does not say, as NATS programs do not. */
  readonly stamp: Stamp | undefined;
  /** Its runs, to be released by who asked; none: it cannot be read, and that has been told. */
  read(): readonly Run[];
}

/** A subject that messages came with. */
interface Known {
  readonly topic: string;
  /** What a record of it begins with. */
  readonly head: Uint8Array;
  readonly isPacked: boolean;
}

/** Subjects that are remembered. */
const KNOWN_MOST = 4096;
const NO_FIELDS = encodeText("");

/**
 * Reads messages. Whatever they hold, what it makes of them is what a broker takes from its own publishers.
 */
export class Incoming {
  readonly #options: IncomingOptions;
  readonly #known = new Map<string, Known>();
  #unreadable = 0;

  constructor(options: IncomingOptions) {
    this.#options = options;
  }

  /** Messages that were left out. */
  get unreadable(): number {
    return this.#unreadable;
  }

  /** Who sent a message, and to where; undefined: it is to no topic, and has been told. */
  arrived(message: NatsMessage): Arrived | undefined {
    // NATS says something of what was sent: that nobody is there to answer it
    if (message.hasHeaders && message.status !== 0) return undefined;
    const known = this.#knownOf(message.subject);
    if (known === undefined) return this.#leftOut(`its subject is no topic: ${message.subject}`);
    const { topic } = known;
    if (!known.isPacked) {
      const from = message.hasHeaders ? message.headers!.find(([name]) => name === FROM)?.[1] : undefined;
      const stamp = from === undefined ? undefined : stampOf(from);
      return { topic, stamp, read: () => this.#plain(message, known) };
    }
    const stamp = readStamp(message.bytes);
    if (stamp === undefined) return this.#leftOut(`what was packed to ${topic} has no stamp`);
    return { topic, stamp, read: () => this.#packed(message.bytes, stamp.end, known) };
  }

  #packed(bytes: Uint8Array, start: number, { topic, head }: Known): readonly Run[] {
    const checked = checkRecords(bytes, start, head);
    if (checked === undefined) {
      this.#leftOut(`what was packed to ${topic} are no records`);
      return [];
    }
    const chunk = this.#options.pool.take(bytes.length - start);
    chunk.bytes.set(bytes.subarray(start));
    return this.#runs(topic, chunk, checked.map((each) => ({ ...each, end: each.end - start })));
  }

  #plain(message: NatsMessage, { topic, head }: Known): readonly Run[] {
    const { reply } = message;
    const hasFields = message.hasHeaders || reply !== "";
    const { subjects, pool } = this.#options;
    const text = hasFields ? fieldsOfHeaders(message.headers, { reply, subjects }) : "";
    if (text === undefined) {
      this.#leftOut(`the headers of a message to ${topic} are no fields`);
      return [];
    }
    const fields = text === "" ? NO_FIELDS : encodeText(text);
    const chunk = pool.take(recordRoom(head, fields, message.bytes));
    const length = writeRecord(chunk.bytes, { head, fields, payload: message.bytes });
    const checked = text === ""
      ? [{ ...ONE, end: length }]
      : checkRecords(chunk.bytes.subarray(0, length), 0, head)!;
    return this.#runs(topic, chunk, checked);
  }

  /** What lies in a chunk, one behind the other. */
  #runs(topic: string, chunk: Chunk, checked: readonly Checked[]): readonly Run[] {
    const { pool, routeOf, now } = this.#options;
    const route = routeOf(topic);
    let start = 0;
    const runs = checked.map(({ count, hasFields, ttl, end }) => {
      const run = new Run(new Slice(chunk, start, end), {
        route,
        encoding: RECORDS,
        count,
        pool,
        hasFields,
        ttl,
        expires: ttl === undefined ? undefined : now() + ttl,
      });
      start = end;
      run.keep();
      return run;
    });
    chunk.release();
    return runs;
  }

  #knownOf(subject: string): Known | undefined {
    const known = this.#known.get(subject);
    if (known !== undefined) return known;
    const { subjects } = this.#options;
    const packed = subjects.topicOfRun(subject);
    const topic = packed ?? subjects.topicOfOne(subject);
    if (topic === undefined) return undefined;
    const made = { topic, head: recordHead(topic), isPacked: packed !== undefined };
    if (this.#known.size >= KNOWN_MOST) this.#known.clear();
    this.#known.set(subject, made);
    return made;
  }

  #leftOut(reason: string): undefined {
    this.#unreadable++;
    this.#options.onUnreadable(reason);
  }
}

const ONE = { count: 1, hasFields: false, ttl: undefined };
