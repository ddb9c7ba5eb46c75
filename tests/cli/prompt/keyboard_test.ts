/** The terminal of a prompt: whose it is, and what is told of its keys and signals. */
import { assertEquals } from "@std/assert";
import { Keyboard } from "../../../lib/cli/prompt/keyboard.ts";
import { settled } from "../../support/handed_clock.ts";
import { standIn } from "../stand_in.ts";
import { StandInTerminal } from "../stand_in_terminal.ts";

const options = { ignore: Deno.build.os === "windows" }; // there are no such signals

/** A keyboard in a process whose signals and time are the test's. */
class Desk implements Disposable {
  readonly log: string[] = [];
  readonly terminal = new StandInTerminal();
  readonly keyboard: Keyboard;
  now = 1_000_000;
  readonly #listening = new Map<string, () => void>();
  readonly #stack = new DisposableStack();

  constructor() {
    const stack = this.#stack;
    stack.use(standIn(Deno, "addSignalListener", (signal, handler) => {
      this.#listening.set(signal, handler);
    }));
    stack.use(standIn(Deno, "removeSignalListener", (signal) => void this.#listening.delete(signal)));
    stack.use(standIn(Deno, "kill", (_, signal) => void this.log.push(`${signal}`)));
    // where it cannot be looked at there is a shell
    stack.use(standIn(Deno, "readTextFileSync", () => {
      throw new Deno.errors.NotFound();
    }));
    stack.use(standIn(performance, "now", () => this.now));
    this.keyboard = new Keyboard({
      keys: (keys) => void this.log.push(...keys.map((key) => "text" in key ? key.text : key.does)),
      end: () => void this.log.push("end"),
      resized: () => void this.log.push("resized"),
      leaving: () => void this.log.push("leaving"),
      back: () => void this.log.push("back"),
    }, (text) => void this.log.push(text.replace("\x1b", "ESC")));
  }

  signal(name: string): void {
    this.#listening.get(name)!();
  }

  /** What happened since the last time. */
  async told(): Promise<string[]> {
    await settled();
    return this.log.splice(0);
  }

  [Symbol.dispose](): void {
    this.keyboard[Symbol.dispose]();
    this.terminal[Symbol.dispose]();
    this.#stack.dispose();
  }
}

const MARKED = "ESC[?2004h";
const PLAIN = "ESC[?2004l";

Deno.test(
  "keys are told as they come, with pastes marked and signals left to the terminal",
  options,
  async () => {
    using desk = new Desk();
    assertEquals([await desk.told(), desk.terminal.raw, desk.terminal.cbreak], [[MARKED], [true], [true]]);
    desk.terminal.type("a\r");
    assertEquals(await desk.told(), ["a", "enter"]);
    desk.signal("SIGWINCH");
    assertEquals(await desk.told(), ["resized"]);
    desk.terminal.endInput();
    assertEquals(await desk.told(), ["end"]);
  },
);

Deno.test("what is typed behind its end is nobody's", options, async () => {
  using desk = new Desk();
  desk.keyboard[Symbol.dispose]();
  assertEquals([await desk.told(), desk.terminal.raw], [[MARKED, PLAIN], [true, false]]);
  desk.terminal.type("a");
  assertEquals(await desk.told(), []);
});

Deno.test("a terminal that is the shell's already is not given to it again", options, async () => {
  using desk = new Desk();
  desk.signal("SIGTSTP");
  assertEquals(await desk.told(), [MARKED, "leaving", PLAIN, "SIGSTOP"]);
  globalThis.dispatchEvent(new Event("unload"));
  desk.keyboard[Symbol.dispose]();
  assertEquals([await desk.told(), desk.terminal.raw], [[], [true, false]]);
});

Deno.test(
  "who goes on has the terminal again, also where it was stopped without being told",
  options,
  async () => {
    using desk = new Desk();
    await desk.told();
    desk.signal("SIGCONT");
    assertEquals(await desk.told(), [MARKED, "back"]);
    desk.signal("SIGTSTP");
    desk.signal("SIGCONT");
    assertEquals(await desk.told(), ["leaving", PLAIN, "SIGSTOP", MARKED, "back"]);
    assertEquals([desk.terminal.raw, desk.terminal.cbreak], [[true, true, false, true], [true, true, true]]);
  },
);

Deno.test(
  "who had to wait for the terminal is told twice that it goes on, and comes back once",
  options,
  async () => {
    for (
      const [waits, later, back] of [
        [3, 0, 1],
        [3, 99, 1],
        [3, 100, 2],
        [3, 200, 2],
        [2, 0, 2],
        [0, 0, 2],
      ] as const
    ) {
      using desk = new Desk();
      desk.terminal.onRaw = () => desk.now += waits;
      desk.signal("SIGCONT");
      desk.terminal.onRaw = () => {};
      desk.now += later;
      desk.signal("SIGCONT");
      const told = await desk.told();
      assertEquals(told.filter((what) => what === "back").length, back, `${waits} ms, ${later} ms later`);
    }
    using desk = new Desk();
    desk.terminal.onRaw = () => desk.now += 3;
    desk.signal("SIGCONT");
    desk.signal("SIGTSTP");
    await desk.told();
    desk.signal("SIGCONT");
    assertEquals((await desk.told()).at(-1), "back", "it was stopped once more");
  },
);
