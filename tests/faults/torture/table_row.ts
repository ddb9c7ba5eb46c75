/**
 * One row of the table: a broker that has worked for a while, ten honest clients, and one hostile kind that
 * comes, is looked at, and leaves.
 *
 * @module
 */
import { Broker } from "./broker.ts";
import { Counters } from "./counters.ts";
import { BrokerHeap, inspected, type Kept } from "./heap.ts";
import { History } from "./history.ts";
import { delay, Publisher, Subscriber, type World } from "./honest.ts";
import { beHostile } from "./hostile_run.ts";
import { probing, type Times, timesOf, waitsOf } from "./probe.ts";
import type { TableKind } from "./table_kinds.ts";
import type { Actor } from "./workload.ts";

/** What a hostile client did, and what the broker and the others did meanwhile. */
export interface Beside {
  readonly sent: number;
  readonly waited: number;
  readonly cut: string;
  /** Bytes that the process grew by at most. */
  readonly grew: number;
  /** Bytes more that are alive while it is there, undefined where the broker cannot be asked. */
  readonly kept: Kept | undefined;
  readonly alone: Times;
  readonly times: Times;
  /** One answer in a hundred takes so long of the broker's own time, milliseconds. */
  readonly own: number;
}

/** How memory came back when it had left. */
export interface Rested {
  /** Milliseconds until no more than a fifth more than at first was there. */
  readonly back: number | undefined;
  /** Bytes more than at first when the time was over. */
  readonly left: number;
}

const BYTES = 32 * 1024 ** 2;
export const DRAIN_MS = 5000;
const HONEST = 5;
/** So long it stays without a word, for what is kept to be looked at. */
const LOOK_MS = 2500;
const NEAR = 1.2;
/** What any broker has taken that has worked is not the kind's doing: code, young objects, the store's pages. */
const WARM_MESSAGES = 40_000;
const WARM_TOPICS = 400;
const WARM_OPEN = 2000;
const WARM_MS = 20_000;

export class TableRow {
  readonly broker: Broker;
  readonly #heap: BrokerHeap | undefined;
  readonly #probes: readonly ({ publisher: Publisher } & Actor)[];
  #base = 0;

  private constructor(
    broker: Broker,
    heap: BrokerHeap | undefined,
    probes: readonly ({ publisher: Publisher } & Actor)[],
  ) {
    this.broker = broker;
    this.#heap = heap;
    this.#probes = probes;
  }

  static async begin(command: readonly string[], data: string): Promise<TableRow> {
    const args = ["--data", data, "--durable", "#d.>", "--drain-timeout", `${DRAIN_MS / 1000}s`];
    const asked = inspected(command);
    const broker = await Broker.start(asked ?? command, args);
    const { subPort, pubPort } = broker;
    try {
      const heap = asked === undefined ? undefined : await BrokerHeap.connect(broker.log);
      const world: World = {
        history: new History(),
        counters: new Counters(),
        subPort,
        pubPort,
        policy: "block",
      };
      const readers = await Promise.all(Array.from({ length: HONEST }, async (_, at) => {
        const reader = await Subscriber.connect(world, { v2: at % 2 === 0, name: `reader ${at}` });
        await reader.subscribe(`#q.${at}`);
        return reader;
      }));
      await warm(world);
      const probes = readers.map((_, at) =>
        probing(world, { v2: at % 2 === 0, topic: `#q.${at}`, everyMs: 20 })
      );
      await delay(2000);
      return new TableRow(broker, heap, probes);
    } catch (error) {
      await broker.kill();
      throw error;
    }
  }

  /** Lets one come, and looks at what is kept while it is there. */
  async beside(
    { kind, seed, ms }: { readonly kind: TableKind; readonly seed: number; readonly ms: number },
  ): Promise<
    Beside
  > {
    const { broker } = this;
    const publishers = this.#probes.map(({ publisher }) => publisher);
    const base = await this.#heap?.kept(() => broker.rss);
    this.#base = base?.rss ?? broker.rss;
    waitsOf(publishers);
    await delay(2000);
    const alone = timesOf(waitsOf(publishers));
    broker.forgetPeak();
    const { subPort, pubPort } = broker;
    const hostile = beHostile({
      kind,
      seed,
      subPort,
      pubPort,
      durable: true,
      bytes: BYTES,
      ms: ms + LOOK_MS,
    });
    await delay(ms);
    const waits = waitsOf(publishers);
    const grew = Math.max(0, broker.peak - this.#base);
    const now = broker.over ? undefined : await this.#heap?.kept(() => broker.rss);
    const { sent, cut = "", waited } = await hostile;
    return {
      sent,
      cut,
      waited: kind === "reads steadily, but slowly" ? 0 : waited,
      grew,
      kept: now === undefined || base === undefined
        ? undefined
        : { heap: now.heap - base.heap, rss: now.rss - base.rss },
      alone,
      times: timesOf(waits),
      own: timesOf(waits, ({ from, to }) => broker.starved.between(from, to)).p99,
    };
  }

  /** So many milliseconds behind its leaving. */
  async rest(ms: number): Promise<Rested> {
    const began = performance.now();
    let back: number | undefined;
    while (performance.now() - began < ms) {
      if (this.broker.rss > NEAR * this.#base) back = undefined;
      else back ??= performance.now() - began;
      await delay(100);
    }
    return { back, left: this.broker.rss - this.#base };
  }

  /** SIGTERM while the kind is there again: how long it takes, milliseconds. */
  async end({ kind, seed }: { readonly kind: TableKind; readonly seed: number }): Promise<number> {
    const { broker } = this;
    const { subPort, pubPort } = broker;
    const again = broker.over
      ? undefined
      : beHostile({ kind, seed, subPort, pubPort, durable: true, bytes: BYTES, ms: 3000 + DRAIN_MS });
    await delay(2000);
    this.#heap?.close();
    for (const probe of this.#probes) probe.stop();
    const ended = await broker.stop(DRAIN_MS + 15_000);
    await Promise.all(this.#probes.map(({ done }) => done));
    await again;
    return ended.ms;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const probe of this.#probes) probe.stop();
    await this.broker.kill();
  }
}

/** Publishes what is stored and what is not, to some hundred topics, and waits for the answers. */
async function warm(world: World): Promise<void> {
  const publisher = new Publisher(world, true);
  await publisher.connect();
  const reader = await Subscriber.connect(world, { v2: true, name: "warm" });
  await reader.subscribe("#d.warm.>", { from: "earliest" });
  const until = performance.now() + WARM_MS;
  for (let at = 0; at < WARM_MESSAGES && performance.now() < until; at++) {
    publisher.publish({ topic: `#${"dh"[at & 1]}.warm.${at % WARM_TOPICS}`, bytes: 40 });
    if (at % WARM_OPEN === 0) await publisher.answered(WARM_OPEN, WARM_MS);
  }
  await publisher.answered(0, WARM_MS);
  publisher.leave();
  reader.leave();
}
