import { assert, assertEquals, assertRejects } from "@std/assert";
import { TIME_IS_OVER } from "../../../lib/cli/client/exit_codes.ts";
import { planSubscriber, type SubscriberOptions } from "../../../lib/cli/subscriber/options.ts";
import { leftOut } from "../../../lib/cli/subscriber/left_out.ts";
import { prepareSubscriber, timeOver, unfinished } from "../../../lib/cli/subscriber/subscribe.ts";
import { RunError, UsageError } from "../../../lib/errors.ts";
import { within } from "../../support/within.ts";
import { message } from "../output/collected.ts";
import { StandInStream } from "../stand_in.ts";
import { withStdin } from "../with_stdin.ts";
import { bench, Fake, optionsOf, ran } from "./subscriber_bench.ts";

const A = message("#a", "one");
const B = message("#a.b", "two");

Deno.test("what comes is printed until enough has, and nothing behind it", async () => {
  assertEquals(await ran(["-t", "#a", "-C", "2", "-v"], [A, B, A]), {
    code: 0,
    printed: "#a one\n#a.b two\n",
    asked: ["#a"],
    told: ["subscribed to #a", "2 received"],
  });
  assertEquals((await ran(["-t", "#a", "-C", "1", "-N"], [A, B])).printed, "#a one");
  assertEquals((await ran(["-t", "#a", "-C", "1", "-D", ";"], [A, B])).printed, "#a one;");
  assertEquals((await ran(["-t", "#a", "-C", "1", "-F", "%t:%p"], [B])).printed, "#a.b:two\n");
  const { topic, payload } = JSON.parse(
    (await ran(["-t", "#a", "-C", "1", "--json"], [B])).printed,
  ) as Record<
    string,
    unknown
  >;
  assertEquals([topic, payload], ["#a.b", "two"]);
});

Deno.test("what is left out is neither printed nor counted", async () => {
  const { printed } = await ran(["-t", "#>", "-T", "#a.*", "-C", "2"], [B, A, B, A]);
  assertEquals(printed, "#a one\n#a one\n");
  const asked: string[] = [];
  const isLeftOut = leftOut(["#a", "#b.>"]);
  for (const topic of ["#a", "#a", "#a.b", "#b.c.d", "#b"]) if (isLeftOut(topic)) asked.push(topic);
  assertEquals([asked, leftOut([])("#a")], [["#a", "#a", "#b.c.d"], false]);
});

Deno.test("every subscription has what the command line says of all", async () => {
  const of = async (...words: readonly string[]): Promise<readonly unknown[]> =>
    (await ran(["-t", "#a", "-C", "1", ...words], [A])).asked;
  assertEquals(await of("-t", "#b"), ["#b", "#a"].toReversed());
  assertEquals(await of("--slow", "latest"), [["#a", { slow: "latest" }]]);
  assertEquals(await of("--group", "g", "--window", "7", "--by", "key"), [
    ["#a", { group: "g", window: 7, by: "key" }],
  ]);
  assertEquals(await of("--from", "5", "--to", "9"), [["#a", { from: 5, to: 9 }]]);
  assertEquals(await of("--to", "9"), [["#a", { from: "earliest", to: 9 }]]);
  assertEquals(await of("--from", "now"), ["#a"]);
});

Deno.test("commands subscribe and unsubscribe, and what they say wins over the command line", async () => {
  const commands = "0 sub #b slow=drop-new\n0 sub #c from=3\n0 unsub #b\n0 quit\n0 unsub #c\n";
  const { code, asked } = await ran(["-t", "#a", "--slow", "latest"], [], [commands]);
  assertEquals(code, 0);
  assertEquals(asked, [
    ["#a", { slow: "latest" }],
    ["#b", { slow: "drop-new" }],
    ["#c", { from: 3, slow: "latest" }],
    ["unsub", "#b", {}],
  ]);
  const shared = "0 sub #b group=h window=2\n0 unsub #b group=h\n0 unsub #a\n0 quit\n";
  assertEquals((await ran(["-t", "#a", "--group", "g"], [], [shared])).asked, [
    ["#a", { group: "g" }],
    ["#b", { group: "h", window: 2 }],
    ["unsub", "#b", { group: "h" }],
    ["unsub", "#a", { group: "g" }],
  ]);
});

