import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DamageError } from "../../../lib/store/log/damage.ts";
import { GroupHolds } from "../../../lib/store/log/group_holds.ts";
import type { GroupName } from "../../../lib/store/types.ts";
import { matches } from "../../../lib/topics/topic.ts";

interface Stand extends GroupName {
  readonly sequence: number;
  readonly after: number;
  /** Numbers behind where all is settled. */
  readonly settled: readonly number[];
}

const stand = fc.record({
  name: fc.constantFrom("g", "h"),
  pattern: fc.constantFrom("#a", "#b", "#*", "#>"),
  sequence: fc.nat(4),
  after: fc.nat(4),
  settled: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 6 }),
});
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ put: stand }) },
  fc.record({
    forget: fc.record({ name: fc.constantFrom("g", "h"), pattern: fc.constantFrom("#a", "#b", "#*", "#>") }),
  }),
);

/** As a mark has them. */
function rangesOf(numbers: readonly number[]): string {
  const first = numbers.filter((number) => !numbers.includes(number - 1)).sort((a, b) => a - b);
  return first.map((from) => {
    let last = from;
    while (numbers.includes(last + 1)) last++;
    return `${from}-${last}`;
  }).join(" ");
}

function keyOf({ name, pattern }: GroupName): string {
  return `${name} ${pattern}`;
}

Deno.test("a batch is held by who has not settled all of it, and each misses what it had not", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const model = new Map<string, Stand>();
      const holds = new GroupHolds((group) => {
        const { settled } = model.get(keyOf(group))!;
        return settled.length === 0 ? undefined : rangesOf(settled);
      });
      for (const each of steps) {
        if ("put" in each) {
          // a group never goes back
          const before = model.get(keyOf(each.put));
          if (before !== undefined && before.after > each.put.after) continue;
          model.set(keyOf(each.put), each.put);
          holds.put(each.put);
        } else {
          model.delete(keyOf(each.forget));
          holds.delete(each.forget);
        }
        for (const topic of ["#a", "#b", "#c.d"]) {
          for (let id = 1; id <= 5; id++) {
            const batch = { id, topic: 1, first: 2 * id, count: 2 };
            const open = (of: Stand): number => {
              if (!matches(of.pattern, topic) || id <= of.after) return 0;
              return [2 * id, 2 * id + 1].filter((number) =>
                number >= of.sequence && !of.settled.includes(number)
              ).length;
            };
            const missed = new Map<GroupName, number>();
            holds.count(topic, batch, missed);
            assertEquals(
              [...missed].map(([group, count]) => `${keyOf(group)} ${count}`).sort(),
              [...model.values()].filter((of) => open(of) > 0).map((of) => `${keyOf(of)} ${open(of)}`).sort(),
            );
            holds.count(topic, batch, missed);
            for (const [group, count] of missed) {
              assertEquals(count, 2 * open(model.get(keyOf(group))!), "they add up");
            }
            assertEquals(holds.has(topic, batch), [...model.values()].some((of) => open(of) > 0));
          }
        }
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("it is told that what is held may have changed, and nothing that has not", () => {
  const holds = new GroupHolds(() => undefined);
  const changes = [holds.changes];
  const then = (act: () => unknown): void => {
    act();
    changes.push(holds.changes);
  };
  const [g, h] = [{ name: "g", pattern: "#a" }, { name: "h", pattern: "#a" }];
  for (const group of [g, h]) then(() => holds.put({ ...group, sequence: 0, after: 0 }));
  then(() => holds.put({ ...g, sequence: 0, after: 1 }));
  then(() => holds.has("#a", { id: 1, topic: 1, first: 1, count: 1 }));
  for (const group of [g, g, h]) then(() => holds.delete(group));
  assertEquals(changes, [0, 1, 2, 3, 3, 4, 4, 5]);
});

Deno.test("numbers of a group that cannot be read are damage, and nobody's loss", () => {
  const holds = new GroupHolds(() => "?");
  holds.put({ name: "g", pattern: "#a", sequence: 0, after: 0 });
  const batch = { id: 1, topic: 1, first: 1, count: 1 };
  assertThrows(() => holds.has("#a", batch), DamageError, "what group g of #a has settled cannot be read");
  assertThrows(() => holds.count("#a", batch, new Map()), DamageError);
});
