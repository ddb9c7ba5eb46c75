/**
 * What one connection has been given live, as long as one of its replays may still come to it.
 *
 * @module
 */
import type { Cursor, Had } from "../../store/types.ts";
import { overlap } from "../../topics/overlap.ts";
import type { Subscriber } from "../types.ts";

/** Stretches that are over and remembered: of what is forgotten replays bring some again. */
const PAST_MOST = 1000;

interface Stretch extends Had {
  readonly subscriber: Subscriber;
}

/**
 * By pattern, between which batches all of its messages went to the connection: to this subscriber, or to
 * another that ranks higher and leaves out no more. Who may leave something out counts for nothing.
 */
export class LiveHistory {
  readonly #open = new Map<string, Stretch>();
  #past: Had[] = [];

  /** From behind this batch on, all of the pattern within those bounds goes to the subscriber. */
  begin(
    pattern: string,
    subscriber: Subscriber,
    { since, bounds = ALL }: {
      readonly since: number;
      readonly bounds?: Pick<Cursor, "sequence" | "time" | "to">;
    },
  ): void {
    const before = this.#open.get(pattern);
    if (before !== undefined) this.end(pattern, before.subscriber, since);
    if (subscriber.leavesOut) return;
    const { sequence, time, to } = bounds;
    this.#open.set(pattern, { pattern, subscriber, sequence, time, to, since, until: Infinity });
  }

  /** Not any more behind this batch. */
  end(pattern: string, subscriber: Subscriber, until: number): void {
    const stretch = this.#open.get(pattern);
    if (stretch?.subscriber !== subscriber) return;
    this.#open.delete(pattern);
    this.#end(stretch, until);
  }

  /** No replay is further back than this batch. */
  forget(upTo: number): void {
    this.#past = this.#past.filter(({ until }) => until > upTo);
  }

  /** What of it concerns a replay that began when what comes up to the batch `since` had been given. */
  of({ pattern, after }: Cursor, { since, upTo }: { readonly since: number; readonly upTo: number }): Had[] {
    const had: Had[] = [];
    // nothing came behind where it is, or behind where it began
    if (upTo <= Math.max(after, since)) return had;
    for (const stretches of [this.#past, this.#open.values()]) {
      for (const stretch of stretches) {
        const from = Math.max(since, stretch.since);
        const until = Math.min(stretch.until, upTo);
        if (until <= after || until <= from || !overlap(stretch.pattern, pattern)) continue;
        const { sequence, time, to } = stretch;
        had.push({ pattern: stretch.pattern, sequence, time, to, since: from, until });
      }
    }
    return had;
  }

  #end(stretch: Stretch, until: number): void {
    if (until <= stretch.since) return;
    const { pattern, sequence, time, to, since } = stretch;
    this.#past.push({ pattern, sequence, time, to, since, until });
    if (this.#past.length > PAST_MOST) this.#past.shift();
  }
}

const ALL = { sequence: 0, time: 0, to: undefined };
