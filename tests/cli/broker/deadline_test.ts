import { assertEquals } from "@std/assert";
import { deliveringFor, endInTime } from "../../../lib/cli/broker/deadline.ts";
import { SILENT_LOG } from "../../../lib/log.ts";
import { FakeTime } from "../fake_time.ts";
import { standIn } from "../stand_in.ts";

/** What became of an end, of which this is known, after each of these times. */
async function ended(
  { code, written = true, timeout = 1000 }: {
    readonly code: number | undefined;
    readonly written?: boolean;
    readonly timeout?: number;
  },
  ...times: readonly number[]
): Promise<unknown[]> {
  using time = new FakeTime();
  const said: unknown[] = [];
  using _exit = standIn(Deno, "exit", ((code: number) => void said.push(code)) as typeof Deno.exit);
  const log = {
    ...SILENT_LOG,
    error: (...event: unknown[]) => void said.push(event),
    flush: () => written ? Promise.resolve() : new Promise<void>(() => {}),
  };
  endInTime({ log, timeout, done: () => code, doubtful: () => 7 });
  const told: unknown[] = [];
  for (const ms of times) {
    time.pass(ms);
    for (let turns = 0; turns < 10; turns++) await Promise.resolve();
    told.push(said.splice(0));
  }
  return told;
}

const LOST = [
  "the disk did not answer before --drain-timeout: it is not known whether these messages, which were not " +
  "acknowledged, are stored",
  { messages: 7 },
];

Deno.test("a broker whose disk does not answer ends within --drain-timeout, a short one by less than a second, with what is not known", async () => {
  const all = [[0, 750], [1000, 1250], [1900, 1700], [2000, 1800], [2001, 1801], [10_000, 9800]] as const;
  for (const [timeout, ms] of all) {
    const told = await ended({ code: undefined, timeout }, ms - 1, 1, 1000);
    assertEquals(told, [[], [LOST, 1], []], `${timeout} ms`);
  }
});

Deno.test("what is queued has all but a second of --drain-timeout to leave, and half of a short one", () => {
  assertEquals([0, 1000, 1999, 2000, 2001, 10_000].map(deliveringFor), [0, 500, 999.5, 1000, 1001, 9000]);
});

Deno.test("one that is done but for its log ends with its own code, and says nothing more", async () => {
  assertEquals(await ended({ code: 0 }, 1249, 1), [[], [0]]);
  assertEquals(await ended({ code: 9 }, 1250), [[9]]);
});

Deno.test("a log that cannot be written has 200 ms of its own", async () => {
  assertEquals(await ended({ code: undefined, written: false }, 1250, 199, 1), [[LOST], [], [1]]);
});

Deno.test("the end that is waited for keeps nobody from ending sooner", () => {
  const kept: unknown[] = [];
  using _time = new FakeTime();
  using _timer = standIn(globalThis, "setTimeout", (() => 5) as unknown as typeof setTimeout);
  using _unref = standIn(Deno, "unrefTimer", (id) => void kept.push(id));
  const log = { ...SILENT_LOG, flush: () => Promise.resolve() };
  endInTime({ log, timeout: 1, done: () => 0, doubtful: () => 0 });
  assertEquals(kept, [5]);
});
