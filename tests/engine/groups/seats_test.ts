import { assert, assertEquals } from "@std/assert";
import { Key, type Seat } from "../../../lib/engine/groups/keyed_message.ts";
import { Place } from "../../../lib/engine/groups/members.ts";
import { hashOf, weightOf } from "../../../lib/engine/groups/rendezvous.ts";
import { Seats } from "../../../lib/engine/groups/seats.ts";
import { NO_OWNER } from "./no_owner.ts";
import { Worker } from "./stored_bench.ts";

function place(): Place {
  return new Place(new Worker(), { window: 9, owner: NO_OWNER });
}

/** Who has the greatest number for a key. */
function greatest(seats: readonly Seat[], text: string): Seat | undefined {
  const weight = ({ seed }: Seat): number => weightOf(hashOf(text), seed);
  return seats.toSorted((one, other) => weight(other) - weight(one))[0];
}

const KEYS = Array.from({ length: 200 }, (_, at) => new Key(`key ${at}`));

Deno.test("a key is whose number for it is the greatest of all who are there, found at once or as they come (G13)", () => {
  const seats = new Seats();
  const here: Seat[] = [];
  for (const key of KEYS) {
    seats.elect(key);
    assertEquals(key.owner, undefined, "nobody is there");
  }
  for (let count = 1; count <= 6; count++) {
    const seat = seats.enter(place());
    here.push(seat);
    for (const key of KEYS) {
      const before = key.owner;
      const is = seats.bid(key, seat);
      assert(key.owner === greatest(here, key.text));
      assertEquals(is, key.owner === seat);
      assert(is || key.owner === before);
      const found = new Key(key.text);
      seats.elect(found);
      assert(found.owner === key.owner);
    }
  }
  for (const gone of [here[2]!, here[0]!, here[5]!]) {
    seats.retire(gone);
    here.splice(here.indexOf(gone), 1);
    for (const key of KEYS) {
      seats.elect(key);
      assert(key.owner === greatest(here, key.text));
    }
  }
});

Deno.test("a key that is another's from now on waits for its owner before no more (G13)", () => {
  const seats = new Seats();
  const first = seats.enter(place());
  for (const key of KEYS) {
    seats.elect(key);
    first.wanted.add(key);
  }
  const second = seats.enter(place());
  for (const key of KEYS) seats.bid(key, second);
  const own = KEYS.filter(({ owner }) => owner === first);
  assert(own.length > 50 && own.length < 150);
  assertEquals([...first.wanted].map(({ text }) => text), own.map(({ text }) => text));
  seats.retire(first);
  for (const key of own) seats.elect(key);
  assertEquals(first.wanted.size, 0);
});

Deno.test("a member has its seat until that is removed (G13)", () => {
  const seats = new Seats();
  const [one, other] = [place(), place()];
  const seat = seats.enter(one);
  const second = seats.enter(other);
  assert(seat.seed !== second.seed);
  assert(seats.of(one) === seat && seats.find(other) === second && seat.place === one);
  seats.retire(seat);
  assert(seats.find(one) === seat, "what it holds is known still");
  seats.remove(one);
  assertEquals(seats.find(one), undefined);
  assert(seats.enter(one).seed !== seat.seed, "who comes again is another");
});
