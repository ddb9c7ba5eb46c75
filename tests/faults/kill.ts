/**
 * kill -9 under load: what was acknowledged is there after the restart, once, in order.
 *
 * @module
 */
import { RawClient } from "../support/raw_client.ts";
import { type RunningBroker, startBroker } from "../support/broker.ts";

/** What some rounds of killing came to. */
export interface KillReport {
  readonly kills: number;
  readonly acknowledged: number;
  readonly stored: number;
  /** Acknowledged and not there. */
  readonly lost: number;
  /** There more than once. */
  readonly doubled: number;
  /** There before one that was sent earlier. */
  readonly disordered: number;
  /** Never sent, or not as sent. */
  readonly invented: number;
  /** Milliseconds from exec to the ready line, of each restart. */
  readonly restarts: readonly number[];
}

/** How to kill. */
export interface KillOptions {
  readonly kills: number;
  /** A number in [0, 1) for every choice. */
  readonly random: () => number;
  readonly directory: string;
  /** Broker options beside `--data`. */
  readonly args?: readonly string[];
  readonly onRound?: (round: number, report: KillReport) => void;
}

/** One publisher of a round: what it sent and how much of it was acknowledged. */
interface Sender {
  readonly topic: string;
  sent: number;
  acknowledged: number;
}

const SENDERS = 4;
/** Requests sent ahead of their replies, at most. */
const WINDOW = 2000;
const BLOCK = 50;
/** A round is killed at a random moment in this time, milliseconds. */
const ROUND_MS = 400;

/** Kills a broker again and again, and looks each time for what it had promised. */
export async function killRounds(options: KillOptions): Promise<KillReport> {
  const { kills, random, directory, args = [] } = options;
  const start = (): Promise<RunningBroker> => startBroker(["--data", directory, "-q", ...args]);
  const totals = { kills: 0, acknowledged: 0, stored: 0, lost: 0, doubled: 0, disordered: 0, invented: 0 };
  const restarts: number[] = [];
  const all: Sender[] = [];
  let broker = await start();
  for (let round = 0; round < kills; round++) {
    const senders = Array.from({ length: SENDERS }, (_, at): Sender => ({
      topic: `#kill.${round}.${at}`,
      sent: 0,
      acknowledged: 0,
    }));
    all.push(...senders);
    const sending = senders.map((sender, at) => send(sender, { port: broker.pubPort, v2: at % 2 === 0 }));
    await new Promise((resolve) => setTimeout(resolve, 20 + random() * ROUND_MS));
    broker.kill("SIGKILL");
    await Promise.all(sending);
    await broker.ended;
    const began = performance.now();
    broker = await start();
    restarts.push(performance.now() - began);
    totals.kills++;
    judge(senders, await readAll(broker.subPort, `#kill.${round}.>`), totals);
    options.onRound?.(round, { ...totals, restarts });
  }
  // nothing that was there after one restart is gone or changed after the others
  const again = { kills: 0, acknowledged: 0, stored: 0, lost: 0, doubled: 0, disordered: 0, invented: 0 };
  judge(all, await readAll(broker.subPort, "#kill.>"), again);
  for (const key of ["lost", "doubled", "disordered", "invented"] as const) {
    totals[key] = Math.max(totals[key], again[key]);
  }
  if (again.stored !== totals.stored) totals.lost += Math.abs(again.stored - totals.stored);
  await broker.stop();
  return { ...totals, restarts };
}

/** Publishes numbers until the connection breaks; classic and v2 both send ahead. */
async function send(sender: Sender, { port, v2 }: { port: number; v2: boolean }): Promise<void> {
  const client = await RawClient.connect(port);
  try {
    if (v2) {
      await client.ask("k hello 2");
      await client.line();
    }
    const replies = (async () => {
      for (let line = await client.line(); line !== undefined; line = await client.line()) {
        if (line === "OK") sender.acknowledged++;
        else if (line.startsWith("ok ")) sender.acknowledged += Number(line.split(" ")[1]);
        else throw new Error(`${sender.topic}: ${line}`);
      }
    })();
    let over = false;
    // a reply that never comes is what this is about
    const watched = replies.catch((error) => {
      if (!isBroken(error)) throw error;
    }).finally(() => over = true);
    while (!over) {
      let block = "";
      for (let at = 0; at < BLOCK; at++) {
        const payload = `${sender.sent++} ${"x".repeat(sender.sent % 90)}`;
        block += v2
          ? `pub ${sender.topic} ${payload.length}\n${payload}\n`
          : `k pub ${sender.topic} ${payload}\n`;
      }
      await client.send(block);
      while (!over && sender.sent - sender.acknowledged > WINDOW) {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
    await watched;
  } catch (error) {
    if (!isBroken(error)) throw error;
  } finally {
    client.close();
  }
}

function isBroken(error: unknown): boolean {
  const kinds = [
    Deno.errors.BrokenPipe,
    Deno.errors.ConnectionReset,
    Deno.errors.BadResource,
    Deno.errors.Interrupted,
  ];
  return kinds.some((kind) => error instanceof kind);
}

/** Every stored message of a pattern, by topic, in order. */
async function readAll(port: number, pattern: string): Promise<Map<string, string[]>> {
  using client = await RawClient.connect(port);
  await client.ask("r hello 2");
  await client.line();
  await client.send(`sub ${pattern} from=earliest\n`);
  const found = new Map<string, string[]>();
  const next = new Map<string, number>();
  for (let line = await client.line(); line !== undefined; line = await client.line()) {
    if (line.startsWith('info {"live"')) return found;
    const parts = /^batch (\S+) (\d+) \d+ seq=(\d+) /.exec(line);
    if (parts === null) {
      if (line.startsWith("ok ")) continue;
      throw new Error(`unexpected: ${line}`);
    }
    const [, topic = "", count, first] = parts;
    if (Number(first) !== (next.get(topic) ?? 1)) {
      throw new Error(`${topic}: sequence ${first} has a gap before it`);
    }
    next.set(topic, Number(first) + Number(count));
    const messages = found.get(topic) ?? [];
    for (let at = 0; at < Number(count); at++) {
      await client.line();
      messages.push(await client.line() ?? "");
    }
    found.set(topic, messages);
  }
  throw new Error("the broker closed the connection during a replay");
}

type Totals = { -readonly [Key in Exclude<keyof KillReport, "restarts">]: number };

function judge(
  senders: readonly Sender[],
  found: ReadonlyMap<string, readonly string[]>,
  totals: Totals,
): void {
  for (const sender of senders) {
    const messages = found.get(sender.topic) ?? [];
    const seen = new Set<number>();
    let last = -1;
    for (const message of messages) {
      const number = Number(message.split(" ")[0]);
      const intact = Number.isInteger(number) && number < sender.sent &&
        message === `${number} ${"x".repeat((number + 1) % 90)}`;
      if (!intact) totals.invented++;
      else if (seen.has(number)) totals.doubled++;
      else if (number < last) totals.disordered++;
      seen.add(number);
      last = Math.max(last, number);
    }
    totals.acknowledged += sender.acknowledged;
    totals.stored += messages.length;
    for (let number = 0; number < sender.acknowledged; number++) if (!seen.has(number)) totals.lost++;
  }
}
