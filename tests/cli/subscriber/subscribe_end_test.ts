/** How a run of the subscriber ends where nobody reads what it prints, and where messages cannot come. */
import { assertEquals, assertRejects } from "@std/assert";
import type { Arrived } from "../../../lib/cli/messages/message.ts";
import { leftOut } from "../../../lib/cli/subscriber/left_out.ts";
import { OutputClosed } from "../../../lib/cli/output/output.ts";
import { settled } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";
import { FakeTime } from "../fake_time.ts";
import { message } from "../output/collected.ts";
import { standIn } from "../stand_in.ts";
import { withStdin } from "../with_stdin.ts";
import { bench, Fake } from "./subscriber_bench.ts";

function stdout(write: () => Promise<number>): Disposable {
  return standIn(Deno, "stdout", { write, isTerminal: () => false } as unknown as typeof Deno.stdout);
}

Deno.test("who reads no more ends the run and fails nothing at its end, and what cannot be written does", async () => {
  for (
    const [error, ended] of [
      [new Deno.errors.BrokenPipe("gone"), "done"],
      [new Error("No space left on device (os error 28)"), "cannot write to stdout: no space left on device"],
    ] as const
  ) {
    using _stdout = stdout(() => Promise.reject(error));
    await withStdin([], async () => {
      const { run, subscriber, stop } = await bench(["-t", "#a"]);
      const work = run.work(stop);
      subscriber.come(message("#a", "one"));
      const thrown = await within("the end", work.catch((error) => error));
      assertEquals(thrown instanceof OutputClosed ? "done" : thrown.message, ended);
      subscriber.end();
      const drained = run.drain(stop).then(() => "done", ({ message }) => message);
      assertEquals(await within("the end", drained), ended);
    });
  }
});

Deno.test("once it is stopped, or its time is over, it waits five seconds for who reads, and says so", async () => {
  for (const how of ["stopped", "over"]) {
    using _stdout = stdout(() => new Promise(() => {}));
    using time = new FakeTime();
    await withStdin([], async () => {
      const over = Promise.withResolvers<number>();
      const { run, subscriber, stop, abort, told } = await bench(["-t", "#a", "-C", "5"], {
        over: over.promise,
      });
      void run.work(stop);
      subscriber.come(message("#a", "one"));
      const turns = async (): Promise<void> => {
        for (let turn = 0; turn < 60; turn++) await Promise.resolve();
      };
      await turns();
      run.codeWhenStopped();
      subscriber.end();
      const ends: string[] = [];
      void run.drain(stop).then(() => ends.push("done"), ({ message }) => ends.push(message));
      await turns();
      time.pass(60_000);
      await turns();
      assertEquals([ends, told], [[], []]);
      if (how === "stopped") abort();
      else over.resolve(27);
      await turns();
      time.pass(1000);
      await turns();
      assertEquals(told, ["waiting for who reads the output (Ctrl-C ends at once)"]);
      time.pass(3999);
      await turns();
      assertEquals(ends, []);
      time.pass(1);
      await turns();
      assertEquals(ends, ["nobody read the output for 5 s after the stop: not all of it is written"]);
      assertEquals(told.at(-1), "stopped before -C 5 was reached: 1 message came");
    });
  }
});

Deno.test("what goes wrong where messages come from is what the work rejects with, whenever it begins", async () => {
  const subscriber = new Fake();
  const messages = new ReadableStream<Arrived>({ pull: () => Promise.reject(new TypeError("a bug")) });
  subscriber[Symbol.asyncIterator] = () => messages[Symbol.asyncIterator]() as AsyncGenerator<Arrived>;
  await withStdin([], async () => {
    const { run, stop } = await bench(["-t", "#a"], { subscriber });
    await settled();
    await assertRejects(() => within("the error", run.work(stop)), TypeError, "a bug");
    await within("the end", run.drain(stop));
  }, { open: true });
});

Deno.test("all that has come is printed before it ends, however late the last of it", async () => {
  const written: string[] = [];
  const write = (bytes: Uint8Array): number => (written.push(new TextDecoder().decode(bytes)), bytes.length);
  using _stdout = standIn(
    Deno,
    "stdout",
    {
      write: (bytes: Uint8Array) => Promise.resolve(write(bytes)),
      isTerminal: () => false,
    } as unknown as typeof Deno.stdout,
  );
  await withStdin([], async () => {
    const { run, subscriber, stop, abort, told } = await bench(["-t", "#a", "-v"]);
    void run.work(stop);
    await settled();
    abort();
    const drained = run.drain(stop);
    await settled();
    subscriber.come(message("#a", "late"));
    await settled();
    subscriber.end();
    await within("the end", drained);
    assertEquals([written.join(""), told.at(-1)], ["#a late\n", "1 received"]);
  }, { open: true });
});

Deno.test("whether a topic is left out is found out once, of ten thousand topics", () => {
  const patterns = ["#left.*"];
  let looked = 0;
  using _some = standIn(patterns, "some", (is) => {
    looked++;
    return Boolean(is(patterns[0]!, 0, patterns));
  });
  const isLeftOut = leftOut(patterns);
  for (let twice = 0; twice < 2; twice++) {
    for (let topic = 0; topic < 10_000; topic++) assertEquals(isLeftOut(`#left.${topic}`), true);
    assertEquals(looked, 10_000);
  }
  assertEquals([isLeftOut("#other"), looked], [false, 10_001]);
  // what was known makes room, so that no flood of topics fills the memory
  assertEquals([isLeftOut("#left.0"), looked], [true, 10_002]);
  assertEquals([isLeftOut("#other"), looked], [false, 10_002]);
});
