/**
 * What the demo can show.
 *
 * @module
 */

/** A subscriber and the publishers it listens to, each with its command file in cmds/. */
export interface Pair {
  readonly shows: string;
  readonly subscriber: ClientFile;
  readonly publishers: readonly ClientFile[];
  /** Of what is published, what must arrive. */
  readonly arrives: (topic: string, index: number) => boolean;
}

/** A client's id and its command file. */
export interface ClientFile {
  readonly id: string;
  readonly file: string;
}

/** By the argument of `deno task demo`. */
export const PAIRS: ReadonlyMap<string, Pair> = new Map<string, Pair>([
  ["1", {
    shows: "a publisher, a broker and a subscriber",
    subscriber: { id: "s1", file: "subscriber1.cmd" },
    publishers: [{ id: "p1", file: "publisher1.cmd" }],
    arrives: () => true,
  }],
  ["2", {
    shows: "two publishers into one pattern",
    subscriber: { id: "s2", file: "subscriber2.cmd" },
    publishers: [{ id: "p2", file: "publisher2.cmd" }, { id: "p2b", file: "publisher2b.cmd" }],
    arrives: () => true,
  }],
  ["3", {
    shows: "a subscriber that unsubscribes mid-way",
    subscriber: { id: "s3", file: "subscriber3.cmd" },
    publishers: [{ id: "p3", file: "publisher3.cmd" }],
    // unsubscribed from the news between the first and the second
    arrives: (topic, index) => topic !== "#news" || index < 2,
  }],
]);
