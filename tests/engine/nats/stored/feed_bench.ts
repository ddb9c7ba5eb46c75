/**
 * A feed whose stream and whose link are the test.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { ChunkPool } from "../../../../lib/buffers.ts";
import { Feed } from "../../../../lib/engine/nats/stored/feed.ts";
import type { NatsHeaders } from "../../../../lib/engine/nats/port.ts";
import type { Asked } from "../../../../lib/engine/nats/streams_port.ts";
import { Subjects } from "../../../../lib/engine/nats/subjects.ts";
import { Routing } from "../../../../lib/engine/routing.ts";
import { HeldMemory } from "../../../../lib/held_memory.ts";
import { FakeLink } from "../../../support/fake_link.ts";
import { done, ScriptedStreams, stateOf } from "../../../support/scripted_streams.ts";
import { Recorder } from "../../case_parts.ts";

/** Is full until it is freed. */
export class Slow extends Recorder {
  readonly #freed: Array<() => void> = [];

  override whenNotFull(callback: () => void): void {
    this.#freed.push(callback);
  }

  free(): void {
    this.full = false;
    for (const callback of this.#freed.splice(0)) callback();
  }
}

/** A message of the stream. */
export interface Brought {
  readonly topic?: string;
  readonly text?: string;
  readonly headers?: NatsHeaders;
  /** Milliseconds since 1970. */
  readonly time?: number;
  /** The consumer's number; left out: the one behind that of the message before. */
  readonly given?: number;
}

export class FeedBench {
  readonly link = new FakeLink();
  readonly streams = new ScriptedStreams();
  readonly pool = new ChunkPool();
  readonly routing: Routing;
  readonly feed: Feed;
  readonly handedOn: number[] = [];
  readonly unreadable: string[] = [];
  flushes = 0;
  /** How often the stream was another. */
  anew = 0;
  now = 1_000;
  #inboxes = 0;
  #given = 0;

  constructor() {
    const { link, streams, pool } = this;
    const memory = new HeldMemory({ most: 1e9, pool });
    this.routing = new Routing({ seed: 1, isDurable: () => true, memory });
    this.feed = new Feed({
      link,
      streams,
      pool,
      subjects: new Subjects("p"),
      routing: this.routing,
      now: () => this.now,
      inbox: () => `in.${++this.#inboxes}`,
      flush: () => void this.flushes++,
      handedOn: (sequence) => void this.handedOn.push(sequence),
      anew: () => void this.anew++,
      onUnreadable: (reason) => void this.unreadable.push(reason),
    });
  }

  /** A subscriber, its pattern, and what the feed asks for it. */
  subscribes<Of extends Recorder>(pattern: string, subscriber: Of): Of {
    this.routing.subscribe(pattern, subscriber);
    this.feed.add(pattern, { fresh: true });
    return subscriber;
  }

  /** The stream's end is told to who has asked for it first. */
  ends(last: number, created = "now"): void {
    this.streams.states.shift()!(stateOf(last, { created }));
  }

  /** The consumer that was asked for first is made. */
  opens(consumer: string): void {
    this.#given = 0;
    this.streams.readers.shift()!(done(consumer));
  }

  /** The feed brings a pattern from now on, the stream having so many messages. */
  follows<Of extends Recorder>(pattern: string, subscriber: Of, last = 0): Of {
    this.subscribes(pattern, subscriber);
    this.ends(last);
    this.opens("c");
    this.asked();
    return subscriber;
  }

  /** A message comes, of a read that is not over. */
  comes(sequence: number, { topic = "#d", text = `${sequence}`, time = 1, ...more }: Brought = {}): void {
    this.#given = more.given ?? this.#given + 1;
    const { headers } = more;
    this.link.comes(`in.${this.#inboxes}`, text, `p.stored.${topic.slice(1)}`, {
      reply: `$JS.ACK.s.c.1.${sequence}.${this.#given}.${time}000000.0`,
      ...(headers === undefined ? {} : { headers }),
    });
  }

  /** Messages come in one read. */
  brings(...sequences: number[]): void {
    for (const sequence of sequences) this.comes(sequence);
    this.link.read();
  }

  /** Whether the stream has anything behind a number is answered, of all patterns that were asked for. */
  finds(sequence?: number): void {
    const asked: Asked<{ sequence: number; time: number }> = sequence === undefined
      ? { kind: "none" }
      : done({ sequence, time: 1 });
    for (const answer of this.streams.edges.splice(0)) answer(asked);
  }

  /** What was asked for since the last call, of the stream and of consumers: `state`, `c asks 511`. */
  asked(): string[] {
    const pulled = this.link.takeAsked().flatMap((each) => {
      const [, consumer, batch] =
        /^pub API\.CONSUMER\.MSG\.NEXT\.s\.(\S+) \{"batch":(\d+),"expires"/.exec(each) ?? [];
      return batch !== undefined ? [`${consumer} asks ${batch}`] : each.startsWith("unsub") ? [each] : [];
    });
    return [...this.streams.takeAsked(), ...pulled];
  }

  passes(ms: number): void {
    this.now += ms;
    this.feed.tick(this.now, ms);
  }

  /** Nothing of what has come is kept. */
  keepsNothing(): void {
    assertEquals(this.pool.bytesOut, 0);
  }
}
