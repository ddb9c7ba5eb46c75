/**
 * kill -9 under load: what was acknowledged is there after the restart, once, in order.
 *
 * @module
 */
import { type RunningBroker, startBroker } from "../support/broker.ts";
import { RawClient } from "../support/raw_client.ts";
import { Sender, type SenderKind } from "./kill_sender.ts";

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
  /**
   * Sent again after the restart, by publishers whose messages have ids; and how many of these were there
   * already.
   */
  readonly resent: number;
  readonly known: number;
  /** The first few of what is wrong, a sentence each. */
  readonly wrong: readonly string[];
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
  /**
   * For a control: messages that are sent again get new ids, so that those that were stored are found twice.
   */
  readonly newIds?: boolean;
  readonly onRound?: (round: number, report: KillReport) => void;
}

const SENDERS: readonly SenderKind[] = ["v2", "classic", "ids", "ids"];
/** A round is killed at a random moment in this time, milliseconds. */
const ROUND_MS = 400;

const WRONG_SHOWN = 10;

type Totals =
  & { -readonly [Key in Exclude<keyof KillReport, "restarts" | "wrong">]: number }
  & { readonly wrong: string[] };

/** Kills a broker again and again, and looks each time for what it had promised. */
export async function killRounds(options: KillOptions): Promise<KillReport> {
  const { kills, random, directory, args = [], newIds = false } = options;
  const start = (): Promise<RunningBroker> => startBroker(["--data", directory, "-q", ...args]);
  const totals = nothing();
  const restarts: number[] = [];
  const all: Sender[] = [];
  let broker = await start();
  try {
    for (let round = 0; round < kills; round++) {
      const senders = SENDERS.map((kind, at) => new Sender(`#kill.${round}.${at}`, kind));
      all.push(...senders);
      const sending = senders.map((sender) => sender.sendUntilBroken(broker.pubPort));
      await new Promise((resolve) => setTimeout(resolve, 20 + random() * ROUND_MS));
      broker.kill("SIGKILL");
      await Promise.all(sending);
      await broker.ended;
      const began = performance.now();
      broker = await start();
      restarts.push(performance.now() - began);
      totals.kills++;
      await resend(senders, { broker, pattern: `#kill.${round}.>`, totals, newIds });
      await judge(senders, { port: broker.subPort, pattern: `#kill.${round}.>`, totals });
      options.onRound?.(round, { ...totals, restarts });
    }
    // nothing that was there after one restart is gone or changed after the others
    const again = nothing();
    await judge(all, { port: broker.subPort, pattern: "#kill.>", totals: again });
    for (const key of ["lost", "doubled", "disordered", "invented"] as const) {
      totals[key] = Math.max(totals[key], again[key]);
    }
    totals.wrong.push(...again.wrong.map((what) => `in the end: ${what}`));
    if (again.stored !== totals.stored) totals.lost += Math.abs(again.stored - totals.stored);
    return { ...totals, restarts };
  } finally {
    await broker.stop();
  }
}

function nothing(): Totals {
  return {
    kills: 0,
    acknowledged: 0,
    stored: 0,
    lost: 0,
    doubled: 0,
    disordered: 0,
    invented: 0,
    resent: 0,
    known: 0,
    wrong: [],
  };
}

/**
 * What was acknowledged before the kill is there already, and what was not is sent again, as a client does
 * that comes back.
 */
async function resend(
  senders: readonly Sender[],
  { broker, pattern, totals, newIds }: {
    readonly broker: RunningBroker;
    readonly pattern: string;
    readonly totals: Totals;
    readonly newIds: boolean;
  },
): Promise<void> {
  const before = new Map<string, number>();
  await readAll(broker.subPort, pattern, (topic) => before.set(topic, (before.get(topic) ?? 0) + 1));
  await Promise.all(
    senders.filter(({ kind }) => kind === "ids").map(async (sender) => {
      const stored = before.get(sender.topic) ?? 0;
      totals.lost += Math.max(0, sender.acknowledged - stored);
      totals.known += Math.max(0, stored - sender.acknowledged);
      totals.resent += sender.sent - sender.acknowledged;
      await sender.sendAgain(broker.pubPort, { newIds });
    }),
  );
}

/** Takes every stored message of a pattern, each topic's in order. */
async function readAll(
  port: number,
  pattern: string,
  take: (topic: string, message: string) => void,
): Promise<void> {
  using client = await RawClient.connect(port);
  await client.ask("r hello 2");
  await client.line();
  await client.send(`sub ${pattern} from=earliest\n`);
  const next = new Map<string, number>();
  for (let line = await client.line(); line !== undefined; line = await client.line()) {
    if (line.startsWith('info {"live"')) return;
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
    for (let at = 0; at < Number(count); at++) {
      await client.line();
      take(topic, await client.line() ?? "");
    }
  }
  throw new Error("the broker closed the connection during a replay");
}

/** Reads what is stored of these senders and counts what is wrong. */
async function judge(
  senders: readonly Sender[],
  { port, pattern, totals }: { readonly port: number; readonly pattern: string; readonly totals: Totals },
): Promise<void> {
  const seen = new Map(
    senders.map((sender) => [sender.topic, { sender, numbers: new Uint8Array(sender.sent), last: -1 }]),
  );
  const count = (
    what: "lost" | "doubled" | "disordered" | "invented",
    { topic, kind }: Sender,
    message: string,
  ): void => {
    totals[what]++;
    if (totals.wrong.length < WRONG_SHOWN) totals.wrong.push(`${topic} (${kind}): ${message} is ${what}`);
  };
  await readAll(port, pattern, (topic, message) => {
    const of = seen.get(topic);
    if (of === undefined) throw new Error(`nobody published to ${topic}`);
    totals.stored++;
    const number = Number(message.split(" ", 1)[0]);
    if (!(number in of.numbers) || message !== Sender.payloadOf(number)) {
      return count("invented", of.sender, message);
    }
    if (of.numbers[number] !== 0) count("doubled", of.sender, `${number}`);
    else if (number < of.last) count("disordered", of.sender, `${number}`);
    of.numbers[number] = 1;
    of.last = Math.max(of.last, number);
  });
  for (const { sender, numbers } of seen.values()) {
    totals.acknowledged += sender.acknowledged;
    for (let number = 0; number < sender.acknowledged; number++) {
      if (numbers[number] === 0) count("lost", sender, `${number}`);
    }
  }
}
