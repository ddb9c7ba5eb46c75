import { assertEquals, assertGreaterOrEqual, assertRejects } from "@std/assert";
import { parseCommandFile, type PlacedCommand } from "../../../lib/cli/commands/command_file.ts";
import { type Ahead, runCommands, type RunOptions } from "../../../lib/cli/commands/runner.ts";
import { FakeTime } from "../fake_time.ts";
import { RefusedError, RunError, UsageError } from "../../../lib/errors.ts";

function commands(...lines: readonly string[]): PlacedCommand[] {
  const bytes = new TextEncoder().encode(lines.join("\n"));
  return parseCommandFile(bytes, { name: "x.cmd", role: "publisher" });
}

interface Bench {
  readonly done: string[];
  readonly refused: string[];
  readonly options: RunOptions;
  readonly stop: AbortController;
}

/** Options that note what is done; a message "no" is refused. */
function bench(changes: Partial<RunOptions> = {}): Bench {
  const done: string[] = [];
  const refused: string[] = [];
  const stop = new AbortController();
  const options: RunOptions = {
    execute: (action) => {
      const message = action.verb === "pub" ? action.message : action.verb;
      if (message === "no") return Promise.reject(new RefusedError("BAD_TOPIC", "the broker refused it"));
      done.push(message);
      return Promise.resolve();
    },
    speed: 1,
    keepGoing: false,
    refused: (problem) => refused.push(problem),
    signal: stop.signal,
    ...changes,
  };
  return { done, refused, options, stop };
}

Deno.test("commands run in their order, up to the quit", async () => {
  const { done, options } = bench();
  assertEquals(await runCommands(commands("pub #a 1", "pub #a 2", "quit", "pub #a 3"), options), "quit");
  assertEquals(done, ["1", "2"]);
  assertEquals(await runCommands(commands("pub #a 3"), options), "end");
});

Deno.test("a command begins when the one before it is answered", async () => {
  const order: string[] = [];
  const { options } = bench({
    execute: async (action) => {
      const name = action.verb === "pub" ? action.message : "";
      order.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      order.push(`${name} answered`);
    },
  });
  await runCommands(commands("pub #a 1", "pub #a 2"), options);
  assertEquals(order, ["1 begins", "1 answered", "2 begins", "2 answered"]);
});

Deno.test("waits are slept before their command, divided by the speed", async () => {
  const { options } = bench({ speed: 2 });
  const start = performance.now();
  await runCommands(commands("0.2 pub #a 1", "0.1 pub #a 2"), options);
  // timers may round down a part of a millisecond
  assertGreaterOrEqual(performance.now() - start, 148);
});

Deno.test("speed 0 leaves the waits out", async () => {
  const { done, options } = bench({ speed: 0 });
  assertEquals(await runCommands(commands("100000 pub #a 1", "9000000 quit"), options), "quit");
  assertEquals(done, ["1"]);
});

/** Notes in which order messages are sent and answers are waited for. */
function ahead(order: string[], options: { readonly failing?: boolean } = {}): Ahead {
  return {
    send: (action, place) =>
      void order.push(`${place} ${action.verb === "pub" ? action.message : action.verb}`),
    settle: () => {
      order.push("settled");
      return options.failing ? Promise.reject(new RunError("x.cmd:1: refused")) : Promise.resolve();
    },
  };
}

Deno.test("ahead of their answers go the commands without waits; a wait, quit and the end wait for all", async () => {
  const order: string[] = [];
  const lines = ["pub #a 1", "pub #a 2", "0.01 pub #a 3", "pub #a 4"];
  const { options } = bench({ ahead: ahead(order) });
  assertEquals(await runCommands(commands(...lines), options), "end");
  assertEquals(order, ["x.cmd:1 1", "x.cmd:2 2", "settled", "x.cmd:3 3", "x.cmd:4 4", "settled"]);
  order.length = 0;
  assertEquals(await runCommands(commands("pub #a 1", "quit", "pub #a 2"), options), "quit");
  assertEquals(order, ["x.cmd:1 1", "settled"]);
  order.length = 0;
  assertEquals(await runCommands(commands(...lines), { ...options, speed: 0 }), "end");
  assertEquals(order.filter((each) => each === "settled").length, 1);
});

