/**
 * Workers and brokers that are killed at any moment, while a publisher goes on: each message is settled, by
 * one at a time, or a dead letter.
 *
 * @module
 */
import { connectPublisher, connectSubscriber, type Publisher } from "../../../lib/mod.ts";
import { Program } from "../../../scripts/program.ts";
import { type RunningBroker, startBroker } from "../../support/broker.ts";
import { entriesIn, type Entry, moment } from "./diary.ts";
import { GROUP, POISON, TOPIC } from "./names.ts";
import { judge, type Verdict } from "./oracle.ts";
import { freePort } from "../../support/ports.ts";

/** How to kill. */
export interface WorkOptions {
  readonly kills: number;
  /** A number in [0, 1) for every choice. */
  readonly random: () => number;
  /** Empty; the store and what workers write down are in it. */
  readonly directory: string;
  readonly onKill?: (kills: number) => void;
}

/** What it came to. */
export interface WorkReport extends Verdict {
  readonly published: number;
  readonly workersKilled: number;
  readonly brokersKilled: number;
}

const WORKERS = 4;
const ACK_TIMEOUT_MS = 3000;
/** More than accidents bring about. */
const ATTEMPTS = 12;
/** Of so many messages one is poisoned. */
const POISONED = 100;
/** A kill comes within so long, milliseconds; a broker is killed this often instead of a worker. */
const KILL_MS = 300;
const BROKERS = 0.3;
/** What is left has to be settled within this, milliseconds. */
const SETTLED_MS = 60_000;
const CONNECT_MS = 30_000;
const PUBLISH_MS = 5;
const AT_ONCE = 2;

/** Kills, and judges in the end. */
export async function workRounds(options: WorkOptions): Promise<WorkReport> {
  await using run = await Run.start(options);
  for (let kill = 0; kill < options.kills; kill++) {
    await new Promise((resolve) => setTimeout(resolve, 20 + options.random() * KILL_MS));
    if (options.random() < BROKERS) await run.killBroker();
    else await run.killWorker(Math.floor(options.random() * WORKERS));
    options.onKill?.(kill + 1);
  }
  return await run.end();
}

class Run implements AsyncDisposable {
  readonly #options: WorkOptions;
  readonly #workers: Program[] = [];
  readonly #names: string[] = [];
  readonly #brokerKills: number[] = [];
  readonly #gone: Entry[] = [];
  readonly #published: number[] = [];
  readonly #poisoned = new Set<number>();
  #broker: RunningBroker;
  #named = 0;
  #publishing = true;
  #publisher: Promise<void> | undefined;

  private constructor(options: WorkOptions, broker: RunningBroker) {
    this.#options = options;
    this.#broker = broker;
  }

  static async start(options: WorkOptions): Promise<Run> {
    const run = new Run(
      options,
      await startBroker([...brokerArgs(options.directory), "-s", `${freePort()}`, "-p", `${freePort()}`]),
    );
    for (let at = 0; at < WORKERS; at++) run.#startWorker(at);
    run.#publisher = run.#publish(await connectPublisher({ id: "p", port: run.#broker.pubPort }));
    return run;
  }

  async killBroker(): Promise<void> {
    const { pubPort, subPort } = this.#broker;
    this.#broker.kill("SIGKILL");
    this.#brokerKills.push(moment());
    await this.#broker.ended;
    // it comes back where it was
    this.#broker = await startBroker([
      ...brokerArgs(this.#options.directory),
      "-s",
      `${subPort}`,
      "-p",
      `${pubPort}`,
    ]);
  }

  async killWorker(at: number): Promise<void> {
    const worker = this.#workers[at]!;
    worker.kill("SIGKILL");
    const killed = moment();
    await worker.ended;
    const prefix = `${this.#names[at]}.`;
    for (const who of new Set((await this.#entries()).map(({ who }) => who))) {
      if (who.startsWith(prefix)) this.#gone.push({ who, what: "gone", seq: 0, attempt: 0, at: killed });
    }
    this.#startWorker(at);
  }

  /** Waits until all is settled, and judges. */
  async end(): Promise<WorkReport> {
    this.#publishing = false;
    await this.#publisher;
    const late = performance.now() + SETTLED_MS;
    let verdict = await this.#judge();
    while (verdict.wrong.some((what) => what.endsWith("never settled") || what.endsWith("no dead letter"))) {
      if (performance.now() > late) break;
      await new Promise((resolve) => setTimeout(resolve, 200));
      verdict = await this.#judge();
    }
    return {
      ...verdict,
      published: this.#published.length,
      workersKilled: this.#options.kills - this.#brokerKills.length,
      brokersKilled: this.#brokerKills.length,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#publishing = false;
    for (const worker of this.#workers) worker.kill("SIGKILL");
    await Promise.all(this.#workers.map((worker) => worker.ended));
    await this.#broker.stop();
    await this.#publisher?.catch(() => {});
  }

  #startWorker(at: number): void {
    const name = `w${this.#named++}`;
    this.#names[at] = name;
    const diary = `${this.#options.directory}/diary`;
    const seed = `${Math.floor(this.#options.random() * 2 ** 31)}`;
    const program = `${import.meta.dirname}/worker.ts`;
    this.#workers[at] = Program.start(
      [Deno.execPath(), "run", "-A", program, `${this.#broker.subPort}`, name, diary, seed],
    );
  }

  async #publish(connected: Publisher): Promise<void> {
    await using publisher = connected;
    const receipts: Promise<void>[] = [];
    for (let at = 1; this.#publishing; at++) {
      const isPoison = at % POISONED === 0;
      const payload = `${isPoison ? POISON : "job"} ${at}`;
      receipts.push(
        publisher.publish(TOPIC, payload).then(({ seq = at }) => {
          // one publisher, each message once: what was sent again, whose number is not told, has its place
          if (seq !== at) throw new Error(`message ${at} has the number ${seq}`);
          this.#published.push(seq);
          if (isPoison) this.#poisoned.add(seq);
        }),
      );
      if (at % AT_ONCE === 0) await new Promise((resolve) => setTimeout(resolve, PUBLISH_MS));
    }
    await Promise.all(receipts);
  }

  async #entries(): Promise<Entry[]> {
    return entriesIn(await Deno.readTextFile(`${this.#options.directory}/diary`));
  }

  async #judge(): Promise<Verdict> {
    return judge({
      entries: [...await this.#entries(), ...this.#gone],
      brokerKills: this.#brokerKills,
      published: this.#published,
      poisoned: this.#poisoned,
      dead: await this.#deadLetters(),
      ackTimeout: ACK_TIMEOUT_MS,
    });
  }

  async #deadLetters(): Promise<number[]> {
    const topic = `#dead.${GROUP}.${TOPIC.slice(1)}`;
    const found: number[] = [];
    await using subscriber = await connectSubscriber({
      id: "judge",
      port: this.#broker.subPort,
      connectTimeout: CONNECT_MS,
    });
    const letters = await subscriber.subscribe(topic, { from: "earliest", to: new Date() });
    for await (const { headers } of letters) found.push(Number(headers.get("dead-seq")));
    return found;
  }
}

function brokerArgs(directory: string): string[] {
  return [
    "--data",
    `${directory}/data`,
    "-q",
    "--ack-timeout",
    `${ACK_TIMEOUT_MS}ms`,
    "--max-attempts",
    `${ATTEMPTS}`,
  ];
}
