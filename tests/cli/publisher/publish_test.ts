import { assert, assertEquals, assertGreaterOrEqual, assertRejects } from "@std/assert";
import { readArguments } from "../../../lib/cli/options/arguments.ts";
import { readValues } from "../../../lib/cli/options/values.ts";
import { preparePublisher } from "../../../lib/cli/publisher/job.ts";
import { PUBLISHER } from "../../../lib/cli/publisher/options.ts";
import { planPublisher } from "../../../lib/cli/publisher/plan.ts";
import { progressOf } from "../../../lib/cli/publisher/publish.ts";
import { RunError, UsageError } from "../../../lib/errors.ts";
import { within } from "../../support/within.ts";
import { FakeTime } from "../fake_time.ts";
import { Broken } from "../output/collected.ts";
import { standIn, StandInStream } from "../stand_in.ts";
import { withStdin } from "../with_stdin.ts";
import { FakePublisher } from "./fake_publisher.ts";
import { bench, ran } from "./publisher_bench.ts";

Deno.test("one message goes to each topic, as often as it is to be repeated, and its sum is told with -v", async () => {
  assertEquals(await ran(["-t", "#a", "-m", "x", "-v"]), {
    code: 0,
    lines: ["#a x"],
    told: ["#a: acknowledged, level memory, 2 subscribers", "1 published, 0 refused"],
    printed: "",
  });
  const { code, lines, told } = await ran(["-t", "#a", "-t", "#b", "-m", "x", "--repeat", "2", "-v"]);
  assertEquals([code, lines], [0, ["#a x", "#b x", "#a x", "#b x"]]);
  assertEquals(told, [
    "4 published, 0 refused",
    "they were acknowledged with level memory, at least 2 subscribers each",
  ]);
});

Deno.test("a message that is repeated thousands of times is published exactly as often", async () => {
  for (const times of [999, 1000, 1001, 2500]) {
    const { lines } = await ran(["-t", "#a", "-m", "x", "--repeat", String(times)]);
    assertEquals(lines.length, times);
  }
});

Deno.test("each line of stdin is a message, with its key where there is a delimiter for it", async () => {
  assertEquals((await ran(["-t", "#a", "-l"], ["one\ntw", "o\n\nlast"])).lines, [
    "#a one",
    "#a two",
    "#a ",
    "#a last",
  ]);
  assertEquals((await ran(["-t", "#a", "-l", "-D", ";"], ["one;two\n;"])).lines, ["#a one", "#a two\n"]);
  await withStdin(["k1=one\n=two\nthree\n"], async () => {
    const { run, publisher, stop } = await bench(["-t", "#a", "-l", "-K", "="]);
    assertEquals(await run.work(stop), 0);
    assertEquals(publisher.given.map(({ text, options }) => [options?.key, text]), [
      ["k1", "one"],
      ["", "two"],
      [undefined, "three"],
    ]);
  });
});

Deno.test("a bad line ends the run where it stands, behind what came before it", async () => {
  await withStdin(['{"topic":"#a","payload":"x"}\n\nnone\n{"topic":"#b","payload":"y"}\n'], async () => {
    const { run, publisher, stop } = await bench(["--json-in"]);
    const error = await assertRejects(() => run.work(stop), UsageError);
    assert(error.message.startsWith("stdin:3: "), error.message);
    assertEquals(publisher.lines, ["#a x"]);
    assertEquals(run.codeWhenStopped(), 1, "not all of it is done");
  });
});

Deno.test("with --keep-going each bad line and each refusal is told, counted, and the exit code 1", async () => {
  const input = '{"topic":"#a","payload":"x"}\nnone\n{"topic":"#b","payload":"no"}\n{"payload":"z"}\n';
  const { code, lines, told } = await ran(["--json-in", "--keep-going", "-v"], [input]);
  assertEquals([code, lines], [1, ["#a x", "#b no"]]);
  assertEquals(told.map((line) => line.slice(0, 8)), [
    "stdin:2:",
    "stdin:4:",
    "stdin:3:",
    "1 publis",
    "they wer",
  ]);
  assertEquals(told.at(-2), "1 published, 3 refused");
});

