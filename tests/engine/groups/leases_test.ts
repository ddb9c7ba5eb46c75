import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { collectHeap } from "../../../lib/collect.ts";
import type { Unit } from "../../../lib/engine/groups/ledger.ts";
import { type Grant, Leases } from "../../../lib/engine/groups/leases.ts";
import { Place } from "../../../lib/engine/groups/members.ts";
import { NO_OWNER } from "./no_owner.ts";

const UNIT: Unit = { after: 1, open: 0, ends: new Map() };

function place(): Place {
  return new Place({
    full: false,
    whenNotFull: (callback) => callback(),
    give: () => {},
    missed: () => {},
    failed: () => {},
  }, {
    window: 10,
    owner: NO_OWNER,
  });
}

function grant(from: number, end: number, { topic = "#a", attempt = 1 } = {}): Grant {
  return { topic, from, end, attempt, unit: UNIT };
}

function shown(grants: readonly Grant[]): string[] {
  return grants.map(({ topic, from, end, attempt }) => `${topic} ${from}-${end - 1} ${attempt}`);
}

Deno.test("what a member holds it holds once: taken, it is not there any more", () => {
  const leases = new Leases();
  const [one, two] = [place(), place()];
  leases.grant(one, grant(1, 11), 100);
  leases.grant(two, grant(11, 13), 100);
  assertEquals(shown(leases.take(one, "#a", { from: 1, end: 2 })), ["#a 1-1 1"]);
  assertEquals(shown(leases.take(one, "#a", { from: 1, end: 2 })), []);
  assertEquals(shown(leases.take(one, "#a", { from: 5, end: 7 })), ["#a 5-6 1"]);
  assertEquals(shown(leases.take(one, "#a", { from: 11, end: 12 })), [], "somebody else's");
  assertEquals(shown(leases.take(one, "#b", { from: 2, end: 3 })), [], "another topic's");
  leases.grant(one, grant(5, 6, { attempt: 2 }), 120);
  assertEquals(shown(leases.take(one, "#a", { from: 0, end: 9 })), ["#a 2-4 1", "#a 5-5 2", "#a 7-8 1"]);
  assertEquals(shown(leases.clear(one)), ["#a 9-10 1"]);
  assertEquals(shown(leases.clear(one)), []);
  assertEquals(leases.lapse(1000).map(({ place, grant }) => [place === two, shown([grant])]), [[true, [
    "#a 11-12 1",
  ]]]);
});

Deno.test("what nobody holds any more takes no memory, and no time of who counts, however long it might have been held", () => {
  collectHeap();
  const before = Deno.memoryUsage().heapUsed;
  const leases = new Leases();
  const one = place();
  // to look at a term for each tick each time would be 20 billion steps
  for (let tick = 1; tick <= 200_000; tick++) {
    leases.grant(one, grant(tick, tick + 2), 1_000_000 + tick);
    leases.take(one, "#a", { from: tick + 1, end: tick + 2 });
    if (leases.size !== 1) assertEquals(leases.size, 1);
    leases.take(one, "#a", { from: tick, end: tick + 1 });
  }
  collectHeap();
  const bytes = Deno.memoryUsage().heapUsed - before;
  assert(bytes < 8 * 1024 ** 2, `${bytes} bytes`);
  assertEquals([leases.size, leases.lapse(2_000_000)], [0, []]);
});

const STEP = fc.oneof(
  fc.record({
    kind: fc.constant("grant" as const),
    who: fc.nat({ max: 2 }),
    from: fc.integer({ min: 1, max: 30 }),
    count: fc.integer({ min: 1, max: 6 }),
  }),
  fc.record({
    kind: fc.constant("take" as const),
    who: fc.nat({ max: 2 }),
    from: fc.integer({ min: 0, max: 36 }),
    count: fc.integer({ min: 1, max: 12 }),
  }),
  fc.record({
    kind: fc.constant("lapse" as const),
    who: fc.constant(0),
    from: fc.constant(0),
    count: fc.integer({ min: 0, max: 30 }),
  }),
  fc.record({
    kind: fc.constant("clear" as const),
    who: fc.nat({ max: 2 }),
    from: fc.constant(0),
    count: fc.constant(0),
  }),
);

Deno.test("each message is held until it is taken, its time is over or its member goes, as in a table of them", () => {
  fc.assert(
    fc.property(fc.array(STEP, { maxLength: 80 }), (steps) => {
      const leases = new Leases();
      const places = [place(), place(), place()];
      /** Who holds it, until when, and as which attempt. */
      const table = new Map<number, { who: number; until: number; attempt: number }>();
      let now = 0;
      let attempts = 0;
      const single = (grants: readonly Grant[]): string[] =>
        grants.flatMap(({ from, end, attempt }) =>
          Array.from({ length: end - from }, (_, at) => `${from + at} ${attempt}`)
        );
      const takeOut = (is: (number: number, entry: { who: number; until: number }) => boolean): string[] =>
        [...table].toSorted(([one], [other]) => one - other).filter(([number, entry]) => is(number, entry))
          .map((
            [number, { attempt }],
          ) => {
            table.delete(number);
            return `${number} ${attempt}`;
          });
      for (const { kind, who, from, count } of steps) {
        const end = from + count;
        if (kind === "grant") {
          const free = Array.from({ length: count }, (_, at) => from + at).every((number) =>
            !table.has(number)
          );
          if (!free) continue;
          const attempt = ++attempts;
          leases.grant(places[who]!, grant(from, end, { attempt }), now + 20);
          for (let number = from; number < end; number++) {
            table.set(number, { who, until: now + 20, attempt });
          }
        }
        const range = Array.from({ length: count }, (_, at) => from + at);
        assertEquals(
          leases.holdsAll(places[who]!, "#a", { from, end }),
          range.every((number) => table.get(number)?.who === who),
        );
        if (kind === "take") {
          const taken = single(leases.take(places[who]!, "#a", { from, end }));
          assertEquals(
            taken,
            takeOut((number, entry) => entry.who === who && number >= from && number < end),
          );
        }
        if (kind === "clear") {
          assertEquals(single(leases.clear(places[who]!)), takeOut((_, entry) => entry.who === who));
        }
        if (kind === "lapse") {
          now += count;
          const lapsed = leases.lapse(now);
          for (const { place, grant } of lapsed) {
            assertEquals(table.get(grant.from)?.who, places.indexOf(place));
          }
          assertEquals(
            single(lapsed.map(({ grant }) => grant)).toSorted(),
            takeOut((_, { until }) => until <= now).toSorted(),
          );
        }
        assertEquals(leases.size > 0, table.size > 0);
        assert(leases.size <= table.size);
      }
    }),
    { numRuns: 300 },
  );
});
