import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Members, Place, type PlaceOwner } from "../../../lib/engine/groups/members.ts";
import { NO_OWNER } from "./no_owner.ts";
import { Worker } from "./stored_bench.ts";

/** A member whose place tells the members when it has changed, as in a group. */
class One {
  readonly worker = new Worker();
  readonly place: Place;

  constructor(members: Members, { window = 9, owner = {} as Partial<PlaceOwner> } = {}) {
    const changed = (place: Place): void => members.update(place);
    this.place = new Place(this.worker, { window, owner: { ...NO_OWNER, changed, ...owner } });
    members.enter(this.place);
  }
}

Deno.test("who comes last is asked only where no other has room, and of the others who holds least is (G3)", () => {
  const least = (places: readonly Place[]): Place | undefined =>
    places.filter(({ room }) => room > 0)
      .toSorted((one, other) => one.holds - other.holds || one.turn - other.turn)[0];
  fc.assert(fc.property(fc.array(fc.nat({ max: 6 }), { maxLength: 40 }), fc.nat(), (given, which) => {
    const members = new Members();
    const places = Array.from({ length: 7 }, () => new One(members, { window: 8 }).place);
    for (const at of given) if (places[at]!.room > 0) members.gave(places[at]!, 1);
    // none has the same turn
    for (const place of places) if (place.room > 0) members.gave(place, 1);
    const last = places[which % places.length]!;
    const expected = least(places.filter((place) => place !== last)) ?? least([last]);
    assert(members.next(last) === expected);
    const first = members.next();
    assert(first === least(places));
    if (first !== undefined) {
      assert(members.next(first) === (least(places.filter((it) => it !== first)) ?? first));
    }
  }));
});

Deno.test("who takes nothing is asked again when it does, once, however often it would have been next (G3)", () => {
  const members = new Members();
  const one = new One(members);
  const other = new One(members);
  one.worker.full = true;
  assert(members.next() === other.place);
  assert(members.next(other.place) === other.place);
  assertEquals([one.place.watched, members.able, members.takes(one.place)], [true, 1, false]);
  members.update(one.place);
  assertEquals(members.able, 1, "it is not, whatever it holds");
  one.worker.opens();
  assertEquals([one.place.watched, members.able, members.takes(one.place)], [false, 2, true]);
  assert(members.next(other.place) === one.place);
});

Deno.test("who has no room takes nothing, and nobody asks whether it is full (G3)", () => {
  const members = new Members();
  const { place, worker } = new One(members, { window: 2 });
  members.gave(place, 1);
  assert(members.takes(place));
  members.gave(place, 1);
  worker.full = true;
  assertEquals([members.takes(place), members.next(), members.able, place.watched], [
    false,
    undefined,
    0,
    false,
  ]);
  place.resize(3);
  assertEquals([members.able, place.room], [1, 1]);
});

Deno.test("those who may hold something stay, and who may hold nothing any more is going (G5)", () => {
  const members = new Members();
  const staying = [members.staying];
  const note = (): void => void staying.push(members.staying);
  const one = new One(members);
  note();
  const other = new One(members);
  note();
  one.place.resize(0);
  note();
  one.place.resize(0);
  note();
  other.place.resize(1);
  note();
  one.place.resize(2);
  note();
  members.leave(one.place);
  note();
  other.place.resize(0);
  members.leave(other.place);
  note();
  assertEquals(staying, [0, 1, 2, 1, 1, 1, 2, 1, 0]);
});

Deno.test("who watches is told of who comes and goes, and of each that has room", () => {
  const members = new Members();
  const names = new Map<Place, string>();
  const told: string[] = [];
  const tell = (what: string) => (place: Place): void =>
    void told.push(`${what} ${names.get(place) ?? "it"}`);
  members.watch = { entered: tell("entered"), left: tell("left"), hasRoom: tell("room") };
  const { place, worker } = new One(members, { window: 2 });
  names.set(place, "one");
  assertEquals(told.splice(0), ["entered it", "room it"]);
  members.gave(place, 1);
  assertEquals(told.splice(0), ["room one"]);
  members.gave(place, 1);
  assertEquals(told.splice(0), []);
  place.holds -= 2;
  place.changed();
  assertEquals(told.splice(0), ["room one"]);
  worker.full = true;
  members.next();
  place.changed();
  assertEquals(told.splice(0), [], "it takes nothing");
  worker.opens();
  members.leave(place);
  assertEquals(told, ["room one", "left one"]);
});

Deno.test("who has left is nobody's: it changes nothing, and holds nothing that it could settle (G4)", () => {
  const asked: string[] = [];
  const note = (what: string) => (): boolean => asked.push(what) > 0;
  const members = new Members();
  const { place } = new One(members, {
    owner: {
      changed: () => void asked.push("changed"),
      passed: (_place, messages) => void asked.push(`passed ${messages}`),
      left: (_place, unsent) => void asked.push(`left ${unsent.length}`),
      settle: note("settle"),
      holdsAll: note("holdsAll"),
      giveBack: note("giveBack"),
      extend: note("extend"),
    },
  });
  const span = { from: 1, end: 2 };
  const answer = { acknowledge: () => {}, refuse: () => {} };
  const ask = (): boolean[] => {
    place.resize(4);
    place.ready();
    place.passed(3);
    return [
      place.settle("#a", span, answer),
      place.holdsAll("#a", span),
      place.giveBack("#a", span, { delay: 0, unused: false }),
      place.extend("#a", span),
    ];
  };
  assertEquals(ask(), [true, true, true, true]);
  assertEquals(asked.splice(0).join(), "changed,changed,passed 3,settle,holdsAll,giveBack,extend");
  assertEquals(place.gone, false);
  place.leave([]);
  place.leave([]);
  assertEquals([place.gone, asked.splice(0)], [true, ["left 0"]]);
  assertEquals([ask(), asked], [[false, false, false, false], []]);
});

Deno.test("who has been given nothing yet comes before who has, where they hold as much (G3)", () => {
  const members = new Members();
  const places = [1, 2, 3].map(() => new One(members).place);
  const given = [1, 2, 3].map(() => {
    const place = members.next()!;
    members.gave(place, 1);
    place.holds = 0;
    members.update(place);
    return place;
  });
  assertEquals(new Set(given), new Set(places));
});
