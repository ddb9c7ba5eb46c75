/**
 * One connection as the broker thinks of it: bytes in, messages handed on, replies queued. No socket, no clock.
 *
 * @module
 */
import { type Chunk, Slice } from "../buffers.ts";
import type { Engine, Gate } from "../engine/types.ts";
import type { Limits } from "../limits.ts";
import { ClassicDecoder } from "../protocols/classic/decoder.ts";
import { type Decoder, Found } from "../protocols/decoder.ts";
import { FrameDecoder } from "../protocols/frames/decoder.ts";
import type { Answer, Context, Port } from "./context.ts";
import { dispatch } from "./dispatch.ts";
import { pub } from "./handlers/pub.ts";
import type { Lane } from "./lane.ts";
import type { Outbox } from "./outbox.ts";
import { type Refusal, refusal } from "./refusal.ts";
import { ClassicReplies, DONE, FrameReplies } from "./replies.ts";
import { ReplyQueue, type Ticket } from "./reply_queue.ts";
import { MessageRun } from "./run.ts";
import type { Settings } from "./settings.ts";

/** Why a session reads no more. */
export type SessionEnd = "quit" | "protocol error";

/**
 * Guarantees: one reply a request, in the order of the requests; the reply to a publish is queued after every current
 * subscriber's outbox has the message. While a subscriber is full the session stands still at that publish
 * ({@link Session.waitsFor}), and reads no further.
 */
export class Session implements Context {
  readonly port: Port;
  readonly engine: Engine;
  readonly limits: Limits;
  readonly outbox: Outbox;
  readonly patterns = new Map<string, Lane>();
  readonly #settings: Settings;
  #decoder: Decoder;
  readonly #replies: ReplyQueue;
  #frames: FrameReplies | undefined;
  #id = "";
  #ended: SessionEnd | undefined;
  #chunk: Chunk | undefined;
  #end = 0;
  /** The publish at which the session stands still, and for whom it waits. */
  #held: MessageRun | undefined;
  #waitsFor: Gate | undefined;

  constructor(settings: Settings, { port, outbox }: { readonly port: Port; readonly outbox: Outbox }) {
    this.#settings = settings;
    this.port = port;
    this.engine = settings.engine;
    this.limits = settings.limits;
    this.outbox = outbox;
    this.#decoder = new ClassicDecoder(settings.limits.line);
    this.#replies = new ReplyQueue(new ClassicReplies(outbox));
  }

  /** Who this is by its own first request; empty before that. */
  get id(): string {
    return this.#id;
  }

  /** Set once it said goodbye or cannot be understood any more: nothing it sends is read from then on. */
  get ended(): SessionEnd | undefined {
    return this.#ended;
  }

  get upgraded(): boolean {
    return this.#frames !== undefined;
  }

  /** What has to become free before this session goes on: then call {@link resume}. */
  get waitsFor(): Gate | undefined {
    return this.#waitsFor;
  }

  /** Everything before this position is done with. */
  get consumed(): number {
    return this.#decoder.consumed;
  }

  /** Handles what was read: `chunk.bytes` from `start` to `end`, of which the first part may have been there before. */
  receive(chunk: Chunk, start: number, end: number): void {
    this.#chunk = chunk;
    this.#end = end;
    this.#decoder.feed(chunk.bytes, start, end);
    this.#handleAll(chunk);
  }

