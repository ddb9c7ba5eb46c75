/** Where commands come from: a file, the keyboard, a pipe. */
import { assertEquals, assertRejects } from "@std/assert";
import { setImmediate } from "node:timers";
import { MqttHabits } from "../../../lib/cli/client/mqtt_habits.ts";
import { Notices } from "../../../lib/cli/client/notices.ts";
import {
  type CommandSources,
  readCommandFile,
  runSources,
  type SourcesEnd,
} from "../../../lib/cli/client/sources.ts";
import { parseCommandFile } from "../../../lib/cli/commands/command_file.ts";
import { RefusedError, UsageError } from "../../../lib/errors.ts";
import { within } from "../../support/within.ts";
import { FakeTime } from "../fake_time.ts";
import { standInEnvironment, StandInStream } from "../stand_in.ts";
import { StandInTerminal } from "../stand_in_terminal.ts";
import { withStdin } from "../with_stdin.ts";

/** A run, and what came of it. */
interface Bench {
  readonly sources: CommandSources;
  /** What was done, in order: messages, and where commands came from. */
  readonly done: string[];
  /** What was said where no prompt is shown. */
  readonly told: string[];
  readonly stopping: AbortController;
}

function bench(lines: readonly string[] = [], changes: Partial<CommandSources> = {}): Bench {
  const [done, told]: [string[], string[]] = [[], []];
  const stopping = new AbortController();
  const notices = new Notices("publisher", "normal");
  notices.above = (text) => told.push(text.trimEnd());
  const bytes = new TextEncoder().encode(lines.join("\n"));
  const sources: CommandSources = {
    role: "publisher",
    id: "p1",
    file: parseCommandFile(bytes, { name: "x.cmd", role: "publisher" }),
    reads: { terminal: true, pipe: true },
    execute: (action) => {
      if (action.verb !== "pub") throw new TypeError(`no such thing is typed: ${action.verb}`);
      if (action.message === "no") return Promise.reject(new RefusedError("DENIED", "not for you"));
      done.push(action.message);
      return Promise.resolve();
    },
    began: (source) => done.push(`(${source})`),
    ended: () => done.push("(ended)"),
    speed: 1,
    keepGoing: false,
    topics: () => ["#alpha"],
    list: () => ["published nothing"],
    notices,
    habits: new MqttHabits("publisher", (hint) => told.push(hint)),
    stop: { signal: stopping.signal, interrupt: () => stopping.abort(), lastWord: () => {} },
    ...changes,
  };
  return { sources, done, told, stopping };
}

/** Runs them with these keys, typed one line after the other; what is on the screen then. */
async function typed(
  { sources }: Bench,
  keys: readonly string[],
): Promise<{ readonly end: SourcesEnd; readonly screen: readonly string[] }> {
  using _nothing = standInEnvironment({});
  using terminal = new StandInTerminal(80, 40);
  const running = runSources(sources);
  for (const each of keys) terminal.type(each);
  const end = await within("the end of what is typed", running);
  return { end, screen: terminal.rows.shown };
}

Deno.test("what is typed is done line by line; help and list are answered here, and what is wrong is told", async () => {
  const run = bench(["pub #a first"]);
  const lines = ["list", "help me", " list  x y ", "", "publish #a x", "pub #a no", "pub #a two", "quit"];
  const { end, screen } = await typed(run, lines.map((line) => `${line}\r`));
  assertEquals(end, { end: "quit", problems: 0 });
  assertEquals(run.done, ["(file)", "first", "(ended)", "(keyboard)", "two"]);
  assertEquals(screen, [
    "p1> list",
    "published nothing",
    "p1> help me",
    'help takes nothing, "me" is too much',
    "p1>  list  x y",
    'list takes nothing, "x y" is too much',
    "p1>",
    "p1> publish #a x",
    screen[8]!,
    "p1> pub #a no",
    "publisher: not for you",
    "p1> pub #a two",
    "p1> quit",
  ]);
  assertEquals(screen[8]!.includes('"publish"') && screen[8]!.endsWith("(help lists the commands)"), true);
  for (const help of ["help", "?"]) {
    const { screen } = await typed(bench(), [`${help}\r`, "quit\r"]);
    assertEquals([screen[0], screen.at(-1)], [`p1> ${help}`, "p1> quit"]);
    assertEquals(screen.some((line) => line.includes("Tab completes")), true, screen.join("\n"));
  }
});

