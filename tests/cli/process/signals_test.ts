import { assertEquals } from "@std/assert";
import { deliveringFor, endInTime } from "../../../lib/cli/broker/deadline.ts";
import type { ProgramLog } from "../../../lib/cli/broker/logging.ts";
import { aborted, stopOnSignals } from "../../../lib/cli/process/signals.ts";
import { SILENT_LOG } from "../../../lib/log.ts";
import { within } from "../../support/within.ts";
import { FakeTime } from "../fake_time.ts";
import { standIn } from "../stand_in.ts";

/** The process's signals, and the codes with which it would have ended. */
function process(): Disposable & { readonly signals: Map<string, () => void>; readonly codes: number[] } {
  const [signals, codes, stack] = [new Map<string, () => void>(), [] as number[], new DisposableStack()];
  const add = (signal: string, listener: () => void): void => void signals.set(signal, listener);
  stack.use(standIn(Deno, "addSignalListener", add as typeof Deno.addSignalListener));
  stack.use(standIn(Deno, "exit", ((code: number) => void codes.push(code)) as typeof Deno.exit));
  return { signals, codes, [Symbol.dispose]: () => stack.dispose() };
}

Deno.test("the first signal asks for the stop, another ends the program at once, with its own code", () => {
  for (const [second, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    using time = new FakeTime();
    using end = process();
    const stop = stopOnSignals();
    const said: number[] = [];
    stop.lastWord(() => said.push(end.codes.length));
    assertEquals(stop.signal.aborted, false);
    end.signals.get("SIGTERM")!();
    assertEquals([stop.signal.aborted, end.codes], [true, []]);
    time.pass(100);
    end.signals.get(second)!();
    assertEquals(end.codes, [], "what comes with the first is the same request");
    time.pass(1);
    end.signals.get(second)!();
    assertEquals([end.codes, said], [[code], [0]], "the last word is before the end");
  }
});

Deno.test("who waits for the stop goes on when it comes, and at once where it has come", async () => {
  using _end = process();
  const { signal, interrupt } = stopOnSignals();
  const over = aborted(signal);
  interrupt();
  await within("the stop", over);
  await within("the stop that has come", aborted(signal));
});

Deno.test("where there is no SIGTERM none is listened for", () => {
  for (const [os, signals] of [["windows", ["SIGINT"]], ["linux", ["SIGINT", "SIGTERM"]]] as const) {
    using _build = standIn(Deno, "build", { ...Deno.build, os });
    using end = process();
    stopOnSignals();
    assertEquals([...end.signals.keys()], [...signals]);
  }
});

Deno.test("a Ctrl-C that is read as a key does what the signal does", () => {
  using time = new FakeTime();
  using end = process();
  const { signal, interrupt } = stopOnSignals();
  interrupt();
  assertEquals(signal.aborted, true);
  time.pass(101);
  interrupt();
  assertEquals(end.codes, [130]);
});

Deno.test("a broker whose disk does not answer ends all the same, and says of how many messages nothing is known", async () => {
  for (const [done, code, said] of [[undefined, 1, 1], [0, 0, 0], [1, 1, 0]] as const) {
    using time = new FakeTime();
    using end = process();
    const errors: unknown[] = [];
    const log: ProgramLog = {
      ...SILENT_LOG,
      error: (_, fields) => void errors.push(fields),
      flush: () => Promise.resolve(),
    };
    endInTime({ log, timeout: 1000, done: () => done, doubtful: () => 7 });
    time.pass(1249);
    assertEquals([errors, end.codes], [[], []]);
    time.pass(1);
    for (let turns = 0; turns < 9; turns++) await Promise.resolve();
    assertEquals([errors, end.codes], [said === 1 ? [{ messages: 7 }] : [], [code]]);
  }
});

Deno.test("a log that nobody reads keeps it no longer than a moment", async () => {
  using time = new FakeTime();
  using end = process();
  const log: ProgramLog = { ...SILENT_LOG, flush: () => new Promise(() => {}) };
  endInTime({ log, timeout: 0, done: () => 0, doubtful: () => 0 });
  time.pass(750);
  for (let turns = 0; turns < 9; turns++) await Promise.resolve();
  time.pass(199);
  for (let turns = 0; turns < 9; turns++) await Promise.resolve();
  assertEquals(end.codes, []);
  time.pass(1);
  for (let turns = 0; turns < 9; turns++) await Promise.resolve();
  assertEquals(end.codes, [0]);
});

Deno.test("of the time that it may take the last second is for the end, of a short one half", () => {
  assertEquals([0, 1, 1000, 2000, 2001, 10_000].map(deliveringFor), [0, 0.5, 500, 1000, 1001, 9000]);
});

Deno.test("what hangs never makes it exceed two seconds or more, and less by less than a second", async () => {
  for (const [timeout, ended] of [[10_000, 10_000], [2000, 2000], [1000, 1450], [1, 950.5]] as const) {
    using time = new FakeTime();
    using end = process();
    // the log hangs as well
    const log: ProgramLog = { ...SILENT_LOG, flush: () => new Promise(() => {}) };
    endInTime({ log, timeout, done: () => undefined, doubtful: () => 0 });
    time.pass(ended - 200);
    for (let turns = 0; turns < 9; turns++) await Promise.resolve();
    time.pass(199);
    for (let turns = 0; turns < 9; turns++) await Promise.resolve();
    assertEquals([timeout, end.codes], [timeout, []]);
    time.pass(1);
    for (let turns = 0; turns < 9; turns++) await Promise.resolve();
    assertEquals([timeout, end.codes], [timeout, [1]]);
  }
});
