import { assert } from "@std/assert";
import { Chunk, ChunkPool, Slice } from "../../../lib/buffers.ts";
import { Counters } from "../../../lib/counters.ts";
import { DurableEngine } from "../../../lib/engine/mod.ts";
import type {
  Acknowledgement,
  Joining,
  JoinOutcome,
  Member,
  Membership,
  Run as AnyRun,
} from "../../../lib/engine/types.ts";
import { FlushList } from "../../../lib/flush_list.ts";
import { HeldMemory } from "../../../lib/held_memory.ts";
import { MemoryStore, type Store } from "../../../lib/store/mod.ts";
import { RECORDS } from "../../../lib/wire/encoding.ts";
import { RecordReader } from "../../../lib/wire/records.ts";
import { Run } from "../../../lib/wire/run.ts";
import { settled } from "../durable/commit_bench.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A message as a member was given it. */
export interface Given {
  readonly topic: string;
  /** 0: it is not stored. */
  readonly sequence: number;
  readonly attempt: number;
  /** What stands behind the length of its record. */
  readonly fields: string;
  readonly payload: string;
}

/** The messages of a run. */
export function messagesIn(run: AnyRun, attempt = 1): Given[] {
  const { chunk: { bytes }, start, end } = run.records;
  const { topic, topicBytes } = run.route;
  const reader = new RecordReader({ bytes, start, end, topicBytes });
  const found: Given[] = [];
  while (reader.next()) {
    const sequence = run.stored === undefined ? 0 : run.stored.first + found.length;
    const fields = decoder.decode(bytes.subarray(reader.fieldsStart, reader.fieldsEnd)).trim();
    const payload = decoder.decode(bytes.subarray(reader.payloadStart, reader.payloadEnd));
    found.push({ topic, sequence, attempt, fields, payload });
  }
  assert(found.length === run.count);
  return found;
}

/** A member that keeps what it is given, as runs that are not written until it says so. */
export class Worker implements Member {
  full = false;
  outcome: JoinOutcome | undefined;
  missing = 0;
  failure: string | undefined;
  readonly given: Given[] = [];
  readonly answers: string[] = [];
  membership: Membership | undefined;
  /** Runs that it has not written. */
  readonly unsent: Run[] = [];
  /** What it is given it writes at once. */
  writes = true;
  #notFull: Array<() => void> = [];

  give(run: AnyRun, attempt: number): void {
    assert(!this.full, "nothing is given to who takes nothing");
    assert(this.outcome?.kind === "joined", "no message comes before that");
    this.given.push(...messagesIn(run, attempt));
    // as an outbox does, it writes what it is given while it joins only then
    if (this.writes && this.membership !== undefined) this.membership.passed(run.count);
    else this.unsent.push(run.kept(0, run.count));
  }

  whenNotFull(callback: () => void): void {
    this.#notFull.push(callback);
  }

  missed(messages: number): void {
    assert(messages > 0, "nothing is told where nothing is missed");
    this.missing += messages;
  }

  failed(reason: string): void {
    this.failure = reason;
  }

  opens(): void {
    this.full = false;
    for (const callback of this.#notFull.splice(0)) callback();
  }

  /** As `topic seq`, with the attempt where it is not the first. */
  get shown(): string[] {
    return this.given.map(({ topic, sequence, attempt }) =>
      `${topic} ${sequence}${attempt === 1 ? "" : ` (${attempt})`}`
    );
  }

  ack(topic: string, from: number, last = from): boolean {
    return this.membership!.settle(topic, { from, end: last + 1 }, this.#answer(`ack ${topic} ${from}`));
  }

  nack(topic: string, from: number, { last = from, delay = 0 } = {}): boolean {
    return this.membership!.giveBack(topic, { from, end: last + 1 }, { delay, unused: false });
  }

  extend(topic: string, from: number, last = from): boolean {
    return this.membership!.extend(topic, { from, end: last + 1 });
  }

  /** What it was given has left it. */
  write(): void {
    this.writes = true;
    const runs = this.unsent.splice(0);
    const count = runs.reduce((sum, run) => sum + run.count, 0);
    for (const run of runs) run.release();
    if (count > 0) this.membership!.passed(count);
  }

  /** Its connection is gone. */
  dies(): void {
    this.membership!.leave(this.unsent.splice(0));
  }

  #answer(what: string): Acknowledgement {
    return {
      acknowledge: () => void this.answers.push(what),
      refuse: (code) => void this.answers.push(`${what}: ${code}`),
    };
  }
}

/** How a group is joined, where the rest goes without saying. */
export type JoinTerms = Partial<Omit<Joining, "joined">>;

/** An engine over a store that outlives it. */
export class StoredBench {
  readonly store: Store;
  readonly patterns: readonly string[];
  readonly answers: string[] = [];
  readonly logged: string[] = [];
  maxAttempts = 3;
  topicsMost: number | undefined;
  flushes!: FlushList;
  pool!: ChunkPool;
  counters!: Counters;
  memory!: HeldMemory;
  engine!: DurableEngine;
  now = 0;
  readonly #groupsMost: number;

