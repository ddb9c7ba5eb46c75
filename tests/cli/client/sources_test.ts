/** Where commands come from: a file, the keyboard, a pipe. */
import { assertEquals, assertRejects } from "@std/assert";
import { MqttHabits } from "../../../lib/cli/client/mqtt_habits.ts";
import { Notices } from "../../../lib/cli/client/notices.ts";
import { type CommandSources, runSources, type SourcesEnd } from "../../../lib/cli/client/sources.ts";
import { parseCommandFile } from "../../../lib/cli/commands/command_file.ts";
import { RefusedError, UsageError } from "../../../lib/errors.ts";
import { within } from "../../support/within.ts";
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