Deno.test("a worker leaves at its end what it is in by then, and nothing else", async () => {
  using _stdout = new StandInStream("stdout");
  const commands = "0 sub #a\n0 sub #b\n0 sub #c group=h\n0 sub #d\n0 unsub #b\n0 unsub #a\n0 quit\n";
  await withStdin([commands], async () => {
    const words = ["--group", "g", "--ack", "exec", "--", "true"];
    const { run, subscriber, stop } = await bench(words);
    assertEquals(await within("the end of the run", run.work(stop)), 0);
    const before = subscriber.asked.length;
    const client = { closed: new Promise<void>(() => {}), close: () => Promise.resolve(subscriber.end()) };
    await within("the goodbye", run.closable(client, stop).close());
    await run.drain(stop);
    assertEquals(subscriber.asked.slice(before), [
      ["unsub", "#c", { group: "h" }],
      ["unsub", "#d", { group: "g" }],
    ]);
  });
});

Deno.test("a subscription that is refused ends the run, and so does a command that cannot be", async () => {
  using _stdout = new StandInStream("stdout");
  const failing = async (words: readonly string[], commands: readonly string[] = []): Promise<string> =>
    await withStdin(commands, async () => {
      const subscriber = new Fake();
      subscriber.refused.add("#no");
      const { run, stop } = await bench(words, { subscriber });
      const { message } = await assertRejects(() => within("the failure", run.work(stop)), Error);
      subscriber.end();
      await run.drain(stop);
      return message;
    });
  assertEquals(await failing(["-t", "#no"]), "not for you");
  assertEquals(await failing([], ["0 sub #no\n"]), "stdin:1: not for you");
  assert((await failing([], ["0 sub #a window=3\n"])).startsWith("stdin:1: "));
});

Deno.test("a replay ends the run at its end, where that is asked for, and what comes behind is not printed", async () => {
  using stdout = new StandInStream("stdout");
  await withStdin([], async () => {
    const { run, subscriber, replays, stop, told } = await bench(["-t", "#a", "--from", "1", "-e", "-v"]);
    const work = run.work(stop);
    subscriber.come(A);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assertEquals(run.codeWhenStopped(), 1, "it is not at its end");
    replays.onEvent({ type: "live", pattern: "#a" });
    subscriber.come(B);
    assertEquals(await within("the end of the replay", work), 0);
    assertEquals(run.codeWhenStopped(), 0);
    subscriber.end();
    await run.drain(stop);
    assertEquals([stdout.text, told.at(-1)], ["#a one\n", "1 received"]);
  });
});

Deno.test("what would begin beyond what is stored is told, and ends a run that has nothing else to wait for", async () => {
  using _stdout = new StandInStream("stdout");
  await withStdin([], async () => {
    const subscriber = new Fake();
    const { run, replays, stop } = await bench(["-t", "#a", "--from", "9"], { subscriber });
    subscriber.acknowledging = (pattern) => replays.onEvent({ type: "ahead", pattern, last: 3 });
    const { message } = await assertRejects(() => run.work(stop), RunError);
    assert(message.includes("3"), message);
    subscriber.end();
    await run.drain(stop);
  });
  await withStdin([], async () => {
    const subscriber = new Fake();
    const words = ["-t", "#a", "-t", "#b", "--from", "9", "-C", "1"];
    const { run, replays, stop, told } = await bench(words, { subscriber });
    subscriber.acknowledging = (pattern) =>
      pattern === "#a" ? replays.onEvent({ type: "ahead", pattern, last: 3 }) : undefined;
    const work = run.work(stop);
    subscriber.come(A);
    assertEquals(await work, 0);
    subscriber.end();
    await run.drain(stop);
    assertEquals(told.length, 1);
  });
});

Deno.test("a pattern that is given twice is subscribed to once, and counts once", async () => {
  const twice = ["-t", "hello", "-t", "#hello", "--from", "9"];
  assertEquals((await ran([...twice, "-E"], [])).asked, [["#hello", { from: 9 }]]);
  using _stdout = new StandInStream("stdout");
  await withStdin([], async () => {
    const subscriber = new Fake();
    const { run, replays, stop } = await bench(twice, { subscriber });
    subscriber.acknowledging = (pattern) => replays.onEvent({ type: "ahead", pattern, last: 3 });
    await assertRejects(() => run.work(stop), RunError);
    subscriber.end();
    await run.drain(stop);
  });
});

