/**
 * A data directory of a test's own, and a broker that is started there and lives no longer than a test may
 * take.
 *
 * @module
 */
import { type RunningBroker, startBroker as start, type StartBrokerOptions } from "../support/broker.ts";
import { RawClient } from "../support/raw_client.ts";

/** Milliseconds a broker may live. */
const TEST_MS_MOST = 30_000;

/** The command that starts a broker, for who runs it under another. */
export const BROKER: readonly string[] = [
  Deno.execPath(),
  "run",
  "-A",
  "--quiet",
  new URL("../../broker.ts", import.meta.url).pathname,
];

/** A broker that is killed where a test would wait for it for ever. */
export async function startBroker(
  args: readonly string[],
  options?: StartBrokerOptions,
): Promise<RunningBroker> {
  const broker = await start(args, options);
  const late = setTimeout(() => broker.kill("SIGKILL"), TEST_MS_MOST);
  void broker.ended.then(() => clearTimeout(late));
  return broker;
}

/** A data directory, gone with the test. */
export async function inFolder(work: (data: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "hashbus-disk-" });
  try {
    await work(`${directory}/data`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A client that has said hello in v2, and was answered. */
export async function v2(port: number): Promise<RawClient> {
  const client = await RawClient.connect(port);
  await client.ask("test hello 2");
  await client.line();
  return client;
}

/** The stored messages of a pattern, in the order they are given. */
export async function stored(broker: RunningBroker, pattern: string): Promise<string[]> {
  using reader = await v2(broker.subPort);
  await reader.send(`sub ${pattern} from=earliest\n`);
  const payloads: string[] = [];
  for (let line = await reader.line(); line !== undefined; line = await reader.line()) {
    if (line.startsWith('info {"live"')) return payloads;
    if (line.startsWith("pub ")) payloads.push(await reader.line() ?? "");
  }
  throw new Error("the broker ended a replay");
}

/** What is said to a request; undefined when the connection ends before. */
export async function answerTo(client: RawClient, request: string): Promise<string | undefined> {
  try {
    await client.send(request);
    return await client.line();
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset) {
      return undefined;
    }
    throw error;
  }
}
