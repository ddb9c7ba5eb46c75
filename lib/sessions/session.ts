/**
 * One connection as the broker thinks of it: bytes in, messages handed on, replies queued. No socket, no
 * clock.
 *
 * @module
 */
import { type Grant, UNLIMITED } from "../auth/grant.ts";
import { type Chunk, type ChunkPool, Slice } from "../buffers.ts";
import type { Engine, Gate, NewTopics, Publisher, Route, Run } from "../engine/types.ts";
import type { Limits } from "../limits.ts";
import { type Decoder, Found, type Request } from "../protocols/decoder.ts";
import { DONE, type Protocol } from "../protocols/types.ts";
import type { PatternBudget } from "../topics/pattern_budget.ts";
import { Entrance } from "./admission/entrance.ts";
import type { ConnectionSnapshot } from "./connection_snapshot.ts";
import { Standing } from "./admission/standing.ts";
import type { Answer, Context, Role } from "./context.ts";
import { delayedRun } from "./delayed_run.ts";
import { dispatch } from "./dispatch.ts";
import { acks } from "./handlers/ack.ts";
import { pub } from "./handlers/pub.ts";
import { isAnsweredFirst } from "./handlers/sub.ts";
import { Memberships, type Sharing } from "./memberships.ts";
import { JoinedRun } from "./joined_run.ts";
import type { Listener } from "./listener.ts";
import type { Outbox } from "./outbox/outbox.ts";
import { refusal } from "./refusal.ts";
import type { SessionEnd, SessionOptions } from "./session_options.ts";
import { ReplyQueue } from "./reply_queue.ts";
import type { Ticket } from "./ticket.ts";
import type { Settings } from "./settings.ts";
import { type Subscribing, Subscriptions } from "./subscriptions.ts";
import { BYTES_OF_WORK, WORK_OF_A_REQUEST } from "./turns/work.ts";
import { welcomeOf } from "./welcome.ts";

/**
 * Guarantees: one reply a request, in the order of the requests (C2); the reply to a publish is queued after
 * every current subscriber's outbox has the message (C4). While a subscriber is full the session stands still
 * at that publish ({@link Session.waitsFor}), and reads no further; while too many of its own requests are
 * unanswered, or their replies unread, before the next.
 */
export class Session implements Context, Publisher, Subscribing, Sharing {
  readonly subscriptions: Subscriptions;
  /** What it came in by. */
  readonly listener: Listener;
  readonly publishes: boolean;
  readonly outbox: Outbox;
  waiting: object | undefined = undefined;
  /** Whether its turn was over before all that was read was handled: then call {@link goOn} in another. */
  more = false;
  readonly standing: Standing;
  readonly entrance: Entrance | undefined = undefined;
  readonly #settings: Settings;
  readonly #replies: ReplyQueue;
  #protocol: Protocol;
  #decoder: Decoder;
  #id = "";
  #ended: SessionEnd | undefined;
  #chunk: Chunk | undefined;
  #end = 0;
  /** What was published and is not handed on yet; of those who never publish there is none. */
  #joined: JoinedRun | undefined;
  /** The publish or the request at which the session stands still, if it is at one, and for whom it waits. */
  #held: Run | undefined;
  #request: Request | undefined;
  #waitsFor: Gate | undefined;
  /** What was done last, as turns count it. */
  #work = 0;
  #memberships: Memberships | undefined;

  constructor(settings: Settings, { listener, outbox, address, grant }: SessionOptions) {
    const { protocol } = listener;
    this.#settings = settings;
    this.listener = listener;
    this.publishes = listener.roles.has("publisher");
    this.outbox = outbox;
    this.standing = new Standing(settings, outbox);
    this.grant = grant ?? (settings.gatekeeper === undefined ? UNLIMITED : undefined);
    if (this.grant === undefined) {
      this.entrance = new Entrance(settings.gatekeeper!, { comer: this, address });
    }
    this.#protocol = protocol;
    this.#decoder = protocol.decoder(this.limits);
    const { flushes, memory, turns } = settings;
    const replies = protocol.replies(outbox);
    this.#replies = new ReplyQueue({ replies, outlet: outbox, flushes, memory, turns });
    this.subscriptions = new Subscriptions(this, settings.slowConsumer);
  }

  get grant(): Grant | undefined {
    return this.standing.grant;
  }
  /**
   * It may do this from now on; what its decoder goes by holds from the next protocol on. Who sets another
   * tells the engine, and then ends what it denies (renewal.ts).
   */
  set grant(grant: Grant | undefined) {
    this.standing.grant = grant;
  }

  get roles(): ReadonlySet<Role> {
    return this.listener.roles;
  }
  get engine(): Engine {
    return this.#settings.engine;
  }
  get pool(): ChunkPool {
    return this.#settings.pool;
  }
  get patterns(): PatternBudget {
    return this.#settings.patterns;
  }
  get limits(): Limits {
    return this.standing.limits;
  }
  get newTopics(): NewTopics | undefined {
    return this.standing.newTopics;
  }
  get memberships(): Memberships {
    return this.#memberships ??= new Memberships(this, (by) => this.subscriptions.watch(by));
  }
  get protocol(): Protocol {
    return this.#protocol;
  }

