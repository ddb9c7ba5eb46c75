/**
 * The broker of a world, and those that come after it.
 *
 * @module
 */
import { Broker, type BrokerSnapshot, PUBLISHERS, SUBSCRIBERS } from "../../lib/broker/mod.ts";
import type { LogFields } from "../../lib/log.ts";
import { PUB_PORT, type Stage, SUB_PORT } from "./actors.ts";
import type { Plan } from "./plan.ts";
import type { Disk } from "./world/disk.ts";
import { WorldLoop } from "./world/loop.ts";
import { Node } from "./world/world.ts";

/** Milliseconds until somebody has started another one. */
const RESTART_MS = 800;

/** Policies of subscriptions that never hold more than their outbox may. */
const LOSSY: ReadonlySet<string> = new Set(["drop-old", "drop-new", "latest", "disconnect"]);
/** Bytes that are being written, which count until they are. */
const WRITING_MOST = 64 * 1024;
/** Milliseconds between two looks at its state. */
const WATCH_MS = 250;

/** What is left of a broker when it has ended in good order. */
export interface Remains {
  readonly snapshot: BrokerSnapshot;
  readonly timers: number;
  /** Connections that had something queued when they were cut off. */
  readonly cut: number;
}

/** One broker after another, on one disk. */
export class Brokers {
  readonly #stage: Stage;
  readonly #plan: Plan;
  readonly #disk: Disk | undefined;
  #node: Node | undefined;
  #broker: Broker | undefined;
  #started = 0;
  #ending = false;

  constructor(stage: Stage, { plan, disk }: { readonly plan: Plan; readonly disk: Disk | undefined }) {
    this.#stage = stage;
    this.#plan = plan;
    this.#disk = disk;
  }

  get broker(): Broker | undefined {
    return this.#broker;
  }

  get node(): Node | undefined {
    return this.#node;
  }

  start(): void {
    if (this.#node !== undefined) return;
    const { world, network, history, states } = this.#stage;
    const { outbox, payload, stallTimeout, durable, dedupWindow } = this.#plan;
    const node = new Node(world, { name: `broker ${++this.#started}` });
    const random = world.streams.of(node.name);
    world.trace.add(`${node.name} starts`);
    const store = this.#disk?.open(node);
    const broker = new Broker({
      limits: { outbox, payload },
      stallTimeout,
      ...(store === undefined ? {} : { store, dedupWindow }),
      ...(durable ? { durable: ["#d.>"] } : {}),
      log: {
        debug: (event, fields) => this.#logged("debug", event, fields),
        info: (event, fields) => this.#logged("info", event, fields),
        warn: (event, fields) => this.#logged("warn", event, fields),
        error: (event, fields) => this.#logged("error", event, fields),
      },
    }, {
      clock: node.clock,
      random32: () => random.random32(),
      loop: () => new WorldLoop(node, random, states),
    });
    this.#node = node;
    this.#broker = broker;
    history.starts.push(world.now);
    this.#watch(broker, node);
    network.listen(SUB_PORT, node, (transport, address) => {
      void broker.serve(transport, { listener: SUBSCRIBERS, address });
    });
    network.listen(PUB_PORT, node, (transport, address) => {
      void broker.serve(transport, { listener: PUBLISHERS, address });
    });
    // the program ends when it does not know any more what is stored, and somebody starts it again
    void broker.lost.then(() => {
      if (this.#broker === broker) this.kill();
    });
  }

  /** kill -9; another one comes. */
  kill(): void {
    const node = this.#node;
    if (node === undefined) return;
    const { world, network } = this.#stage;
    world.trace.add(`${node.name} is killed`);
    network.close(SUB_PORT);
    network.close(PUB_PORT);
    this.#disk?.crash();
    node.die();
    network.kill(node);
    this.#gone();
  }

  /** SIGTERM; what is left of it. */
  async drain(ms: number): Promise<Remains | undefined> {
    const node = this.#node;
    const broker = this.#broker;
    if (node === undefined || broker === undefined || this.#ending) return undefined;
    const { world, network } = this.#stage;
    this.#ending = true;
    world.trace.add(`${node.name} drains`);
    network.close(SUB_PORT);
    network.close(PUB_PORT);
    const cut = await broker.drain(ms);
    await broker.close();
    this.#ending = false;
    // it may have been killed meanwhile
    if (this.#node !== node) return undefined;
    const snapshot = broker.snapshot();
    const { timers } = node;
    this.#disk?.crash();
    node.die();
    network.kill(node);
    this.#gone();
    return { snapshot, timers, cut };
  }

  /** Notes now and then what state it is in. */
  #watch(broker: Broker, node: Node): void {
    const { states } = this.#stage;
    const look = (): void => {
      if (this.#broker !== broker) return;
      const { totals, connections } = broker.snapshot();
      for (const { subscriptions, held, id } of connections) {
        const bounded = subscriptions.length > 0 && subscriptions.every(({ slow }) => LOSSY.has(slow)) &&
          !this.#replays(id);
        if (bounded && held > 1.5 * this.#plan.outbox + WRITING_MOST) {
          this.#stage.errors.push(`${held} bytes are held for ${id}, of ${this.#plan.outbox}`);
        }
      }
      if (totals.expired > 0) states.reached("a message outlives its ttl");
      if (connections.some(({ waits }) => waits)) states.reached("a publisher waits for a full outbox");
      node.after(WATCH_MS, look);
    };
    node.after(WATCH_MS, look);
  }

  /** What is read of what is stored is never left out: a page of it may be held. */
  #replays(id: string | undefined): boolean {
    const plan = this.#plan.subscribers.find(({ name }) => name === id);
    return plan?.subscriptions.some(({ from }) => from !== undefined) ?? true;
  }

  #gone(): void {
    this.#node = this.#broker = undefined;
    this.#ending = false;
    this.#stage.world.after(RESTART_MS, () => this.start());
  }

  #logged(level: string, event: string, fields: LogFields = {}): void {
    const { world, states } = this.#stage;
    world.trace.add(`log ${level} ${event} ${JSON.stringify(fields)}`);
    if (event === "internal error") this.#stage.errors.push(`${event}: ${String(fields.error)}`);
    if (event.startsWith("slow consumer") && fields.reason !== undefined) {
      states.reached("a slow consumer is cut");
      this.#stage.history.stalled.add(String(fields.id));
    }
  }
}
