/**
 * The programs as their users run them: processes with a stdin that is not a terminal.
 *
 * @module
 */
import { childOf, type ChildText, words } from "../support/child.ts";
import type { RunningBroker } from "../support/broker.ts";

/** A running program; `await using` ends it. */
export interface RunningProgram extends ChildText, AsyncDisposable {
  /** Writes to its stdin, which is open only when asked for. */
  write(text: string | Uint8Array): Promise<void>;
  /** Ends its stdin. */
  end(): Promise<void>;
}

/** A program of ours; a broker that is started like this is one that does not stay. */
type Program = "broker" | "publisher" | "subscriber";

/** How a program is started. */
export interface StartOptions {
  /** Words before the program: what runs it with other rights. */
  readonly under?: readonly string[];
  /** All of its stdin; `open` leaves it to {@link RunningProgram.write}; by default it is empty, as with `</dev/null`. */
  readonly stdin?: string | Uint8Array | "open";
  readonly env?: Readonly<Record<string, string>>;
}

/** How a program ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a program. */
export function start(
  program: Program,
  args: readonly string[],
  { stdin, env = {}, under = [] }: StartOptions = {},
): RunningProgram {
  const script = new URL(`../../${program}.ts`, import.meta.url).pathname;
  const [command = Deno.execPath(), ...before] = [...under, Deno.execPath()];
  const child = new Deno.Command(command, {
    args: words([...before, "run", "-A", "--quiet", script, ...args]),
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    env: { ...env },
  }).spawn();
  const text = childOf(child);
  const writer = stdin === undefined ? undefined : child.stdin.getWriter();
  const write = async (bytes: string | Uint8Array): Promise<void> => {
    await writer?.write(typeof bytes === "string" ? new TextEncoder().encode(bytes) : new Uint8Array(bytes));
  };
  const end = async (): Promise<void> => await writer?.close();
  if (stdin !== undefined && stdin !== "open") {
    // a program may end before it has read all
    write(stdin).then(end).catch(() => {});
  }
  return {
    get stdout(): string {
      return text.stdout;
    },
    get stderr(): string {
      return text.stderr;
    },
    ended: text.ended,
    see: text.see,
    kill: text.kill,
    write,
    end,
    [Symbol.asyncDispose]: async (): Promise<void> => {
      text.kill("SIGKILL");
      await text.ended;
    },
  };
}

/** Runs a program to its end. */
export async function run(
  program: Program,
  args: readonly string[],
  options: StartOptions = {},
): Promise<Ended> {
  const running = start(program, args, options);
  const { code } = await running.ended;
  return { code, stdout: running.stdout, stderr: running.stderr };
}

/** A publisher's way to this broker. */
export function publisherOf(broker: RunningBroker, id = "p1"): string[] {
  return ["-i", id, "-p", `${broker.pubPort}`];
}

/** A subscriber's way to this broker. */
export function subscriberOf(broker: RunningBroker, id = "s1"): string[] {
  return ["-i", id, "-p", `${broker.subPort}`];
}

/** Starts a subscriber and waits until it is subscribed to the pattern. */
export async function startSubscribed(
  broker: RunningBroker,
  { pattern, args = [] }: { readonly pattern: string; readonly args?: readonly string[] },
): Promise<RunningProgram> {
  const subscriber = start("subscriber", [...subscriberOf(broker), "-v", "-t", pattern, ...args]);
  await subscriber.see(/subscribed to/, { on: "stderr" });
  return subscriber;
}
