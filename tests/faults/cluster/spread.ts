/**
 * Messages in memory over all brokers of a cluster: a publisher and a subscriber on each, every message once
 * to every subscriber, each publisher's in order.
 *
 * @module
 */
import { connectPublisher, connectSubscriber, type Message } from "../../../lib/mod.ts";
import { type BrokerPorts, pause } from "./cluster.ts";

/** How much. */
export interface SpreadOptions {
  readonly brokers: readonly BrokerPorts[];
  /** Published in all, by all publishers together. */
  readonly messages: number;
  /** Milliseconds that one of the subscribers rests after each thousand messages (0). */
  readonly slow?: number;
}

/** What came of it. */
export interface SpreadReport {
  readonly published: number;
  readonly delivered: number;
  readonly seconds: number;
  /** A sentence each, the first few. */
  readonly wrong: readonly string[];
}

const WRONG_SHOWN = 10;
const REST_EVERY = 1000;
/** No message for so long: what is missing does not come any more, milliseconds. */
const SILENCE_MS = 15_000;
const PATTERN = "#spread.*";

/** Publishes them and counts what comes. */
export async function spread({ brokers, messages, slow = 0 }: SpreadOptions): Promise<SpreadReport> {
  const counts = brokers.map((_, at) => shareOf(messages, { at, of: brokers.length }));
  const subscribers = await Promise.all(
    brokers.map(({ subPort }, at) => connectSubscriber({ id: `s${at}`, port: subPort, protocol: "2" })),
  );
  for (const subscriber of subscribers) await subscriber.subscribe(PATTERN);
  const tallies = subscribers.map((_, at) => new Tally(`subscriber ${at}`, counts));
  const began = performance.now();
  const taking = subscribers.map(async (subscriber, at) => {
    const tally = tallies[at]!;
    for await (const message of subscriber) {
      tally.take(message);
      if (tally.isDone) break;
      if (at === 0 && slow > 0 && tally.taken % REST_EVERY === 0) await pause(slow);
    }
  });
  const publishers = await Promise.all(
    brokers.map(({ pubPort }, at) => connectPublisher({ id: `p${at}`, port: pubPort, protocol: "2" })),
  );
  const publishing = publishers.map(async (publisher, at) => {
    for (let number = 0; number < counts[at]!; number++) {
      publisher.send(`#spread.${at}`, `${at} ${number} ${PADDING}`);
      if (publisher.full) await publisher.ready();
    }
    await publisher.close();
  });
  await Promise.all(publishing);
  await Promise.race([Promise.all(taking), silence(tallies)]);
  await Promise.all(subscribers.map((subscriber) => subscriber.close()));
  return {
    published: messages,
    delivered: tallies.reduce((sum, { taken }) => sum + taken, 0),
    seconds: (performance.now() - began) / 1000,
    wrong: tallies.flatMap((tally) => tally.wrong()).slice(0, WRONG_SHOWN),
  };
}

/** So that a payload has 128 bytes, about. */
const PADDING = "x".repeat(118);

/** What one subscriber got, held against what was published to it. */
export class Tally {
  taken = 0;
  readonly #who: string;
  readonly #counts: readonly number[];
  readonly #next: number[];
  readonly #wrong: string[] = [];

  /** `counts`: how many each publisher publishes. */
  constructor(who: string, counts: readonly number[]) {
    this.#who = who;
    this.#counts = counts;
    this.#next = counts.map(() => 0);
  }

  get isDone(): boolean {
    return this.#next.every((next, at) => next >= this.#counts[at]!);
  }

  /** Every message is to be the next one of its publisher: so each comes once, and in order. */
  take({ topic, text }: Pick<Message, "topic" | "text">): void {
    this.taken++;
    const [publisher, number] = text.split(" ", 2).map(Number);
    const next = this.#next[publisher!];
    if (next === undefined || topic !== `#spread.${publisher}`) {
      this.#note(`got ${JSON.stringify(text.slice(0, 20))} on ${topic}, which nobody published`);
    } else if (number !== next) {
      this.#note(`got message ${number} of publisher ${publisher} in the place of ${next}`);
    }
    if (next !== undefined) this.#next[publisher!] = Math.max(next, number! + 1);
  }

  /** What was wrong, and what is missing at the end. */
  wrong(): string[] {
    const missing = this.#counts.flatMap((count, at) =>
      this.#next[at]! < count ? [`${this.#who} got ${this.#next[at]} of ${count} of publisher ${at}`] : []
    );
    return [...this.#wrong, ...missing];
  }

  #note(what: string): void {
    if (this.#wrong.length < WRONG_SHOWN) this.#wrong.push(`${this.#who} ${what}`);
  }
}

/** Resolves when nobody has got anything for a while. */
async function silence(tallies: readonly Tally[]): Promise<void> {
  for (let before = -1;;) {
    const taken = tallies.reduce((sum, tally) => sum + tally.taken, 0);
    if (taken === before) return;
    before = taken;
    await pause(SILENCE_MS);
  }
}

function shareOf(all: number, { at, of }: { readonly at: number; readonly of: number }): number {
  return Math.floor(all / of) + (at < all % of ? 1 : 0);
}
