/**
 * A group whose consumer, whose stream and whose link are the test.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { ChunkPool } from "../../../../lib/buffers.ts";
import { Acks } from "../../../../lib/engine/nats/stored/acks.ts";
import type { Burial } from "../../../../lib/engine/nats/stored/burial.ts";
import { StreamGroup } from "../../../../lib/engine/nats/stored/group.ts";
import type { NatsHeaders } from "../../../../lib/engine/nats/port.ts";
import type { Asked, GroupConsumer, StreamsPort } from "../../../../lib/engine/nats/streams_port.ts";
import { Subjects } from "../../../../lib/engine/nats/subjects.ts";
import type { Joining } from "../../../../lib/engine/types.ts";
import { FakeLink } from "../../../support/fake_link.ts";
import { Worker } from "../../groups/stored_bench.ts";

/** Milliseconds that a member may hold a message. */
export const ACK_TIMEOUT = 1000;
const CONSUMER: GroupConsumer = {
  group: { name: "g", pattern: "#d.>" },
  settling: "explicit",
  consumer: "c",
  created: "one",
  lag: 0,
  outstanding: 0,
};

/** A message is given out twice at most. */
export class GroupBench {
  readonly link = new FakeLink();
  readonly pool = new ChunkPool();
  readonly buried: string[] = [];
  readonly later: Array<() => void> = [];
  /** Answers to who asks what its consumer is. */
  readonly looks: Array<(asked: Asked<GroupConsumer>) => void> = [];
  readonly group: StreamGroup;
  readonly consumer: GroupConsumer;
  readonly acks: Acks;
  flushes = 0;
  now = 5000;
  #inboxes = 0;

  constructor(of: Partial<GroupConsumer> = {}, { ackTimeout = ACK_TIMEOUT } = {}) {
    const { link } = this;
    const now = (): number => this.now;
    const acks = this.acks = new Acks({ link, inbox: "acks", now });
    const streams: Partial<StreamsPort> = {
      api: "API",
      stream: "s",
      group: (_, done) => void this.looks.push(done),
    };
    this.group = new StreamGroup(CONSUMER.group, {
      link,
      acks,
      streams: streams as StreamsPort,
      subjects: new Subjects("p"),
      pool: this.pool,
      routeOf: (topic) => ({ topic, topicBytes: topic.length }),
      inbox: () => `in.${++this.#inboxes}`,
      now,
      later: (callback) => void this.later.push(callback),
      maxAttempts: 2,
      onUnreadable: () => {},
      burial: {
        bury: ({ run, sequence, reply, group, consumer, attempts, cause }) => {
          assertEquals(run.count, 1);
          run.release();
          this.buried.push([group, consumer, sequence, replyOf(reply), attempts, cause].join(" "));
        },
      } as Partial<Burial> as Burial,
      flush: () => void this.flushes++,
      ackTimeout,
    });
    this.consumer = { ...CONSUMER, ...of };
    this.group.attach(this.consumer);
    this.said();
  }

  join(terms: Partial<Joining> = {}, worker = new Worker()): Worker {
    const { settling } = this.consumer;
    worker.membership = this.group.join({
      ...CONSUMER.group,
      window: 16,
      blocks: true,
      settling,
      from: undefined,
      ...terms,
      joined: (outcome) => void (worker.outcome = outcome),
    }, worker);
    this.group.goOn();
    return worker;
  }

  /** Messages come in one read: `5`, or `5*2` for the second time. */
  brings(...messages: string[]): void {
    for (const message of messages) this.comes(message);
    this.group.goOn();
  }

  /** One comes, of a read that is not over; it was stored in the first millisecond of 1970. */
  comes(message: string, { topic = "#d.a", headers }: { topic?: string; headers?: NatsHeaders } = {}): void {
    const [sequence, attempt = "1"] = message.split("*");
    this.link.comes(`in.${this.#inboxes}`, message, `p.stored.${topic.slice(1)}`, {
      reply: `$JS.ACK.s.c.${attempt}.${sequence}.1.1000000.0`,
      ...(headers === undefined ? {} : { headers }),
    });
  }

  /** What was said since the last call: `asks 3`, `5 +ACK`. */
  said(): string[] {
    return this.link.takeAsked().flatMap((each) => {
      const batch = /^pub API\.CONSUMER\.MSG\.NEXT\.s\.c \{"batch":(\d+)/.exec(each)?.[1];
      if (batch !== undefined) return [`asks ${batch}`];
      const [, reply, what] = /^pub (\$JS\.ACK\S+) (\S+(?: \{"delay":\d+\})?)/.exec(each) ?? [];
      return reply === undefined ? [] : [`${replyOf(reply)} ${what}`];
    });
  }

  /** NATS says that what was asked for waits, as it does each second. */
  beats(): void {
    const inbox = `in.${this.#inboxes}`;
    this.link.comes(inbox, "", inbox, { status: 100 });
  }

  passes(ms: number): void {
    this.now += ms;
    this.group.tick(this.now, ms);
  }
}

/** The number of a message. */
function replyOf(reply: string): string {
  return reply.split(".")[5]!;
}
