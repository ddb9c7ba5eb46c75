/**
 * The keyboard: a prompt with history and Tab completion, above which messages are printed while one types.
 *
 * @module
 */
import { visible } from "../../text.ts";
import type { Role } from "../commands/grammar.ts";
import type { OutputTarget } from "../output/output.ts";
import { writeTextSync } from "../process/files.ts";
import type { Stop } from "../process/signals.ts";
import { complete } from "./complete.ts";
import { History } from "./history.ts";
import { Keyboard } from "./keyboard.ts";
import type { Key, Motion } from "./keys.ts";
import { Line } from "./line.ts";
import { drawable, type Drawn, Screen } from "./screen.ts";

/** How the prompt looks and behaves. */
export interface PromptOptions {
  readonly role: Role;
  /** Stands before the line being typed, with `> ` after it. */
  readonly name: string;
  /** Topics to complete. */
  readonly topics: () => Iterable<string>;
  /** What the arrow keys give, and where entered lines are kept; without it they are for this run only. */
  readonly history?: History;
  /** Ctrl-C asks for the stop; a stop ends the prompt. */
  readonly stop: Stop;
}

/** Offers that Tab lists. */
const OFFERS_MOST = 100;

/**
 * One at a time: it owns the terminal until it is disposed of.
 *
 * While a line is carried out, nothing is shown of what is typed; it is taken, in order, when the prompt is
 * back.
 */
export class Prompt implements Disposable, OutputTarget {
  readonly #options: PromptOptions;
  readonly #history: History;
  readonly #line: Line;
  readonly #screen: Screen;
  readonly #keyboard: Keyboard;
  readonly #prompt: string;
  #keys: Key[] = [];
  /** The first of the keys that were not taken yet. */
  #nextKey = 0;
  readonly #decoder = new TextDecoder();
  readonly #end = (): void => this.#close();
  #wake = (): void => {};
  #closed = false;
  /** Whether a line is being typed, and not carried out. */
  #asking = false;
  /** Whether a shell has the terminal. */
  #away = false;

  constructor(options: PromptOptions) {
    this.#options = options;
    this.#history = options.history ?? new History();
    this.#line = new Line(this.#history.lines);
    this.#prompt = `${visible(options.name)}> `;
    // with stdout in a pipe, the dialogue is on stderr
    const out = Deno.stdout.isTerminal() ? Deno.stdout : Deno.stderr;
    const write = (text: string): number => writeTextSync(out, text);
    this.#screen = new Screen({ write, size: terminalSize });
    this.#keyboard = new Keyboard({
      keys: (keys) => this.#take(keys),
      end: () => this.#close(),
      resized: () => {
        if (!this.#asking || this.#away) return;
        this.#screen.resized();
        this.#draw();
      },
      leaving: () => {
        this.#leaveLine();
        this.#away = true;
      },
      back: () => {
        this.#away = false;
        this.#screen.begin();
        if (this.#asking) this.#draw();
      },
    }, write);
    this.#screen.begin();
    options.stop.signal.addEventListener("abort", this.#end);
  }

  /** How many cells fit beside one another. */
  get columns(): number {
    return terminalSize().columns;
  }

  /** The lines as they are typed, until Ctrl-D, Ctrl-C or {@link Symbol.dispose}. */
  async *lines(): AsyncGenerator<string, void> {
    for (;;) {
      const line = await this.#ask();
      if (line === undefined) return;
      yield line;
    }
  }

  /** Prints whole lines above the line being typed, which stays as it is. */
  readonly printAbove = (text: string): void => {
    const below = this.#asking && !this.#away ? this.#drawn() : undefined;
    this.#screen.print(text.endsWith("\n") ? text : `${text}\n`, below);
  };

  /** For an Output whose bytes go to the terminal that the prompt is on. */
  write(bytes: Uint8Array): Promise<number> {
    this.printAbove(this.#decoder.decode(bytes, { stream: true }));
    return Promise.resolve(bytes.length);
  }

  [Symbol.dispose](): void {
    this.#options.stop.signal.removeEventListener("abort", this.#end);
    this.#close();
  }

  async #ask(): Promise<string | undefined> {
    if (this.#closed) return undefined;
    this.#asking = true;
    for (;;) {
      while (!this.#closed && this.#nextKey < this.#keys.length) {
        const line = this.#press(this.#keys[this.#nextKey++]!);
        if (line !== undefined) return line;
      }
      this.#keys = [];
      this.#nextKey = 0;
      if (this.#closed) return undefined;
      this.#draw();
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  #take(keys: readonly Key[]): void {
    for (const key of keys) {
      // at once, whatever is being carried out
      if ("does" in key && key.does === "interrupt") this.#options.stop.interrupt();
      else this.#keys.push(key);
    }
    this.#wake();
  }

  /** The line, when the key ends it. */
  #press(key: Key): string | undefined {
    if ("text" in key) {
      this.#line.insert(key.text);
      return undefined;
    }
    switch (key.does) {
      case "enter":
        return this.#enter();
      case "tab":
        this.#complete();
        return undefined;
      case "clear screen":
        this.#screen.clear();
        return undefined;
      case "end of input":
        if (this.#line.text === "") this.#close();
        else this.#line.move("delete");
        return undefined;
      default:
        this.#line.move(key.does satisfies Motion);
        return undefined;
    }
  }

  #enter(): string {
    this.#draw();
    this.#leaveLine();
    this.#asking = false;
    const line = this.#line.take();
    this.#history.add(line);
    this.#line.toNewest();
    return line;
  }

  #complete(): void {
    const { role, topics } = this.#options;
    const [offers, of] = complete(this.#line.before, { role, topics: topics() });
    const common = commonStart(offers);
    if (common.length > of.length) this.#line.insert(common.slice(of.length));
    else if (offers.length > 1) {
      const more = offers.length > OFFERS_MOST ? [`and ${offers.length - OFFERS_MOST} more`] : [];
      this.printAbove([...offers.slice(0, OFFERS_MOST), ...more].map((offer) => visible(offer)).join(" "));
    }
  }

  #draw(): void {
    this.#screen.draw(this.#drawn());
  }

  #drawn(): Drawn {
    const before = this.#prompt + drawable(this.#line.before);
    const after = drawable(this.#line.text.slice(this.#line.cursor));
    return { text: before + after, cursor: before.length };
  }

  /** Whatever comes next begins on a line of its own. */
  #leaveLine(): void {
    this.#screen.leave(this.#prompt + drawable(this.#line.text));
  }

  #close(): void {
    this.#closed = true;
    this.#leaveLine();
    this.#asking = false;
    this.#keyboard[Symbol.dispose]();
    this.#wake();
  }
}

function commonStart([first = "", ...others]: readonly string[]): string {
  let length = first.length;
  for (const other of others) {
    while (!other.startsWith(first.slice(0, length))) length--;
  }
  return first.slice(0, length);
}

function terminalSize(): { readonly columns: number; readonly rows: number } {
  const { columns, rows } = Deno.consoleSize();
  // a terminal that does not know its size says 0
  return { columns: columns || 80, rows: rows || 24 };
}
