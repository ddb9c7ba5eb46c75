import { assertEquals } from "@std/assert";
import { type Held, HeldMessages } from "../../../../lib/engine/nats/stored/group_held.ts";
import { Place } from "../../../../lib/engine/groups/members.ts";
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
