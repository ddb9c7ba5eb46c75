import { Chunk, ChunkPool, Slice } from "../../lib/buffers.ts";
import { Counters } from "../../lib/counters.ts";
import { MemoryEngine } from "../../lib/engine/memory.ts";
import type {
  Acknowledgement,
  Gate,
  GivingBack,
  Joining,
  Member,
  Membership,
  Receipt,
  Route,
  SequenceSpan,
} from "../../lib/engine/types.ts";
import { FlushList } from "../../lib/flush_list.ts";
import { HeldMemory } from "../../lib/held_memory.ts";
import { limitsWith } from "../../lib/limits.ts";
import { SILENT_LOG } from "../../lib/log.ts";
import { THIS_MACHINE } from "../../lib/broker/machine.ts";
import { PUBLISHERS, SUBSCRIBERS } from "../../lib/broker/mod.ts";
import { Server, type ServerSettings } from "../../lib/sessions/mod.ts";
import { decodeText } from "../../lib/text.ts";
import { PatternBudget } from "../../lib/topics/pattern_budget.ts";
import { encodeText } from "../../lib/wire/bytes.ts";
import { RECORDS } from "../../lib/wire/encoding.ts";
import { Run } from "../../lib/wire/run.ts";
import { memoryPair } from "./memory_pair.ts";
import { RawClient } from "./raw_client.ts";

/** What a settlement on disk is answered with. */
export const SETTLED: Receipt = { reached: undefined, level: "synced", last: undefined, topic: undefined };

/** A settlement that was asked for. */
interface Asked {
  readonly topic: string;
  readonly span: SequenceSpan;
  readonly answer: Acknowledgement;
}

/** A member's place in a group that does what the test says. */
export class ScriptedMembership implements Membership {
  readonly joining: Joining;
  readonly member: Member;
  /** By topic and number, what it holds. */
  readonly held = new Set<string>();
  readonly asked: Asked[] = [];
  /** Everything that was said, in words. */
  readonly said: string[] = [];
  /** What it had not sent when it left: its messages as records, and when they are over. */
  readonly returned: string[] = [];

  constructor(joining: Joining, member: Member) {
    this.joining = joining;
    this.member = member;
  }

  resize(window: number): void {
    this.said.push(`resize ${window}`);
  }

  passed(messages: number): void {
    this.said.push(`passed ${messages}`);
  }

  settle(topic: string, span: SequenceSpan, answer: Acknowledgement): boolean {
    if (!this.#take(topic, span)) return false;
    this.said.push(`settle ${topic} ${span.from}-${span.end - 1}`);
    this.asked.push({ topic, span, answer });
    return true;
  }

  holdsAll(topic: string, { from, end }: SequenceSpan): boolean {
    for (let at = from; at < end; at++) if (!this.held.has(`${topic} ${at}`)) return false;
    return true;
  }

  giveBack(topic: string, span: SequenceSpan, { delay, unused }: GivingBack): boolean {
    if (!this.#take(topic, span)) return false;
    this.said.push(`give back ${topic} ${span.from}-${span.end - 1} ${delay}${unused ? " unused" : ""}`);
    return true;
  }

  extend(topic: string, span: SequenceSpan): boolean {
    if (![...this.held].some((each) => isIn(each, topic, span))) return false;
    this.said.push(`extend ${topic} ${span.from}-${span.end - 1}`);
    return true;
  }

  leave(unsent: readonly Run[]): void {
    const runs = unsent.map(({ route, stored, count }) =>
      ` ${route.topic}*${count}${stored === undefined ? "" : `@${stored.first}`}`
    );
    this.said.push(`leave${runs.join("")}`);
    for (const run of unsent) {
      const until = run.expires === undefined ? "" : ` until ${run.expires}`;
      this.returned.push(`${decodeText(run.records.view)}${until}`);
      run.release();
    }
  }

  #take(topic: string, span: SequenceSpan): boolean {
    const taken = [...this.held].filter((each) => isIn(each, topic, span));
    for (const each of taken) this.held.delete(each);
    return taken.length > 0;
  }
}

function isIn(held: string, topic: string, { from, end }: SequenceSpan): boolean {
  const [name, number] = held.split(" ");
  return name === topic && Number(number) >= from && Number(number) < end;
}

/** An engine in which every group, and who is full, does as it is told; all else is in memory. */
export class ScriptedEngine extends MemoryEngine {
  override readonly durable: readonly string[] = ["#d.>"];
  readonly memberships: ScriptedMembership[] = [];
  /** Why nobody is let in. */
  refuses: string | undefined;
  /** Who is full whatever is published. */
  gate: Gate | undefined;
  /** Of what it gives. */
  readonly pool = new ChunkPool();
  readonly #flushes: FlushList;

