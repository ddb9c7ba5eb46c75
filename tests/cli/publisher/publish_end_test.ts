/** How a run of the publisher ends: what was refused, where nobody reads, where it was stopped. */
import { assertEquals, assertRejects } from "@std/assert";
import { RefusedError, RunError, UsageError } from "../../../lib/errors.ts";
import { settled } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";
import { FakeTime } from "../fake_time.ts";
import { Broken, Collected, Held } from "../output/collected.ts";
import { withStdin } from "../with_stdin.ts";
import { FakePublisher } from "./fake_publisher.ts";
import { bench, ran } from "./publisher_bench.ts";

const ONE = ["-t", "#a", "-m", "x"];
const LINES = ["-t", "#a", "-l"];

Deno.test("a message that is refused at the end of the input ends the run with it", async () => {
  await assertRejects(() => ran(["-t", "#a", "-m", "no"]), RunError, "not for you");
  await assertRejects(() => ran(LINES, ["yes\nno"]), RunError, "stdin:2: not for you");
});

Deno.test("what was refused before a bad line is told first", async () => {
  const input = '{"topic":"#a","payload":"no"}\nnone\n';
  await assertRejects(() => ran(["--json-in"], [input]), RunError, "stdin:1: not for you");
  await assertRejects(() => ran(["--json-in"], ["none\n"]), UsageError, "stdin:1: ");
});

Deno.test("one bad line, or one message that was refused, is a run that did not do its work", async () => {
  const going = ["--keep-going", "-v"];
  const sum = (told: readonly string[]): string | undefined =>
    told.find((line) => line.includes(" published, "));
  const refused = await ran([...LINES, ...going], ["a\nno\n"]);
  assertEquals([refused.code, sum(refused.told)], [1, "1 published, 1 refused"]);
  const bad = await ran(["--json-in", ...going], ['{"topic":"#a","payload":"x"}\nnone\n']);
  assertEquals([bad.code, sum(bad.told)], [1, "1 published, 1 refused"]);
  const good = await ran([...LINES, ...going], ["a\nb\n"]);
  assertEquals([good.code, sum(good.told)], [0, "2 published, 0 refused"]);
});

Deno.test("a line of JSON goes to the topic of -t, to each of several, or to its own", async () => {
  const input = ['{"topic":"#own","payload":"x"}\n'];
  assertEquals((await ran(["--json-in"], input)).lines, ["#own x"]);
  assertEquals((await ran(["--json-in", "-t", "#a"], input)).lines, ["#a x"]);
  assertEquals((await ran(["--json-in", "-t", "#a", "-t", "#b"], input)).lines, ["#a x", "#b x"]);
});

Deno.test("messages are due by --rate from the start on, none of them sooner", async () => {
  for (const [rate, every] of [[1000, 1], [4000, 0.25], [0.5, 2000]] as const) {
    using time = new FakeTime();
    const { run, publisher, stop } = await bench([...ONE, "--repeat", "4", "--rate", `${rate}`]);
    const work = run.work(stop);
    const turns = async (): Promise<void> => {
      for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    };
    for (let sent = 1; sent < 4; sent++) {
      await turns();
      assertEquals(publisher.lines.length, sent, `${rate} a second`);
      time.pass(every - every / 16);
      await turns();
      assertEquals(publisher.lines.length, sent, `${rate} a second`);
      time.pass(every / 16);
    }
    await turns();
    assertEquals(publisher.lines.length, 4);
    assertEquals(await work, 0);
  }
});

Deno.test("who is late by --rate catches up", async () => {
  using time = new FakeTime();
  const { run, publisher, stop } = await bench([...ONE, "--repeat", "5", "--rate", "10"]);
  publisher.full = true;
  const work = run.work(stop);
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  time.pass(350);
  publisher.full = false;
  publisher.room.resolve();
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  assertEquals(publisher.lines.length, 4);
  time.pass(50);
  assertEquals(await work, 0);
});

Deno.test("a refusal ends the run while it waits for the time of the next message", async () => {
  const { run, publisher, stop } = await bench(["-t", "#a", "-m", "no", "--repeat", "9", "--rate", "0.01"]);
  await assertRejects(() => within("the refusal", run.work(stop)), RunError, "not for you");
  assertEquals(publisher.lines.length, 1);
});

Deno.test("where nobody reads what --json prints the run ends, a failure unless all is published", async () => {
  await withStdin(["x\n", "y\n"], async () => {
    const publisher = new FakePublisher();
    const { run, stop } = await bench([...LINES, "--json"], { publisher, target: new Broken() });
    // each answer is so long that the next message waits until it is written
    publisher.answer = () => Promise.resolve({ level: "l".repeat(256 * 1024) });
    const error = await assertRejects(() => within("the end", run.work(stop)), RunError);
    assertEquals(error.message, "stopped, stdin was not at its end: nobody reads the output any more");
  }, { open: true });
  const { run, stop } = await bench([...ONE, "--json"], { target: new Broken() });
  assertEquals(await within("the end", run.work(stop)), 0);
});

