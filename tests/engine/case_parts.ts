/**
 * What publishes to an engine and gets what it delivers, where engines are tried.
 *
 * @module
 */
import { assert } from "@std/assert";
import { Chunk, ChunkPool, Slice } from "../../lib/buffers.ts";
import type { Counters } from "../../lib/counters.ts";
import type {
  Acknowledgement,
  Engine,
  Publisher,
  Receipt,
  ReplayRange,
  ReplayStart,
  ReplaySubscriber,
  Run,
  Subscriber,
} from "../../lib/engine/types.ts";
import { RECORDS } from "../../lib/wire/encoding.ts";
import { RecordReader } from "../../lib/wire/records.ts";
import { Run as RunOf } from "../../lib/wire/run.ts";
import { within } from "../support/within.ts";

/** An engine to be tried. */
export interface Made {
  readonly engine: Engine;
  readonly counters: Counters;
  /** Whether `#d` and all below it is durable; nothing else is, ever. */
  readonly durable: boolean;
  /**
   * Where durable topics are in an engine that brokers share: they have one sequence of numbers, so that
   * those of a topic grow and have gaps; what is stored is delivered behind that, each message is answered by
   * itself, and how safe it is the engine says. Left out: it is not.
   */
  readonly shared?: true;
  /** Whether it knows how many subscribers a message reached; left out: it does. Others may have some, too. */
  readonly tellsReached?: boolean;
  /** Whether it never takes a run to several topics; left out: it does. */
  readonly joinsNone?: true;
  /** Sets going what waits for the end of a read. */
  readonly flush: () => void;
  /** Closes it, and what goes with it; left out: closing the engine is enough. */
  readonly end?: () => Promise<void>;
}

const pool = new ChunkPool();
export const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Takes messages and keeps their payloads. */
export class Recorder implements ReplaySubscriber {
  readonly connection: object;
  readonly rank: number;
  readonly leavesOut = false;
  full = false;
  readonly got: string[] = [];
  /** What was said between the messages. */
  readonly said: string[] = [];
  #waiting: Array<() => void> = [];

  constructor(connection: object = {}, rank = 0) {
    this.connection = connection;
    this.rank = rank;
  }

  deliver(run: Run): void {
    const { chunk, start, end } = run.records;
    this.#add(chunk.bytes.subarray(start, end));
  }

  deliverPage(bytes: Uint8Array<ArrayBuffer>): void {
    for (let rest = bytes; rest.length > 0;) {
      const lf = rest.indexOf(10);
      const length = Number(decoder.decode(rest.subarray(0, lf)).split(" ")[3]);
      this.#add(rest.subarray(lf + 1, lf + 1 + length));
      rest = rest.subarray(lf + 1 + length);
    }
  }

  caughtUp(how: "live" | "end"): void {
    this.said.push(`${how} after ${this.got.length}`);
    this.#wake();
  }

  fellBehind(): void {
    this.said.push(`behind after ${this.got.length}`);
    this.#wake();
  }

  missed(messages: number): void {
    this.said.push(`missed ${messages}`);
  }

  failed(reason: string): void {
    this.said.push(`failed: ${reason}`);
    this.#wake();
  }

  whenNotFull(callback: () => void): void {
    callback();
  }

