/**
 * `deno task compile [--out DIR] [options of deno compile]`: the three programs as executables that need nothing beside
 * them. `--target x86_64-pc-windows-msvc` and the like are passed on. `DENORT_BIN`, where set, names the runtime to build
 * on; otherwise Deno fetches its own once.
 *
 * @module
 */
import { RunError, UsageError } from "../lib/errors.ts";
import { tellHelp } from "./flags.ts";
import { Program } from "./program.ts";
import { printLine } from "./terminal.ts";

/**
 * What a client may do: --record and the history of the prompt write; the rest finds the folders of the
 * user, and the machine's name for an id that is made.
 */
const CLIENT = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-sys=hostname",
  "--allow-env=NO_COLOR,HASHBUS_*,HOME,XDG_CONFIG_HOME,XDG_STATE_HOME,APPDATA,LOCALAPPDATA",
];

/** What each program may do: nothing beside it is asked for, the executable says no instead. */
const PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
  // --data writes
  broker: ["--allow-net", "--allow-read", "--allow-write", "--allow-env=NO_COLOR,HASHBUS_*"],
  publisher: [...CLIENT],
  // --ack exec runs a command, which has all that the subscriber's environment holds
  subscriber: [...CLIENT.filter((right) => !right.startsWith("--allow-env")), "--allow-env", "--allow-run"],
};

/** What a program starts without importing it. */
const INCLUDED: Readonly<Record<string, readonly string[]>> = {
  // the threads of the store
  broker: ["lib/store/sqlite/threads/worker.ts"],
};

/**
 * What the engine is told. The broker lets go of nearly everything it makes at once; with the space for young objects it would take
 * by itself (3 × 16 MiB) its memory grows for minutes before that is noticed, and it is no faster.
 */
const ENGINE: Readonly<Record<string, readonly string[]>> = {
  broker: ["--v8-flags=--max-semi-space-size=2"],
};

const ROOT = `${import.meta.dirname}/..`;

/** The runtime that executables are built on is neither named by `DENORT_BIN` nor to be fetched. */
export class RuntimeMissing extends RunError {}

/** What to compile, and how. */
export interface CompileOptions {
  /** Where the executables go; made when missing. */
  readonly out: string;
  /** Further options of `deno compile`. */
  readonly passOn?: readonly string[];
  /** Called with each executable's path when it is there. */
  readonly onDone?: (path: string) => void;
}

/** Compiles all three. Throws {@link RuntimeMissing} or RunError. */
export async function compileAll({ out, passOn = [], onDone }: CompileOptions): Promise<void> {
  await Deno.mkdir(out, { recursive: true });
  for (const [name, permissions] of Object.entries(PERMISSIONS)) {
    const output = `${out}/${name}`;
    const included = (INCLUDED[name] ?? []).flatMap((path) => ["--include", `${ROOT}/${path}`]);
    const engine = ENGINE[name] ?? [];
    await compile(name, [...permissions, ...engine, ...included, ...passOn, "--output", output]);
    onDone?.(targetIsWindows(passOn) ? `${output}.exe` : output);
  }
}

async function compile(name: string, options: readonly string[]): Promise<void> {
  const always = ["--quiet", "--no-prompt", "--exclude-unused-npm", "--config", `${ROOT}/deno.json`];
  await using compiler = Program.start(
    [Deno.execPath(), "compile", ...always, ...options, `${ROOT}/${name}.ts`],
    { env: { NO_COLOR: "1" } },
  );
  const { success } = await compiler.ended;
  if (success) return;
  const said = compiler.lines.join("\n");
  if (said.includes("Setting up base binary") && /error sending request|download|http/i.test(said)) {
    throw new RuntimeMissing(
      "the runtime that executables are built on cannot be fetched: connect to the network, or set DENORT_BIN to a denort of this version",
    );
  }
  const causes = said.replace(/\n+Stack backtrace[^]*$/, "").split("\n").filter((line) => line !== "");
  throw new RunError(`${name}.ts cannot be compiled: ${causes.map((line) => line.trim()).join(" ")}`);
}

function targetIsWindows(options: readonly string[]): boolean {
  const at = options.indexOf("--target");
  const target = at >= 0 ? options[at + 1] : options.find((option) => option.startsWith("--target="));
  return target === undefined ? Deno.build.os === "windows" : target.includes("windows");
}

function readOptions(args: readonly string[]): { readonly out: string; readonly passOn: readonly string[] } {
  const at = args.indexOf("--out");
  if (at === -1) return { out: "dist", passOn: args };
  const out = args[at + 1];
  if (out === undefined || out === "") throw new UsageError("--out needs a folder");
  return { out, passOn: args.toSpliced(at, 2) };
}

async function main(): Promise<number> {
  try {
    await compileAll({ ...readOptions(Deno.args), onDone: (path) => printLine(path) });
    return 0;
  } catch (error) {
    if (!(error instanceof RunError || error instanceof UsageError)) throw error;
    printLine(`compile: ${error.message}`, Deno.stderr);
    return error instanceof UsageError ? 2 : 1;
  }
}

if (import.meta.main) {
  tellHelp(import.meta.url);
  Deno.exit(await main());
}