Deno.test("a message that was sent before a bad line and refused is told before the bad line", async () => {
  const order: string[] = [];
  const { options } = bench({ ahead: ahead(order, { failing: true }) });
  function* lines(): Generator<PlacedCommand> {
    yield* commands("pub #a 1");
    throw new UsageError("x.cmd:2: nonsense");
  }
  await assertRejects(() => runCommands(lines(), options), RunError, "x.cmd:1: refused");
});

Deno.test("the end of the commands is told before their answers are waited for, but not of a run that was stopped", async () => {
  const order: string[] = [];
  const { options, stop } = bench({ ahead: ahead(order), ended: () => order.push("ended") });
  await runCommands(commands("pub #a 1"), options);
  assertEquals(order, ["x.cmd:1 1", "ended", "settled"]);
  order.length = 0;
  stop.abort();
  await runCommands(commands("pub #a 1", "quit"), options);
  assertEquals(order, []);
});

Deno.test("a refused command ends the run with its place and why", async () => {
  const { done, options } = bench();
  await assertRejects(
    () => runCommands(commands("pub #a 1", "", "pub #a no", "pub #a 2"), options),
    RunError,
    "x.cmd:3: the broker refused it",
  );
  assertEquals(done, ["1"]);
});

Deno.test("told to keep going, a refused command is told and the run goes on", async () => {
  const { done, refused, options } = bench({ keepGoing: true });
  assertEquals(await runCommands(commands("pub #a no", "pub #a 2"), options), "end");
  assertEquals([done, refused], [["2"], ["x.cmd:1: the broker refused it"]]);
});

Deno.test("a failure that is no refusal ends the run even when told to keep going", async () => {
  const { options } = bench({ keepGoing: true, execute: () => Promise.reject(new RunError("lost")) });
  await assertRejects(() => runCommands(commands("pub #a 1"), options), RunError, "lost");
});

Deno.test("a stop ends a wait at once and the run before its next command", async () => {
  const { done, options, stop } = bench();
  const run = runCommands(commands("pub #a 1", "100000 pub #a 2"), options);
  setTimeout(() => stop.abort(), 10);
  assertEquals(await run, "stopped");
  assertEquals(done, ["1"]);
  assertEquals(await runCommands(commands("pub #a 3"), options), "stopped");
});

Deno.test("before a wait, however short, and before quit all is answered: it takes as long as it takes", async () => {
  const order: string[] = [];
  const slow: Ahead = {
    send: (action) => void order.push(action.verb === "pub" ? action.message : action.verb),
    settle: async () => {
      order.push("asked");
      await new Promise((resolve) => setTimeout(resolve, 5));
      order.push("settled");
    },
  };
  const { options } = bench({ ahead: slow, ended: () => order.push("ended") });
  await runCommands(commands("pub #a 1", "0.001 pub #a 2"), options);
  assertEquals(order, ["1", "asked", "settled", "2", "ended", "asked", "settled"]);
  order.length = 0;
  assertEquals(await runCommands(commands("pub #a 1", "quit", "pub #a 2"), options), "quit");
  assertEquals(order, ["1", "ended", "asked", "settled"]);
  order.length = 0;
  assertEquals(await runCommands(commands("pub #a 1", "0.001 quit"), options), "quit");
  assertEquals(order, ["1", "ended", "asked", "settled"]);
});

Deno.test("where one that was sent ahead is to be waited for, the next comes behind it", async () => {
  const order: string[] = [];
  const { options } = bench({
    ahead: {
      send: async (action) => {
        const name = action.verb === "pub" ? action.message : action.verb;
        order.push(`${name} begins`);
        await new Promise((resolve) => setTimeout(resolve, 2));
        order.push(`${name} is taken`);
      },
      settle: () => Promise.resolve(void order.push("settled")),
    },
  });
  await runCommands(commands("pub #a 1", "0.001 pub #a 2", "pub #a 3"), options);
  assertEquals(order, [
    ...["1 begins", "1 is taken", "settled", "2 begins", "2 is taken", "3 begins", "3 is taken", "settled"],
  ]);
});

