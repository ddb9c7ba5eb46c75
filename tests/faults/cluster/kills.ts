/**
 * kill -9 of brokers and of NATS servers while publishers and subscribers go on, on durable topics that three
 * servers keep.
 *
 * @module
 */
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import {
  connectPublisher,
  connectSubscriber,
  type Message,
  type Publisher,
  RefusedError,
  type Subscriber,
} from "../../../lib/mod.ts";
import { type BrokerPorts, Cluster, pause } from "./cluster.ts";
import {
  judge,
  type Outage,
  type Sending,
  type Sent,
  type Taken,
  type Taking,
  type Verdict,
} from "./oracle.ts";

/** How to kill. */
export interface ClusterKillOptions {
  readonly kills: number;
  /** A number in [0, 1) for every choice. */
  readonly random: () => number;
  readonly onKill?: (what: string) => void;
}

/** What it came to. */
export interface ClusterKillReport extends Verdict {
  readonly brokersKilled: number;
  readonly nodesKilled: number;
  readonly seconds: number;
}

const PATTERN = "#kept.*";
const NODES = 3;
/** Between two kills at least, and so much more by chance, milliseconds; as long what was killed is away. */
const LEAST_MS = 200;
const MORE_MS = 800;
/** Unanswered messages of one publisher, and the pause between two, milliseconds. */
const WINDOW = 64;
const PAUSE_MS = 2;
/** What was refused is sent again after this, milliseconds. */
const RETRY_MS = 100;
/** A subscriber that began with the first message and stays hears of none of these. */
const BAD_EVENTS: ReadonlySet<string> = new Set(["gap", "end", "failed", "ended", "trimmed", "ahead"]);
/** A cluster that chooses a leader anew, and what follows, is over by then, milliseconds. */
const RECOVERED_MS = 60_000;

/** Kills, and judges in the end. */
export async function clusterKills(
  { kills, random, onKill }: ClusterKillOptions,
): Promise<ClusterKillReport> {
  const began = performance.now();
  await using cluster = await Cluster.start({ nodes: NODES, brokers: NODES, durable: [PATTERN] });
  await using listening = await Listeners.start(cluster.ports);
  const senders = await Promise.all(
    cluster.ports.map(({ pubPort }, at) => Sender.start(`#kept.${at}`, pubPort, at > 0)),
  );
  const sending = senders.map((sender) => sender.sendUntilStopped());
  const outages: Outage[] = [];
  let nodesKilled = 0;
  for (let kill = 0; kill < kills; kill++) {
    await pause(LEAST_MS + random() * MORE_MS);
    const at = Math.floor(random() * NODES);
    const awayFor = LEAST_MS + random() * MORE_MS;
    const from = performance.now();
    if (kill % 2 === 0) {
      await cluster.killBroker(at, awayFor);
    } else {
      nodesKilled++;
      await cluster.killNode(at, awayFor);
    }
    onKill?.(kill % 2 === 0 ? `broker ${at}` : `NATS server ${at}`);
    try {
      await Promise.all(senders.map((sender) => sender.answered()));
    } catch (error) {
      throw new Error(`after ${kill + 1} kills, brokers say: ${cluster.said.join("; ")}`, { cause: error });
    }
    outages.push({ from, until: performance.now() });
    // behind the last there is no other that could leave one server alone
    if (kill + 1 < kills) await allCurrent(cluster.nats.server);
  }
  for (const sender of senders) sender.stop();
  await within("every message has its answer", Promise.all(sending));
  const stored: Taking[] = [];
  for (const [at, { subPort }] of cluster.ports.entries()) {
    stored.push(await storedAt(subPort, `broker ${at}`));
  }
  await listening.caughtUp(stored[0]!.taken.length);
  return {
    ...judge({
      sendings: senders.map((sender) => sender.sending),
      outages,
      stored,
      live: listening.takings,
    }),
    brokersKilled: kills - nodesKilled,
    nodesKilled,
    seconds: (performance.now() - began) / 1000,
  };
}

/** A publisher that sends what was refused again until it is acknowledged. */
class Sender {
  readonly #topic: string;
  readonly #publisher: Publisher;
  readonly #hasIds: boolean;
  readonly #messages: { at: number; acknowledged: number | undefined; refused: number }[] = [];
  #unanswered = 0;
  #stopped = false;
  #progress = Promise.withResolvers<void>();

  private constructor(topic: string, publisher: Publisher, hasIds: boolean) {
    this.#topic = topic;
    this.#publisher = publisher;
    this.#hasIds = hasIds;
  }

  /** Without ids it speaks the classic protocol, which has none. */
  static async start(topic: string, port: number, hasIds: boolean): Promise<Sender> {
    const protocol = hasIds ? "2" : "classic";
    return new Sender(topic, await connectPublisher({ id: `p${port}`, port, protocol }), hasIds);
  }

