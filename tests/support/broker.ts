/**
 * A broker as its users run it: a process of its own, on ports that were free.
 *
 *     await using broker = await startBroker();
 *     const publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
 *
 * @module
 */
import { childOf, type ChildText, words } from "./child.ts";

/** A running broker. `await using` ends it. */
export interface RunningBroker extends AsyncDisposable {
  readonly host: string;
  readonly subPort: number;
  readonly pubPort: number;
  readonly pid: number;
  /** What it has printed so far. */
  readonly stdout: string;
  /** What it has logged so far. */
  readonly stderr: string;
  /** Settles when it has ended and everything it printed is in {@link stdout} and {@link stderr}. */
  readonly ended: Promise<Deno.CommandStatus>;
  /** Sends a signal and goes on (SIGSTOP, SIGCONT, SIGKILL, …). */
  kill(signal: Deno.Signal): void;
  /**
   * Sends SIGTERM (or another), waits until it has ended (SIGKILL after 15 s); a second call gives the same
   * answer.
   */
  stop(signal?: Deno.Signal): Promise<Deno.CommandStatus>;
}

/** How {@link startBroker} starts it. */
export interface StartBrokerOptions {
  /** What to run instead of `deno run -A broker.ts`: a compiled broker. */
  readonly command?: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** How long it may take until it is ready, milliseconds (30,000: a shared machine can be slow). */
  readonly timeout?: number;
}

const READY = /^broker ready: subscribers (\S+):(\d+), publishers \S+:(\d+)/m;
const STOP_WITHIN_MS = 15_000;

/** Starts a broker with these arguments (free ports unless they name others) and waits for its ready line. */
export async function startBroker(
  args: readonly string[] = [],
  options: StartBrokerOptions = {},
): Promise<RunningBroker> {
  const script = new URL("../../broker.ts", import.meta.url).pathname;
  const [program, ...before] = options.command ?? [Deno.execPath(), "run", "-A", "--quiet", script];
  if (program === undefined) throw new TypeError("the command is empty: name a program");
  const child = new Deno.Command(program, {
    args: words([...before, ...withFreePorts(args)]),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: { ...options.env } }),
  }).spawn();
  const text = childOf(child);
  let ready: RegExpMatchArray;
  try {
    ready = await text.see(READY, { timeout: options.timeout ?? 30_000 });
  } catch (error) {
    await end(text, "SIGKILL");
    throw error;
  }
  return {
    host: ready[1] ?? "",
    subPort: Number(ready[2]),
    pubPort: Number(ready[3]),
    pid: child.pid,
    get stdout(): string {
      return text.stdout;
    },
    get stderr(): string {
      return text.stderr;
    },
    ended: text.ended,
    kill: (signal) => text.kill(signal),
    stop: (signal = "SIGTERM") => end(text, signal),
    [Symbol.asyncDispose]: async () => void await end(text, "SIGTERM"),
  };
}

async function end(text: ChildText, signal: Deno.Signal): Promise<Deno.CommandStatus> {
  text.kill(signal);
  const late = setTimeout(() => text.kill("SIGKILL"), STOP_WITHIN_MS);
  try {
    return await text.ended;
  } finally {
    clearTimeout(late);
  }
}

function withFreePorts(args: readonly string[]): string[] {
  const names = (short: string, long: string): boolean =>
    args.some((arg) => arg === short || arg === long || arg.startsWith(`${long}=`));
  return [
    ...(names("-s", "--sub-port") ? [] : ["-s", "0"]),
    ...(names("-p", "--pub-port") ? [] : ["-p", "0"]),
    ...args,
  ];
}