Deno.test("-E ends it when all is subscribed, -W when its time is over", async () => {
  assertEquals((await ran(["-t", "#a", "-E"], [])).asked, ["#a"]);
  using _stdout = new StandInStream("stdout");
  await withStdin([], async () => {
    const { run, subscriber, stop } = await bench(["-t", "#a"], { over: Promise.resolve(27) });
    assertEquals(await run.work(stop), 27);
    subscriber.end();
    await run.drain(stop);
  });
  const never = new AbortController().signal;
  const stop = { signal: never, interrupt: () => {}, lastWord: () => {} };
  assertEquals(await timeOver({ wait: 0 } as SubscriberOptions, stop), TIME_IS_OVER);
});

Deno.test("a run that is stopped is told what it was stopped before, and how much came", async () => {
  using _stdout = new StandInStream("stdout");
  const stopped = async (words: readonly string[], subscriber = new Fake()): Promise<readonly unknown[]> =>
    await withStdin([], async () => {
      const { run, told, stop, abort } = await bench(words, { subscriber });
      void run.work(stop).catch(() => {});
      subscriber.come(A);
      await new Promise((resolve) => setTimeout(resolve, 5));
      abort();
      const code = run.codeWhenStopped();
      subscriber.end();
      await run.drain(stop);
      return [code, ...told];
    });
  assertEquals(await stopped(["-t", "#a"]), [0]);
  assertEquals(await stopped(["-t", "#a", "-C", "2"]), [
    1,
    "stopped before -C 2 was reached: 1 message came",
  ]);
  const silent = new Fake();
  silent.subscribe = () => new Promise(() => {});
  assertEquals(await stopped(["-t", "#a"], silent), [
    1,
    "stopped before everything was subscribed: 1 message came",
  ]);
  const so = { printed: 0, replayed: false, began: true, subscribed: true };
  const before = (words: readonly string[], changes: Partial<typeof so> = {}): string | undefined => {
    const options = optionsOf(["-t", "#a", ...words]);
    return unfinished({ options, plan: planSubscriber(options) }, { ...so, ...changes });
  };
  assertEquals(before(["--from", "1", "-e"]), "the end of what is stored");
  assertEquals(before(["--from", "1", "-e"], { replayed: true }), undefined);
  assertEquals(before(["--to", "5"]), "--to was reached");
  assertEquals(before(["-C", "2"], { printed: 1 }), "-C 2 was reached");
  assertEquals(before(["-C", "2"], { printed: 2 }), undefined);
  assertEquals(before(["-E"], { subscribed: false }), "everything was subscribed");
  assertEquals(before([], { subscribed: false }), undefined);
  assertEquals(before([], { began: false }), "everything was subscribed");
});

Deno.test("a recording has what is printed, and a file that cannot be had is told before a broker is there", async () => {
  const file = await Deno.makeTempFile();
  try {
    await ran(["-t", "#a", "-C", "2", "--record", file], [A, B]);
    const lines = (await Deno.readTextFile(file)).trimEnd().split("\n");
    assertEquals(lines.map((line) => line.replace(/^[\d.]+ /, "")), ["pub #a one", "pub #a.b two"]);
    await Deno.writeTextFile(file, "0 sub #a window=3\n");
    const error = await assertRejects(() => prepareSubscriber(optionsOf(["-f", file])), UsageError);
    assert(error.message.startsWith(`${file}:1: `), error.message);
    const none = optionsOf(["-t", "#a", "--record", "/none/x"]);
    await assertRejects(
      () => prepareSubscriber(none),
      UsageError,
      'cannot write the recording "/none/x": no such',
    );
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("with --stats what comes is counted in the place of being printed, and told at the end", async () => {
  const { printed } = await ran(["-t", "#a", "-C", "2", "--stats", "--json"], [A, B]);
  const lines = printed.trimEnd().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
  assertEquals([lines.length, lines[0]?.["messages"]], [1, 2]);
  assert(!(await ran(["-t", "#a", "-C", "1", "--stats"], [A])).printed.startsWith("\n"));
});
