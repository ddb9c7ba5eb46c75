/**
 * The groups of a broker whose stream and whose link are the test.
 *
 * @module
 */
import { ChunkPool } from "../../../../lib/buffers.ts";
import { Acks } from "../../../../lib/engine/nats/stored/acks.ts";
import type { Burial } from "../../../../lib/engine/nats/stored/burial.ts";
import { StreamGroups } from "../../../../lib/engine/nats/stored/groups.ts";
import type { GroupConsumer } from "../../../../lib/engine/nats/streams_port.ts";
import { Subjects } from "../../../../lib/engine/nats/subjects.ts";
import type { GroupChange, GroupsListing, Joining } from "../../../../lib/engine/types.ts";
import { FakeLink } from "../../../support/fake_link.ts";
import { done, NONE, ScriptedStreams } from "../../../support/scripted_streams.ts";
import { Worker } from "../../groups/stored_bench.ts";

export const ACK_TIMEOUT = 1_000;

/** A group's consumer, as it was made. */
export function consumerOf(name = "g", of: Partial<GroupConsumer> = {}): GroupConsumer {
  const group = { name, pattern: "#d.>" };
  return {
    group,
    settling: "explicit",
    consumer: `c-${name}`,
    created: "one",
    lag: 0,
    outstanding: 0,
    ...of,
  };
}

export class GroupsBench {
  readonly link = new FakeLink();
  readonly streams = new ScriptedStreams();
  readonly pool = new ChunkPool();
  readonly groups: StreamGroups;
  readonly changes: GroupChange[] = [];
  readonly later: Array<() => void> = [];
  flushes = 0;
  now = 5_000;
  #inboxes = 0;

  constructor({ most = 2 } = {}) {
    const { link, streams, pool } = this;
    const now = (): number => this.now;
    this.groups = new StreamGroups({
      link,
      streams,
      pool,
      acks: new Acks({ link, inbox: "acks", now }),
      burial: { bury: ({ run }) => run.release() } as Partial<Burial> as Burial,
      subjects: new Subjects("p"),
      routeOf: (topic) => ({ topic, topicBytes: topic.length }),
      inbox: () => `in.${++this.#inboxes}`,
      flush: () => void this.flushes++,
      now,
      later: (go) => void this.later.push(go),
      maxAttempts: 2,
      ackTimeout: ACK_TIMEOUT,
      onUnreadable: () => {},
      patterns: ["#d.>", "#e"],
      groupsMost: most,
    });
    this.said();
  }

  /** Asks for a place. */
  join(terms: Partial<Joining> = {}, worker = new Worker()): Worker {
    worker.membership = this.groups.join({
      name: "g",
      pattern: "#d.>",
      window: 4,
      blocks: true,
      settling: "explicit",
      from: undefined,
      joined: (outcome) => void (worker.outcome = outcome),
      ...terms,
    }, worker);
    return worker;
  }

  /** What has to be answered before a group that is not stored yet can be opened. */
  isNew(...others: GroupConsumer[]): void {
    this.streams.looks.shift()!(NONE);
    this.streams.lists.shift()!(done(others));
  }

  opens(of = consumerOf()): void {
    this.streams.opens.shift()!.done(done(of));
  }

  /** A member of a group that is new, and has its consumer. */
  joined(terms: Partial<Joining> = {}): Worker {
    const worker = this.join(terms);
    this.isNew();
    this.opens(consumerOf(terms.name));
    this.asked();
    return worker;
  }

  /** Messages come to the consumer that was attached last, in one read. */
  brings(...sequences: number[]): void {
    for (const sequence of sequences) {
      this.link.comes(`in.${this.#inboxes}`, `${sequence}`, "p.stored.d.a", {
        reply: `$JS.ACK.s.c.1.${sequence}.1.1000000.0`,
      });
    }
    this.link.read();
  }

  /** What was asked of the stream since the last call. */
  asked(): string[] {
    return this.streams.takeAsked();
  }

  /** What was said over the link since the last call: `c-g asks 3`, `5 +ACK`. */
  said(): string[] {
    return this.link.takeAsked().flatMap((each) => {
      const [, consumer, batch] = /^pub API\.CONSUMER\.MSG\.NEXT\.s\.(\S+) \{"batch":(\d+)/.exec(each) ?? [];
      if (batch !== undefined) return [`${consumer} asks ${batch}`];
      const [, sequence, what] = /^pub \$JS\.ACK\.s\.c\.1\.(\d+)\S+ (\S+)/.exec(each) ?? [];
      return sequence === undefined ? [] : [`${sequence} ${what}`];
    });
  }

  listed(): GroupsListing[] {
    const listings: GroupsListing[] = [];
    this.groups.list((listing) => void listings.push(listing));
    return listings;
  }

  /** Notes what becomes of a change. */
  readonly changed = (change: GroupChange): void => void this.changes.push(change);
}