  /** Who this is by its own first request; empty before that. */
  get id(): string {
    return this.#id;
  }
  /** Set once it said goodbye or cannot be understood any more: nothing it sends is read from then on. */
  get ended(): SessionEnd | undefined {
    return this.#ended;
  }
  /** What has to become free before this session goes on: then call {@link resume}. */
  get waitsFor(): Gate | undefined {
    return this.#waitsFor;
  }
  /** Everything before this position is done with. */
  get consumed(): number {
    return this.#decoder.consumed;
  }
  /** Bytes of what has begun there when it is whole, or 0. */
  get awaited(): number {
    return this.#decoder.awaited;
  }

  /**
   * Handles what was read, as much of it as fits in a turn: `chunk.bytes` from `start` to `end`, of which the
   * first part may have been there before.
   */
  receive(chunk: Chunk, start: number, end: number): void {
    this.#chunk = chunk;
    this.#end = end;
    this.#decoder.feed(chunk.bytes, start, end);
    this.#handleAll(chunk);
  }

  /** There is no memory for more of the request that is not whole yet: it is refused and passed over. */
  passOver(): void {
    this.#refuse(this.#decoder.passOver("BUSY", ""));
    this.#replies.flush();
  }
  /** Nothing more is read: what is known is told. */
  tellAll(): void {
    this.#replies.flush();
  }
  /** Goes on with the next request. */
  goOn(): void {
    if (this.#chunk !== undefined) this.#handleAll(this.#chunk);
  }

  /** Goes on where it stood still, which it does as long as there is something to wait for. */
  resume(): void {
    const [run, request] = [this.#held, this.#request];
    this.#held = this.#request = this.#waitsFor = undefined;
    if (request !== undefined) this.#handle(request);
    if (run === undefined || this.#publish(run)) this.goOn();
  }

  speak(protocol: Protocol): void {
    this.#protocol = protocol;
    this.#replies.speak(protocol.replies(this.outbox));
    const info = welcomeOf(this.#settings, this);
    this.#replies.say((replies) => replies.welcome(info));
    const from = this.#decoder.consumed;
    this.#decoder = protocol.decoder(this.limits);
    if (this.#chunk !== undefined) this.#decoder.feed(this.#chunk.bytes, from, this.#end);
  }

  quit(): void {
    this.#replies.say((replies) => replies.goodbye());
    this.#ended = "quit";
  }
  pong(): void {
    this.#replies.say((replies) => replies.pong());
  }
  now(): number {
    return this.#settings.now();
  }
  hold(count: number): Ticket {
    return this.#replies.hold(count);
  }
  ask(): Ticket {
    return this.#replies.ask();
  }
  begin(): Ticket {
    return this.#replies.begin();
  }

  /** Full until every request has its reply: until then the connection must not close. */
  get answers(): Gate {
    return this.#replies.answers;
  }
  later(ready: () => void): void {
    this.#settings.flushes.add({ ready });
  }
  /** A notice to who can take one. */
  notify(fields: Readonly<Record<string, unknown>>): void {
    this.#replies.say((replies) => replies.info(fields));
    this.#replies.flush();
  }
  /** The broker ends the connection and says why, to who can take it. */
  bye(code: string, text: string): void {
    if (this.#ended === undefined) this.#replies.say((replies) => replies.bye(code, text));
    this.#replies.flush();
  }
  /** What it is subscribed to. */
  snapshot(): Pick<ConnectionSnapshot, "subscriptions" | "groups"> {
    return { subscriptions: this.subscriptions.snapshot(), groups: this.#memberships?.snapshot() ?? [] };
  }

  /**
   * Nobody is subscribed here any more. `gone`: the connection is; else what is queued is still sent, and
   * what is left of it when that is closed is given back to the groups it comes from.
   */
  close({ gone }: { readonly gone: boolean }): void {
    this.subscriptions.closeAll();
    if (gone) this.#memberships?.closeAll();
    else this.#memberships?.takeNoMore();
    if (gone) this.standing.close();
    this.#replies.close();
    this.#held?.release();
    this.#held = this.#request = undefined;
    this.#waitsFor = this.#chunk = undefined;
    this.more = false;
  }

  #handleAll(chunk: Chunk): void {
    const { turns } = this.#settings;
    this.more = false;
    this.#work = 0;
    const { entrance } = this;
    while (entrance === undefined ? this.#ended === undefined : this.#isIn(entrance)) {
      if (turns.over(this.#work)) {
        this.more = true;
        break;
      }
      this.#waitsFor = entrance?.full === true ? entrance : this.#replies.full ? this.#replies : undefined;
      if (this.#waitsFor !== undefined) break;
      const decoder = this.#decoder;
      const found = decoder.next();
      if (found === Found.Nothing) break;
      this.#work = WORK_OF_A_REQUEST;
      if (found === Found.Publishes) {
        if (!this.#publishes(chunk)) break;
        continue;
      }
      this.#handOn(chunk);
      if (found === Found.Acks) {
        const { count } = decoder.acks;
        this.#answer(this.roles.has("subscriber") ? acks(decoder.acks, this) : refusal("WRONG_PORT"), count);
      } else if (found === Found.Request) {
        if (this.#id === "") this.#id = decoder.request.id;
        const before = isAnsweredFirst(decoder.request) ? this.#replies.otherAnswers : undefined;
        if (before?.full === true) {
          [this.#request, this.#waitsFor] = [decoder.request, before];
          break;
        }
        this.#handle(decoder.request);
      } else {
        this.#refuse(found);
      }
    }
    this.#handOn(chunk);
    if (!this.more) this.standing.rest(this.#waitsFor);
    this.#replies.flushOrHold();
  }

  #handle(request: Request): void {
    this.#answer(dispatch(request, this), 1);
    if (request.verb === "sub") this.#replies.holdNone();
  }

  /** What came of a login is done before anything behind it (A1, A4). False: nothing more is read. */
  #isIn(entrance: Entrance): boolean {
    const entered = entrance.take();
    if (entered === undefined) return this.#ended === undefined;
    if ("code" in entered) {
      this.#settings.counters.loginsRefused(1);
      this.#answer(entered, 1);
      this.#ended = "not let in";
      return false;
    }
    this.speak(entered);
    return true;
  }

  /** False: the session stands still. */
  #publishes(chunk: Chunk): boolean {
    const decoder = this.#decoder;
    this.#work = 1 + (decoder.end - decoder.start) / BYTES_OF_WORK;
    if (this.#id === "") this.#id = decoder.publisherId();
    if (this.grant === undefined) this.entrance?.asItIs();
    const route = pub(decoder.head, { start: decoder.topicStart, end: decoder.topicEnd }, this);
    const joined = this.#joined ??= new JoinedRun();
    if ("code" in route) {
      this.#handOn(chunk);
      this.#work += decoder.count;
      this.#answer(route, decoder.count);
      return true;
    }
    if (decoder.delay !== undefined) {
      this.#handOn(chunk);
      return this.#publishLater(route, chunk);
    }
    if (joined.join(route, decoder, this.engine)) return true;
    this.#handOn(chunk);
    const full = this.standing.held ?? this.engine.gateOf(route);
    joined.begin(route, decoder);
    if (full === undefined) return true;
    this.#standStill(joined.take(chunk, this.#settings), full);
    return false;
  }

  /** What was found says when it is to be delivered. False: the session stands still. */
  #publishLater(route: Route, chunk: Chunk): boolean {
    const decoder = this.#decoder;
    const { start, end } = decoder;
    const run = delayedRun(route, decoder, { ...this.#settings, slice: new Slice(chunk, start, end) });
    if (!("code" in run)) return this.#publish(run);
    this.#work += decoder.count;
    this.#answer(run, decoder.count);
    return true;
  }

  /** Hands on what was published so far; whoever gets it was asked when it began. */
  #handOn(chunk: Chunk): void {
    const joined = this.#joined;
    if (joined === undefined || joined.empty) return;
    this.#deliver(joined.take(chunk, this.#settings));
  }

  #publish(run: Run): boolean {
    const full = this.standing.held ?? this.#settings.engine.gateOf(run.route, this);
    if (full === undefined) this.#deliver(run);
    else this.#standStill(run, full);
    return full === undefined;
  }

  #standStill(run: Run, full: Gate): void {
    this.#held = run;
    this.#waitsFor = full;
    this.standing.rest(full);
    this.#replies.flush();
  }

  #deliver(run: Run): void {
    this.standing.spend(run.count, run.bytes);
    const receipt = this.#settings.engine.publish(run, this);
    if (receipt === undefined) {
      // it has looked at each of them
      this.#work += run.ids.length;
      return;
    }
    run.release();
    this.#work += receipt.reached ?? 0;
    this.#replies.ok(run.count, receipt);
  }

  /** The decoder refuses a request, or all that follows: that cannot be understood, and is not read (V6). */
  #refuse(found: Found): void {
    const why = refusal(this.#decoder.refusal, this.#decoder.problem);
    if (found !== Found.Broken) return this.#answer(why, 1);
    this.#settings.counters.refused(1);
    this.#replies.say((replies) => replies.bye(why.code, why.text));
    this.#ended = why.code === "NO_TLS" ? "TLS on a port without" : "protocol error";
  }

  #answer(answer: Answer, count: number): void {
    if (answer === "answered") return;
    if (answer === "ok") return this.#replies.ok(count, DONE);
    this.#settings.counters.refused(count);
    this.#replies.refuse(answer, count);
    if (answer.last) this.#ended = "protocol error";
  }
}
