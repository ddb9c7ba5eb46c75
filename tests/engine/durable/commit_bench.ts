/** An engine over a store whose commits end when the test says so. */
import { Chunk, ChunkPool, Slice } from "../../../lib/buffers.ts";
import { Counters } from "../../../lib/counters.ts";
import { DurableEngine } from "../../../lib/engine/mod.ts";
import type { Publisher, Receipt } from "../../../lib/engine/types.ts";
import { FlushList } from "../../../lib/flush_list.ts";
import { HeldMemory } from "../../../lib/held_memory.ts";
import { RECORDS } from "../../../lib/wire/encoding.ts";
import { Run } from "../../../lib/wire/run.ts";
import { HeldStore } from "../../support/held_store.ts";
import { within } from "../../support/within.ts";

const encoder = new TextEncoder();

/** An engine whose commits end and whose turns come when the test says so. */
export class Bench {
  readonly store: HeldStore;
  readonly pool = new ChunkPool();
  readonly memory: HeldMemory;
  readonly counters = new Counters();
  readonly flushes = new FlushList();
  readonly turns: Array<() => void> = [];
  readonly refused: string[] = [];
  /** When it wanted to be ticked. */
  readonly wakes: number[] = [];
  readonly answers: (Receipt | string)[] = [];
  readonly engine: DurableEngine;

  constructor({ most = 1024 ** 3, store: held = new HeldStore(), delayedMost, patterns = ["#>"] }: {
    readonly most?: number;
    /** Which topics are stored. */
    readonly patterns?: readonly string[];
    readonly store?: HeldStore;
    /** Bytes that may wait until they are due. */
    readonly delayedMost?: number;
  } = {}) {
    this.store = held;
    this.store.free = false;
    const { store, pool, counters, flushes, turns, refused } = this;
    this.memory = new HeldMemory({ most, pool });
    this.engine = new DurableEngine({
      seed: 7,
      counters,
      store,
      flushes,
      memory: this.memory,
      later: (callback) => void turns.push(callback),
      patterns,
      level: "synced",
      dedup: { window: 60_000, most: 1000, bytes: 1024 ** 2 },
      groups: { ackTimeout: 30_000, maxAttempts: 5, topicMost: 255 },
      pool,
      onUnreadable: (reason) => void refused.push(`unreadable: ${reason}`),
      delayedMost,
      wakeAt: (time) => void this.wakes.push(time),
      onRefused: (reason) => void refused.push(reason),
      onLost: (reason) => void refused.push(`lost: ${reason}`),
    });
  }

  readonly publisher: Publisher = {
    hold: () => ({
      acknowledge: (receipt) => void this.answers.push(receipt),
      refuse: (code) => void this.answers.push(code),
    }),
  };

  publish(topic: string, payload: string, publisher = this.publisher): void {
    const route = this.engine.routeOf(topic);
    const slice = new Slice(new Chunk(encoder.encode(`pub ${topic} ${payload.length}\n${payload}\n`)));
    const of = { route, encoding: RECORDS, count: 1, pool: this.pool, hasFields: false };
    const run = new Run(slice, { ...of, ttl: undefined, expires: undefined });
    this.engine.publish(run, publisher);
  }

  /** A message that is to be delivered then. */
  publishLater(
    topic: string,
    payload: string,
    { due, ttl, id }: { readonly due: number; readonly ttl?: number; readonly id?: string },
  ): void {
    const route = this.engine.routeOf(topic);
    const fields = id === undefined ? "" : ` id=${id}`;
    const record = `pub ${topic} ${payload.length}${fields}\n${payload}\n`;
    const of = { route, encoding: RECORDS, count: 1, pool: this.pool, hasFields: id !== undefined };
    const run = new Run(new Slice(new Chunk(encoder.encode(record))), {
      ...of,
      ttl,
      due,
      expires: undefined,
    });
    this.engine.publish(run, this.publisher);
  }

  publishWithId(topic: string, id: string, publisher: Publisher): void {
    this.publishRun(topic, [id], publisher);
  }

  /** Messages with these ids, as they come in one read; each holds the payload, one byte. */
  publishRun(topic: string, ids: readonly string[], publisher: Publisher, payload = "x"): void {
    const route = this.engine.routeOf(topic);
    const slice = new Slice(
      new Chunk(encoder.encode(ids.map((id) => `pub ${topic} 1 id=${id}\n${payload}\n`).join(""))),
    );
    const of = { route, encoding: RECORDS, count: ids.length, pool: this.pool, hasFields: true };
    this.engine.publish(new Run(slice, { ...of, ttl: undefined, expires: undefined }), publisher);
  }

  /** Ends the next commit; how many runs were in it. */
  async commit(): Promise<number> {
    const commit = await this.store.next();
    commit.end();
    await settled();
    return commit.appends.length;
  }

  /** Takes turns until nobody wants one. */
  async takeTurns(): Promise<void> {
    while (this.turns.length > 0) {
      this.turns.shift()!();
      await settled();
    }
  }

  async close(): Promise<void> {
    this.store.free = true;
    for (const { end } of this.store.commits.splice(0)) end();
    await settled();
    await this.takeTurns();
    await within("the end of an engine", new Promise<void>((resolve) => this.engine.close(resolve)));
  }
}

/** A publisher whose answers are noted with its name. */
export function named(name: string, answers: string[]): Publisher {
  return {
    hold: () => ({
      acknowledge: () => void answers.push(name),
      refuse: (code) => void answers.push(`${name} ${code}`),
    }),
  };
}

/** Everything that was called back later has been. */
export async function settled(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await Promise.resolve();
}
