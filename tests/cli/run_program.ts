/**
 * The programs as their users run them: processes with a stdin that is not a terminal.
 *
 * @module
 */
import { Program, type ProgramOptions } from "../../scripts/program.ts";
import type { RunningBroker } from "../support/broker.ts";

/** A program of ours; a broker that is started like this is one that does not stay. */
type Name = "broker" | "publisher" | "subscriber";

/** How a program is started. */
export interface StartOptions extends Pick<ProgramOptions, "stdin" | "env"> {
  /** Words before the program: what runs it with other rights. */
  readonly under?: readonly string[];
}

/** How a program ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a program; `await using` kills it. */
export function start(
  name: Name,
  args: readonly string[],
  { under = [], ...options }: StartOptions = {},
): Program {
  const env = { ...NOTHING_SAVED, ...options.env };
  const command = [...under, ...commandOf(name), ...args];
  return Program.start(command, { name, stopSignal: "SIGKILL", ...options, env });
}

/** Whoever runs the tests may have saved connections. */
const NOTHING_SAVED = { HASHBUS_URL: "", XDG_CONFIG_HOME: "/nonexistent" };

/** The words that run a program of ours. */
export function commandOf(name: Name): string[] {
  const script = new URL(`../../${name}.ts`, import.meta.url).pathname;
  return [Deno.execPath(), "run", "-A", "--quiet", script];
}

/** Runs a program to its end. */
export async function run(name: Name, args: readonly string[], options: StartOptions = {}): Promise<Ended> {
  return await endOf(start(name, args, options));
}

/** How a program that ends by itself has ended. */
export async function endOf(program: Program): Promise<Ended> {
  const { code } = await program.ended;
  return { code, stdout: program.stdout, stderr: program.stderr };
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
): Promise<Program> {
  const subscriber = start("subscriber", [...subscriberOf(broker), "-v", "-t", pattern, ...args]);
  await subscriber.see(/subscribed to/, { on: "stderr" });
  return subscriber;
}
