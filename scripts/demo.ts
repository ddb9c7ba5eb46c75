/**
 * `deno task demo [1|2|3]`: a broker, a subscriber and publishers as processes of their own, and what each prints.
 *
 * Ends by itself inside 30 s: with `demo: N published, N received` and 0 when what should arrive did, exactly; with what
 * went wrong and 1 otherwise. However it ends, the processes it started end with it.
 *
 * @module
 */
import { RunError, UsageError } from "../lib/errors.ts";
import { quote, visible } from "../lib/text.ts";
import { type ClientFile, type Pair, PAIRS } from "./demo_pairs.ts";
import type { Source } from "./printed.ts";
import { tellHelp } from "./flags.ts";
import { Program } from "./program.ts";
import { printLine, STOP_SIGNALS } from "./terminal.ts";

/** The whole demo takes at most so long. */
const MOST_MS = 25_000;
/** What was published arrives within this, or is taken for lost. */
const ARRIVAL_MS = 3_000;

const ROOT = `${import.meta.dirname}/..`;
const COLOURED = Deno.stdout.isTerminal() && (Deno.env.get("NO_COLOR") ?? "") === "";
/** ANSI colours of the broker, the subscriber and the publishers. */
const COLOURS = { broker: 33, subscriber: 32, publisher: 36 } as const;

type Role = keyof typeof COLOURS;

/** A message as one line, `#topic payload`: what a subscriber prints. */
interface Published {
  readonly topic: string;
  readonly line: string;
}

/** Set to end the demo before its time: why. */
const ended = Promise.withResolvers<never>();
// whoever races against it is told; it may also never be waited for
ended.promise.catch(() => {});

function say(line: string): void {
  if (!printLine(line)) ended.reject(new RunError("nobody reads what it prints"));
}

/** Starts one of the three programs and shows what it prints, its name before each line. */
function start(
  role: Role,
  args: readonly string[],
  { name, onLine }: { readonly name: string; readonly onLine?: (line: string, source: Source) => void },
): Program {
  const shown = name.padEnd(14);
  const prefix = COLOURED ? `\x1b[${COLOURS[role]}m${shown}|\x1b[0m` : `${shown}|`;
  const command = [Deno.execPath(), "run", "-A", "--quiet", `${ROOT}/${role}.ts`, ...args];
  return Program.start(command, {
    name,
    env: { NO_COLOR: "1", HASHBUS_URL: "hashbus://127.0.0.1" },
    onLine: (line, source) => {
      say(`${prefix} ${visible(line, "\t")}`);
      onLine?.(line, source);
    },
  });
}

async function demo(pair: Pair): Promise<{ published: number; received: number }> {
  await using broker = start("broker", ["-s", "0", "-p", "0"], { name: "broker" });
  const [, subscriberPort = "", publisherPort = ""] = await broker.line(
    /ready: subscribers \S+:(\d+), publishers \S+:(\d+)/,
  );
  const received: string[] = [];
  let enough = Promise.withResolvers<void>();
  await using subscriber = startClient("subscriber", pair.subscriber, {
    port: subscriberPort,
    onLine: (line, source) => {
      if (source !== "stdout") return;
      received.push(line);
      enough.resolve();
      enough = Promise.withResolvers<void>();
    },
  });
  await subscriber.line(/connected to/);
  const published = await Promise.all(pair.publishers.map((file) => publish(file, publisherPort)));
  const expected = published.map((messages) =>
    messages.filter(({ topic }, index) => pair.arrives(topic, index)).map(({ line }) => line)
  );
  const count = expected.flat().length;
  const late = setTimeout(() => enough.resolve(), ARRIVAL_MS);
  const deadline = performance.now() + ARRIVAL_MS;
  while (received.length < count && performance.now() < deadline) await enough.promise;
  clearTimeout(late);
  checkEnd("the subscriber", await subscriber.stop());
  checkEnd("the broker", await broker.stop());
  checkReceived(received, expected);
  return { published: published.flat().length, received: received.length };
}

function startClient(
  role: "publisher" | "subscriber",
  { id, file }: ClientFile,
  { port, onLine, json = false }: {
    readonly port: string;
    readonly onLine?: (line: string, source: Source) => void;
    readonly json?: boolean;
  },
): Program {
  const args = ["-i", id, "-p", port, "-f", `${ROOT}/cmds/${file}`, "-v", ...(json ? ["--json"] : [])];
  return start(role, args, { name: `${role} ${id}`, ...(onLine === undefined ? {} : { onLine }) });
}

/** Runs one publisher to its end; `--json` has it print each message once the broker has acknowledged it. */
async function publish(file: ClientFile, port: string): Promise<Published[]> {
  const published: Published[] = [];
  await using publisher = startClient("publisher", file, {
    port,
    json: true,
    onLine: (line, source) => {
      if (source !== "stdout") return;
      const { topic, payload } = JSON.parse(line) as { topic: string; payload: string };
      published.push({ topic, line: `${topic} ${payload}` });
    },
  });
  checkEnd(`publisher ${file.id}`, await publisher.ended);
  return published;
}

function checkEnd(who: string, { code, signal }: Deno.CommandStatus): void {
  if (code === 0) return;
  throw new RunError(`${who} ended with ${signal ?? code} instead of 0`);
}

/** Throws unless each message came once, none besides, and what one publisher sent in its order. */
export function checkReceived(received: readonly string[], expected: readonly (readonly string[])[]): void {
  const left = [...received];
  for (const messages of expected) {
    let from = 0;
    for (const line of messages) {
      const at = left.indexOf(line, from);
      if (at === -1) throw new RunError(`${quote(line)} was published and did not arrive in its place`);
      left.splice(at, 1);
      from = at;
    }
  }
  if (left[0] !== undefined) throw new RunError(`${quote(left[0])} arrived and should not have`);
}

function choose(args: readonly string[]): Pair {
  const [name = "1", ...more] = args;
  const pair = PAIRS.get(name);
  if (pair !== undefined && more.length === 0) return pair;
  const known = [...PAIRS].map(([key, { shows }]) => `${key} (${shows})`).join(", ");
  throw new UsageError(`there is no pair ${quote(args.join(" "))}: choose from ${known}`);
}

async function main(): Promise<number> {
  for (const signal of STOP_SIGNALS) {
    Deno.addSignalListener(signal, () => ended.reject(new RunError(`interrupted (${signal})`)));
  }
  const timer = setTimeout(
    () => ended.reject(new RunError(`not done after ${MOST_MS / 1000} s`)),
    MOST_MS,
  );
  try {
    const pair = choose(Deno.args);
    say(`demo: ${pair.shows}`);
    const { published, received } = await Promise.race([demo(pair), ended.promise]);
    say(`demo: ${published} published, ${received} received`);
    return 0;
  } catch (error) {
    await Program.stopAll();
    const message = error instanceof Error ? error.message : String(error);
    printLine(`demo: ${message}`, Deno.stderr);
    return error instanceof UsageError ? 2 : 1;
  } finally {
    clearTimeout(timer);
  }
}

if (import.meta.main) {
  tellHelp(import.meta.url);
  Deno.exit(await main());
}
