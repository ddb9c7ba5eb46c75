/** What is asked of the broker for each subscription, and what a person is told of it. */
import { assertEquals, assertRejects } from "@std/assert";
import { prepareSubscriber, timeOver } from "../../../lib/cli/subscriber/subscribe.ts";
import { RefusedError, UsageError } from "../../../lib/errors.ts";
import { settled } from "../../support/handed_clock.ts";
import { until } from "../../support/until.ts";
import { within } from "../../support/within.ts";
import { FakeTime } from "../fake_time.ts";
import { message } from "../output/collected.ts";
import { standInEnvironment, StandInStream } from "../stand_in.ts";
import { StandInTerminal } from "../stand_in_terminal.ts";
import { withStdin } from "../with_stdin.ts";
import { bench, Fake, optionsOf, ran } from "./subscriber_bench.ts";

/** What is asked for by these words, and by these commands behind them. */
async function asked(words: readonly string[], ...commands: readonly string[]): Promise<readonly unknown[]> {
  return (await ran(words, [], [[...commands, "0 quit", ""].join("\n")])).asked;
}

Deno.test("in a group there are ways to acknowledge and to keep keys together, and without one there are none", async () => {
  assertEquals(await asked(["-t", "#a", "-G", "g", "--ack", "explicit"]), [["#a", {
    group: "g",
    ack: "explicit",
  }]]);
  assertEquals(await asked(["-t", "#a", "-G", "g", "--ack", "auto", "--by", "key"]), [
    ["#a", { group: "g", ack: "auto", by: "key" }],
  ]);
  assertEquals(await asked(["-t", "#a", "-G", "g", "--window", "9"]), [["#a", { group: "g", window: 9 }]]);
  assertEquals(await asked(["-G", "g", "--from", "2"], "0 sub #b ack=explicit by=key window=3 from=1"), [
    ["#b", { from: 1, group: "g", window: 3, ack: "explicit", by: "key" }],
  ]);
});

Deno.test("a command begins now, or somewhere else, whatever the command line says of all", async () => {
  assertEquals(await asked(["--from", "5"], "0 sub #b from=now", "0 sub #c", "0 sub #d from=earliest to=9"), [
    "#b",
    ["#c", { from: 5 }],
    ["#d", { from: "earliest", to: 9 }],
  ]);
  assertEquals(await asked(["--to", "7"], "0 sub #b", "0 sub #c to=3", "0 sub #d from=2"), [
    ["#b", { from: "earliest", to: 7 }],
    ["#c", { from: "earliest", to: 3 }],
    ["#d", { from: 2, to: 7 }],
  ]);
  assertEquals(await asked([], "0 sub #b to=4"), [["#b", { from: "earliest", to: 4 }]]);
});

Deno.test("a command of which nothing could come is refused with what is wrong with it", async () => {
  using _stdout = new StandInStream("stdout");
  for (const command of ["0 sub #a from=9 to=5", "0 sub #a window=3"]) {
    const problem = await assertRejects(() => asked([], command), Error);
    assertEquals(
      problem.message.startsWith(command.includes("from") ? "stdin:1: from=: " : "stdin:1: window="),
      true,
    );
  }
});

Deno.test("which moment a position is, where that is left open, is told as it was written", async () => {
  const told = async (words: readonly string[], ...commands: readonly string[]): Promise<readonly string[]> =>
    (await ran(words, [], [[...commands, "0 quit", ""].join("\n")])).told.map((line) =>
      line.split(" is ")[0]!
    );
  assertEquals(await told(["-t", "#a", "--from", "2020-01-01"]), ["--from 2020-01-01"]);
  assertEquals(await told(["--to", "2020-01-02"], "0 sub #a from=1"), ["--to 2020-01-02"]);
  assertEquals(await told([], "0 sub #a from=2020-01-03 to=2020-01-04"), [
    "from=2020-01-03",
    "to=2020-01-04",
  ]);
  assertEquals(await told(["--from", "2020-01-01"], "0 sub #a to=2020-01-04"), [
    "--from 2020-01-01",
    "to=2020-01-04",
  ]);
});

Deno.test("a replay is pending from when it is asked for until it has come, was refused or taken back", async () => {
  await withStdin(["0 sub #b from=1\n0 sub #c from=1 group=g\n", "0 unsub #b\n"], async () => {
    const { run, replays, subscriber, stop } = await bench([]);
    void run.work(stop).catch(() => {});
    const seen: boolean[] = [];
    subscriber.acknowledging = () => void seen.push(replays.replaying);
    await settled();
    assertEquals([seen, replays.replaying], [[true, true], false]);
    subscriber.end();
  }, { open: true });
  await withStdin(["0 sub #c from=1 group=g\n"], async () => {
    const { run, replays, subscriber, stop } = await bench([]);
    void run.work(stop).catch(() => {});
    await settled();
    assertEquals([subscriber.asked.length, replays.replaying], [1, false], "that of a group is nobody's");
    subscriber.end();
  }, { open: true });
  const subscriber = new Fake();
  subscriber.refused.add("#no");
  const { run, replays, stop } = await bench(["-t", "#no", "--from", "1"], { subscriber });
  await assertRejects(() => within("the refusal", run.work(stop)), RefusedError, "not for you");
  assertEquals(replays.replaying, false);
});

