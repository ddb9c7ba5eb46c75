import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Members, Place } from "../../../lib/engine/groups/members.ts";
import type { Member } from "../../../lib/engine/types.ts";
import { NO_OWNER } from "./no_owner.ts";

const MEMBER: Member = {
  full: false,
  whenNotFull: (callback) => callback(),
  give: () => {},
  missed: () => {},
  failed: () => {},
};

/** What happens to one of a few members. */
const STEP = fc.record({
  who: fc.nat({ max: 5 }),
  what: fc.constantFrom("gave", "passed", "resized", "removed", "watched"),
  many: fc.integer({ min: 1, max: 3 }),
});

Deno.test("who holds least comes first, and of those the one that waits longest (G3)", () => {
  fc.assert(fc.property(fc.array(STEP, { maxLength: 60 }), (steps) => {
    const members = new Members();
    const places = Array.from({ length: 6 }, () => new Place(MEMBER, { window: 3, owner: NO_OWNER }));
    const gone = new Set<Place>();
    for (const place of places) members.update(place);
    for (const { who, what, many } of steps) {
      const place = places[who]!;
      if (what === "gave" && !gone.has(place) && place.at !== -1) members.gave(place, many);
      if (what === "passed" && place.holds >= many) place.holds -= many;
      if (what === "resized") place.window = many;
      if (what === "watched") place.watched = !place.watched;
      if (what === "removed") gone.add(place);
      if (gone.has(place)) members.remove(place);
      else members.update(place);
      const able = places.filter((each) => !gone.has(each) && !each.watched && each.holds < each.window);
      assertEquals(members.able, able.length);
      const best = able.toSorted((one, other) => one.holds - other.holds || one.turn - other.turn)[0];
      // before they were given anything they are alike
      assertEquals(members.first?.holds, best?.holds);
      assertEquals(members.first?.turn, best?.turn);
      assertEquals(places.filter(({ at }) => at !== -1).length, able.length);
    }
  }));
});

Deno.test("of very many members, too, who holds least comes first (G3)", () => {
  const members = new Members();
  const places = Array.from({ length: 50 }, () => new Place(MEMBER, { window: 1000, owner: NO_OWNER }));
  for (const place of places) members.update(place);
  for (let at = 0; at < 1000; at++) {
    const least = Math.min(...places.map(({ holds }) => holds));
    assertEquals(members.first?.holds, least);
    const place = at % 3 === 0 ? places[(at * 17) % 50]! : places.find(({ holds }) => holds === least)!;
    members.gave(place, 1 + (at * 7) % 5);
    members.update(place);
  }
});

Deno.test("whoever of very many goes, the others come in their order (G3)", () => {
  const world = fc.record({
    holds: fc.array(fc.nat({ max: 40 }), { minLength: 40, maxLength: 40 }),
    going: fc.array(fc.nat({ max: 39 }), { minLength: 30, maxLength: 30 }),
  });
  const property = fc.property(world, ({ holds, going }) => {
    const members = new Members();
    const places = holds.map(() => new Place(MEMBER, { window: 1000, owner: NO_OWNER }));
    for (const [at, place] of places.entries()) {
      members.update(place);
      members.gave(place, holds[at]!);
    }
    for (const at of going) members.remove(places[at]!);
    const left = holds.filter((_, at) => !going.includes(at)).toSorted((one, other) => one - other);
    const order: number[] = [];
    for (let first = members.first; first !== undefined; first = members.first) {
      order.push(first.holds);
      members.remove(first);
    }
    assertEquals(order, left);
  });
  fc.assert(property, { numRuns: 500 });
});