Deno.test("the keyboard is left by Ctrl-D, and by a stop, and what is said is said at the prompt until then", async () => {
  const left = bench();
  assertEquals((await typed(left, ["pub #a/b one\r", "\x04"])).end, { end: "left", problems: 0 });
  assertEquals([left.done, left.told.length], [["(ended)", "(keyboard)", "one"], 1]);
  const stopped = bench();
  assertEquals((await typed(stopped, ["pub #a one\r", "\x03"])).end, { end: "stopped", problems: 0 });
  const prompts: boolean[] = [];
  const commands: string[] = [];
  const told = bench([], {
    prompting: (prompt) => prompts.push(prompt !== undefined),
    typed: ({ action }) => commands.push(action.verb),
  });
  const { screen } = await typed(told, ["pub #a\t\r", "pub #a no\r", "quit\r"]);
  assertEquals([prompts, commands], [[true, false], ["pub", "pub", "quit"]]);
  assertEquals(screen.slice(0, 3), ["p1> pub #alpha", "p1> pub #a no", "publisher: not for you"]);
  using stderr = new StandInStream("stderr");
  told.sources.notices.failed("there is no prompt any more");
  assertEquals(stderr.text, "publisher: there is no prompt any more\n");
});

Deno.test("a pipe is read behind the file, up to a line that is wrong, or past it where it is to keep going", async () => {
  const piped = async (run: Bench, ...pieces: readonly string[]): Promise<SourcesEnd> =>
    await withStdin(pieces, () => within("the end of the pipe", runSources(run.sources)));
  const good = bench(["pub #a 1"]);
  assertEquals(await piped(good, "pub #a 2\n# no command\npub #a 3\n", "pub #a 4"), {
    end: "end",
    problems: 0,
  });
  assertEquals(good.done, ["(file)", "1", "(pipe)", "2", "3", "4", "(ended)"]);
  const bad = bench();
  const error = await assertRejects(() => piped(bad, "pub #a 1\n", "\npublish\npub #a 2\n"), UsageError);
  assertEquals([bad.done, error.message.startsWith("stdin:3: ")], [["(pipe)", "1"], true]);
  const going = bench([], { keepGoing: true });
  assertEquals(await piped(going, "pub #a 1\npublish\npub #a no\npub #a 2\n"), { end: "end", problems: 2 });
  assertEquals(going.done, ["(pipe)", "1", "2", "(ended)"]);
  assertEquals(going.told[1], "publisher: stdin:3: not for you");
  const quits = bench(["quit"]);
  assertEquals(await piped(quits, "pub #a 2\n"), { end: "quit", problems: 0 });
  assertEquals(quits.done, ["(file)"]);
  const none = bench(["pub #a 1"], { reads: { terminal: true, pipe: false } });
  assertEquals(await piped(none, "pub #a 2\n"), { end: "end", problems: 0 });
  assertEquals(none.done, ["(file)", "1", "(ended)"]);
});

/** What comes of these sources with a stdin that is a terminal or not, on these screens. */
async function onTerminals(
  run: Bench,
  { stdin = true, stdout = false, stderr = false }: {
    readonly stdin?: boolean;
    readonly stdout?: boolean;
    readonly stderr?: boolean;
  },
): Promise<SourcesEnd> {
  using _out = new StandInStream("stdout", { terminal: stdout });
  using _err = new StandInStream("stderr", { terminal: stderr });
  return await withStdin(
    ["pub #a piped\n"],
    () => within("the end", runSources(run.sources)),
    { terminal: stdin },
  );
}

Deno.test("a terminal without a screen is read as a pipe is, and one that is not to be asked is not", async () => {
  const bare = bench();
  assertEquals(await onTerminals(bare, {}), { end: "end", problems: 0 });
  assertEquals(bare.done, ["(pipe)", "piped", "(ended)"]);
  for (const screen of [{}, { stdout: true }, { stderr: true }]) {
    const asked = bench(["pub #a 1"], { reads: { terminal: false, pipe: true } });
    await onTerminals(asked, screen);
    assertEquals(asked.done, ["(file)", "1", "(ended)"]);
  }
  const pipe = bench([], { reads: { terminal: false, pipe: true } });
  await onTerminals(pipe, { stdin: false, stdout: true });
  assertEquals(pipe.done, ["(pipe)", "piped", "(ended)"]);
  const none = bench([], { reads: { terminal: false, pipe: false } });
  assertEquals(await onTerminals(none, { stdin: false }), { end: "end", problems: 0 });
  assertEquals(none.done, ["(ended)"]);
});

