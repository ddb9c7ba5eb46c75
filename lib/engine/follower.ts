/**
 * A subscription that begins in the past: it reads what is stored, then it is live, and when it cannot keep up it reads again. So
 * it never makes a publisher wait.
 *
 * @module
 */
import { PAGE_BYTES } from "../limits.ts";
import type { Cursor, Store } from "../store/types.ts";
import type { DurableLog } from "./durable_log.ts";
import type { Followed, Range, Reader, Run, Subscriber } from "./types.ts";

/** What followers of one engine share. */
export interface FollowerOptions {
  readonly store: Store;
  readonly log: DurableLog;
  /** Makes it live, or no longer. */
  readonly join: (pattern: string, follower: Follower) => void;
  readonly leave: (pattern: string, follower: Follower) => void;
  /** It will read again when the commit that is being handed on is through. */
  readonly behind: (follower: Follower) => void;
  readonly flush: () => void;
  /** Calls back at a time, milliseconds since 1970, unless what it returns is called before. */
  readonly at: (time: number, callback: () => void) => () => void;
}

/**
 * Guarantees: messages in the order of their commits, each once, without a gap between what is read and what is live: it joins
 * when everything that was handed on has been read, and leaves only between two commits.
 */
export class Follower implements Subscriber {
  readonly connection: object;
  readonly rank: number;
  /** It reads from disk instead of making anybody wait. */
  readonly full = false;
  readonly #options: FollowerOptions;
  readonly #pattern: string;
  readonly #reader: Reader;
  #cursor: Cursor | undefined;
  #live = false;
  #behind = false;
  #stopped = false;
  readonly #ended: () => void;
  /** Gives up waiting for the time at which it ends. */
  #cancel: (() => void) | undefined;

  constructor(
    options: FollowerOptions,
    of: { readonly pattern: string; readonly reader: Reader; readonly ended: () => void },
  ) {
    this.#ended = of.ended;
    this.#options = options;
    this.#pattern = of.pattern;
    this.#reader = of.reader;
    this.connection = of.reader.connection;
    this.rank = of.reader.rank;
  }

  /** Finds the place where it begins and goes on from there. */
  start(range: Range, done: (how: Followed) => void): void {
    this.#options.store.seek(this.#pattern, range, (outcome) => {
      if (this.#stopped) {
        // given up before its beginning was found: whoever asked still waits for an answer
        done({ kind: "following", trimmedTo: undefined });
      } else if (outcome.kind === "failed") {
        done(outcome);
      } else {
        done({ kind: "following", trimmedTo: outcome.trimmedTo });
        this.#cursor = outcome.cursor;
        if (outcome.first.messages > 0) this.#reader.deliverPage(outcome.first.bytes, outcome.first.messages);
        this.#read();
      }
      this.#options.flush();
    });
  }

  /** Nothing more is wanted. */
  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
    if (this.#live) this.#options.leave(this.#pattern, this);
    this.#live = false;
  }

  /** A live message. One that has been read already is passed over. */
  deliver(run: Run): void {
    const cursor = this.#cursor;
    if (cursor === undefined || run.place === undefined || run.place.batch <= cursor.after) return;
    // one that ends is read from the store to the message: that knows where the end is
    if (cursor.to === undefined) {
      const { first } = run.place;
      if (first + run.count <= cursor.sequence) return;
      if (first >= cursor.sequence) this.#reader.deliver(run);
      else this.#reader.deliverFrom(run, cursor.sequence);
    }
    if (this.#behind || (cursor.to === undefined && !this.#reader.full)) return;
    this.#behind = true;
    this.#options.behind(this);
  }

  /** The commit has been handed on up to this batch: from there on it reads for itself. */
  fallBack(batch: number): void {
    if (this.#stopped || !this.#behind || this.#cursor === undefined) return;
    this.#behind = false;
    this.#live = false;
    this.#options.leave(this.#pattern, this);
    if (this.#cursor.to === undefined) this.#cursor = { ...this.#cursor, after: batch };
    this.#read();
  }

  whenNotFull(callback: () => void): void {
    callback();
  }

  #read(): void {
    this.#reader.whenNotFull(() => {
      const cursor = this.#cursor;
      if (this.#stopped || cursor === undefined) return;
      this.#options.store.read(cursor, PAGE_BYTES, (outcome) => {
        if (this.#stopped) return;
        if (outcome.kind === "failed") {
          this.#reader.failed(outcome.reason);
        } else {
          this.#cursor = outcome.cursor;
          const { bytes, messages } = outcome.page;
          if (messages > 0) this.#reader.deliverPage(bytes, messages);
          this.#goOn(outcome.end);
        }
        this.#options.flush();
      });
    });
  }

  /** The time has come at which it ends: whatever is left is read, and the store says that it was the last. */
  #endOf(): void {
    this.#cancel = undefined;
    if (this.#stopped || !this.#live || this.#behind) return;
    this.#live = false;
    this.#options.leave(this.#pattern, this);
    this.#read();
  }

  #goOn(end: "none" | "caught up" | "past to"): void {
    if (end === "past to") {
      this.stop();
      this.#reader.caughtUp("end");
      this.#ended();
    } else if (end === "caught up" && this.#cursor!.after >= this.#options.log.delivered) {
      this.#live = true;
      this.#options.join(this.#pattern, this);
      const { to } = this.#cursor!;
      if (to === undefined) this.#reader.caughtUp("live");
      // nothing need be published for the end to come
      else if (to.kind === "time") this.#cancel ??= this.#options.at(to.time + 1, () => this.#endOf());
    } else {
      this.#read();
    }
  }
}
