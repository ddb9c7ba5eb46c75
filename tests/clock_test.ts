import { assert, assertEquals } from "@std/assert";
import { SYSTEM_CLOCK } from "../lib/clock.ts";
import { within } from "./support/within.ts";

Deno.test("the system's clock counts up, knows the date, and calls back once or again and again", async () => {
  const begun = SYSTEM_CLOCK.now();
  assert(Math.abs(SYSTEM_CLOCK.wall() - Date.now()) < 60_000);
  const calls = { once: 0, again: 0, never: 0 };
  SYSTEM_CLOCK.cancel(SYSTEM_CLOCK.after(1, () => calls.never++));
  SYSTEM_CLOCK.cancel(undefined);
  SYSTEM_CLOCK.after(1, () => calls.once++);
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = SYSTEM_CLOCK.every(1, () => ++calls.again === 3 && resolve());
  await within("the third time", promise);
  SYSTEM_CLOCK.cancel(timer);
  const gone = SYSTEM_CLOCK.every(1, () => calls.never++);
  SYSTEM_CLOCK.cancel(gone);
  await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals(calls, { once: 1, again: 3, never: 0 });
  assert(SYSTEM_CLOCK.now() >= begun + 10);
});
