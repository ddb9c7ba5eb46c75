/**
 * An engine on NATS without durable topics, whose links are the test.
 *
 * @module
 */
import { ChunkPool } from "../../../lib/buffers.ts";
import { Counters } from "../../../lib/counters.ts";
import { NatsEngine } from "../../../lib/engine/nats/engine.ts";
import type { NatsEngineOptions } from "../../../lib/engine/nats/options.ts";
import { Subjects } from "../../../lib/engine/nats/subjects.ts";
import type { Acknowledgement, Joining, Publisher, Run, Subscriber } from "../../../lib/engine/types.ts";
import { FlushList } from "../../../lib/flush_list.ts";
import { HeldMemory } from "../../../lib/held_memory.ts";
import { FakeLink } from "../../support/fake_link.ts";
import { runOf, type Sent } from "../case_parts.ts";
import { Worker } from "../groups/stored_bench.ts";

const decoder = new TextDecoder();

/** Takes runs, each as one text, and is full until it is freed. */
export class Taker implements Subscriber {
  readonly connection = {};
  readonly rank = 0;
  readonly leavesOut = false;
  full = false;
  readonly got: string[] = [];
  readonly expires: (number | undefined)[] = [];
  #waiting: Array<() => void> = [];

  deliver(run: Run): void {
    this.got.push(decoder.decode(run.records.view));
    this.expires.push(run.expires);
  }

  /** The payloads of what it got. */
  get payloads(): string[] {
    return this.got.flatMap((text) => text.split("\n").filter((_, at) => at % 2 === 1));
  }

  whenNotFull(callback: () => void): void {
    this.#waiting.push(callback);
  }

  free(): void {
    this.full = false;
    for (const callback of this.#waiting.splice(0)) callback();
  }
}

export class MemoryBench implements Publisher {
  readonly link = new FakeLink();
  readonly groupLink = new FakeLink();
  readonly flushes = new FlushList();
  readonly pool = new ChunkPool();
  readonly memory = new HeldMemory({ most: 256 * 1024 * 1024, pool: this.pool });
  readonly counters = new Counters();
  readonly unreadable: string[] = [];
  readonly answers: string[] = [];
  readonly engine: NatsEngine;
  now = 100_000;

  constructor(options: Partial<NatsEngineOptions> = {}) {
    const { link, groupLink, flushes, pool, memory, counters } = this;
    this.engine = new NatsEngine({
      seed: 7,
      counters,
      flushes,
      memory,
      pool,
      link,
      groupLink,
      id: "me",
      subjects: new Subjects("p"),
      plain: [],
      now: () => this.now,
      onUnreadable: (reason) => void this.unreadable.push(reason),
      ...options,
    });
  }

  hold(count: number): Acknowledgement {
    return {
      acknowledge: ({ reached, level }) => void this.answers.push(`${count} ${level} ${reached}`),
      refuse: (code, reason) => void this.answers.push(`${count} ${code}: ${reason}`),
    };
  }

  publish(topic: string, ...messages: Sent[]): void {
    const run = runOf(this.engine.routeOf(topic), messages);
    this.engine.publish(run, this);
    run.release();
  }

  subscribe<Of extends Subscriber>(pattern: string, subscriber: Of): Of {
    this.engine.subscribe(pattern, subscriber);
    return subscriber;
  }

  join(terms: Partial<Joining> = {}, worker = new Worker()): Worker {
    worker.membership = this.engine.join({
      name: "g",
      pattern: "#g.*",
      window: 4,
      blocks: true,
      settling: "auto",
      from: undefined,
      joined: (outcome) => void (worker.outcome = outcome),
      ...terms,
    }, worker);
    return worker;
  }

  /** Another broker's messages of a topic come by a pattern, each with its payload, as one packed run. */
  comes(pattern: string, topic: string, ...payloads: string[]): void {
    const records = payloads.map((text) => `pub ${topic} ${text.length}\n${text}\n`).join("");
    this.packed(pattern, topic, records);
  }

  /** Records of another broker come by a pattern. */
  packed(pattern: string, topic: string, records: string): void {
    const text = `other.0 ${++this.#numbers}\n${records}`;
    this.link.comes(`p.memory.*.${pattern.slice(1)}`, text, `p.memory.run.${topic.slice(1)}`);
  }
  #numbers = 0;

  flush(): void {
    this.flushes.flush();
  }

  passes(ms: number): void {
    this.now += ms;
    this.engine.tick(this.now);
    this.flush();
  }
}