  constructor(
    { store = new MemoryStore({ now: () => this.now }), patterns = ["#d.>"], maxAttempts = 3, ...most }: {
      readonly store?: Store;
      readonly patterns?: readonly string[];
      readonly maxAttempts?: number;
      readonly topicsMost?: number;
      /** How many may be stored. */
      readonly groupsMost?: number;
    } = {},
  ) {
    this.topicsMost = most.topicsMost;
    this.#groupsMost = most.groupsMost ?? Infinity;
    this.store = store;
    this.patterns = patterns;
    this.maxAttempts = maxAttempts;
    this.restart();
  }

  /** The engine that was there is gone, with all that it had not stored; `ticks`: time passes in the new one. */
  restart({ ticks = true }: { readonly ticks?: boolean } = {}): void {
    this.flushes = new FlushList();
    this.pool = new ChunkPool();
    this.counters = new Counters();
    this.memory = new HeldMemory({ most: 1024 ** 3, pool: this.pool });
    const { store, patterns, flushes, pool, counters, memory, maxAttempts } = this;
    this.engine = new DurableEngine({
      seed: 7,
      counters,
      store,
      flushes,
      memory,
      pool,
      later: queueMicrotask,
      patterns,
      level: "synced",
      dedup: { window: 60_000, most: 1000, bytes: 1024 ** 2 },
      groups: { ackTimeout: 1000, maxAttempts, topicMost: 255, groupsMost: this.#groupsMost },
      topicsMost: this.topicsMost,
      onRefused: (reason) => void this.logged.push(reason),
      onLost: (reason) => void this.logged.push(`lost: ${reason}`),
    });
    if (ticks) this.engine.tick(this.now);
  }

  join(terms: JoinTerms = {}, worker = new Worker()): Worker {
    const joining: Joining = {
      name: "g",
      pattern: "#d.>",
      window: 256,
      blocks: true,
      settling: "explicit",
      from: undefined,
      ...terms,
      joined: (outcome) => void (worker.outcome = outcome),
    };
    worker.membership = this.engine.join(joining, worker);
    if (worker.writes) worker.write();
    return worker;
  }

  async joined(terms: JoinTerms = {}, worker = new Worker()): Promise<Worker> {
    this.join(terms, worker);
    await this.settle();
    return worker;
  }

  /** Payloads to one topic, in one run; `fields` of each. */
  publish(topic: string, payloads: readonly string[], fields = ""): void {
    const text = payloads.map((each) => `pub ${topic} ${each.length}${fields}\n${each}\n`).join("");
    const run = new Run(new Slice(new Chunk(encoder.encode(text))), {
      route: this.engine.routeOf(topic),
      encoding: RECORDS,
      count: payloads.length,
      pool: this.pool,
      hasFields: fields !== "",
      ttl: fields.includes("ttl=") ? 1000 * Number(/ttl=(\d+)/.exec(fields)![1]) : undefined,
      expires: undefined,
    });
    this.engine.publish(run, {
      hold: () => ({
        acknowledge: ({ last }) => void this.answers.push(`${last}`),
        refuse: (code) => void this.answers.push(code),
      }),
    });
  }

  async published(topic: string, payloads: readonly string[], fields = ""): Promise<void> {
    this.publish(topic, payloads, fields);
    await this.settle();
  }

  /** So many milliseconds pass. */
  async passes(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 250) {
      this.now += 250;
      this.engine.tick(this.now);
      await this.settle();
    }
  }

  /** Everything that can happen without time passing has happened. */
  async settle(): Promise<void> {
    for (let round = 0; round < 4; round++) {
      this.flushes.flush();
      await settled();
    }
  }
}
