/**
 * A real terminal, which tmux holds: what is typed goes in, what a person would see comes out.
 *
 * @module
 */
import { type RunningBroker, startBroker } from "../support/broker.ts";
import { commandOf } from "./run_program.ts";

type ProgramName = "publisher" | "subscriber";

/** How a terminal is opened. */
export interface TerminalOptions {
  /** 60 and 24. */
  readonly columns?: number;
  readonly rows?: number;
}

/** Interactive shells, told to leave out whatever a person has set. */
const SHELLS = {
  bash: "bash --norc --noprofile -i",
  zsh: "zsh -f -i",
  // repairs nothing of what a program does to the terminal
  dash: "dash -i",
} as const;
export type Shell = keyof typeof SHELLS;

/** What is on the screen comes late on a busy machine. */
const PATIENCE_MS = 20_000;

/** A terminal of 60 columns and 24 rows with a program in it; `await using` ends it. */
export class Terminal implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts a program; its exit code is shown when it has ended. */
  static async start(
    program: ProgramName,
    args: readonly string[],
    options: TerminalOptions = {},
  ): Promise<Terminal> {
    const command = [...commandOf(program), ...args].map((word) => `'${word}'`).join(" ");
    return await Terminal.#open(`${command}; echo "code $?"; sleep 600`, options);
  }

  /** Starts a shell with the prompt `$ `, which knows `publisher` and `subscriber`. */
  static async shell(shell: Shell, options: TerminalOptions = {}): Promise<Terminal> {
    // said here: a shell that runs a command forgets the prompt of its surroundings
    const terminal = await Terminal.#open(`exec env PS1='$ ' ${SHELLS[shell]}`, options);
    await terminal.see(/^\$$/);
    return terminal;
  }

  /** Where programs on it keep what they keep for the user. */
  get state(): string {
    return `${this.#folder}/state`;
  }

  /** The process id of the publisher or subscriber that was started last from a shell. */
  async pid(): Promise<number> {
    return Number(await Deno.readTextFile(`${this.#folder}/pid`));
  }

  /** Types a text, key by key as a person does. */
  async type(text: string): Promise<void> {
    for (const key of text) await this.#tmux("send-keys", "-l", "--", key);
  }

  /** Types a line, all at once. */
  async enter(line: string): Promise<void> {
    await this.#tmux("send-keys", "-l", "--", line);
    await this.press("Enter");
  }

  /** Presses keys by name: `Enter`, `Tab`, `Up`, `C-c`. */
  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.#tmux("send-keys", key);
  }

  /** Pastes a text, marked as pasted where the program has asked for that, or else as if it were typed. */
  async paste(text: string, { marked }: { readonly marked: boolean }): Promise<void> {
    const file = `${this.#folder}/pasted`;
    await Deno.writeTextFile(file, text);
    await this.#tmux("load-buffer", file);
    await this.#tmux("paste-buffer", ...(marked ? ["-p"] : []));
  }

  /** Gives the terminal another size, and waits until programs can know of it: tmux tells it with a delay. */
  async resize(columns: number, rows = 24): Promise<void> {
    await this.#tmux("resize-window", "-x", `${columns}`, "-y", `${rows}`);
    const tty = (await this.#tmux("display-message", "-p", "#{pane_tty}")).trim();
    for (const until = performance.now() + PATIENCE_MS;;) {
      const { stdout } = await new Deno.Command("stty", { args: ["-F", tty, "size"] }).output();
      const size = new TextDecoder().decode(stdout).trim();
      if (size === `${rows} ${columns}`) return;
      if (performance.now() > until) throw new Error(`the size of ${tty} is ${size}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** The screen as soon as it matches, without the empty rows below. */
  async see(pattern: RegExp): Promise<string> {
    for (const until = performance.now() + PATIENCE_MS;;) {
      const screen = (await this.#tmux("capture-pane", "-p")).trimEnd();
      if (pattern.test(screen)) return screen;
      if (performance.now() > until) throw new Error(`${pattern} is not on the screen:\n${screen}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** The screen and what was scrolled off it, rows that the terminal broke at its edge joined. */
  async all(): Promise<string> {
    return (await this.#tmux("capture-pane", "-p", "-J", "-S", "-")).trimEnd();
  }

  /** Waits until the cursor is in this column and this row. */
  async seeCursor(x: number, y: number): Promise<void> {
    for (const until = performance.now() + PATIENCE_MS;;) {
      const found = await this.cursor();
      if (found[0] === x && found[1] === y) return;
      if (performance.now() > until) throw new Error(`the cursor is at ${found}, not at ${[x, y]}`);
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

  static async #open(
    command: string,
    { columns = 60, rows = 24 }: TerminalOptions,
  ): Promise<Terminal> {
    const folder = await Deno.makeTempDir();
    await Deno.mkdir(`${folder}/bin`);
    for (const name of ["publisher", "subscriber"] as const) {
      const script = `#!/bin/sh\necho $$ > '${folder}/pid'\nexec ${commandOf(name).join(" ")} "$@"\n`;
      await Deno.writeTextFile(`${folder}/bin/${name}`, script, { mode: 0o755 });
    }
    const terminal = new Terminal(folder);
    await terminal.#tmux("new-session", "-d", "-x", `${columns}`, "-y", `${rows}`, command);
    return terminal;
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command("tmux", {
      args: ["-S", `${this.#folder}/socket`, "-f", "/dev/null", ...args],
      env: {
        TERM: "xterm-256color",
        LC_ALL: "C.UTF-8",
        PATH: `${this.#folder}/bin:${Deno.env.get("PATH") ?? ""}`,
        // nobody's own history is written, the shell's and ours
        HISTFILE: "/dev/null",
        XDG_STATE_HOME: this.state,
        XDG_CONFIG_HOME: `${this.#folder}/config`,
      },
    }).output();
    const decoder = new TextDecoder();
    if (!success) throw new Error(`tmux ${args[0]}: ${decoder.decode(stderr)}`);
    return decoder.decode(stdout);
  }
}

async function missing(program: string, ...args: readonly string[]): Promise<string | undefined> {
  return await new Deno.Command(program, { args: [...args], stdout: "null", stderr: "null" }).output()
    .then(() => undefined, (error) => `${program} cannot be run: ${error.message}`);
}

const noTmux = await missing("tmux", "-V");
const noShell = new Map<Shell, string | undefined>();
for (const shell of Object.keys(SHELLS) as Shell[]) noShell.set(shell, await missing(shell, "-c", ":"));

/** A test that needs a terminal, and a shell where one is named; without them it is skipped and says so. */
export function testOnTerminal(
  name: string,
  fn: (broker: RunningBroker) => Promise<void>,
  { shell }: { readonly shell?: Shell } = {},
): void {
  const why = noTmux ?? (shell === undefined ? undefined : noShell.get(shell));
  Deno.test({
    name: why === undefined ? name : `${name} (skipped: ${why})`,
    ignore: why !== undefined,
    fn: async () => {
      await using broker = await startBroker();
      await fn(broker);
    },
  });
}