  /** Goes on where it stood still. */
  resume(): void {
    const run = this.#held;
    if (run === undefined || this.#chunk === undefined) return;
    this.#held = this.#waitsFor = undefined;
    if (this.#publish(run)) this.#handleAll(this.#chunk);
  }

  upgrade(): void {
    const { limits, port } = this;
    const { line, payload, topic, patterns } = limits;
    const frames = new FrameReplies(this.outbox);
    this.#frames = frames;
    this.#replies.speak(frames);
    const max = { line, payload, topic, patterns };
    const { version, durable } = this.#settings;
    this.#replies.say(() => frames.hello({ version, port, durable, max }));
    this.outbox.form = "frames";
    const from = this.#decoder.consumed;
    this.#decoder = new FrameDecoder(limits);
    if (this.#chunk !== undefined) this.#decoder.feed(this.#chunk.bytes, from, this.#end);
  }

  quit(): void {
    this.#replies.say((replies) => replies.goodbye());
    this.#ended = "quit";
  }

  pong(): void {
    this.#replies.say(() => this.#frames?.pong());
  }

  now(): number {
    return this.#settings.now();
  }

  hold(): Ticket {
    return this.#replies.hold(1);
  }

  /** Whether every request has its reply: until then the connection must not close. */
  get isSettled(): boolean {
    return this.#replies.isSettled;
  }

  /** Calls back once when every request has its reply. */
  whenSettled(callback: () => void): void {
    this.#replies.say(callback);
  }

  /** A notice to who can take one. */
  notify(fields: Readonly<Record<string, unknown>>): void {
    this.#replies.say((replies) => replies.info(fields));
  }

  /** The broker ends the connection and says why, to who can take it. */
  bye(code: string, text: string): void {
    if (this.#ended === undefined) this.#replies.say((replies) => replies.bye(code, text));
  }

  /** The connection is gone: nobody is subscribed here any more. */
  close(): void {
    for (const [pattern, lane] of this.patterns) this.engine.unsubscribe(pattern, lane);
    this.patterns.clear();
    this.#held?.release();
    this.#held = this.#waitsFor = this.#chunk = undefined;
  }

  #handleAll(chunk: Chunk): void {
    while (this.#ended === undefined) {
      const decoder = this.#decoder;
      const found = decoder.next();
      if (found === Found.Nothing) break;
      if (found === Found.Publishes) {
        if (!this.#publishes(chunk)) break;
      } else if (found === Found.Request) {
        if (this.#id === "") this.#id = decoder.request.id;
        this.#answer(dispatch(decoder.request, this), 1);
      } else {
        const why = refusal(decoder.refusal, decoder.problem);
        if (found === Found.Broken) this.#breakOff(why);
        else this.#answer(why, 1);
      }
    }
    this.#replies.flush();
  }

  /** False: the session stands still. */
  #publishes(chunk: Chunk): boolean {
    const decoder = this.#decoder;
    const { start, end, count, canonical, hasFields, ttl } = decoder;
    if (this.#id === "") this.#id = decoder.publisherId();
    const target = pub(decoder.head, { start: decoder.topicStart, end: decoder.topicEnd }, this);
    if ("code" in target) {
      this.#answer(target, count);
      return true;
    }
    const form = this.upgraded ? "frames" : "classic";
    const { pool, storedLevel } = this.#settings;
    const now = ttl === undefined ? undefined : this.now();
    const options = {
      route: target,
      form,
      count,
      canonical,
      hasFields,
      ttl,
      now,
      pool,
      storedLevel,
    } as const;
    return this.#publish(new MessageRun(new Slice(chunk, start, end), options));
  }

  #publish(run: MessageRun): boolean {
    // what is stored already is left out of the run, and acknowledged with it
    const { count } = run;
    const publication = this.engine.publish(run);
    if (publication === "delivered") {
      run.release();
      this.#replies.ok(count, run);
    } else if (publication === "pending") {
      run.ticket = this.#replies.hold(count);
    } else {
      this.#held = run;
      this.#waitsFor = publication;
      this.#replies.flush();
      return false;
    }
    return true;
  }

  #answer(answer: Answer, count: number): void {
    if (answer === "answered") return;
    if (answer === "ok") {
      this.#replies.ok(count, DONE);
      return;
    }
    this.engine.counters.refused += count;
    this.#replies.say((replies) => replies.refuse(answer, count));
  }

  /** What follows cannot be understood: says so and reads no more. */
  #breakOff(why: Refusal): void {
    this.engine.counters.refused++;
    this.#replies.say((replies) => replies.bye(why.code, why.text));
    this.#ended = "protocol error";
  }
}
