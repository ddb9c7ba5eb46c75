import { UNLIMITED } from "../../lib/auth/grant.ts";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ChunkPool } from "../../lib/buffers.ts";
import { Counters } from "../../lib/counters.ts";
import { MemoryEngine } from "../../lib/engine/mod.ts";
import { FlushList } from "../../lib/flush_list.ts";
import { HeldMemory } from "../../lib/held_memory.ts";
import { DEFAULT_LIMITS } from "../../lib/limits.ts";
import { FRAMES } from "../../lib/protocols/mod.ts";
import { Outbox } from "../../lib/sessions/outbox/outbox.ts";
import { Subscriptions } from "../../lib/sessions/subscriptions.ts";
import { MemoryStore } from "../../lib/store/memory.ts";
import { PatternBudget } from "../../lib/topics/pattern_budget.ts";
import { TestServer } from "../support/server.ts";
import { keepsNewest, SLOW_POLICIES, type SlowPolicy } from "../../lib/slow_policy.ts";

/** A pattern that is opened, or closed. */
interface Step {
  readonly pattern: string;
  readonly policy: SlowPolicy | undefined;
  readonly own: boolean;
  readonly follows: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  pattern: fc.constantFrom("#a", "#b", "#a.*", "#>"),
  policy: fc.option(fc.constantFrom(...SLOW_POLICIES), { nil: undefined, freq: 4 }),
  own: fc.boolean(),
  follows: fc.boolean(),
});

function outboxOf(
  engine: MemoryEngine,
  policy: SlowPolicy,
): { outbox: Outbox; subscriptions: Subscriptions } {
  const pool = new ChunkPool();
  const memory = new HeldMemory({ most: DEFAULT_LIMITS.memory, pool });
  const outbox = new Outbox({
    limits: DEFAULT_LIMITS,
    stallTimeout: 1000,
    now: () => 0,
    pool,
    memory,
    counters: new Counters(),
    flushes: new FlushList(),
  }, { onReady: () => {}, onEvicted: () => {}, onDropping: () => {} });
  const patterns = new PatternBudget(memory);
  return {
    outbox,
    subscriptions: new Subscriptions(
      { engine, outbox, patterns, protocol: FRAMES, grant: UNLIMITED },
      policy,
    ),
  };
}

Deno.test("who makes publishers wait must not stall, whatever else it is subscribed to and in whichever order (V7)", () => {
  fc.assert(
    fc.property(fc.constantFrom(...SLOW_POLICIES), fc.array(step, { maxLength: 12 }), (common, steps) => {
      const { outbox, subscriptions } = outboxOf(
        new MemoryEngine({ seed: 1, counters: new Counters(), flushes: new FlushList() }),
        common,
      );
      const open = new Map<string, Step & { policy: SlowPolicy }>();
      for (const { pattern, policy, own, follows } of steps) {
        if (policy === undefined) {
          subscriptions.close(pattern);
          open.delete(pattern);
        } else {
          subscriptions.open(pattern, { policy, own: own || follows, follows });
          open.set(pattern, { pattern, policy, own, follows });
        }
        const all = [...open.values()];
        const blocks = all.some((each) => each.policy === "block" && !each.follows);
        // who is subscribed to nothing waits for its own replies
        assertEquals(outbox.watchesStalls, blocks || (all.length === 0 && common === "block"));
        assertEquals(outbox.keepers, Math.max(1, all.filter((each) => keepsNewest(each.policy)).length));
        assertEquals(subscriptions.size, open.size);
      }
      subscriptions.closeAll();
      assertEquals(outbox.watchesStalls, common === "block");
    }),
    { numRuns: 2000 },
  );
});

Deno.test("patterns that need nothing of their own come by one subscription, and one of them ends alone", () => {
  const { outbox, subscriptions } = outboxOf(
    new MemoryEngine({ seed: 1, counters: new Counters(), flushes: new FlushList() }),
    "block",
  );
  const first = subscriptions.open("#a", { policy: "block", own: false });
  assert(subscriptions.open("#b", { policy: "block", own: false }) === first);
  subscriptions.open("#c", { policy: "latest", own: true });
  subscriptions.close("#a");
  assert(outbox.watchesStalls, "the publishers of #b wait");
  subscriptions.close("#b");
  assert(!outbox.watchesStalls, "nobody waits for #c");
});

Deno.test("over the wire: who follows what is stored is not cut off for a stall, who blocks is (D5, V11)", async () => {
  const store = new MemoryStore({ now: () => Date.now() });
  await using broker = new TestServer({ stallTimeout: 500, durable: { store, patterns: ["#d"] } });
  using follower = broker.connect("subscribers", 1024);
  assertEquals(await follower.ask("c hello 2"), "OK_2");
  await follower.line();
  await follower.send("sub #d from=earliest\n");
  using blocking = broker.connect("subscribers", 1024);
  await blocking.ask("c sub #m");
  using publisher = broker.connect("publishers");
  for (const topic of ["#d", "#m"]) await publisher.ask(`p pub ${topic} ${"x".repeat(10_000)}`);
  const { fields } = await broker.event("slow consumer disconnected");
  assertEquals(fields["connection"], 2);
  await new Promise((resolve) => setTimeout(resolve, 800));
  assertEquals(broker.broker.snapshot().connections.map(({ number }) => number), [1, 3]);
});
