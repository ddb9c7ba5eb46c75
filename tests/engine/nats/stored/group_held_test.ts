import { assertEquals } from "@std/assert";
import { type Held, HeldMessages } from "../../../../lib/engine/nats/stored/group_held.ts";
import { Place } from "../../../../lib/engine/groups/members.ts";
import { runOf } from "../../case_parts.ts";
import { NO_OWNER } from "../../groups/no_owner.ts";
import { Worker } from "../../groups/stored_bench.ts";

const place = new Place(new Worker(), { window: 4, owner: NO_OWNER });

function heldOf(sequence: number, until: number): Held {
  return { topic: "#d.a", sequence, reply: `r${sequence}`, attempt: 1, place, run: undefined, until };
}

Deno.test("what a member holds is held until its time is over, and from then on by nobody", () => {
  const messages = new HeldMessages();
  for (const [sequence, until] of [[1, 100], [2, 100], [3, 101]] as const) {
    messages.add(heldOf(sequence, until));
  }
  const lapsed = (now: number): number[] => messages.lapse(now).map(({ sequence }) => sequence);
  assertEquals([lapsed(99), messages.size], [[], 3]);
  assertEquals([lapsed(100), messages.size], [[1, 2], 1]);
  assertEquals([lapsed(200), messages.size], [[3], 0]);
});

/** The numbers of what is held. */
function numbers(held: readonly Held[]): number[] {
  return held.map(({ sequence }) => sequence);
}

/** Messages of `#d.a` with these numbers, in this order, held by one. */
function holding(...sequences: number[]): HeldMessages {
  const messages = new HeldMessages();
  for (const sequence of sequences) messages.add(heldOf(sequence, 100));
  return messages;
}

Deno.test("of a span what a member holds is found, in the order of the numbers, however wide it is", () => {
  for (const wide of [0, 1e15]) {
    const all = (): HeldMessages => holding(7, 3, 5, 4, 9);
    const take = (from: number, end: number): number[] => numbers(all().take(place, "#d.a", { from, end }));
    assertEquals(take(3, 6 + wide), wide === 0 ? [3, 4, 5] : [3, 4, 5, 7, 9]);
    assertEquals(take(-wide, 3), []);
    assertEquals(take(-wide, 4), [3]);
    assertEquals(take(4, 7), [4, 5]);
    assertEquals(take(9, 10 + wide), [9]);
    assertEquals(take(10, 12 + wide), []);
  }
  const messages = holding(1, 2, 3);
  assertEquals(numbers(messages.take(place, "#d.a", { from: 2, end: 4 })), [2, 3]);
  assertEquals([messages.size, numbers(messages.take(place, "#d.a", { from: 1, end: 4 }))], [1, [1]]);
});

Deno.test("what another member holds, or is of another topic, is not found", () => {
  const messages = holding(1, 2);
  const other = new Place(new Worker(), { window: 4, owner: NO_OWNER });
  messages.add({ ...heldOf(3, 100), place: other });
  messages.add({ ...heldOf(4, 100), topic: "#d.b" });
  for (const end of [5, 1e15]) {
    assertEquals(messages.holdsAll(place, "#d.a", { from: 1, end }), false);
    assertEquals(messages.holdsAll(place, "#d.a", { from: 1, end: 3 }), true);
  }
  assertEquals(messages.holdsAll(place, "#d.a", { from: 1, end: 4 }), false);
  assertEquals(messages.holdsAll(other, "#d.a", { from: 3, end: 4 }), true);
  assertEquals(numbers(messages.take(place, "#d.a", { from: 1, end: 1e15 })), [1, 2]);
  assertEquals(numbers(messages.takeAll(place)), [4]);
  assertEquals([messages.size, numbers(messages.takeAll(other)), messages.size], [1, [3], 0]);
});

Deno.test("what is held for longer comes behind what was to be held as long before", () => {
  const messages = holding(1, 2);
  messages.take(place, "#d.a", { from: 1, end: 2 });
  messages.add(heldOf(1, 200));
  assertEquals([numbers(messages.lapse(100)), messages.size], [[2], 1]);
  assertEquals([numbers(messages.lapse(199)), numbers(messages.lapse(200))], [[], [1]]);
});

Deno.test("what is given out once more while it is held is answered for there, and its time is over when it was", () => {
  const messages = holding(1, 2);
  assertEquals([messages.renew(1, "again"), messages.renew(3, "again"), messages.size], [true, false, 2]);
  assertEquals(messages.lapse(100).map(({ reply }) => reply), ["again", "r2"]);
});

Deno.test("when nobody holds anything any more what was kept for the last time is let go of", () => {
  const run = runOf({ topic: "#d.a", topicBytes: 4 }, ["x"]);
  run.keep();
  const messages = holding(1);
  messages.add({ ...heldOf(2, 100), run });
  messages.clear();
  assertEquals([messages.size, run.records.chunk.shared], [0, false]);
});
