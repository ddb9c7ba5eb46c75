import { assertEquals } from "@std/assert";
import { endInTime } from "../../../lib/cli/broker/deadline.ts";
import { SILENT_LOG } from "../../../lib/log.ts";
import { FakeTime } from "../fake_time.ts";
import { standIn } from "../stand_in.ts";

/** What became of an end, of which this is known, after each of these times. */
async function ended(
  { code, written = true }: { readonly code: number | undefined; readonly written?: boolean },
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
  endInTime({ log, timeout: 1000, done: () => code, doubtful: () => 7 });
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

Deno.test("a broker whose disk does not answer ends some time behind --drain-timeout, with what is not known", async () => {
  assertEquals(await ended({ code: undefined }, 1749, 1, 1000), [[], [LOST, 1], []]);
});

Deno.test("one that is done but for its log ends with its own code, and says nothing more", async () => {
  assertEquals(await ended({ code: 0 }, 1749, 1), [[], [0]]);
  assertEquals(await ended({ code: 9 }, 1750), [[9]]);
});

Deno.test("a log that cannot be written has 200 ms of its own", async () => {
  assertEquals(await ended({ code: undefined, written: false }, 1750, 199, 1), [[LOST], [], [1]]);
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