  constructor(options: ConstructorParameters<typeof MemoryEngine>[0]) {
    super(options);
    this.#flushes = options.flushes;
  }

  override gateOf(route: Route): Gate | undefined {
    return this.gate ?? super.gateOf(route);
  }

  override join(joining: Joining, member: Member): Membership {
    const membership = new ScriptedMembership(joining, member);
    this.memberships.push(membership);
    if (this.refuses !== undefined) {
      joining.joined({ kind: "refused", code: "STORE", reason: this.refuses });
    }
    return membership;
  }

  /** Gives a member messages of a topic: stored ones from this number on, or others. */
  give(
    { member, held }: ScriptedMembership,
    topic: string,
    { payloads, first, attempt = 1, expires }: {
      readonly payloads: readonly string[];
      readonly first?: number;
      readonly attempt?: number;
      readonly expires?: number;
    },
  ): void {
    const bytes = encodeText(
      payloads.map((payload) => `pub ${topic} ${payload.length}\n${payload}\n`).join(""),
    );
    const run = new Run(new Slice(new Chunk(bytes)), {
      route: this.routeOf(topic),
      encoding: RECORDS,
      count: payloads.length,
      pool: this.pool,
      hasFields: false,
      ttl: undefined,
      expires,
    });
    if (first !== undefined) {
      run.stored = { first, batch: 1, time: 1700000000000 };
      payloads.forEach((_, at) => held.add(`${topic} ${first + at}`));
    }
    member.give(run, attempt);
    run.release();
    this.#flushes.flush();
  }

  /** What was said to replies and outboxes leaves. */
  flush(): void {
    this.#flushes.flush();
  }
}

/** Connections over memory to an engine that does as it is told. */
export class ScriptedServer implements AsyncDisposable {
  readonly engine: ScriptedEngine;
  readonly server: Server;

  constructor() {
    const flushes = new FlushList();
    const pool = new ChunkPool();
    const limits = limitsWith({});
    const memory = new HeldMemory({ most: limits.memory, pool });
    const counters = new Counters();
    this.engine = new ScriptedEngine({ seed: 1, counters, flushes, memory });
    const settings: ServerSettings = {
      engine: this.engine,
      counters,
      version: "0",
      limits,
      slowConsumer: "block",
      stallTimeout: 60_000,
      now: Date.now,
      clock: THIS_MACHINE.clock,
      log: SILENT_LOG,
      pool,
      memory,
      patterns: new PatternBudget(memory),
      flushes,
      loginTimeout: 10_000,
      connectionsPerAddress: Infinity,
    };
    this.server = new Server(settings, { loop: THIS_MACHINE.loop(), heap: THIS_MACHINE.heap });
  }

  connect(to: "publishers" | "subscribers", capacity?: number): RawClient {
    const [mine, theirs] = memoryPair(capacity);
    const listener = to === "publishers" ? PUBLISHERS : SUBSCRIBERS;
    void this.server.serve(theirs, { listener, address: "memory" });
    return new RawClient(mine);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
  }
}
