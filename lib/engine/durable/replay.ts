/**
 * A subscription that begins in what is stored: it reads that, then it is live, and when it cannot keep up it
 * reads again. So it never makes a publisher wait (D5).
 *
 * @module
 */
import { REPLAY_PAGE_BYTES } from "../../limits.ts";
import type { Cursor, Store } from "../../store/types.ts";
import type { Run } from "../../wire/run.ts";
import type { ReplayRange, ReplayStart, ReplaySubscriber, Subscriber } from "../types.ts";

/** What replays of one engine share. */
export interface ReplayParts {
  readonly store: Store;
  /** The last batch whose messages have been handed on to subscribers. */
  readonly handedOn: () => number;
  /** Makes it a subscriber of what is published from now on, or no longer. */
  readonly goLive: (pattern: string, replay: Replay) => void;
  readonly leave: (pattern: string, replay: Replay) => void;
  /** It calls {@link Replay.readOn} when the commit that is being handed on is through. */
  readonly behind: (replay: Replay) => void;
  /** It is live and ends at a time: call {@link Replay.timeIs} until it leaves. */
  readonly endsAtTime: (replay: Replay) => void;
  readonly flush: () => void;
}

/**
 * Guarantees: messages in the order of their commits, each once, without a gap between what is read and what
 * is live (D3): it goes live when everything that was handed on has been read, and leaves only between two
 * commits.
 */
export class Replay implements Subscriber {
  readonly connection: object;
  readonly rank: number;
  /** It reads from the store instead of making anybody wait. */
  readonly full = false;
  readonly #parts: ReplayParts;
  readonly #pattern: string;
  readonly #subscriber: ReplaySubscriber;
  readonly #ended: () => void;
  #cursor: Cursor | undefined;
  #live = false;
  #behind = false;
  #stopped = false;

  constructor(
    parts: ReplayParts,
    of: { readonly pattern: string; readonly subscriber: ReplaySubscriber; readonly ended: () => void },
  ) {
    this.#parts = parts;
    this.#pattern = of.pattern;
    this.#subscriber = of.subscriber;
    this.#ended = of.ended;
    this.connection = of.subscriber.connection;
    this.rank = of.subscriber.rank;
  }

  /** Finds where it begins and goes on from there. */
  start(range: ReplayRange, started: (how: ReplayStart) => void): void {
    this.#parts.store.seek(this.#pattern, range, (outcome) => {
      if (this.#stopped) {
        // given up before its beginning was found: whoever asked still waits for an answer
        started({ kind: "started", trimmedTo: undefined, ahead: undefined });
      } else if (outcome.kind === "failed") {
        started(outcome);
      } else {
        started({ kind: "started", trimmedTo: outcome.trimmedTo, ahead: outcome.ahead });
        this.#cursor = outcome.cursor;
        const { bytes, messages } = outcome.first;
        if (messages > 0) this.#subscriber.deliverPage(bytes, messages);
        this.#read();
      }
      this.#parts.flush();
    });
  }

  /** Nothing more is wanted. */
  stop(): void {
    this.#stopped = true;
    this.#leave();
  }

  /** A live message. One that has been read already is passed over. */
  deliver(run: Run): void {
    const cursor = this.#cursor;
    if (cursor === undefined || run.stored === undefined || run.stored.batch <= cursor.after) return;
    // one that ends is read from the store to the last message: that knows where the end is
    if (cursor.to === undefined) {
      const skip = Math.max(0, cursor.sequence - run.stored.first);
      if (skip >= run.count) return;
      const part = run.part(skip, run.count - skip);
      this.#subscriber.deliver(part);
      if (part !== run) part.release();
    }
    if (this.#behind || (cursor.to === undefined && !this.#subscriber.full)) return;
    this.#behind = true;
    this.#parts.behind(this);
  }

  /** The commit has been handed on up to this batch: from there on it reads for itself. */
  readOn(batch: number): void {
    if (this.#stopped || !this.#behind || this.#cursor === undefined) return;
    this.#behind = false;
    this.#leave();
    if (this.#cursor.to === undefined) this.#cursor = { ...this.#cursor, after: batch };
    this.#read();
  }

  /**
   * Once the time is past at which it ends, whatever is left is read, and the store says that it was the
   * last.
   */
  timeIs(now: number): void {
    const to = this.#cursor?.to;
    if (!this.#live || this.#behind || to?.kind !== "time" || now <= to.time) return;
    this.#leave();
    this.#read();
  }

  whenNotFull(callback: () => void): void {
    callback();
  }

  #leave(): void {
    if (this.#live) this.#parts.leave(this.#pattern, this);
    this.#live = false;
  }

  #read(): void {
    this.#subscriber.whenNotFull(() => {
      const cursor = this.#cursor;
      if (this.#stopped || cursor === undefined) return;
      this.#parts.store.read(cursor, REPLAY_PAGE_BYTES, (outcome) => {
        if (this.#stopped) return;
        if (outcome.kind === "failed") {
          this.#subscriber.failed(outcome.reason);
        } else {
          this.#cursor = outcome.cursor;
          const { bytes, messages } = outcome.page;
          if (messages > 0) this.#subscriber.deliverPage(bytes, messages);
          this.#goOn(outcome.end);
        }
        this.#parts.flush();
      });
    });
  }

  #goOn(end: "none" | "caught up" | "past to"): void {
    if (end === "past to") {
      this.stop();
      this.#subscriber.caughtUp("end");
      this.#ended();
    } else if (end === "caught up" && this.#cursor!.after >= this.#parts.handedOn()) {
      this.#live = true;
      this.#parts.goLive(this.#pattern, this);
      const { to } = this.#cursor!;
      if (to === undefined) this.#subscriber.caughtUp("live");
      // nothing need be published for the end to come
      else if (to.kind === "time") this.#parts.endsAtTime(this);
    } else {
      this.#read();
    }
  }
}
