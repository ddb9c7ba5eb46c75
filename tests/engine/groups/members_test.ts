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

Deno.test("of very many members that come, go and hold less, too, who holds least comes first (G3)", () => {
  const step = fc.tuple(
    fc.nat({ max: 39 }),
    fc.constantFrom("gave", "passed", "removed", "back"),
    fc.nat({ max: 9 }),
  );
  fc.assert(fc.property(fc.array(step, { minLength: 100, maxLength: 300 }), (steps) => {
    const members = new Members();
    const places = Array.from({ length: 40 }, () => new Place(MEMBER, { window: 1000, owner: NO_OWNER }));
    for (const [at, place] of places.entries()) {
      members.update(place);
      members.gave(place, (at * 17) % 40);
    }
    for (const [who, what, many] of steps) {
      const place = places[who]!;
      if (what === "removed") members.remove(place);
      else if (what === "gave" && place.at !== -1) members.gave(place, many);
      else if (what !== "gave") {
        if (what === "passed") place.holds = Math.max(0, place.holds - many);
        if (what === "back" || place.at !== -1) members.update(place);
      }
      const able = places.filter(({ at }) => at !== -1);
      assertEquals(members.able, able.length);
      const least = Math.min(...able.map(({ holds }) => holds));
      assertEquals(members.first?.holds, able.length === 0 ? undefined : least);
    }
  }));
});