Deno.test("what a command begins beyond what is stored is refused", async () => {
  await withStdin(["0 sub #a from=9\n"], async () => {
    const { run, replays, subscriber, stop } = await bench([]);
    subscriber.acknowledging = (pattern) => replays.onEvent({ type: "ahead", pattern, last: 3 });
    const { message } = await assertRejects(() => within("the refusal", run.work(stop)), Error);
    assertEquals(message, 'stdin:1: there is no message 9 of "#a": the last one there is 3');
  });
});

Deno.test("the waits of commands are those they say, or divided by --speed", async () => {
  for (const [words, ms] of [[[], 2000], [["--speed", "4"], 500]] as const) {
    await withStdin(["2 sub #a\n"], async () => {
      using time = new FakeTime();
      const { run, subscriber, stop } = await bench(words);
      void run.work(stop);
      const turns = async (): Promise<void> => {
        for (let turn = 0; turn < 50; turn++) await Promise.resolve();
      };
      await turns();
      time.pass(ms - 1);
      await turns();
      assertEquals(subscriber.asked, []);
      time.pass(1);
      await turns();
      assertEquals(subscriber.asked, ["#a"]);
      subscriber.end();
    }, { open: true });
  }
});

Deno.test("at the keyboard it lists what is subscribed to and what came; commands on stdin are all there are", async () => {
  using _nothing = standInEnvironment({});
  {
    using terminal = new StandInTerminal(80, 40);
    const { run, subscriber, stop } = await bench(["-i", "s1"]);
    const work = run.work(stop);
    terminal.type("sub #a.>\rsub #b\runsub #b\r");
    await until("the subscriptions", () => subscriber.asked.length === 3);
    subscriber.come(message("#a.x", "one"), message("#a.y", "two"));
    await until("the messages", () => terminal.rows.shown.includes("#a.y two"));
    terminal.type("list\rsub #a\tq\rquit\r");
    assertEquals(await within("the end", work), 0);
    assertEquals(terminal.rows.shown.slice(3), [
      "#a.x one",
      "#a.y two",
      "s1> list",
      "sub #a.>  2 messages",
      "s1> sub #a.q",
      "s1> quit",
    ]);
    assertEquals(subscriber.asked.at(-1), "#a.q", "what is known is completed");
    subscriber.end();
  }
  await withStdin(["0 sub #a\n"], async () => {
    using _stdout = new StandInStream("stdout", { terminal: true });
    const { run, subscriber, stop, abort } = await bench(["-f", "-"]);
    void run.work(stop);
    await settled();
    assertEquals(subscriber.asked, ["#a"]);
    abort();
    subscriber.end();
    await within("the end", run.drain(stop));
  }, { terminal: true });
});

Deno.test("-W is over so long after the process began, unless it is stopped before", async () => {
  using time = new FakeTime();
  const stopping = new AbortController();
  const stop = { signal: stopping.signal, interrupt: () => {}, lastWord: () => {} };
  const codes: (number | string)[] = [];
  // this process is a million milliseconds old
  for (const wait of ["999", "1000s", "1001s", "1002s"]) {
    void timeOver(optionsOf(["-t", "#a", "-W", wait]), stop).then((code) => codes.push(`${code} ${wait}`));
  }
  void timeOver(optionsOf(["-t", "#a"]), stop).then((code) => codes.push(code));
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  };
  await turns();
  assertEquals(codes, ["27 999", "27 1000s"]);
  time.pass(999);
  await turns();
  assertEquals(codes.length, 2);
  time.pass(1);
  await turns();
  assertEquals(codes, ["27 999", "27 1000s", "27 1001s"]);
  stopping.abort();
  time.pass(10_000);
  await turns();
  assertEquals(codes.length, 3);
});

Deno.test("a command that cannot be run is told before a broker is there", async () => {
  const worker = ["-t", "#a", "-G", "g", "--ack", "exec", "--"];
  await assertRejects(
    () => prepareSubscriber(optionsOf([...worker, "/no/such"])),
    UsageError,
    'cannot run "/no/such": no such file or directory',
  );
  assertEquals(await prepareSubscriber(optionsOf([...worker, "true"])), { file: [], record: undefined });
});
