import { assert, assertEquals } from "@std/assert";
import { doneInTime, PATIENCE_MS, unread } from "../../../lib/cli/output/patience.ts";
import { RunError } from "../../../lib/errors.ts";
import { FakeTime } from "../fake_time.ts";

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

Deno.test("that nobody reads is told after a second, given up after five, and nothing of it once the work is done", async () => {
  using time = new FakeTime();
  const turn = async (): Promise<void> => {
    for (let turns = 0; turns < 50; turns++) await Promise.resolve();
  };
  const bench = (): {
    readonly seen: unknown[];
    readonly finish: () => void;
    readonly stop: () => void;
  } => {
    const seen: unknown[] = [];
    const { promise: work, resolve: finish } = Promise.withResolvers<void>();
    const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
    void doneInTime(work, { stopped, waiting: () => seen.push("waiting") }).then((done) => seen.push(done));
    return { seen, finish, stop };
  };
  const late = bench();
  time.pass(10_000);
  await turn();
  assertEquals([late.seen, time.timers], [[], []], "it may take as long as it likes");
  late.stop();
  await turn();
  const steps: unknown[] = [];
  for (const ms of [999, 1, 3999, 1]) {
    time.pass(ms);
    await turn();
    steps.push([...late.seen]);
  }
  assertEquals(steps, [[], ["waiting"], ["waiting"], ["waiting", false]]);
  const soon = bench();
  soon.stop();
  await turn();
  time.pass(500);
  soon.finish();
  await turn();
  time.pass(10_000);
  await turn();
  assertEquals([soon.seen, time.timers], [[true], []]);
});

Deno.test("why it ends says how long nobody read", () => {
  const error = unread();
  assertEquals(
    [error instanceof RunError, error.message],
    [true, "nobody read the output for 5 s after the stop: not all of it is written"],
  );
});
