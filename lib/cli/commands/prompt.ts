/**
 * The keyboard: a prompt with history and Tab completion, above which messages are printed while one types.
 *
 * @module
 */
import process from "node:process";
import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from "node:readline";
import { visible } from "../../text.ts";
import { type Role, VERBS } from "./grammar.ts";
import type { OutputTarget } from "../output/output.ts";
import type { Stop } from "../process/signals.ts";

/** How the prompt looks and behaves. */
export interface PromptOptions {
  readonly role: Role;
  /** Stands before the line being typed, with `> ` after it. */
  readonly name: string;
  /** Topics to complete. */
  readonly topics: () => Iterable<string>;
  /** Ctrl-C asks for the stop; a stop ends the prompt. */
  readonly stop: Stop;
}

/** Commands remembered for the arrow keys. */
const HISTORY = 1000;

/** One at a time: it owns the terminal until it is disposed of. */
export class Prompt implements Disposable, OutputTarget {
  readonly #options: PromptOptions;
  readonly #interface: Interface;
  readonly #screen: NodeJS.WriteStream;
  readonly #typed: string[] = [];
  readonly #decoder = new TextDecoder();
  readonly #end = (): void => this.#interface.close();
  #wake = (): void => {};
  #closed = false;
  /** Whether the cursor is behind the prompt. */
  #shown = false;

  constructor(options: PromptOptions) {
    this.#options = options;
    // with stdout in a pipe, the dialogue is on stderr
    this.#screen = process.stdout.isTTY ? process.stdout : process.stderr;
    this.#interface = createInterface({
      input: process.stdin,
      output: this.#screen,
      prompt: `${visible(options.name)}> `,
      historySize: HISTORY,
      removeHistoryDuplicates: true,
      completer: (line: string) => complete(line, { role: options.role, topics: options.topics() }),
    });
    this.#interface.on("line", (line) => {
      this.#shown = false;
      this.#typed.push(line);
      this.#wake();
    });
    this.#interface.on("SIGINT", () => options.stop.interrupt());
    this.#interface.on("close", () => {
      this.#closed = true;
      // whatever comes next begins on a line of its own
      if (this.#shown) this.#screen.write("\n");
      this.#wake();
    });
    options.stop.signal.addEventListener("abort", this.#end);
  }

  /** The lines as they are typed, until Ctrl-D, Ctrl-C or {@link Symbol.dispose}. */
  async *lines(): AsyncGenerator<string, void> {
    this.#show();
    for (;;) {
      const line = this.#typed.shift();
      if (line !== undefined) {
        yield line;
        if (!this.#closed) this.#show();
        continue;
      }
      if (this.#closed) return;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Prints whole lines above the line being typed, which stays as it is. */
  readonly printAbove = (text: string): void => {
    if (this.#closed) {
      this.#screen.write(text);
      return;
    }
    const { rows } = this.#interface.getCursorPos();
    moveCursor(this.#screen, 0, -rows);
    cursorTo(this.#screen, 0);
    clearScreenDown(this.#screen);
    this.#screen.write(text.endsWith("\n") ? text : `${text}\n`);
    // drawing the line anew begins with going up as many rows as the cursor was down in it
    this.#screen.write("\n".repeat(rows));
    this.#show();
  };

  /** For an Output whose bytes go to the terminal that the prompt is on. */
  write(bytes: Uint8Array): Promise<number> {
    this.printAbove(this.#decoder.decode(bytes, { stream: true }));
    return Promise.resolve(bytes.length);
  }

  /** Draws the prompt and what is typed behind it, the cursor where it was. */
  #show(): void {
    this.#shown = true;
    this.#interface.prompt(true);
  }

  [Symbol.dispose](): void {
    this.#options.stop.signal.removeEventListener("abort", this.#end);
    if (!this.#closed) this.#interface.close();
  }
}

/** What Tab offers for the line so far: a command, or a topic where one belongs. */
export function complete(
  line: string,
  { role, topics }: { readonly role: Role; readonly topics: Iterable<string> },
): [offers: string[], of: string] {
  const words = /^\s*(?:[\d.]+\s+)?(?<verb>\S*)(?<gap>\s*)(?<topic>\S*)$/.exec(line)?.groups;
  const { verb = "", gap = "", topic = "" } = words ?? {};
  if (words === undefined || (gap === "" && /^[\d.]/.test(verb))) return [[], line];
  if (gap === "") {
    return [
      [...VERBS[role], "help"].filter((known) => known.startsWith(verb)).map((known) => `${known} `),
      verb,
    ];
  }
  if (!VERBS[role].includes(verb) || verb === "quit") return [[], topic];
  const wanted = topic.startsWith("#") ? topic : `#${topic}`;
  const known = [...topics].filter((name) => name.startsWith(wanted)).sort();
  // offers begin with what was typed, so a # that was left out is left out of them
  const skip = topic.startsWith("#") || topic === "" ? 0 : 1;
  return [known.map((name) => `${name.slice(skip)} `), topic];
}