Deno.test("who has gone away fails nothing at the end, and what cannot be written does", async () => {
  const ended = async (target: Collected, failed = false): Promise<string> => {
    const { run, told, stop } = await bench([...ONE, "--json", "-v"], { target });
    await run.work(stop);
    return await within("the end", run.end(stop, { failed })).then(
      () => told.at(-1) ?? "",
      (error) => `${error}`,
    );
  };
  assertEquals(await ended(new Collected()), "1 published, 0 refused");
  assertEquals(await ended(new Broken()), "1 published, 0 refused");
  const full = new Error("No space left on device (os error 28)");
  assertEquals(await ended(new Broken(full)), "RunError: cannot write to stdout: no space left on device");
  assertEquals((await ended(new Broken(full), true)).includes("published"), false);
});

Deno.test("once it is to stop it waits a while for who reads, says so, and then it is not all written", async () => {
  const { run, told, stop, abort } = await bench([...ONE, "--json"], { target: new Held() });
  await run.work(stop);
  using time = new FakeTime();
  const ends: string[] = [];
  void run.end(stop, { failed: false }).then(() => ends.push("done"), (error) => ends.push(error.message));
  const after = async (ms: number): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    time.pass(ms);
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  };
  await after(60_000);
  abort();
  await after(1000);
  await after(3999);
  assertEquals([ends, told], [[], ["waiting for who reads the output (Ctrl-C ends at once)"]]);
  await after(1);
  assertEquals(ends, ["nobody read the output for 5 s after the stop: not all of it is written"]);
});

Deno.test("a run that was stopped counts what was refused as done, and tells the refusal that ended it", async () => {
  await withStdin(["one\nno\ntwo\n"], async () => {
    const { run, told, stop, abort } = await bench([...LINES, "--keep-going"]);
    void run.work(stop).catch(() => {});
    await settled();
    abort();
    await run.end(stop, { failed: false });
    assertEquals(told, ["stdin:2: not for you", "stopped after 3 messages, stdin was not at its end"]);
  }, { open: true });
  await withStdin(["no\n"], async () => {
    for (const failed of [false, true]) {
      const { run, publisher, told, stop, abort } = await bench(LINES);
      void run.work(stop).catch(() => {});
      publisher.refusals.listener(1, new RefusedError("DENIED", "not that"));
      abort();
      await run.end(stop, { failed });
      assertEquals(told.some((line) => line.endsWith("not that")), !failed);
    }
  }, { open: true });
  const { run, publisher, told, stop } = await bench(ONE);
  void run.work(stop).catch(() => {});
  publisher.refusals.listener(1, new RefusedError("DENIED", "not that"));
  await run.end(stop, { failed: false });
  assertEquals(told, [], "who was not stopped throws it");
});

Deno.test("messages whose time is over as the connection is closed are not told to be refused", async () => {
  const publisher = new FakePublisher();
  const late = Promise.withResolvers<never>();
  publisher.answer = () => late.promise;
  const { run, told, stop, abort } = await bench([...ONE, "-v"], { publisher });
  const work = run.work(stop);
  await settled();
  abort();
  late.reject(new RunError("not acknowledged", "TIMEOUT"));
  assertEquals(await within("the end", work), 1);
  assertEquals(told, []);
});

Deno.test("progress is what is published, from the beginning of the run to its end", async () => {
  const { run, stop, progress } = await bench([...ONE, "--repeat", "3"]);
  assertEquals([progress.watched.map((done) => done()), progress.ended], [[0], 0]);
  await run.work(stop);
  assertEquals([progress.watched.map((done) => done()), progress.ended], [[3], 0]);
  await run.end(stop, { failed: false });
  assertEquals(progress.ended, 1);
});

Deno.test("messages are waited for one by one only where the answers are wanted", async () => {
  const asked = async (
    words: readonly string[],
    { terminal = false, input = "" }: { readonly terminal?: boolean; readonly input?: string } = {},
  ): Promise<number> =>
    await withStdin([input], async () => {
      const { run, publisher, stop } = await bench(words);
      await within("the end", run.work(stop));
      return publisher.asked;
    }, { terminal });
  assertEquals(await asked(ONE), 0);
  assertEquals(await asked(ONE, { terminal: true }), 0, "nobody asks for a list");
  assertEquals(await asked([...ONE, "-v"]), 1);
  assertEquals(await asked([...ONE, "--json"]), 1);
  assertEquals(await asked([...ONE, "--timeout", "1s"]), 1);
  assertEquals(await asked([], { input: "pub #a x\n" }), 0, "nobody can ask for a list in a pipe");
  assertEquals(await asked(["-f", "-"], { input: "pub #a x\n", terminal: true }), 0, "nor behind it");
});
