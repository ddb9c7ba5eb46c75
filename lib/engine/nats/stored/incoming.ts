/**
 * Messages of the stream, whoever wrote them (N10), as records, those that follow one another as one run.
 *
 * @module
 */
import { type ChunkPool, Slice } from "../../../buffers.ts";
import { encodeText, LF } from "../../../wire/bytes.ts";
import { RECORDS } from "../../../wire/encoding.ts";
import { readTtl } from "../../../wire/record_fields.ts";
import { Run } from "../../../wire/run.ts";
import type { Route } from "../../types.ts";
import { fieldsOfHeaders } from "../plain.ts";
import type { NatsMessage } from "../port.ts";
import type { Subjects } from "../subjects.ts";
import type { Delivery } from "./delivery.ts";

/** A message as a record. */
export interface Incoming {
  /** Canonical. */
  readonly topic: string;
  readonly sequence: number;
  /** When it was stored, milliseconds since 1970. */
  readonly time: number;
  readonly attempt: number;
  readonly hasFields: boolean;
  /** Milliseconds for which it is worth delivering; undefined: for ever. */
  readonly ttl: number | undefined;
  /** The record up to its payload: `pub #a 3⏎`. */
  readonly head: Uint8Array;
  /** The reader's, as {@link NatsMessage.bytes}. */
  readonly payload: Uint8Array;
}

const TTL = "hashbus-ttl";
const FIRST_BYTES = 16 * 1024;

/** What it works with. */
export interface IncomingParts {
  readonly subjects: Subjects;
  /** What others stored cannot be read. */
  readonly onUnreadable: (reason: string) => void;
}

/** A message of the stream; undefined: it is none that a broker could have stored, which has been told. */
export function incomingOf(
  message: NatsMessage,
  delivery: Delivery,
  { subjects, onUnreadable }: IncomingParts,
): Incoming | undefined {
  const { bytes: payload, subject } = message;
  const topic = subjects.topicOfStored(subject);
  const headers = message.hasHeaders ? message.headers : undefined;
  const fields = headers === undefined ? "" : fieldsOfHeaders(headers, { reply: "", subjects });
  if (topic === undefined || fields === undefined) {
    onUnreadable(
      `${subject}: ${topic === undefined ? "the subject of no topic" : "its headers are no fields"}`,
    );
    return undefined;
  }
  const seconds = headers?.find(([name]) => name.toLowerCase() === TTL)?.[1];
  const written = seconds === undefined ? undefined : encodeText(seconds);
  return {
    topic,
    sequence: delivery.sequence,
    time: delivery.time,
    attempt: delivery.attempt,
    hasFields: fields !== "",
    ttl: written === undefined ? undefined : readTtl(written, 0, written.length),
    head: encodeText(`pub ${topic} ${payload.length}${fields}\n`),
    payload,
  };
}

/** Whether it has outlived its time. */
export function isExpired({ time, ttl }: Incoming, now: number): boolean {
  return ttl !== undefined && now >= time + ttl;
}

/** Bytes of records, in memory that grows and is used again. */
export class RecordBytes {
  #bytes = new Uint8Array(FIRST_BYTES);
  length = 0;

  add(...parts: readonly Uint8Array[]): void {
    for (const part of parts) {
      const end = this.length + part.length;
      if (end > this.#bytes.length) {
        const grown = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
        grown.set(this.#bytes.subarray(0, this.length));
        this.#bytes = grown;
      }
      this.#bytes.set(part, this.length);
      this.length = end;
    }
  }

  addRecord({ head, payload }: Incoming): void {
    this.add(head, payload, LINE_END);
  }

  /** What was added, and begins anew; to be copied at once. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.length);
    this.length = 0;
    // what one large message needed is not kept for all that follow
    if (this.#bytes.length > MOST_KEPT) this.#bytes = new Uint8Array(FIRST_BYTES);
    return taken;
  }
}

const LINE_END = Uint8Array.of(LF);
const MOST_KEPT = 1024 * 1024;
/** Bytes of a run. */
const RUN_MOST = 256 * 1024;

/** What it makes runs with. */
export interface RunsParts {
  readonly pool: ChunkPool;
  readonly routeOf: (topic: string) => Route;
  /** A run is whole; it is kept, and released by who is given it. */
  readonly made: (run: Run) => void;
}

/**
 * Guarantees: the runs bring the messages in their order; those of one run are of one topic, have numbers
 * that follow each other, were stored in the same millisecond and given out as often, and may be delivered
 * for the same time.
 */
export class RunMaker {
  readonly #parts: RunsParts;
  readonly #bytes = new RecordBytes();
  #first: Incoming | undefined;
  #count = 0;
  #hasFields = false;

  constructor(parts: RunsParts) {
    this.#parts = parts;
  }

  add(message: Incoming): void {
    if (this.#first !== undefined && !this.#follows(this.#first, message)) this.end();
    this.#first ??= message;
    this.#count++;
    this.#hasFields ||= message.hasFields;
    this.#bytes.addRecord(message);
  }

  /** What was added is handed on. */
  end(): void {
    const first = this.#first;
    if (first === undefined) return;
    const { pool, routeOf, made } = this.#parts;
    const records = this.#bytes.take();
    const chunk = pool.take(records.length);
    chunk.bytes.set(records);
    const { topic, sequence, time, ttl } = first;
    const run = new Run(new Slice(chunk, 0, records.length), {
      route: routeOf(topic),
      encoding: RECORDS,
      count: this.#count,
      pool,
      hasFields: this.#hasFields,
      ttl,
      expires: ttl === undefined ? undefined : time + ttl,
    });
    run.stored = { first: sequence, batch: sequence + this.#count - 1, time };
    run.keep();
    chunk.release();
    this.#first = undefined;
    this.#count = 0;
    this.#hasFields = false;
    made(run);
  }

  /** What was added is forgotten. */
  clear(): void {
    this.#first = undefined;
    this.#count = 0;
    this.#hasFields = false;
    this.#bytes.take();
  }

  #follows({ topic, sequence, time, ttl, attempt }: Incoming, next: Incoming): boolean {
    return next.sequence === sequence + this.#count && next.topic === topic && next.time === time &&
      next.ttl === ttl && next.attempt === attempt && this.#bytes.length < RUN_MOST;
  }
}
