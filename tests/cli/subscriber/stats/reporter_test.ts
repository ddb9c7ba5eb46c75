/** The lines of `--stats`, each second and at the end. */
import { assertEquals } from "@std/assert";
import { Output } from "../../../../lib/cli/output/output.ts";
import { Reporter } from "../../../../lib/cli/subscriber/stats/reporter.ts";
import { Stats } from "../../../../lib/cli/subscriber/stats/stats.ts";
import { FakeTime } from "../../fake_time.ts";
import { Collected, message } from "../../output/collected.ts";
import { standIn, StandInStream } from "../../stand_in.ts";

/** A reporter in a time of the test's, and what it has written. */
class Desk implements Disposable {
  readonly time = new FakeTime();
  readonly target = new Collected();
  readonly out = new Output(this.target);
  readonly stats = new Stats({
    header: "sent",
    clock: { now: () => performance.now(), wall: () => 0 },
    missed: () => 0,
    doubt: () => {},
  });
  readonly reporter: Reporter;
  readonly #stack = new DisposableStack();

  constructor({ json = false, terminal = false, columns = 80 } = {}) {
    this.#stack.use(new StandInStream("stdout", { terminal }));
    this.#stack.use(standIn(Deno, "consoleSize", () => ({ columns, rows: 24 })));
    this.reporter = new Reporter(this.stats, { out: this.out, json });
  }

  /** A message comes, so much later. */
  come(ms: number): void {
    this.time.pass(ms);
    this.stats.add(message("#a", "12345"));
  }

  async lines(): Promise<string[]> {
    await this.out.flush();
    return this.target.text.split("\n");
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
    this.time[Symbol.dispose]();
  }
}

Deno.test("each second has its line, and at the end there is one with all", async () => {
  using desk = new Desk();
  desk.come(100);
  desk.come(500);
  desk.time.pass(399);
  assertEquals(await desk.lines(), [""]);
  desk.time.pass(1);
  desk.come(600);
  desk.time.pass(400);
  desk.reporter.end();
  desk.time.pass(5000);
  assertEquals(await desk.lines(), [
    "2 msg/s, 10 B/s, 2 so far, 0 missed",
    "1 msg/s, 5 B/s, 3 so far, 0 missed",
    "all: 3 messages, 15 B in 1.5 s, 2 msg/s, 10 B/s, 0 missed",
    "",
  ]);
  assertEquals(desk.time.timers, [], "nothing is counted any more");
});

Deno.test("as JSON each line is an object that says when it was written, and the last one that it is all", async () => {
  using desk = new Desk({ json: true });
  desk.come(100);
  desk.time.pass(900);
  desk.reporter.end();
  const lines = (await desk.lines()).slice(0, -1).map((line) => JSON.parse(line) as Record<string, unknown>);
  assertEquals(lines.map(({ all, total, messages }) => [all, total, messages]), [[undefined, 1, 1], [
    true,
    1,
    1,
  ]]);
  for (const { time } of lines) assertEquals(new Date(time as string).toISOString(), time);
});

Deno.test("on a terminal a line is as wide as that is, and the last one stands below the Ctrl-C", async () => {
  for (
    const [columns, first] of [
      [20, ["1 msg/s, 5 B/s,", "  1 so far, 0 missed"]],
      [1, ["1 msg/s,", "  5 B/s,", "  1 so far,", "  0 missed"]],
      [0, ["1 msg/s, 5 B/s, 1 so far, 0 missed"]],
    ] as const
  ) {
    using desk = new Desk({ terminal: true, columns });
    desk.come(100);
    desk.time.pass(900);
    desk.reporter.end();
    const lines = await desk.lines();
    assertEquals(lines.slice(0, first.length), [...first], `${columns} columns`);
    assertEquals(lines[first.length], "");
    assertEquals(lines[first.length + 1]?.startsWith("all: "), true);
  }
});

Deno.test("whoever does not read misses a second, but not the last line, and the next second is counted alone", async () => {
  using desk = new Desk();
  desk.out.bytes(new Uint8Array(256 * 1024).fill(0x0a));
  desk.come(100);
  desk.time.pass(900);
  assertEquals((await desk.lines()).filter((line) => line !== ""), []);
  desk.come(500);
  desk.out.bytes(new Uint8Array(256 * 1024).fill(0x0a));
  desk.reporter.end();
  assertEquals((await desk.lines()).filter((line) => line !== ""), [
    "all: 2 messages, 10 B in 1.4 s, 1 msg/s, 7 B/s, 0 missed",
  ]);
});