Deno.test("the topics of a file are looked at before it begins, those of a pipe in their turn", async () => {
  const looked: string[] = [];
  const run = bench(["pub #a/b 1", 'json {"topic":"#c/d","payload":"x"}', "quit"], {
    execute: (action) => Promise.resolve(void looked.push(`(${action.verb})`)),
  });
  const habits = new MqttHabits("publisher", (hint) => looked.push(hint.split(" ")[0]!));
  await withStdin([], () => runSources({ ...run.sources, habits }));
  assertEquals(looked, ['"#a/b"', '"#c/d"', "(pub)", "(json)"]);
  looked.length = 0;
  const piped = bench([], { execute: (action) => Promise.resolve(void looked.push(`(${action.verb})`)) });
  await withStdin(["pub #a/b 1\npub #c/d 2\n"], () =>
    runSources({
      ...piped.sources,
      habits: new MqttHabits(
        "publisher",
        (hint) => looked.push(hint.split(" ")[0]!),
      ),
    }));
  assertEquals(looked, ['"#a/b"', "(pub)", '"#c/d"', "(pub)"]);
});

Deno.test("a subscriber's patterns are looked at, too", async () => {
  const hints: string[] = [];
  const run = bench([], {
    role: "subscriber",
    execute: () => Promise.resolve(),
    habits: new MqttHabits("subscriber", (hint) => hints.push(hint.split(" ")[0]!)),
  });
  await withStdin(["sub #a/#\nunsub #b/+\nquit\n"], () => within("the end", runSources(run.sources)));
  assertEquals(hints, ['"#a/#"', '"#b/+"']);
});

Deno.test("what comes of a pipe goes through who takes messages ahead, and is counted on from read to read", async () => {
  const seen: string[] = [];
  async function* noted<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    seen.push("begins");
    for await (const item of items) {
      seen.push("read");
      yield item;
    }
  }
  const run = bench([], {
    ahead: {
      send: (action, place) => void seen.push(`${place} ${action.verb === "pub" ? action.message : ""}`),
      settle: () => Promise.resolve(void seen.push("settled")),
      whileGood: noted,
    },
  });
  await withStdin(
    ["pub #a 1\n# two\npub #a 3\n", "pub #a 4\n"],
    () => within("the end", runSources(run.sources)),
  );
  assertEquals(seen, ["settled", "begins", "read", "stdin:1 1", "stdin:3 3", "read", "stdin:4 4", "settled"]);
});

Deno.test("a line of a pipe that is not UTF-8 is told with its number, and only the first has a byte order mark", async () => {
  const run = bench([], { keepGoing: true });
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const mark = "\ufeff";
  await withStdin(
    [bytes(`${mark}pub #a 1\n`), Uint8Array.of(0xff, 0x0a), bytes(`${mark}pub #a 3\n`)],
    () => within("the end", runSources(run.sources)),
  );
  assertEquals(run.done, ["(pipe)", "1", "3", "(ended)"]);
  assertEquals(run.told, ["publisher: stdin:2: not UTF-8"]);
});

Deno.test("a command file comes from its path, or from stdin, and where none is named there are no commands", async () => {
  assertEquals(await readCommandFile(undefined, "publisher"), []);
  const text = "pub #a 1\nnope\n";
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, text);
    const problem = 'unknown command "nope", expected pub, json, quit';
    const file = await assertRejects(() => readCommandFile(path, "publisher"), UsageError);
    assertEquals(file.message, `${path}:2: ${problem}`);
    const stdin = await assertRejects(
      () => withStdin([text], () => readCommandFile("-", "publisher")),
      UsageError,
    );
    assertEquals(stdin.message, `stdin:2: ${problem}`);
    await Deno.writeTextFile(path, "sub #a");
    assertEquals((await readCommandFile(path, "subscriber")).length, 1);
  } finally {
    await Deno.remove(path);
  }
  const missing = await assertRejects(() => readCommandFile("/none/x", "publisher"), UsageError);
  assertEquals(missing.message, 'cannot read the command file "/none/x": no such file or directory');
});

Deno.test("who waits for an answer at the prompt is told after a second, and not when he is leaving", async () => {
  using time = new FakeTime();
  const turn = async (): Promise<void> => {
    for (let turns = 0; turns < 20; turns++) await new Promise<void>((resolve) => setImmediate(resolve));
  };
  for (const stops of [false, true]) {
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    let asked = false;
    const run = bench([], { execute: () => (asked = true, answered) });
    using _nothing = standInEnvironment({});
    using terminal = new StandInTerminal(80, 40);
    const running = runSources(run.sources);
    const told = (): string[] => terminal.rows.shown.filter((line) => line.startsWith("no answer yet"));
    terminal.type("pub #a x\r");
    for (let turns = 0; turns < 500 && !asked; turns++) await turn();
    time.pass(999);
    await turn();
    assertEquals(told(), []);
    if (stops) run.stopping.abort();
    time.pass(1);
    await turn();
    const late = 'no answer yet to "pub #a x": it waits for the broker (Ctrl-C leaves)';
    assertEquals(told(), stops ? [] : [late]);
    answer();
    terminal.type("quit\r");
    assertEquals((await running).end, stops ? "stopped" : "quit");
  }
});
