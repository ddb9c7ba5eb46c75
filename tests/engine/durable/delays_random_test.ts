import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { DELAYED_RETRY_MS } from "../../../lib/limits.ts";
import { MemoryStore } from "../../../lib/store/memory.ts";
import type { Commit, CommitOutcome } from "../../../lib/store/types.ts";
import { HeldStore } from "../../support/held_store.ts";
import { Asking, EARLIEST } from "../../store/asking.ts";
import { Bench, settled } from "./commit_bench.ts";

const TOPICS = ["#a", "#b", "#c.d"];

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("publish" as const),
      topic: fc.constantFrom(...TOPICS),
      // some of them are due while they are stored
      delay: fc.integer({ min: 1, max: 300 }),
      long: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("now" as const), topic: fc.constantFrom(...TOPICS) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 0, max: 150 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("back" as const), ms: fc.integer({ min: 0, max: 100 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("refuse" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("crash" as const), stored: fc.boolean() }) },
);

type Step = typeof step extends fc.Arbitrary<infer Drawn> ? Drawn : never;

/** Something is published while what is due cannot be moved. */
const REFUSED_MOVE: Step[] = [
  { kind: "publish", topic: "#a", delay: 1, long: false },
  { kind: "pass", ms: 0 },
  { kind: "publish", topic: "#a", delay: 1, long: false },
  { kind: "pass", ms: 2 },
  { kind: "now", topic: "#a" },
  { kind: "refuse" },
];

/** A message and what became of its publishing. */
interface Sent {
  readonly topic: string;
  readonly text: string;
  readonly due: number;
  /** Whether it had to wait. */
  readonly delayed: boolean;
  /** In which order it was stored, and when that was answered. */
  fate: "unknown" | "stored" | "refused";
  storedAt: number | undefined;
}

/** A store that outlives the engines over it, and engines that come and go. */
class World {
  now = 10_000;
  /** The latest time that the clock has shown. */
  latest = 0;
  readonly sent: Sent[] = [];
  readonly store = new MemoryStore({ now: () => this.now });
  /** When a commit was refused last. */
  #refused = -Infinity;
  /** When each message was seen to be in its topic first. */
  readonly seen = new Map<string, number>();
  bench = this.#begin();

  #begin(): Bench {
    const held = new HeldStore(this.store);
    const bench = new Bench({ store: held });
    return bench;
  }

  publish(topic: string, { due, long = false }: { readonly due: number; readonly long?: boolean }): void {
    const text = `${this.sent.length}`.padEnd(long ? 50_000 : 1, ".");
    const delayed = due > this.now;
    const sent: Sent = { topic, text, due, delayed, fate: "unknown", storedAt: undefined };
    this.sent.push(sent);
    const { bench } = this;
    const before = bench.answers.length;
    if (delayed) bench.publishLater(topic, text, { due });
    else bench.publish(topic, text);
    assertEquals(bench.answers.length, before, "what is stored is answered later");
    this.#asked.push(sent);
    bench.flushes.flush();
  }

  /** Those whose answers are to come, in their order. */
  #asked: Sent[] = [];
  #answered = 0;

  /** Ends the commit that is under way, if there is one. */
  async commit(outcome?: CommitOutcome): Promise<void> {
    await settled();
    const commit = this.bench.store.commits.shift();
    if (outcome?.kind === "refused") this.#refused = this.latest;
    commit?.end(outcome);
    await this.#look();
  }

  async tick(): Promise<void> {
    this.latest = Math.max(this.latest, this.now);
    this.bench.engine.tick(this.now);
    await this.#look();
  }

  /** The broker is gone, and another one begins; a commit that was under way may be there. */
  async crash({ stored }: { readonly stored: boolean }): Promise<void> {
    await settled();
    const commit = this.bench.store.commits.shift();
    if (commit !== undefined && stored) {
      const { appends, delayed, moved }: Commit = commit;
      await new Promise((resolve) => this.store.commit({ appends, delayed, moved }, resolve));
    }
    this.#asked = [];
    this.#answered = 0;
    this.bench = this.#begin();
    await this.#look();
  }

  async #look(): Promise<void> {
    const { bench } = this;
    await settled();
    await bench.takeTurns();
    for (const answer of bench.answers.slice(this.#answered)) {
      const sent = this.#asked.shift()!;
      sent.fate = typeof answer === "string" ? "refused" : "stored";
      sent.storedAt = this.latest;
      this.#answered++;
    }
    const { messages } = await new Asking(this.store).replay("#>", EARLIEST, { most: 1024 ** 3 });
    for (const { payload } of messages) {
      if (!this.seen.has(payload)) this.seen.set(payload, this.latest);
    }
  }

  /** All that was acknowledged is there once, and in its order; what was refused is not. */
  async judge(): Promise<void> {
    const { messages } = await new Asking(this.store).replay("#>", EARLIEST, { most: 1024 ** 3 });
    const at = new Map<string, number>();
    messages.forEach(({ payload, sequence }) => {
      assert(!at.has(payload), `${payload.slice(0, 5)} is there twice`);
      at.set(payload, sequence);
    });
    for (const [text, when] of this.seen) {
      const { due } = this.sent.find((sent) => sent.text === text)!;
      assert(when >= due, `${text.slice(0, 5)} came at ${when}, and was due at ${due}`);
    }
    for (const { text, fate, topic, due, storedAt } of this.sent) {
      const here = at.get(text);
      if (fate === "refused") assertEquals(here, undefined, "it was refused");
      if (fate !== "stored") continue;
      assert(here !== undefined, `${text.slice(0, 5)} was acknowledged and is not there`);
      for (const other of this.sent) {
        const there = at.get(other.text);
        if (other.topic !== topic || other.fate !== "stored" || there === undefined) continue;
        // what could not be moved when it was due is behind what was published until it could
        const putOff = !other.delayed && this.#refused >= due;
        const first = due < other.due && storedAt! < due && !putOff;
        if (first) assert(here < there, `${text.slice(0, 5)} is due before ${other.text.slice(0, 5)}`);
      }
    }
    assertEquals(this.store.state.delayed, 0);
  }
}

Deno.test("whatever is refused and however often it crashes, what was acknowledged is delivered once when due (D9)", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const world = new World();
      // the first tick tells what time it is
      await world.tick();
      for (const step of steps) {
        switch (step.kind) {
          case "publish":
            world.publish(step.topic, { due: world.now + step.delay, long: step.long });
            break;
          case "now":
            world.publish(step.topic, { due: world.now });
            break;
          case "pass":
            world.now += step.ms;
            await world.tick();
            await world.commit();
            break;
          case "back":
            world.now -= step.ms;
            await world.tick();
            break;
          case "refuse":
            await world.commit({ kind: "refused", reason: "full" });
            break;
          case "crash":
            await world.crash(step);
            break;
        }
      }
      for (let left = 200; left > 0; left--) {
        world.now += 100 + DELAYED_RETRY_MS;
        await world.tick();
        await world.commit();
        if (left < 190 && world.store.state.delayed === 0 && world.bench.store.commits.length === 0) break;
      }
      await world.judge();
    }),
    { numRuns: 300, examples: [[REFUSED_MOVE]] },
  );
});
