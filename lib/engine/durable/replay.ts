/**
 * A subscription that begins in what is stored: it reads that, then it is live, and when it cannot keep up it
 * reads again. So it never makes a publisher wait (D5).
 *
 * @module
 */
import { wantedOf } from "../../store/wanted.ts";
import type { Cursor, Had, SeekPlace, Trimmed, TrimmedBatch } from "../../store/types.ts";
import type { Reception } from "../../topics/reception.ts";
import { matches } from "../../topics/topic.ts";
import type { Run } from "../../wire/run.ts";
import type { Part, PartialSubscriber } from "../one_per_connection.ts";
import type { Receiving, ReplayRange, ReplayStart, ReplaySubscriber } from "../types.ts";

/** Whom a replay tells. */
export interface ReplayOwner {
  /** It calls {@link Replay.fallBack} when the commit that is being handed on is through. */
  behind(replay: Replay): void;
  /** What of what it wants has come to its connection otherwise, since it began. */
  had(replay: Replay, cursor: Cursor): readonly Had[];
}

/** What is replayed, and who is told. */
export interface ReplayOf {
  readonly pattern: string;
  readonly range: ReplayRange;
  readonly subscriber: ReplaySubscriber;
  readonly started: (how: ReplayStart) => void;
  readonly ended: () => void;
  readonly owner: ReplayOwner;
}

/**
 * One replay: where it has come to, and what of the live messages is its own.
 *
 * - Its messages come in the order of their commits, each once, without a gap between what is read and what
 *   is live (D3): it is live when everything that was handed on has been read, and leaves only between two
 *   commits.
 * - What retention deletes before it is read is told in its place.
 */
export class Replay implements PartialSubscriber {
  readonly partial = true;
  /** It reads from the store instead of making anybody wait. */
  readonly full = false;
  readonly pattern: string;
  readonly range: ReplayRange;
  subscriber: ReplaySubscriber;
  state: "seeking" | "reading" | "live" | "over" = "seeking";
  /** All up to this batch had been handed on when it began. */
  since = 0;
  /** How far the search for its beginning has come. */
  place: SeekPlace | undefined;
  /** A request of it is under way: what is deleted meanwhile may be in the answer. */
  asked = false;
  readonly #of: ReplayOf;
  #cursor: Cursor;
  #behind = false;
  /** It has read again because of what came behind the number at which it ends. */
  #lookedBehind = false;
  /** Messages that were deleted before they were read, and that it has not been told of. */
  #missed = 0;
  #deletedMeanwhile: Trimmed[] = [];

  constructor(of: ReplayOf) {
    const { pattern, range, subscriber } = of;
    this.#of = of;
    this.pattern = pattern;
    this.range = range;
    this.subscriber = subscriber;
    this.#cursor = { pattern, after: 0, sequence: 0, time: 0, to: range.to };
  }

  get connection(): object {
    return this.subscriber.connection;
  }
  get rank(): number {
    return this.subscriber.rank;
  }
  get leavesOut(): boolean {
    return this.subscriber.leavesOut;
  }
  get cursor(): Cursor {
    return this.#cursor;
  }
  get grant(): Receiving | undefined {
    return this.subscriber.grant;
  }
  /** What of its pattern may be received; undefined: all of it. */
  get reception(): Reception | undefined {
    const { grant } = this;
    return grant === undefined || grant.mayShare(this.pattern) ? undefined : grant.reception;
  }

  /** Its beginning was found, or cannot be; nobody is told twice. */
  started(how: ReplayStart): void {
    this.#of.started(how);
  }

  /** Nothing more is wanted. */
  stop(): void {
    this.state = "over";
  }

  /**
   * It stands there, as of a state of the log; `sought`: what lay before was never its own. What it missed
   * before the messages that are given to it now it is told at once; what lies behind them, before the next.
   */
  reached(cursor: Cursor, { deleted, sought }: { readonly deleted: number; readonly sought: boolean }): void {
    if (!sought) {
      for (const what of this.#deletedMeanwhile) {
        // gone when it was read
        if (what.deleted <= deleted) this.#miss(this.#cursor, what.batches);
      }
      this.tellMissed();
    }
    for (const what of this.#deletedMeanwhile) {
      if (what.deleted > deleted) this.#miss(cursor, what.batches);
    }
    this.#deletedMeanwhile = [];
    this.asked = false;
    const { had: _, reception: __, ...rest } = cursor;
    this.#cursor = rest;
  }

