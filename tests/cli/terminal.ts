/**
 * A real terminal, which tmux holds: what is typed goes in, what a person would see comes out.
 *
 * @module
 */
import { type RunningBroker, startBroker } from "../support/broker.ts";

/** A terminal of 60 columns and 24 rows with a program in it; `await using` ends it. */
export class Terminal implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts a program; its exit code is shown when it has ended. */
  static async start(program: "publisher" | "subscriber", args: readonly string[]): Promise<Terminal> {
    const terminal = new Terminal(await Deno.makeTempDir());
    const script = new URL(`../../${program}.ts`, import.meta.url).pathname;
    const command = [Deno.execPath(), "run", "-A", "--quiet", script, ...args].map((word) => `'${word}'`)
      .join(" ");
    await terminal.#tmux(
      "new-session",
      "-d",
      "-x",
      "60",
      "-y",
      "24",
      `${command}; echo "code $?"; sleep 600`,
    );
    return terminal;
  }

  /** Types a text, key by key as a person does. */
  async type(text: string): Promise<void> {
    for (const key of text) await this.#tmux("send-keys", "-l", key);
  }

  /** Presses keys by name: `Enter`, `Tab`, `Up`, `C-c`. */
  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.#tmux("send-keys", key);
  }

  /** The screen as soon as it matches, without the empty rows below. */
  async see(pattern: RegExp): Promise<string> {
    for (const until = performance.now() + 20_000;;) {
      const screen = (await this.#tmux("capture-pane", "-p")).trimEnd();
      if (pattern.test(screen)) return screen;
      if (performance.now() > until) throw new Error(`${pattern} is not on the screen:\n${screen}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** The column and the row of the cursor. */
  async cursor(): Promise<[x: number, y: number]> {
    const [x = NaN, y = NaN] = (await this.#tmux("display-message", "-p", "#{cursor_x} #{cursor_y}")).split(
      " ",
    ).map(Number);
    return [x, y];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server");
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command("tmux", {
      args: ["-S", `${this.#folder}/socket`, "-f", "/dev/null", ...args],
      env: { TERM: "xterm-256color", LC_ALL: "C.UTF-8" },
    }).output();
    const decoder = new TextDecoder();
    if (!success) throw new Error(`tmux ${args[0]}: ${decoder.decode(stderr)}`);
    return decoder.decode(stdout);
  }
}

const missing = await new Deno.Command("tmux", { args: ["-V"], stdout: "null" }).output()
  .then(() => undefined, (error) => `tmux cannot be run: ${error.message}`);

/** A test that needs a terminal; without tmux it is skipped and says so. */
export function testOnTerminal(name: string, fn: (broker: RunningBroker) => Promise<void>): void {
  Deno.test({
    name: missing === undefined ? name : `${name} (skipped: ${missing})`,
    ignore: missing !== undefined,
    fn: async () => {
      await using broker = await startBroker();
      await fn(broker);
    },
  });
}
