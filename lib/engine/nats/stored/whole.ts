/**
 * Whether a stretch of the stream has been seen wholly.
 *
 * @module
 */
import type { Asked, EdgeMessage, StreamsPort } from "../streams_port.ts";
import type { Subjects } from "../subjects.ts";

/** All messages up to the number `after` have been seen; it is about those behind it up to `upTo`. */
export interface Stretch {
  readonly after: number;
  readonly upTo: number;
  /** Where nothing has been seen: and that were stored then or later. Milliseconds since 1970; 0: all. */
  readonly time?: number;
}

/** What it works with. */
export interface WholeParts {
  readonly streams: Pick<StreamsPort, "next" | "edge">;
  readonly subjects: Subjects;
}

/**
 * Calls back with whether the stream has nothing of these patterns there; undefined: that cannot be said at
 * this moment. A consumer cannot say it: it lives at one server, and where that one was away, or is slow, it
 * has given out all that there is there, and the stream has more.
 */
export function isWhole(
  { streams, subjects }: WholeParts,
  patterns: readonly string[],
  { after, upTo, time = 0 }: Stretch,
  done: (whole: boolean | undefined) => void,
): void {
  let whole: boolean | undefined = true;
  let left = patterns.length;
  if (after >= upTo || left === 0) return done(true);
  for (const pattern of patterns) {
    const subject = subjects.stored(pattern);
    // the stream is asked by number: of a time is known only that the last message is older
    const byTime = after === 0 && time > 0;
    const answered = (asked: Asked<EdgeMessage>): void => {
      const isThere = asked.kind === "done" &&
        (byTime ? asked.value.time >= time : asked.value.sequence <= upTo);
      if (isThere) whole = false;
      else if (asked.kind === "failed" && whole === true) whole = undefined;
      if (--left === 0) done(whole);
    };
    if (byTime) streams.edge(subject, "last", answered);
    else streams.next(subject, after + 1, answered);
  }
}
