/** The prompt in this process, with keys of the test's and a terminal that is looked at. */
import { assertEquals } from "@std/assert";
import { History } from "../../../lib/cli/prompt/history.ts";
import { Prompt } from "../../../lib/cli/prompt/prompt.ts";
import { within } from "../../support/within.ts";
import { standIn } from "../stand_in.ts";
import { StandInTerminal } from "../stand_in_terminal.ts";
import type { Rows } from "./rows.ts";

/** A terminal with a prompt on it. */
class Desk implements Disposable {
  readonly prompt: Prompt;
  readonly lines: AsyncGenerator<string, void>;
  interrupts = 0;
  readonly stopping = new AbortController();
  readonly #standing = new StandInTerminal();

  constructor({ topics = [] }: { readonly topics?: readonly string[] } = {}) {
    const stop = {
      signal: this.stopping.signal,
      interrupt: () => void this.interrupts++,
      lastWord: () => {},
    };
    this.prompt = new Prompt({ role: "publisher", name: "p\x1b1", topics: () => topics, stop });
    this.lines = this.prompt.lines();
  }

  get terminal(): Rows {
    return this.#standing.rows;
  }

  get raw(): readonly boolean[] {
    return this.#standing.raw;
  }

  /** Types these, in one read. */
  type(keys: string): void {
    this.#standing.type(keys);
  }

  endInput(): void {
    this.#standing.endInput();
  }

  /** The next line that is entered; undefined: there is none any more. */
  async line(): Promise<string | undefined> {
    const next = await within("a line", this.lines.next());
    return next.done === true ? undefined : next.value;
  }

