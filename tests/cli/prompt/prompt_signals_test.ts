/** What a prompt does when its terminal has another size, and when a shell takes it over. */
import { assertEquals, assertThrows } from "@std/assert";
import { Prompt } from "../../../lib/cli/prompt/prompt.ts";
import { until } from "../../support/until.ts";
import { within } from "../../support/within.ts";
import { standIn } from "../stand_in.ts";
import { StandInTerminal } from "../stand_in_terminal.ts";

const options = { ignore: Deno.build.os === "windows" }; // there are no such signals

/** A prompt at a terminal, in a process whose signals are the test's. */
class Desk implements Disposable {
  readonly prompt: Prompt;
  readonly terminal = new StandInTerminal();
  readonly killed: (string | number | undefined)[] = [];
  readonly #listening = new Map<string, () => void>();
  readonly #stack = new DisposableStack();
  readonly #lines: AsyncGenerator<string, void>;

  constructor({ orphaned = false }: { readonly orphaned?: boolean } = {}) {
    const stack = this.#stack;
    stack.use(standIn(Deno, "addSignalListener", (signal, handler) => {
      this.#listening.set(signal, handler);
    }));
    stack.use(standIn(Deno, "removeSignalListener", (signal, handler) => {
      if (this.#listening.get(signal) === handler) this.#listening.delete(signal);
    }));
    stack.use(standIn(Deno, "kill", (pid, signal) => {
      this.killed.push(pid === Deno.pid ? signal : pid);
    }));
    const [parent, group] = orphaned ? [0, 5] : [7, 6];
    stack.use(standIn(Deno, "readTextFileSync", (path) => {
      return path === `/proc/${Deno.pid}/stat` ? `1 (deno) S ${parent} 5 5` : `7 (sh) S 1 ${group} 5`;
    }));
    this.prompt = new Prompt({
      role: "publisher",
      name: "p1",
      topics: () => [],
      stop: { signal: new AbortController().signal, interrupt: () => {}, lastWord: () => {} },
    });
    this.#lines = this.prompt.lines();
  }

  get signals(): string[] {
    return [...this.#listening.keys()].sort();
  }

  /** As the system would: what listens for it is called. */
  signal(name: string): void {
    this.#listening.get(name)!();
  }

  /** The next line that is entered. */
  async line(): Promise<string | undefined> {
    const next = await within("a line", this.#lines.next());
    return next.done === true ? undefined : next.value;
  }

  /** Asks for a line of which so much has been typed. */
  async typing(text: string): Promise<Promise<string | undefined>[]> {
    const line = this.line();
    this.terminal.type(text);
    await until(`"${text}" on the screen`, () => this.shown.at(-1)?.endsWith(text) ?? false);
    // in a list, so that it is not waited for here
    return [line];
  }

  get shown(): string[] {
    return this.terminal.rows.shown;
  }

  /** As if the terminal had lost the row that the cursor is in. */
  wipe(): void {
    this.terminal.rows.write("\r\x1b[K");
  }

  [Symbol.dispose](): void {
    this.terminal.endInput();
    this.prompt[Symbol.dispose]();
    this.terminal[Symbol.dispose]();
    this.#stack.dispose();
  }
}

Deno.test(
  "a line that is being typed is drawn anew when the terminal has another size",
  options,
  async () => {
    using desk = new Desk();
    const [line] = await desk.typing("half");
    desk.wipe();
    desk.signal("SIGWINCH");
    assertEquals([desk.shown, desk.terminal.rows.cursor], [["p1> half"], [0, 8]]);
    desk.terminal.type(" done\r");
    assertEquals(await line, "half done");
    desk.wipe();
    desk.signal("SIGWINCH");
    assertEquals(desk.shown, ["p1> half done"], "while a line is carried out there is none to draw");
  },
);

Deno.test(
  "a line that has more rows in a terminal that is narrower now is drawn over as it is there",
  options,
  async () => {
    using desk = new Desk();
    const { rows } = desk.terminal;
    desk.prompt.printAbove("above");
    const [line] = await desk.typing("0123456789");
    rows.columns = 8;
    // the terminal breaks it by itself
    desk.wipe();
    rows.write("p1> 0123456789");
    desk.signal("SIGWINCH");
    assertEquals(desk.shown, ["above", "p1> 0123", "456789"]);
    desk.terminal.type("\r");
    assertEquals(await line, "0123456789");
  },
);

Deno.test(
  "Ctrl-Z gives the terminal to the shell with the line on it, and fg takes it back",
  options,
  async () => {
    using desk = new Desk();
    const [line] = await desk.typing("half");
    desk.signal("SIGTSTP");
    assertEquals([desk.killed, desk.terminal.raw], [["SIGSTOP"], [true, false]]);
    assertEquals(desk.terminal.rows.cursor, [1, 0], "what the shell says has a line of its own");
    desk.prompt.printAbove("a message");
    assertEquals(desk.shown, ["p1> half", "a message"], "it is not our line that is typed now");
    desk.signal("SIGWINCH");
    assertEquals(desk.shown, ["p1> half", "a message"]);
    desk.terminal.rows.write("$ fg");
    desk.signal("SIGCONT");
    assertEquals(desk.shown, ["p1> half", "a message", "$ fg", "p1> half"]);
    assertEquals(desk.terminal.raw, [true, false, true]);
    desk.prompt.printAbove("another");
    assertEquals(desk.shown.slice(-2), ["another", "p1> half"]);
    desk.signal("SIGWINCH");
    assertEquals(desk.shown.slice(-2), ["another", "p1> half"]);
    desk.terminal.type("\r");
    assertEquals(await line, "half");
    desk.signal("SIGCONT");
    assertEquals(desk.shown.at(-1), "p1> half", "while a line is carried out no other is drawn");
    assertEquals(desk.terminal.rows.cursor[1], 0);
  },
);

Deno.test("Ctrl-Z does nothing where there is no shell to go back to", {
  ignore: Deno.build.os !== "linux", // elsewhere it is not known
}, async () => {
  using desk = new Desk({ orphaned: true });
  await desk.typing("half");
  desk.signal("SIGTSTP");
  assertEquals([desk.killed, desk.terminal.raw, desk.shown], [[], [true], ["p1> half"]]);
});

Deno.test("Ctrl-\\ leaves at once with its code, and a line of its own for the shell", options, async () => {
  using desk = new Desk();
  await desk.typing("half");
  class Left extends Error {}
  const codes: (number | undefined)[] = [];
  using _exit = standIn(Deno, "exit", (code) => {
    codes.push(code);
    throw new Left();
  });
  assertThrows(() => desk.signal("SIGQUIT"), Left);
  assertEquals([codes, desk.terminal.rows.cursor], [[131], [1, 0]]);
  globalThis.dispatchEvent(new Event("unload"));
  assertEquals(desk.terminal.raw, [true, false], "however a program ends, the terminal is the shell's again");
});

Deno.test(
  "a prompt that is over listens for no signal, and gives the terminal back once",
  options,
  async () => {
    const desk = new Desk();
    assertEquals(desk.signals, ["SIGCONT", "SIGQUIT", "SIGTSTP", "SIGWINCH"]);
    await desk.typing("half");
    desk[Symbol.dispose]();
    assertEquals([desk.signals, desk.terminal.raw], [[], [true, false]]);
    globalThis.dispatchEvent(new Event("unload"));
    assertEquals(desk.terminal.raw, [true, false]);
  },
);