Deno.test("without it the first refusal ends the run, also while stdin brings nothing", async () => {
  await withStdin(["yes\nno\n"], async () => {
    const { run, publisher, stop } = await bench(["-t", "#a", "-l"]);
    await assertRejects(() => within("the failure", run.work(stop)), RunError, "stdin:2: not for you");
    assertEquals(publisher.lines, ["#a yes", "#a no"]);
  }, { open: true });
});

Deno.test("what a publisher has no room for waits for it", async () => {
  await withStdin(["one\ntwo\nthree\n"], async () => {
    const { run, publisher, stop } = await bench(["-t", "#a", "-l"]);
    publisher.full = true;
    const work = run.work(stop);
    await new Promise((resolve) => setTimeout(resolve, 0));
    assertEquals(publisher.lines, ["#a one"]);
    publisher.full = false;
    publisher.room.resolve();
    assertEquals(await work, 0);
    assertEquals(publisher.lines.length, 3);
  });
});

Deno.test("with --rate no message comes before its time, and a stop does not wait for the next", async () => {
  const start = performance.now();
  assertEquals((await ran(["-t", "#a", "-m", "x", "--repeat", "4", "--rate", "50"])).lines.length, 4);
  assertGreaterOrEqual(performance.now() - start, 59);
  const { run, publisher, stop, abort } = await bench([
    "-t",
    "#a",
    "-m",
    "x",
    "--repeat",
    "4",
    "--rate",
    "0.01",
  ]);
  const work = run.work(stop);
  await new Promise((resolve) => setTimeout(resolve, 0));
  abort();
  await within("the end of a stopped run", work);
  assertEquals([publisher.lines.length, run.codeWhenStopped()], [1, 1]);
});

Deno.test("the commands of a file are published in their order up to a quit, those of a pipe behind them", async () => {
  const file = await Deno.makeTempFile({ suffix: ".cmd" });
  try {
    await Deno.writeTextFile(file, "0 pub #a one\n0 pub a/b two\n");
    const { code, lines, told } = await ran(["-f", file, "-v"], [
      "0 pub #c three\n",
      "0 quit\n0 pub #d four\n",
    ]);
    assertEquals([code, lines], [0, ["#a one", "#a/b two", "#c three"]]);
    assert(told[0]?.includes("a/b"), "what looks like MQTT is told");
    assertEquals(told.at(-2), "3 published, 0 refused");
    assertEquals((await ran(["-f", file, "--no-input"], ["0 pub #c three\n"])).lines, ["#a one", "#a/b two"]);
    const bad = await ran(["-f", file, "--keep-going", "-v"], ["pab #c three\n0 pub #c no\n0 pub #c x\n"]);
    assertEquals([bad.code, bad.lines.length], [1, 4]);
    assertEquals(bad.told.at(-2), "3 published, 2 refused");
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("how far a run came that was stopped is told: of its messages, its commands, its stdin", async () => {
  const stopped = async (words: readonly string[]): Promise<readonly (string | number)[]> =>
    await withStdin(["0 pub #a one\n"], async () => {
      const { run, told, stop, abort, publisher } = await bench(words);
      const full = words.includes("--repeat");
      publisher.full = full;
      void run.work(stop).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 5));
      abort();
      await run.end(stop, { failed: false });
      return [run.codeWhenStopped(), ...told];
    }, { open: true });
  assertEquals(await stopped(["-t", "#a", "-m", "x", "--repeat", "3"]), [1, "stopped after 1 of 3 messages"]);
  assertEquals(await stopped(["-t", "#a", "-l"]), [1, "stopped after 1 message, stdin was not at its end"]);
  assertEquals(await stopped([]), [1, "stopped after 1 command, stdin was not at its end"]);
  assertEquals(await stopped(["-t", "#a", "-m", "x"]), [0]);
});

Deno.test("of a run that failed it is told how far it came, and not what is not known of it", async () => {
  await withStdin(["one\n"], async () => {
    const { run, told, stop, abort } = await bench(["-t", "#a", "-l", "-v"]);
    void run.work(stop).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 5));
    abort();
    await run.end(stop, { failed: true });
    assertEquals(told, ["stopped, stdin was not at its end"]);
  }, { open: true });
});

