import { assert, assertEquals } from "@std/assert";
import { doneInTime, PATIENCE_MS } from "../../../lib/cli/output/patience.ts";

const never = new Promise<never>(() => {});

Deno.test("work that ends is waited for, however it ends, and nothing is said of it", async () => {
  const waiting = (): never => {
    throw new Error("nobody waits");
  };
  assertEquals(await doneInTime(Promise.resolve(), { stopped: Promise.resolve(), waiting }), true);
  assertEquals(await doneInTime(Promise.reject(new Error("x")), { stopped: never, waiting }), true);
});

Deno.test("once it is to stop, work that does not end is waited for so long, which is said", async () => {
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  let told = 0;
  const inTime = doneInTime(never, { stopped, waiting: () => told++ });
  const start = performance.now();
  resolve();
  assertEquals(await inTime, false);
  assert(performance.now() - start >= PATIENCE_MS - 1);
  assertEquals(told, 1);
});
