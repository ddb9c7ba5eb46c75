/**
 * Whether a stretch of the stream has been seen wholly.
 *
 * @module
 */
import type { StreamsPort } from "../streams_port.ts";
import type { Subjects } from "../subjects.ts";

/** Numbers: all up to `after` have been seen, and it is about those behind it up to `upTo`. */
export interface Stretch {
  readonly after: number;
  readonly upTo: number;
}

/** What it works with. */
export interface WholeParts {
  readonly streams: Pick<StreamsPort, "next">;
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
  { after, upTo }: Stretch,
  done: (whole: boolean | undefined) => void,
): void {
  let whole: boolean | undefined = true;
  let left = patterns.length;
  if (after >= upTo || left === 0) return done(true);
  for (const pattern of patterns) {
    streams.next(subjects.stored(pattern), after + 1, (asked) => {
      if (asked.kind === "done" && asked.value.sequence <= upTo) whole = false;
      else if (asked.kind === "failed" && whole === true) whole = undefined;
      if (--left === 0) done(whole);
    });
  }
}
