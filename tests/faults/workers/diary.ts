/**
 * What a worker writes down, and what is read of it when it is dead: a line an event, written before or after
 * the thing itself as it says, so that a kill leaves what had happened.
 *
 *     worker 3.1 got 17 1 12345.678      it was given number 17, for the first time, at that moment
 *
 * @module
 */

/**
 * - `got`: it was given to this worker, as this attempt.
 * - `acks`: it is about to say that it is done with it; `acked`: it was told that this is stored.
 * - `nacks`: it is about to give it back.
 * - `refused`: it was told that it does not hold it.
 * - `lost`: its connection is gone; `gone`: it was killed; both end all that it holds.
 */
export type What = "got" | "acks" | "acked" | "nacks" | "refused" | "lost" | "gone";

/** One line. */
export interface Entry {
  /** Of which connection of which worker: nobody else is called so, before or after. */
  readonly who: string;
  readonly what: What;
  /** The number of the message; 0: all of them. */
  readonly seq: number;
  /** With `got` alone: how often it was given out with this time; otherwise 0. */
  readonly attempt: number;
  /** Milliseconds since 1970, with a fraction. */
  readonly at: number;
}

/** One moment for all processes of a machine. */
export function moment(): number {
  return performance.timeOrigin + performance.now();
}

/** The line of an entry. */
export function lineOf({ who, what, seq, attempt, at }: Entry): string {
  return `${who} ${what} ${seq} ${attempt} ${at.toFixed(3)}\n`;
}

/** What of a file is whole: the last line of who was killed may not be. */
export function entriesIn(text: string): Entry[] {
  const lines = text.split("\n");
  lines.pop();
  return lines.map((line) => {
    const [who = "", what = "", seq, attempt, at] = line.split(" ");
    return { who, what: what as What, seq: Number(seq), attempt: Number(attempt), at: Number(at) };
  });
}
