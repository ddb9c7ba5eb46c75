import { assertEquals } from "@std/assert";
import type { Giver, Waiting } from "../../../lib/engine/groups/keyed_message.ts";
import { SetAside } from "../../../lib/engine/groups/set_aside.ts";
import { GROUP_AHEAD_BYTES, GROUP_ASIDE_MOST } from "../../../lib/limits.ts";

// who gave it is only told apart
const [one, other] = [{}, {}] as unknown as readonly [Giver, Giver];

/** So many bytes that wait; what is counted looks at nothing else of it. */
function waiting(bytes: number, { giver = one, fresh = true } = {}): Waiting {
  return { run: { records: { start: 7, end: 7 + bytes } }, giver, fresh } as unknown as Waiting;
}

Deno.test("what was never given out fills its room with the last byte of it, and frees it as it goes", () => {
  const aside = new SetAside();
  assertEquals([aside.isFull(0), aside.isFull(100)], [false, false], "nothing fills no room");
  aside.add(waiting(60));
  aside.add(waiting(40));
  assertEquals([aside.isFull(99), aside.isFull(100), aside.isFull(101)], [true, true, false]);
  aside.remove(waiting(60));
  assertEquals([aside.isFull(40), aside.isFull(41)], [true, false]);
  aside.add(waiting(1000, { fresh: false }));
  assertEquals(aside.isFull(41), false, "what is here again does not count");
});

Deno.test("so many messages fill it however small they are, those that are here again left out", () => {
  const aside = new SetAside();
  for (let at = 1; at < GROUP_ASIDE_MOST; at++) aside.add(waiting(0));
  aside.add(waiting(0, { fresh: false }));
  assertEquals(aside.isFull(Infinity), false);
  aside.add(waiting(0));
  assertEquals(aside.isFull(Infinity), true);
  aside.remove(waiting(0));
  assertEquals(aside.isFull(Infinity), false);
});

Deno.test("what is here again crowds it with the last byte that is kept, and what is fresh never does", () => {
  const aside = new SetAside();
  aside.add(waiting(2 * GROUP_AHEAD_BYTES));
  aside.add(waiting(GROUP_AHEAD_BYTES - 1, { fresh: false }));
  assertEquals(aside.isCrowded, false);
  aside.add(waiting(1, { fresh: false }));
  assertEquals(aside.isCrowded, true);
  aside.remove(waiting(1, { fresh: false }));
  assertEquals(aside.isCrowded, false);
});

Deno.test("messages are counted by who gave them, fresh or not", () => {
  const aside = new SetAside();
  aside.add(waiting(1));
  aside.add(waiting(1, { fresh: false }));
  aside.add(waiting(1, { giver: other }));
  assertEquals([aside.of(one), aside.of(other)], [2, 1]);
  aside.remove(waiting(1, { fresh: false }));
  aside.remove(waiting(1, { giver: other }));
  assertEquals([aside.of(one), aside.of(other)], [1, 0]);
});
