import { assertEquals } from "@std/assert";
import { type LineTarget, LineWriter } from "../../../lib/cli/broker/line_writer.ts";
import { within } from "../../support/within.ts";
import { FakeTime } from "../fake_time.ts";

/** More than any of these tests writes. */
const WRITES_MOST = 100;

/** Takes what is written when the test says so, so many bytes at a time. */
class Target implements LineTarget {
  readonly writes: string[] = [];
  #open = Promise.withResolvers<void>();

  readonly #most: number;

  constructor({ open = true, most = Infinity }: { readonly open?: boolean; readonly most?: number } = {}) {
    if (open) this.#open.resolve();
    this.#most = most;
  }

  async write(bytes: Uint8Array): Promise<number> {
    await this.#open.promise;
    if (this.writes.length === WRITES_MOST) throw new Error("it is written without an end");
    const taken = bytes.subarray(0, this.#most);
    this.writes.push(new TextDecoder().decode(taken));
    return taken.length;
  }

  open(): void {
    this.#open.resolve();
  }
}

const MIB = 1024 * 1024;

Deno.test("lines of one turn leave in one write, and in order", async () => {
  const target = new Target();
  const writer = new LineWriter(target);
  for (const line of ["one", "two"]) writer.write(line);
  await within("all of it", writer.flush());
  writer.write("three");
  await within("all of it", writer.flush());
  assertEquals(target.writes, ["one\ntwo\n", "three\n"]);
});

Deno.test("a MiB of lines waits for a reader, what comes beyond is left out, and how many they were is told", async () => {
  const target = new Target({ open: false });
  const writer = new LineWriter(target);
  const half = "x".repeat(MIB / 2 - 1);
  writer.write(half);
  writer.write(half);
  writer.write("left out");
  writer.write("so is this");
  target.open();
  await within("all of it", writer.flush());
  writer.write("again");
  await within("all of it", writer.flush());
  const [first = "", ...others] = target.writes;
  assertEquals([first.length, others], [MIB, ["(2 log lines left out: nobody read them)\nagain\n"]]);
  const most = new Target();
  const whole = new LineWriter(most);
  whole.write("y".repeat(MIB - 1));
  whole.write("");
  await within("all of it", whole.flush());
  assertEquals(most.writes.map(({ length }) => length), [MIB]);
});

Deno.test("each time lines were left out it is told how many, a single one, too", async () => {
  const target = new Target();
  const writer = new LineWriter(target);
  for (const dropped of [1, 3]) {
    writer.write("x".repeat(MIB - 1));
    for (let at = 0; at < dropped; at++) writer.write("left out");
    await within("all of it", writer.flush());
    writer.write("again");
    await within("all of it", writer.flush());
    assertEquals(target.writes.splice(0).slice(1), [
      `(${dropped} log lines left out: nobody read them)\nagain\n`,
    ]);
  }
});

Deno.test("a log that nobody can write is given up, and nobody waits for it", async () => {
  let tries = 0;
  const writer = new LineWriter({ write: () => Promise.reject(new Error(`closed ${++tries}`)) });
  writer.write("one");
  await within("the end of it", writer.flush());
  writer.write("two");
  await within("the end of it", writer.flush());
  assertEquals(tries, 1);
});

Deno.test("a line comes whole, however little is taken at a time", async () => {
  const target = new Target({ most: 3 });
  const writer = new LineWriter(target);
  writer.write("one and two");
  await within("all of it", writer.flush());
  assertEquals(target.writes, ["one", " an", "d t", "wo\n"]);
});

Deno.test("what is logged while a write is on its way leaves behind it, in one", async () => {
  const target = new Target({ open: false });
  const writer = new LineWriter(target);
  writer.write("one");
  await Promise.resolve();
  for (const line of ["two", "three"]) writer.write(line);
  target.open();
  await within("all of it", writer.flush());
  assertEquals(target.writes, ["one\n", "two\nthree\n"]);
});

Deno.test("who reads nothing is waited for a second, and who has all is not", async () => {
  using time = new FakeTime();
  const turn = async (): Promise<void> => {
    for (let turns = 0; turns < 20; turns++) await Promise.resolve();
  };
  const idle = new LineWriter(new Target());
  await idle.flush();
  assertEquals(time.timers, [], "there is nothing to wait for");
  const stuck = new LineWriter(new Target({ open: false }));
  stuck.write("one");
  let flushed = false;
  const flushing = stuck.flush().then(() => flushed = true);
  time.pass(999);
  await turn();
  assertEquals(flushed, false);
  time.pass(1);
  await turn();
  assertEquals(flushed, true);
  await flushing;
  idle.write("one");
  await idle.flush();
  assertEquals(time.timers, [], "nobody is kept by what was waited for");
});