Deno.test("what was typed has no place, and its refusal is told as it is", async () => {
  const { refused, options } = bench({ keepGoing: true });
  const typed = commands("pub #a no").map((each) => ({ ...each, place: "" }));
  await runCommands(typed, options);
  assertEquals(refused, ["the broker refused it"]);
});

Deno.test("the end is told once, of a run that quits too, and never of one that is stopped in a wait", async () => {
  const told: string[] = [];
  const { options, stop } = bench({ ended: () => told.push("ended") });
  await runCommands(commands("pub #a 1", "0.001 pub #a 2"), options);
  await runCommands(commands("quit"), options);
  assertEquals(told, ["ended", "ended"]);
  setTimeout(() => stop.abort(), 5);
  assertEquals(await runCommands(commands("1000 pub #a 1"), options), "stopped");
  assertEquals(told.length, 2);
});

Deno.test("a run that is stopped before its quit tells no end, and waits for no answers", async () => {
  const order: string[] = [];
  const { options, stop } = bench({ ahead: ahead(order), ended: () => order.push("ended") });
  stop.abort();
  assertEquals(await runCommands(commands("quit"), options), "stopped");
  assertEquals(await runCommands(commands("1 pub #a 1"), options), "stopped");
  assertEquals(order, []);
  assertEquals(await runCommands([], options), "stopped");
  assertEquals(order, ["settled"]);
});

Deno.test("a wait is slept to its end, however short, as the speed has it, and one of nothing is none", async () => {
  for (const [seconds, speed, ms] of [[0.001, 1, 1], [2, 1, 2000], [1, 2, 500], [0.001, 0.5, 2]] as const) {
    using time = new FakeTime();
    const { done, options } = bench({ speed });
    const running = runCommands(commands(`${seconds} pub #a 1`), options);
    const turn = async (): Promise<void> => {
      for (let turns = 0; turns < 50; turns++) await Promise.resolve();
    };
    await turn();
    time.pass(ms - 0.5);
    await turn();
    assertEquals(done, [], `${seconds} s`);
    time.pass(0.5);
    await turn();
    assertEquals(done, ["1"]);
    assertEquals(await running, "end");
    await runCommands(commands("0 pub #a 2"), options);
    assertEquals(done, ["1", "2"]);
  }
});

Deno.test("a message with a wait goes to who takes those ahead, once it was slept, and what is not sent ahead is done", async () => {
  const order: string[] = [];
  const { options } = bench({
    ahead: { ...ahead(order), send: (action, place) => void order.push(`${place} ${action.verb}`) },
    execute: (action) => Promise.resolve(void order.push(`(${action.verb})`)),
    speed: 0,
  });
  const lines = ['json {"topic":"a","payload":"x"}', "pub #a 1", '5 json {"topic":"a","payload":"x"}'];
  await runCommands(commands(...lines), options);
  await runCommands(commands(...lines.slice(2)), { ...options, speed: 100_000 });
  assertEquals(order, [
    ...["x.cmd:1 json", "x.cmd:2 pub", "x.cmd:3 json", "settled"],
    ...["settled", "x.cmd:1 json", "settled"],
  ]);
  order.length = 0;
  const bytes = new TextEncoder().encode("sub #a\nunsub #a");
  await runCommands(parseCommandFile(bytes, { name: "x", role: "subscriber" }), options);
  assertEquals(order, ["(sub)", "(unsub)", "settled"]);
});

Deno.test("a message that is sent ahead and cannot be ends the run with why", async () => {
  const { done, options } = bench({
    ahead: { send: () => Promise.reject(new RunError("lost")), settle: () => Promise.resolve() },
  });
  for (const line of ["pub #a 1", "0.001 pub #a 1"]) {
    await assertRejects(() => runCommands(commands(line, "pub #a 2"), options), RunError, "lost");
  }
  assertEquals(done, []);
});
