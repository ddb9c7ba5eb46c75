import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { SYSTEM_CLOCK, type Timer } from "../../../lib/clock.ts";
import type { LeasedMessage } from "../../../lib/client/leased_message.ts";
import { HeldRequest, heldRequest } from "../../../lib/client/requesting/held_request.ts";
import { RefusedError, RunError } from "../../../lib/errors.ts";

/** A request that is held, and all that is said of it. */
function bench(
  changes: Partial<Record<"attempt" | "maxAttempts" | "ackTimeout", number>> = {},
  answer: () => Promise<void> = () => Promise.resolve(),
): {
  readonly held: HeldRequest;
  readonly said: unknown[];
  readonly errors: unknown[];
  readonly timers: Map<number, { readonly ms: number; readonly call: () => void }>;
} {
  const [said, errors] = [[] as unknown[], [] as unknown[]];
  const timers = new Map<number, { readonly ms: number; readonly call: () => void }>();
  const say = (what: string) => (options?: unknown) => {
    said.push(options === undefined ? what : [what, options]);
    return answer();
  };
  const clock = {
    ...SYSTEM_CLOCK,
    every: (ms: number, call: () => void) => {
      timers.set(timers.size, { ms, call });
      return (timers.size - 1) as unknown as Timer;
    },
    cancel: (timer: Timer | undefined) => void timers.delete(timer as unknown as number),
  };
  const request = {
    attempt: 1,
    ackTimeout: undefined,
    seq: 1,
    ...changes,
    ack: say("ack"),
    nack: say("nack"),
    extend: say("extend"),
  } as unknown as LeasedMessage;
  const held = new HeldRequest(request, { clock, onError: (error) => errors.push(error) });
  return { held, said, errors, timers };
}

Deno.test("it says that it holds the request at half of its time, until it is done with it", async () => {
  for (const end of ["done", "giveBack", "pass"] as const) {
    const { held, said, timers } = bench({ ackTimeout: 500 });
    assertEquals([...timers.values()].map(({ ms }) => ms), [250]);
    timers.get(0)!.call();
    assertEquals(said, ["extend"]);
    await held[end]();
    assertEquals(timers.size, 0);
  }
  assertEquals([...bench({ ackTimeout: 1 }).timers.values()].map(({ ms }) => ms), [1]);
  assertEquals(bench().timers.size, 0, "the broker does not say how long it may take");
});

Deno.test("what failed comes again ever later, up to a minute, and what nobody looked at at once", async () => {
  const given = async (attempt: number): Promise<unknown> => {
    const { held, said } = bench({ attempt });
    await held.giveBack();
    return said[0];
  };
  const delays = [];
  for (const attempt of [1, 2, 3, 6, 7, 20]) delays.push(await given(attempt));
  assertEquals(delays, [1000, 2000, 4000, 32_000, 60_000, 60_000].map((delay) => ["nack", { delay }]));
  const { held, said } = bench();
  await held.pass();
  assertEquals(said, [["nack", { unused: true }]]);
});

Deno.test("the last attempt is known as that, where the broker says how many there are", () => {
  assertEquals(bench({ attempt: 2, maxAttempts: 3 }).held.isLast, false);
  assertEquals(bench({ attempt: 3, maxAttempts: 3 }).held.isLast, true);
  assertEquals(bench({ attempt: 99 }).held.isLast, false);
});

Deno.test("what the broker says no to is told, and ends the saying; a bug is thrown", async () => {
  for (const error of [new RefusedError("BAD_FIELD", "it is not held"), new RunError("closed")]) {
    const { held, errors, timers } = bench({ ackTimeout: 500 }, () => Promise.reject(error));
    await held.done();
    assertEquals(errors, [error]);
    const late = bench({ ackTimeout: 500 }, () => Promise.reject(error));
    late.timers.get(0)!.call();
    for (let turns = 0; turns < 5; turns++) await Promise.resolve();
    assertEquals([late.errors, late.timers.size, timers.size], [[error], 0, 0]);
  }
  const { held } = bench({}, () => Promise.reject(new TypeError("a bug")));
  await assertRejects(() => held.done(), TypeError);
});

Deno.test("a request that was settled when it was sent is not held", () => {
  const parts = { clock: SYSTEM_CLOCK, onError: () => {} };
  assertStrictEquals(heldRequest({ topic: "#a" } as never, parts), undefined);
});