  /** Resolves when so much has come, and so much was said. */
  async has(messages: number, said = 0): Promise<void> {
    while (this.got.length < messages || this.said.length < said) {
      await within(
        () => `${messages} messages (${this.got.length} have come) and ${said} that is said (${this.said})`,
        new Promise<void>((resolve) => this.#waiting.push(resolve)),
      );
    }
  }

  #add(records: Uint8Array): void {
    const reader = new RecordReader({ bytes: records, start: 0, end: records.length });
    while (reader.next()) {
      this.got.push(decoder.decode(records.subarray(reader.payloadStart, reader.payloadEnd)));
    }
    assert(!reader.broken, "records are whole");
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** One message: its payload, and an id where it has one. */
export type Sent = string | { readonly text: string; readonly id: string };

/** Publishes as a session does, and waits for what becomes of it. */
export class Sender implements Publisher {
  /** What was answered, in the order of the answers, and to how many messages. */
  readonly answers: (Receipt | string)[] = [];
  readonly counts: number[] = [];
  readonly #made: Made;
  #last: Promise<Receipt | string> = Promise.resolve("nothing was published");
  #held: PromiseWithResolvers<Receipt | string> | undefined;
  #waiting: Array<() => void> = [];

  constructor(made: Made) {
    this.#made = made;
  }

  hold(count: number): Acknowledgement {
    const held = Promise.withResolvers<Receipt | string>();
    this.#held = held;
    const answer = (what: Receipt | string): void => {
      this.answers.push(what);
      this.counts.push(count);
      held.resolve(what);
      for (const resolve of this.#waiting.splice(0)) resolve();
    };
    return { acknowledge: answer, refuse: (code, reason) => answer(`${code}: ${reason}`) };
  }

  /** Publishes a run; does not wait. */
  send(topic: string, ...messages: readonly Sent[]): void {
    const { engine, flush } = this.#made;
    const run = runOf(engine.routeOf(topic), messages);
    this.#held = undefined;
    const receipt = engine.publish(run, this);
    if (receipt === undefined) {
      assert(this.#held !== undefined, "what is answered later was held");
      this.#last = (this.#held as PromiseWithResolvers<Receipt | string>).promise;
    } else {
      this.answers.push(receipt);
      this.#last = Promise.resolve(receipt);
      run.release();
    }
    flush();
  }

  /** Resolves when so many answers have come. */
  async has(answers: number): Promise<void> {
    while (this.answers.length < answers) {
      await within(
        () => `${answers} answers (${this.answers.length} have come)`,
        new Promise<void>((resolve) => this.#waiting.push(resolve)),
      );
    }
  }

  /** Publishes a run and waits for its answer. */
  async publish(topic: string, ...messages: readonly Sent[]): Promise<Receipt | string> {
    this.send(topic, ...messages);
    return await within(`the answer to a run to ${topic}`, this.#last);
  }
}

export function runOf(route: { topic: string; topicBytes: number }, messages: readonly Sent[]): RunOf {
  const hasFields = messages.some((message) => typeof message !== "string");
  const text = messages.map((message) => {
    const [payload, fields] = typeof message === "string"
      ? [message, ""]
      : [message.text, ` id=${message.id}`];
    return `pub ${route.topic} ${encoder.encode(payload).length}${fields}\n${payload}\n`;
  }).join("");
  const slice = new Slice(new Chunk(encoder.encode(text)));
  const options = { route, encoding: RECORDS, count: messages.length, pool };
  return new RunOf(slice, { ...options, hasFields, ttl: undefined, expires: undefined });
}

export async function started(
  made: Made,
  recorder: Recorder,
  range: ReplayRange & { pattern: string },
): Promise<ReplayStart> {
  const { promise, resolve } = Promise.withResolvers<ReplayStart>();
  made.engine.replay(range.pattern, recorder, {
    range,
    started: resolve,
    ended: () => recorder.said.push("over"),
    besides: [],
  });
  return await within(`the beginning of ${range.pattern}`, promise);
}

export function closed(engine: Engine): Promise<void> {
  return within("the end of an engine", new Promise((resolve) => engine.close(resolve)));
}

/** Subscribes, and waits until what is published from then on comes. */
export async function subscribed(
  { engine, flush }: Made,
  pattern: string,
  subscriber: Subscriber,
): Promise<void> {
  engine.subscribe(pattern, subscriber);
  await new Promise<void>((resolve) => {
    if (engine.subscribed(resolve)) resolve();
    flush();
  });
}

/** Waits until something is the case, while time passes for the engine. */
export async function until({ engine }: Made, is: () => boolean): Promise<void> {
  for (const late = Date.now() + 20_000; !is();) {
    assert(Date.now() < late, "it has not become so within 20 s");
    await new Promise((resolve) => setTimeout(resolve, 5));
    engine.tick(Date.now());
  }
}
