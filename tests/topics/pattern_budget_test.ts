import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { ChunkPool } from "../../lib/buffers.ts";
import { HeldMemory } from "../../lib/held_memory.ts";
import { PATTERN_SHAPES_MOST } from "../../lib/limits.ts";
import { emptyAccount, PatternBudget } from "../../lib/topics/pattern_budget.ts";
import { PatternTable } from "../../lib/topics/pattern_table.ts";

const MIB = 1024 * 1024;

Deno.test("nothing is held when all that was added is gone, whoever goes first", () => {
  const pattern = fc.constantFrom("#a", "#a.*", "#*.*", "#b.*.>", "#*.*.>", "#*.c.*", "#*.d.*", "#>");
  const step = fc.record({ pattern, who: fc.nat(2), own: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.infiniteStream(fc.nat()), (steps, order) => {
      const memory = new HeldMemory({ most: MIB, pool: new ChunkPool() });
      const budget = new PatternBudget(memory);
      const accounts = [emptyAccount(), emptyAccount(), emptyAccount()];
      const added = steps.map(({ pattern, who, own }) => ({ pattern, account: accounts[who]!, own }));
      for (const { pattern, ...entry } of added) budget.add(pattern, entry);
      assertEquals(accounts.reduce((sum, { bytes }) => sum + bytes, 0), memory.held);
      const shapes = (): number => accounts.reduce((sum, { shapes }) => sum + shapes, 0);
      assertEquals(shapes(), budget.shapes);
      while (added.length > 0) {
        const [{ pattern, ...entry }] = added.splice(order.next().value! % added.length, 1) as [
          typeof added[0],
        ];
        budget.remove(pattern, entry);
        assertEquals(shapes(), budget.shapes);
      }
      assertEquals([memory.held, budget.shapes], [0, 0]);
      assertEquals(accounts, [emptyAccount(), emptyAccount(), emptyAccount()]);
    }),
  );
});

Deno.test("no topic costs a match more looks than there can be kinds of patterns", () => {
  const budget = new PatternBudget(new HeldMemory({ most: 1024 * MIB, pool: new ChunkPool() }));
  const table = new PatternTable<number>();
  const subscribe = (pattern: string, who: number): void => {
    if (budget.problem(pattern, accounts[who]!) !== undefined) return;
    budget.add(pattern, { account: accounts[who]!, own: false });
    table.add(pattern, who);
  };
  const accounts = Array.from({ length: 200 }, emptyAccount);
  // every kind with one * or none
  for (let length = 1; length <= 32; length++) {
    for (let star = 0; star < length; star++) {
      const segments = Array(length).fill("a");
      segments[star] = "*";
      subscribe(`#${segments.join(".")}`, 0);
      if (length < 32) subscribe(`#${segments.join(".")}.>`, 0);
    }
    if (length < 32) subscribe(`#${Array(length).fill("a").join(".")}.>`, 0);
  }
  subscribe("#>", 0);
  // and from each connection as many others as it can have
  for (let at = 0; at < 20_000; at++) {
    const segments = Array.from({ length: 30 }, (_, place) => at >> place % 15 & 1 ? "*" : "a");
    subscribe(`#*.*.${segments.join(".")}`, at % 200);
  }
  assert(budget.shapes <= PATTERN_SHAPES_MOST);
  const looks = table.match(`#${Array(32).fill("a").join(".")}`, new Set());
  assert(looks > 561 && looks <= 561 + PATTERN_SHAPES_MOST, `${looks}`);
});

Deno.test("why there is no room is said in a sentence", () => {
  const memory = new HeldMemory({ most: MIB, pool: new ChunkPool() });
  const budget = new PatternBudget(memory);
  const account = emptyAccount();
  assertEquals(budget.problem("#*.*", account), undefined);
  account.shapes = PATTERN_SHAPES_MOST;
  assertStringIncludes(budget.problem("#*.*", account)!, `still free of ${PATTERN_SHAPES_MOST}`);
  assertEquals(budget.problem("#*.a.>", account), undefined);
  memory.hold(MIB);
  assertStringIncludes(budget.problem("#a", account)!, "--max-memory");
});

Deno.test("a pattern takes two bytes a character and what its places take, and more with a queue of its own", () => {
  const memory = new HeldMemory({ most: MIB, pool: new ChunkPool() });
  const budget = new PatternBudget(memory);
  const account = emptyAccount();
  budget.add("#abc", { account, own: false });
  assertEquals([memory.held, account.bytes], [170 + 8, 170 + 8]);
  budget.add("#*.*", { account, own: true });
  assertEquals([memory.held, account.bytes, account.shapes], [2 * 178 + 180, 2 * 178 + 180, 1]);
  const entry = { account, own: false, more: 1000 };
  budget.add("#abc", entry);
  assertEquals(
    [memory.held, account.bytes],
    [3 * 178 + 180 + 1000, 3 * 178 + 180 + 1000],
    "and what else it takes",
  );
  budget.remove("#abc", entry);
  assertEquals([memory.held, account.bytes], [2 * 178 + 180, 2 * 178 + 180]);
});

Deno.test("one may have what is free, to the byte and to the kind, and what is there already costs no kind", () => {
  const cost = 170 + 180 + 2 * 4;
  for (const [free, isRoom] of [[2 * cost, true], [2 * cost - 1, false]] as const) {
    const memory = new HeldMemory({ most: 2 * MIB, pool: new ChunkPool() });
    memory.hold(2 * MIB - free);
    const problem = new PatternBudget(memory).problem("#abc", { bytes: cost, shapes: 0 });
    assertEquals(problem === undefined, isRoom, `${free}`);
  }
  const budget = new PatternBudget(new HeldMemory({ most: 1024 * MIB, pool: new ChunkPool() }));
  const account = emptyAccount();
  for (let at = 0; account.shapes < PATTERN_SHAPES_MOST / 2; at++) {
    const segments = Array.from({ length: 20 }, (_, place) => at >> place & 1 ? "*" : "a");
    const pattern = `#*.*.${segments.join(".")}`;
    assertEquals(budget.problem(pattern, account), undefined, `${account.shapes}`);
    budget.add(pattern, { account, own: false });
  }
  assertEquals([account.shapes, budget.shapes], [PATTERN_SHAPES_MOST / 2, PATTERN_SHAPES_MOST / 2]);
  assertStringIncludes(budget.problem("#b.*.*", account)!, `there are ${PATTERN_SHAPES_MOST / 2} kinds`);
  for (const pattern of ["#b.*", "#b.>", `#*.*.${Array(20).fill("b").join(".")}`]) {
    assertEquals(budget.problem(pattern, account), undefined, pattern);
  }
  assertEquals(budget.problem("#b.*.*", { bytes: 0, shapes: account.shapes - 1 }), undefined);
});
