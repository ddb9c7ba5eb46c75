/**
 * The broker's program in this process, until it is stopped: signals, stdout and stderr are the test's.
 *
 * @module
 */
import { BROKER } from "../../../lib/cli/broker/options.ts";
import { serve } from "../../../lib/cli/broker/serve.ts";
import { readArguments } from "../../../lib/cli/options/arguments.ts";
import { readValues } from "../../../lib/cli/options/values.ts";
import { within } from "../../support/within.ts";
import { standIn, StandInStream } from "../stand_in.ts";

const FREE = ["-s", "0", "-p", "0"];
/** What is opened on disk waits for it. */
const PATIENCE_MS = 40_000;

/** What runs, until it is stopped. */
export interface Running {
  readonly ready: string;
  readonly sub: number;
  readonly pub: number;
  /** Its log lines so far, without their times. */
  readonly log: () => readonly string[];
  /** As SIGTERM does. */
  readonly stop: () => void;
  /** As SIGHUP does. */
  readonly hangUp: () => void;
  /** Who waits for a signal now, by its name. */
  readonly waiting: (signal: string) => number;
  /** It is over, however it ended. */
  readonly over: () => boolean;
}

/** Runs it with these words and stops it; its exit code and all it has logged by then, for which `logWaits`. */
export async function served(
  words: readonly string[],
  body: (running: Running) => Promise<void> = () => Promise.resolve(),
  { logWaits }: { readonly logWaits?: Promise<void> } = {},
): Promise<{ readonly code: number; readonly log: readonly string[] }> {
  const signals: [signal: string, listener: () => void][] = [];
  using stdout = new StandInStream("stdout");
  using stderr = new StandInStream("stderr");
  const write = async (bytes: Uint8Array): Promise<number> => {
    await logWaits;
    return stderr.write(bytes);
  };
  using _stderr = standIn(Deno.stderr, "write", write);
  const add = (signal: string, listener: () => void): void => void signals.push([signal, listener]);
  const remove = (signal: string, listener: () => void): void => {
    const at = signals.findIndex(([name, one]) => name === signal && one === listener);
    if (at !== -1) signals.splice(at, 1);
  };
  const waitingFor = (signal: string): (() => void)[] =>
    signals.filter(([name]) => name === signal).map(([, listener]) => listener);
  using _signals = standIn(Deno, "addSignalListener", add as typeof Deno.addSignalListener);
  using _removed = standIn(Deno, "removeSignalListener", remove as typeof Deno.removeSignalListener);
  // what would end the process in time if it did not come to its end is not waited for here
  using _timers = standIn(Deno, "unrefTimer", (timer) => clearTimeout(timer));
  const line = readArguments(BROKER, [...FREE, ...words]);
  if ("print" in line) throw new TypeError(`asked to print its ${line.print}`);
  const serving = serve(readValues(BROKER, [line.given]));
  let ended = false;
  void serving.catch(() => 0).then(() => ended = true);
  const log = (): readonly string[] =>
    stderr.text.trimEnd().split("\n").map((line) => line.replace(/^\d\S+ /, ""));
  let stopped = false;
  // a second one would end the process at once
  const stop = (): void => {
    if (!stopped) { for (const listener of waitingFor("SIGTERM")) listener(); }
    stopped = true;
  };
  const ready = async (): Promise<void> => {
    while (stdout.text === "") await new Promise((resolve) => setTimeout(resolve, 1));
  };
  await within("a broker that is ready", Promise.race([ready(), serving]), PATIENCE_MS);
  const [, sub, pub] = /:(\d+), publishers \S*:(\d+)/.exec(stdout.text) ?? [];
  try {
    await body({
      ready: stdout.text,
      sub: Number(sub),
      pub: Number(pub),
      log,
      stop,
      hangUp: () => {
        for (const listener of waitingFor("SIGHUP")) listener();
      },
      waiting: (signal) => waitingFor(signal).length,
      over: () => ended,
    });
  } finally {
    stop();
    // by then it is told, and its time has begun
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return { code: await within("the end of the broker", serving), log: log() };
}
