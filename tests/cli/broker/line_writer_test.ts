import { assertEquals } from "@std/assert";
import { type LineTarget, LineWriter } from "../../../lib/cli/broker/line_writer.ts";
import { within } from "../../support/within.ts";

/** Takes what is written when the test says so, so many bytes at a time. */
class Target implements LineTarget {
  readonly writes: string[] = [];
  #open = Promise.withResolvers<void>();

  constructor({ open = true }: { readonly open?: boolean } = {}) {
    if (open) this.#open.resolve();
  }

  async write(bytes: Uint8Array): Promise<number> {
    await this.#open.promise;
    this.writes.push(new TextDecoder().decode(bytes));
    return bytes.length;
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

Deno.test("a log that nobody can write is given up, and nobody waits for it", async () => {
  let tries = 0;
  const writer = new LineWriter({ write: () => Promise.reject(new Error(`closed ${++tries}`)) });
  writer.write("one");
  await within("the end of it", writer.flush());
  writer.write("two");
  await within("the end of it", writer.flush());
  assertEquals(tries, 1);
});
