/**
 * A broker as its users run it: a process of its own, on ports that were free.
 *
 *     await using broker = await startBroker();
 *     const publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
 *
 * @module
 */
import { Program } from "../../scripts/program.ts";

/** A running broker. `await using` ends it. */
export type RunningBroker = Program & {
  readonly host: string;
  readonly subPort: number;
  readonly pubPort: number;
};

/** How {@link startBroker} starts it. */
export interface StartBrokerOptions {
  /** What to run instead of `deno run -A broker.ts`: a compiled broker. */
  readonly command?: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly clearEnv?: boolean;
  /** Called when it has ended: takes away what it leaves behind. */
  readonly after?: () => Promise<void>;
  /** How long it may take until it is ready, milliseconds. */
  readonly timeout?: number;
}

const READY = /^broker ready: subscribers (\S+):(\d+), publishers \S+:(\d+)/;
/** What is acknowledged is delivered first, on a machine that may be busy. */
const STOP_WITHIN_MS = 15_000;

/** Starts a broker with these arguments (free ports unless they name others) and waits for its ready line. */
export async function startBroker(
  args: readonly string[] = [],
  { command, timeout, ...options }: StartBrokerOptions = {},
): Promise<RunningBroker> {
  const script = new URL("../../broker.ts", import.meta.url).pathname;
  const program = Program.start(
    [...(command ?? [Deno.execPath(), "run", "-A", "--quiet", script]), ...withFreePorts(args)],
    { name: "broker", graceMs: STOP_WITHIN_MS, ...options },
  );
  try {
    const ready = await program.line(READY, timeout === undefined ? {} : { timeout });
    const [, host = "", subPort, pubPort] = ready;
    return Object.assign(program, { host, subPort: Number(subPort), pubPort: Number(pubPort) });
  } catch (error) {
    await program.stop("SIGKILL");
    throw error;
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