  /** What it missed is told here. */
  tellMissed(): void {
    if (this.#missed > 0) this.subscriber.missed(this.#missed);
    this.#missed = 0;
  }

  /** Retention has deleted these. */
  trimmed(what: Trimmed): void {
    if (this.asked) this.#deletedMeanwhile.push(what);
    else if (this.state === "reading") this.#miss(this.#cursor, what.batches);
  }

  /** It is live: what is published comes to it. */
  becomeLive(): void {
    this.state = "live";
    this.tellMissed();
    if (this.range.to === undefined) this.subscriber.caughtUp("live");
  }

  /** Its end is reached. */
  end(): void {
    this.stop();
    this.tellMissed();
    this.subscriber.caughtUp("end");
    this.#of.ended();
  }

  /** What is stored cannot be read. */
  fail(reason: string): void {
    this.stop();
    this.tellMissed();
    this.subscriber.failed(reason);
    this.#of.ended();
  }

  /** Everything up to this batch was handed on: from there on it reads for itself. */
  fallBack(batch: number): void {
    this.#behind = false;
    this.state = "reading";
    this.#cursor = { ...this.#cursor, after: Math.max(this.#cursor.after, batch) };
    if (this.range.to === undefined) this.subscriber.fellBehind();
  }

  /** Whether it is live and a time is past at which it ends: the store says what is left, and that it was. */
  endsBy(now: number): boolean {
    const { to } = this.range;
    return this.state === "live" && !this.#behind && to?.kind === "time" && now > to.time;
  }

  wanted(run: Run): { readonly part: Part; readonly has: boolean } {
    const { stored } = run;
    if (stored === undefined) return { part: NOTHING, has: false };
    return { part: this.#partOf(run), has: stored.batch <= this.#cursor.after };
  }

  take(run: Run): void {
    this.subscriber.deliver(run);
  }

  /** A live message. One that has been read already is passed over. */
  deliver(run: Run): void {
    if (run.stored === undefined) return;
    if (run.stored.batch > this.#cursor.after) {
      const { from, end } = this.#partOf(run);
      if (from < end) {
        const part = run.part(from, end - from);
        this.subscriber.deliver(part);
        if (part !== run) part.release();
      }
    }
    this.passed(run);
  }

  passed(run: Run): void {
    if (this.#behind || (!this.subscriber.full && !this.#mayEnd(run))) return;
    this.#behind = true;
    this.#of.owner.behind(this);
  }

  whenNotFull(callback: () => void): void {
    callback();
  }

  #partOf({ stored, count }: Run): Part {
    const { first, time } = stored!;
    const { sequence, time: since, to } = this.#cursor;
    if (time < since || (to?.kind === "time" && time > to.time)) return NOTHING;
    const from = sequence <= first ? 0 : sequence - first;
    const end = to?.kind === "sequence" ? Math.min(count, to.sequence + 1 - first) : count;
    return from < end ? { from, end } : NOTHING;
  }

  /** Whether a run reaches the end, of its topic at least. */
  #mayEnd({ stored, count }: Run): boolean {
    const { to } = this.#cursor;
    if (to === undefined || stored === undefined) return false;
    if (to.kind === "time") return stored.time > to.time;
    if (to.sequence >= stored.first + count) return false;
    // where a topic's numbers have gaps its end may be between two; where they have none this is not the end,
    // and the topic's own was told: to look once is enough for both
    const isBehind = stored.first > to.sequence;
    if (isBehind && this.#lookedBehind) return false;
    this.#lookedBehind ||= isBehind;
    return true;
  }

  /** Counts what it would have read of them from a cursor on. */
  #miss(from: Cursor, batches: readonly TrimmedBatch[]): void {
    let cursors: readonly Cursor[] | undefined;
    for (const { batch, topic, first, count, time } of batches) {
      if (batch <= from.after || !matches(this.pattern, topic)) continue;
      cursors ??= [{ ...from, had: this.#of.owner.had(this, from), reception: this.reception }];
      for (const { from: start, end } of wantedOf(cursors, topic, { id: batch, first, count, time })) {
        this.#missed += end - start;
      }
    }
  }
}

const NOTHING: Part = { from: 0, end: 0 };
