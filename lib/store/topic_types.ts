/**
 * What a store tells of its topics, for who shows them.
 *
 * @module
 */

/** Which are asked for. */
export interface TopicsQuery {
  /** Those behind this name, in the order of the bytes of their UTF-8; undefined: from the first on. */
  readonly after?: string | undefined;
  /** So many at most. */
  readonly most: number;
  /** Those that this pattern takes in (all). */
  readonly match?: string | undefined;
  /** Those in whose name this stands (all). */
  readonly contains?: string | undefined;
  /** These and no others, without the rest of the query. */
  readonly names?: readonly string[] | undefined;
}

/** A topic of which something is stored. */
export interface StoredTopic {
  /** Canonical. */
  readonly topic: string;
  /** The sequence number of its first message that is still there. */
  readonly first: number;
  /** That of its last. */
  readonly last: number;
}

/** The answer to {@link Store.topics}. */
export type TopicsOutcome =
  | {
    readonly kind: "topics";
    /** In the order of their names. */
    readonly topics: readonly StoredTopic[];
    /** Where to go on; undefined: there are no more. */
    readonly next: string | undefined;
  }
  | { readonly kind: "failed"; readonly reason: string };
