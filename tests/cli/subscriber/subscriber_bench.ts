/** The subscriber's run in this process: with words of a command line, and a broker that the test has. */
import { MqttHabits } from "../../../lib/cli/client/mqtt_habits.ts";
import { Notices } from "../../../lib/cli/client/notices.ts";
import type { Arrived } from "../../../lib/cli/messages/message.ts";
import { readArguments } from "../../../lib/cli/options/arguments.ts";
import { readValues } from "../../../lib/cli/options/values.ts";
import { planSubscriber, SUBSCRIBER, type SubscriberOptions } from "../../../lib/cli/subscriber/options.ts";
import { Replays } from "../../../lib/cli/subscriber/replays.ts";
import {
  type MessageSubscriber,
  prepareSubscriber,
  SubscriberRun,
} from "../../../lib/cli/subscriber/subscribe.ts";
import { RefusedError } from "../../../lib/errors.ts";
import { within } from "../../support/within.ts";
import { StandInStream } from "../stand_in.ts";
import { withStdin } from "../with_stdin.ts";

/** A broker's subscriptions and messages as a test has them. */
export class Fake implements MessageSubscriber {
  /** As they were asked for, and taken back. */
  readonly asked: unknown[] = [];
  /** Patterns that are refused. */
  readonly refused = new Set<string>();
  /** Told right before a subscription is acknowledged. */
  acknowledging: (pattern: string) => void = () => {};
  /** How many messages were taken from it. */
  taken = 0;
  readonly #messages: Arrived[] = [];
  #wake: () => void = () => {};
  #over = false;

  subscribe(pattern: string, options: object = {}): Promise<unknown> {
    this.asked.push(Object.keys(options).length === 0 ? pattern : [pattern, options]);
    if (this.refused.has(pattern)) return Promise.reject(new RefusedError("DENIED", "not for you"));
    this.acknowledging(pattern);
    return Promise.resolve();
  }

  unsubscribe(pattern: string, options: object = {}): Promise<void> {
    this.asked.push(["unsub", pattern, options]);
    return Promise.resolve();
  }

  come(...messages: readonly Arrived[]): void {
    this.#messages.push(...messages);
    this.#wake();
  }

  end(): void {
    this.#over = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Arrived> {
    for (;;) {
      const next = this.#messages.shift();
      if (next !== undefined) {
        this.taken++;
        yield next;
      } else if (this.#over) return;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

export function optionsOf(words: readonly string[]): SubscriberOptions {
  const line = readArguments(SUBSCRIBER, words);
  if ("print" in line) throw new TypeError(`asked to print its ${line.print}`);
  return readValues(SUBSCRIBER, [line.given]);
}

export interface Bench {
  readonly run: SubscriberRun;
  readonly subscriber: Fake;
  readonly replays: Replays;
  readonly told: string[];
  readonly stop: { readonly signal: AbortSignal; interrupt(): void; lastWord(): void };
  readonly abort: () => void;
}

export async function bench(
  words: readonly string[],
  { subscriber = new Fake(), over = new Promise<never>(() => {}) }: {
    readonly subscriber?: Fake;
    readonly over?: Promise<number>;
  } = {},
): Promise<Bench> {
  const options = optionsOf(words);
  const told: string[] = [];
  const notices = Notices.forOptions("subscriber", options);
  notices.above = (text) => told.push(text.replace(/^subscriber: |\n$/g, ""));
  const replays = new Replays();
  const stopping = new AbortController();
  const run = new SubscriberRun({
    subscriber,
    options,
    plan: planSubscriber(options),
    job: await prepareSubscriber(options),
    timeOver: over,
    notices,
    habits: new MqttHabits("subscriber", (hint) => told.push(hint)),
    replays,
  });
  const stop = { signal: stopping.signal, interrupt: () => {}, lastWord: () => {} };
  return { run, subscriber, replays, told, stop, abort: () => stopping.abort() };
}

/** What comes of these words and messages, and of these commands on stdin. */
export async function ran(
  words: readonly string[],
  messages: readonly Arrived[],
  commands: readonly string[] = [],
): Promise<{
  readonly code: number;
  readonly printed: string;
  readonly asked: readonly unknown[];
  readonly told: readonly string[];
}> {
  using stdout = new StandInStream("stdout");
  return await withStdin(commands, async () => {
    const { run, subscriber, told, stop } = await bench(words);
    subscriber.come(...messages);
    const code = await within("the end of the run", run.work(stop));
    subscriber.end();
    await run.drain(stop);
    return { code, printed: stdout.text, asked: subscriber.asked, told };
  });
}