Deno.test("--json prints each message that was acknowledged, and that nobody reads it ends a run that is not done", async () => {
  const { printed } = await ran(["-t", "#a", "-l", "--json"], ["x\n"]);
  const { topic, payload, level } = JSON.parse(printed) as Record<string, unknown>;
  assertEquals({ topic, payload, level }, { topic: "#a", payload: "x", level: "memory" });
  await withStdin(["x\n"], async () => {
    const { run, stop } = await bench(["-t", "#a", "-l", "--json"], { target: new Broken() });
    assertEquals(await run.work(stop), 0, "all was published");
    await run.end(stop, { failed: false });
  });
});

Deno.test("a payload that the classic protocol cannot carry is refused before anything is published", async () => {
  const publisher = new FakePublisher("classic");
  const { run, stop } = await bench(["-t", "#a", "-m", "x\n"], { publisher });
  await assertRejects(() => run.work(stop), RunError, "-m ends with a line break, and a message is one line");
  assertEquals(publisher.lines, []);
  publisher.refusals.onTrial = true;
  const later = await bench(["-t", "#a", "-m", "x\n"], { publisher });
  assertEquals(await later.run.work(stop), 0, "it is not known yet what the broker speaks");
});

Deno.test("progress is shown where somebody looks, of all there is to do where that is known", async () => {
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, "pub #a 1\npub #a 2\nquit\npub #a 3\n");
  using _size = standIn(Deno, "consoleSize", () => ({ columns: 200, rows: 24 }));
  const shown = async (
    words: readonly string[],
    { stderr = true, stdout = true }: { readonly stderr?: boolean; readonly stdout?: boolean } = {},
  ): Promise<string> => {
    const line = readArguments(PUBLISHER, words);
    if ("print" in line) throw new TypeError(`asked to print its ${line.print}`);
    const options = readValues(PUBLISHER, [line.given]);
    const plan = planPublisher(options);
    const job = await preparePublisher(plan);
    using time = new FakeTime();
    using _stdout = new StandInStream("stdout", { terminal: stdout });
    using told = new StandInStream("stderr", { terminal: stderr });
    const progress = progressOf(job, { options, plan });
    progress.watch(() => 1);
    time.pass(1000);
    const text = told.text.split("\x1b[K").at(-1)!;
    progress.end();
    return text.replace(/, 1\/s$/, "").replace(/^\[.*\] /, "");
  };
  const six = ["-t", "#a", "-t", "#b", "-m", "x", "--repeat", "3"];
  assertEquals(await shown(six), "16% 1 of 6 published");
  assertEquals(await shown(six, { stderr: false }), "");
  assertEquals(await shown([...six, "-q"]), "");
  assertEquals(await shown([...six, "--json"]), "", "what it prints is there");
  assertEquals(await shown([...six, "--json"], { stdout: false }), "16% 1 of 6 published");
  assertEquals(await shown(["-t", "#a", "-m", "x", "--request"]), "");
  assertEquals(await shown(["-t", "#a", "-l"]), "1 published");
  assertEquals(await shown(["-f", file]), "50% 1 of 2 published", "up to the quit");
  await Deno.writeTextFile(file, "pub #a 1\npub #a 2\npub #a 3\n");
  assertEquals(await shown(["-f", file]), "33% 1 of 3 published");
  await Deno.writeTextFile(file, "");
  assertEquals(await shown(["-f", file]), "", "of nothing there is none");
  await Deno.remove(file);
});
