/**
 * What a scrape reads.
 *
 * @module
 */
import type { Grant } from "../../auth/grant.ts";
import type { Broker, BrokerSnapshot, GroupListing } from "../../broker/mod.ts";
import type { LabelledTopic } from "./topic_labels.ts";

/** At one moment, as far as who asks may see it. */
export interface Reading {
  readonly snapshot: BrokerSnapshot;
  /** Topics with numbers of their own. */
  readonly topics: readonly LabelledTopic[];
  readonly groups: readonly GroupListing[];
  /** Bytes that the process has. */
  readonly resident: number;
}

/** Groups that have numbers of their own: those that are furthest behind. */
const GROUPS_MOST = 200;
/** Milliseconds for which groups that were read are not read anew: each reading looks into the store. */
const GROUPS_MS = 5_000;

/** Reads the groups of a broker, now and then and once at a time: who comes meanwhile waits for that. */
export class GroupsReader {
  readonly #broker: Broker;
  readonly #now: () => number;
  #reading: Promise<readonly GroupListing[]> | undefined;
  #until = -Infinity;
  #pending = false;

  constructor(broker: Broker, now: () => number = () => performance.now()) {
    this.#broker = broker;
    this.#now = now;
  }

  /** Rejects with RunError. */
  read(): Promise<readonly GroupListing[]> {
    if (this.#reading === undefined || (!this.#pending && this.#now() >= this.#until)) {
      this.#until = this.#now() + GROUPS_MS;
      this.#pending = true;
      this.#reading = this.#broker.groups().finally(() => this.#pending = false);
    }
    return this.#reading;
  }
}

/** Without what who asks may not see. */
export function seenBy(grant: Grant, { snapshot, topics, groups, resident }: Reading): Reading {
  return {
    snapshot,
    resident,
    topics: topics.filter(({ topic }) => grant.mayReceive(topic)),
    groups: groups.filter(({ pattern }) => grant.mayShare(pattern))
      .toSorted((one, other) => other.lag - one.lag).slice(0, GROUPS_MOST),
  };
}
