/**
 * A broker under strace, publishers and subscribers, and what its trace shows of the order of fsyncs and
 * acknowledgements.
 *
 * @module
 */
import { type RunningBroker, startBroker } from "../support/broker.ts";
import { RawClient } from "../support/raw_client.ts";
import { momentsOf, traced } from "./strace.ts";
import { CALLS, markOf, type SyncOrder, syncOrderOf } from "./sync_order.ts";

/** What runs, and how much goes through it. */
export interface SyncRunOptions {
  /** Where nothing is yet: for the data and the trace. */
  readonly directory: string;
  /** Messages of each publisher, and how many it sends ahead of their acknowledgements. */
  readonly messages: number;
  readonly window: number;
  /** A number in [0, 1) for every choice. */
  readonly random: () => number;
  /** The tree whose broker runs, another than this one for a copy. */
  readonly tree?: string;
  /** Broker options beside `--data`. */
  readonly args?: readonly string[];
}

/**
 * Who publishes, by the number in the marks: the last two the same messages with the same ids, at the same
 * time.
 */
const SENDERS: readonly { readonly sender: number; readonly kind: "classic" | "v2" | "ids" }[] = [
  { sender: 0, kind: "classic" },
  { sender: 1, kind: "v2" },
  { sender: 2, kind: "classic" },
  { sender: 3, kind: "ids" },
  { sender: 3, kind: "ids" },
];
const DIFFERENT = 4;
const ROOT = `${import.meta.dirname}/../..`;
const TEN_SECONDS = 10_000;

/**
 * Lets messages through a broker and judges its trace. Throws Error where the trace does not show every
 * acknowledgement and every delivery that was received here: then it has missed something.
 */
export async function traceSyncOrder(options: SyncRunOptions): Promise<SyncOrder> {
  const { directory, messages, tree = ROOT, args = [] } = options;
  const output = `${directory}/trace`;
  const broker = await startBroker(["--data", `${directory}/data`, "-q", ...args], {
    command: traced([Deno.execPath(), "run", "-A", "--quiet", `${tree}/broker.ts`], { calls: CALLS, output }),
    cwd: tree,
  });
  const late = setTimeout(() => broker.kill("SIGKILL"), 3 * TEN_SECONDS);
  const senders = new Map<number, number>();
  try {
    const subscribers = await Promise.all([subscribe(broker, "s sub #>"), subscribe(broker, "sub #>")]);
    const publishing = SENDERS.map(async ({ sender, kind }) => {
      const connection = await Deno.connect({ port: broker.pubPort });
      senders.set(connection.localAddr.port, sender);
      await publish(new RawClient(connection), { ...options, sender, kind });
    });
    const delivered = subscribers.map((client) => receive(client, DIFFERENT * messages));
    await Promise.all([...publishing, ...delivered]);
    const { code } = await broker.stop();
    if (code !== 0) throw new Error(`the broker ended with ${code}: ${broker.stderr}`);
  } finally {
    clearTimeout(late);
    broker.kill("SIGKILL");
  }
  const wal = await Deno.realPath(`${directory}/data/hashbus.db`) + "-wal";
  const order = syncOrderOf(momentsOf(lines(await Deno.readTextFile(output))), { ...broker, wal, senders });
  const acknowledged = [...order.acknowledged.values()].reduce((sum, count) => sum + count, 0);
  const seen = [acknowledged, order.delivered];
  const wanted = [SENDERS.length * messages, 2 * DIFFERENT * messages];
  if (`${seen}` !== `${wanted}`) {
    throw new Error(`the trace shows ${seen} acknowledgements and deliveries, it should show ${wanted}`);
  }
  return order;
}

async function subscribe({ subPort }: RunningBroker, request: string): Promise<RawClient> {
  const client = await RawClient.connect(subPort);
  if (request.startsWith("sub")) await hello(client);
  const answer = await client.ask(request);
  if (!/^ok/i.test(answer ?? "")) throw new Error(`${request} was answered with ${answer}`);
  return client;
}

async function hello(client: RawClient): Promise<void> {
  await client.send("trace hello 2\n");
  const [answer, info] = await client.lines(2);
  if (answer !== "OK_2" || !info?.startsWith("info ")) {
    throw new Error(`hello was answered with ${answer}, ${info}`);
  }
}

async function receive(client: RawClient, messages: number): Promise<void> {
  for (let left = messages; left > 0;) {
    const line = await client.line();
    if (line === undefined) throw new Error("the broker closed a subscriber");
    if (/<\d+\.\d+>/.test(line)) left--;
  }
  client.close();
}

async function publish(
  client: RawClient,
  { messages, window, random, sender, kind }: SyncRunOptions & (typeof SENDERS)[number],
): Promise<void> {
  const v2 = kind !== "classic";
  if (v2) await hello(client);
  let sent = 0;
  let acknowledged = 0;
  while (acknowledged < messages) {
    const block: string[] = [];
    for (
      const end = Math.min(messages, acknowledged + window, sent + 1 + random() * window);
      sent < end;
      sent++
    ) {
      const mark = markOf(sender, sent);
      // some longer than a page of the store
      const filling = "x".repeat(random() < 0.02 ? 20_000 : random() * 300);
      const payload = `${mark}${filling}${mark}`;
      const topic = `#trace.${sender % 3}`;
      const id = kind === "ids" ? ` id=${sender}-${sent}` : "";
      block.push(v2 ? `pub ${topic} ${payload.length}${id}\n${payload}\n` : `p pub ${topic} ${payload}\n`);
    }
    await client.send(block.join(""));
    const line = await client.line();
    const count = line === "OK" ? 1 : Number(/^ok (\d+) /.exec(line ?? "")?.[1] ?? NaN);
    if (Number.isNaN(count)) throw new Error(`a publisher was told ${line}`);
    acknowledged += count;
  }
  client.close();
}

function* lines(text: string): Generator<string> {
  for (let at = 0; at < text.length;) {
    const lf = text.indexOf("\n", at);
    const end = lf < 0 ? text.length : lf;
    yield text.slice(at, end);
    at = end + 1;
  }
}

/** A copy of the programs in which commits do not wait for the disk and say they did. */
export async function treeWithoutSync(to: string): Promise<string> {
  await Deno.mkdir(to);
  for (const name of ["broker.ts", "lib", "deno.json", "deno.lock"]) {
    await copyAll(`${ROOT}/${name}`, `${to}/${name}`);
  }
  const file = `${to}/lib/store/sqlite/connection.ts`;
  const source = await Deno.readTextFile(file);
  const off = source.replace('sync === "commit" ? 2 : 1', "0");
  if (off === source) {
    throw new Error(
      "lib/store/sqlite/connection.ts has no line that sets synchronous any more: mend this copy",
    );
  }
  await Deno.writeTextFile(file, off);
  return to;
}

async function copyAll(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isFile) return await Deno.copyFile(from, to);
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) await copyAll(`${from}/${name}`, `${to}/${name}`);
}