  get sending(): Sending {
    const messages: readonly Sent[] = this.#messages;
    return { topic: this.#topic, hasIds: this.#hasIds, messages };
  }

  async sendUntilStopped(): Promise<void> {
    while (!this.#stopped) {
      void this.#send(
        this.#messages.push({ at: performance.now(), acknowledged: undefined, refused: 0 }) - 1,
      );
      await pause(PAUSE_MS);
      while (this.#unanswered >= WINDOW) await this.#progress.promise;
    }
    while (this.#unanswered > 0) await this.#progress.promise;
    await this.#publisher.close();
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Resolves when something that is sent from now on has been acknowledged. */
  async answered(): Promise<void> {
    const from = this.#messages.length;
    const isThere = (): boolean =>
      this.#messages.slice(from).some(({ acknowledged }) => acknowledged !== undefined);
    const until = performance.now() + RECOVERED_MS;
    while (!isThere()) {
      if (performance.now() > until) throw new Error(`${this.#topic}: nothing is acknowledged any more`);
      await pause(PAUSE_MS);
    }
  }

  async #send(number: number): Promise<void> {
    const message = this.#messages[number]!;
    const id = `${this.#topic.slice(1)}-${number}`;
    this.#unanswered++;
    while (message.acknowledged === undefined) {
      try {
        await this.#publisher.publish(this.#topic, `${number}`, this.#hasIds ? { id } : {});
        message.acknowledged = performance.now();
      } catch (error) {
        if (!(error instanceof RefusedError)) throw error;
        message.refused++;
        await pause(RETRY_MS);
      }
    }
    this.#unanswered--;
    this.#progress.resolve();
    this.#progress = Promise.withResolvers();
  }
}

/** A subscriber of each broker, from the first message on. */
class Listeners implements AsyncDisposable {
  readonly takings: readonly Taking[];
  readonly #subscribers: readonly Subscriber[];

  private constructor(takings: readonly Taking[], subscribers: readonly Subscriber[]) {
    this.takings = takings;
    this.#subscribers = subscribers;
  }

  static async start(ports: readonly BrokerPorts[]): Promise<Listeners> {
    const takings = ports.map((_, at) => ({
      who: `subscriber ${at}`,
      restored: 0,
      told: [] as string[],
      taken: [] as Taken[],
    }));
    const subscribers = await Promise.all(ports.map(({ subPort: port }, at) =>
      connectSubscriber({
        id: `s${at}`,
        port,
        onEvent: (event) => {
          const { restored, told } = takings[at]!;
          if (event.type === "restored") takings[at]!.restored = restored + 1;
          else if (BAD_EVENTS.has(event.type)) told.push(JSON.stringify(event));
        },
      })
    ));
    for (const [at, subscriber] of subscribers.entries()) {
      await subscriber.subscribe(PATTERN, { from: "earliest" });
      void take(subscriber, takings[at]!.taken);
    }
    return new Listeners(takings, subscribers);
  }

  /** Waits until all have as much as is stored; what is missing then is the judge's. */
  async caughtUp(stored: number): Promise<void> {
    const until = performance.now() + RECOVERED_MS;
    while (this.takings.some(({ taken }) => taken.length < stored) && performance.now() < until) {
      await pause(PAUSE_MS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#subscribers.map((subscriber) => subscriber.close()));
  }
}

async function take(messages: AsyncIterable<Message>, taken: Taken[]): Promise<void> {
  for await (const message of messages) taken.push(takenOf(message));
}

function takenOf({ topic, text, seq }: Message): Taken {
  return { topic, number: Number(text), seq: seq! };
}

/** All that is stored, as one broker tells it. */
async function storedAt(port: number, who: string): Promise<Taking> {
  await using subscriber = await connectSubscriber({ id: "reader", port });
  const taken: Taken[] = [];
  const subscription = await subscriber.subscribe(PATTERN, { from: "earliest" });
  void take(subscription, taken);
  await within(`all that is stored, from ${who}`, subscription.caughtUp());
  return { who, restored: 0, told: [], taken };
}

/**
 * Waits until every server has all of every stream: who kills the next one leaves two that do. While a leader
 * is chosen nobody answers.
 */
async function allCurrent(server: string): Promise<void> {
  const until = performance.now() + RECOVERED_MS;
  for (;;) {
    let reason: unknown = "the servers do not come to have the same";
    try {
      if (await areCurrent(server)) return;
    } catch (error) {
      reason = error;
    }
    if (performance.now() > until) throw new Error("JetStream does not recover", { cause: reason });
    await pause(LEAST_MS);
  }
}

async function areCurrent(server: string): Promise<boolean> {
  const connection = await connect({ servers: server });
  try {
    const manager = await jetstreamManager(connection);
    const streams = await manager.streams.list().next();
    return streams.length > 0 &&
      streams.every(({ cluster }) =>
        cluster?.leader !== undefined && (cluster.replicas ?? []).every(({ current }) => current)
      );
  } finally {
    await connection.close();
  }
}

async function within<T>(what: string, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within a minute`)), RECOVERED_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