  [Symbol.dispose](): void {
    this.endInput();
    this.prompt[Symbol.dispose]();
    this.#standing[Symbol.dispose]();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

Deno.test("lines are given as they are entered, those typed ahead in their order, and stay on the screen", async () => {
  using desk = new Desk();
  desk.type("one\rtwo\rthr");
  assertEquals(await desk.line(), "one");
  assertEquals(await desk.line(), "two");
  const third = desk.line();
  await turn();
  assertEquals(desk.terminal.shown, ["p\\x1b1> one", "p\\x1b1> two", "p\\x1b1> thr"]);
  assertEquals(desk.terminal.cursor, [2, 11]);
  desk.type("ee\r");
  assertEquals(await third, "three");
});

Deno.test("what is printed comes above the line being typed, which stays as it is with its cursor", async () => {
  using desk = new Desk();
  const line = desk.line();
  desk.type("pub #a\x1b[D");
  await turn();
  desk.prompt.printAbove("a message");
  await desk.prompt.write(new TextEncoder().encode("and another\n"));
  assertEquals(desk.terminal.shown, ["a message", "and another", "p\\x1b1> pub #a"]);
  assertEquals(desk.terminal.cursor, [2, 13]);
  desk.type("b\r");
  assertEquals(await line, "pub #ba");
  desk.prompt.printAbove("while it is carried out\n");
  assertEquals(desk.terminal.shown.slice(2), ["p\\x1b1> pub #ba", "while it is carried out"]);
});

Deno.test("Tab completes as far as all offers agree, and lists them where they do not", async () => {
  using desk = new Desk({ topics: ["#alpha.one", "#alpha.two"] });
  const line = desk.line();
  desk.type("pub #a\t");
  await turn();
  assertEquals(desk.terminal.shown, ["p\\x1b1> pub #alpha."]);
  desk.type("\t");
  await turn();
  assertEquals(desk.terminal.shown, ["#alpha.one  #alpha.two", "p\\x1b1> pub #alpha."]);
  desk.type("o\t\r");
  assertEquals((await line)?.trimEnd(), "pub #alpha.one");
});

Deno.test("of very many offers the first are listed, and how many more there are", async () => {
  const topics = Array.from({ length: 103 }, (_, at) => `#t${String(at).padStart(3, "0")}`);
  using desk = new Desk({ topics });
  const written: string[] = [];
  const write = desk.terminal.write.bind(desk.terminal);
  desk.terminal.write = (text) => {
    written.push(text);
    write(text);
  };
  void desk.line();
  desk.type("pub #t\t");
  await turn();
  const listed = written.join("").match(/#t\d{3}/g)?.length;
  assertEquals([listed, written.join("").includes("#t099  and 3 more\n")], [100, true]);
});

Deno.test("Ctrl-C asks for the stop at once, Ctrl-D at an empty line, a stop and the end of input end it", async () => {
  {
    using desk = new Desk();
    desk.type("one\rab\x1b[D\x04\x03");
    assertEquals(await desk.line(), "one");
    assertEquals(desk.interrupts, 1);
    const line = desk.line();
    await turn();
    assertEquals(desk.terminal.shown.at(-1), "p\\x1b1> a", "in a line it deletes");
    desk.type("\x7f\x04");
    assertEquals([await line, await desk.line()], [undefined, undefined]);
    assertEquals(desk.raw, [true, false], "the terminal is the shell's again");
  }
  for (const end of [(desk: Desk) => desk.stopping.abort(), (desk: Desk) => desk.endInput()]) {
    using desk = new Desk();
    const line = desk.line();
    desk.type("half");
    await turn();
    end(desk);
    assertEquals(await line, undefined);
    assertEquals([desk.terminal.shown, desk.raw], [["p\\x1b1> half"], [true, false]]);
  }
});

Deno.test("a terminal that does not know its size has the usual one", () => {
  using desk = new Desk();
  assertEquals(desk.prompt.columns, 40);
  using _size = standIn(Deno, "consoleSize", () => ({ columns: 0, rows: 0 }));
  assertEquals(desk.prompt.columns, 80);
});

Deno.test("Ctrl-L clears the screen, and the line is drawn at its top", async () => {
  using desk = new Desk();
  desk.prompt.printAbove("a message");
  const line = desk.line();
  desk.type("x\x0c");
  await turn();
  assertEquals(desk.terminal.shown, ["p\\x1b1> x"]);
  desk.type("\r");
  assertEquals(await line, "x");
});

Deno.test("what was typed behind Ctrl-D is entered nowhere, and nothing is asked for any more", async () => {
  using desk = new Desk();
  desk.type("one\r\x04two\r");
  assertEquals([await desk.line(), await desk.line(), await desk.line()], ["one", undefined, undefined]);
  desk.prompt.printAbove("a message");
  assertEquals(desk.terminal.shown.at(-1), "a message", "no line stands below it");
});

Deno.test("a topic that is whole is not listed, and a hundred offers are all there are", async () => {
  {
    using desk = new Desk({ topics: ["#alpha"] });
    void desk.line();
    desk.type("pub #alpha \t\t");
    await turn();
    assertEquals(desk.terminal.shown, ["p\\x1b1> pub #alpha"]);
  }
  const topics = Array.from({ length: 100 }, (_, at) => `#t${String(at).padStart(3, "0")}`);
  using desk = new Desk({ topics });
  void desk.line();
  desk.type("pub #t0\t");
  await turn();
  assertEquals(desk.terminal.shown.at(-2)?.endsWith("#t099"), true, desk.terminal.shown.join("\n"));
});

Deno.test("in a terminal that does not know its size a line of several rows is drawn", async () => {
  using desk = new Desk();
  using _size = standIn(Deno, "consoleSize", () => ({ columns: 0, rows: 0 }));
  const line = desk.line();
  desk.type("half");
  await turn();
  assertEquals(desk.terminal.shown.at(-1), "p\\x1b1> half");
  desk.type("\r");
  assertEquals(await line, "half");
});

Deno.test("a line that is longer than the screen scrolls nothing off it, on one that knows its size or not", async () => {
  for (const [columns, rows, known] of [[40, 10, true], [80, 24, false]] as const) {
    using terminal = new StandInTerminal(columns, rows);
    using _size = standIn(Deno, "consoleSize", () => known ? { columns, rows } : { columns: 0, rows: 0 });
    const { signal } = new AbortController();
    const stop = { signal, interrupt: () => {}, lastWord: () => {} };
    using prompt = new Prompt({ role: "publisher", name: "p1", topics: () => [], stop });
    void prompt.lines().next();
    terminal.type("x".repeat(columns * (rows + 2)));
    await turn();
    assertEquals(terminal.rows.scrolled, []);
    assertEquals(terminal.rows.shown.length, rows);
    assertEquals(terminal.rows.shown.at(-2), "x".repeat(columns));
  }
});

Deno.test("a prompt that is over does not listen for the stop", () => {
  using terminal = new StandInTerminal();
  const { signal } = new AbortController();
  const listening: unknown[] = [];
  using _add = standIn(signal, "addEventListener", (_: string, call: unknown) => void listening.push(call));
  using _remove = standIn(
    signal,
    "removeEventListener",
    (_: string, call: unknown) => void listening.splice(listening.indexOf(call), 1),
  );
  const stop = { signal, interrupt: () => {}, lastWord: () => {} };
  const prompt = new Prompt({ role: "publisher", name: "p1", topics: () => [], stop });
  assertEquals(listening.length, 1);
  prompt[Symbol.dispose]();
  assertEquals([listening, terminal.raw], [[], [true, false]]);
});

Deno.test("what is entered is in the history, from where the next run and the arrow keys have it", async () => {
  using terminal = new StandInTerminal();
  const history = new History();
  history.add("first");
  const { signal } = new AbortController();
  const stop = { signal, interrupt: () => {}, lastWord: () => {} };
  using prompt = new Prompt({ role: "publisher", name: "p1", topics: () => [], stop, history });
  const lines = prompt.lines();
  terminal.type("second\r\x1b[A\x1b[A\x1b[Bx\r");
  for (const line of ["second", "secondx"]) {
    assertEquals((await within("a line", lines.next())).value, line);
  }
  assertEquals(history.lines, ["first", "second", "secondx"]);
});

Deno.test("a prompt begins in a row of its own, whatever somebody else has written", async () => {
  using terminal = new StandInTerminal();
  terminal.rows.write("$ half");
  const { signal } = new AbortController();
  const stop = { signal, interrupt: () => {}, lastWord: () => {} };
  using prompt = new Prompt({ role: "publisher", name: "p1", topics: () => [], stop });
  void prompt.lines().next();
  await turn();
  assertEquals(terminal.rows.shown, ["$ half", "p1>"]);
});
