/**
 * The broker of a world, and those that come after it.
 *
 * @module
 */
import { Broker, type BrokerSnapshot, PUBLISHERS, SUBSCRIBERS } from "../../lib/broker/mod.ts";
import type { LogFields } from "../../lib/log.ts";
import type { Store } from "../../lib/store/types.ts";
import { guestPorts, PUB_PORT, type Stage, SUB_PORT } from "./actors.ts";
import { HOST } from "./rights.ts";
import type { Disk } from "./world/disk.ts";
import { WORLD_HEAP } from "./world/heap.ts";
import { WorldLoop } from "./world/loop.ts";
import { Node } from "./world/world.ts";

/** Milliseconds until somebody has started another one. */
const RESTART_MS = 800;

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
  readonly #disk: Disk | undefined;
  #node: Node | undefined;
  #broker: Broker | undefined;
  #store: Store | undefined;
  #started = 0;
  #ending = false;

  constructor(stage: Stage, { disk }: { readonly disk: Disk | undefined }) {
    this.#stage = stage;
    this.#disk = disk;
  }

  get broker(): Broker | undefined {
    return this.#broker;
  }

  /** How many messages are to come later; undefined: there is nobody to ask. */
  get delayed(): number | undefined {
    return this.#disk === undefined ? 0 : this.#store?.state.delayed;
  }

  get node(): Node | undefined {
    return this.#node;
  }

  start(): void {
    if (this.#node !== undefined) return;
    const { world, network, history, states, plan, accounts } = this.#stage;
    const { outbox, memory, payload, line, stallTimeout, slowConsumer, durable, dedupWindow } = plan;
    const { ackTimeout, maxAttempts, guests } = plan;
    const node = new Node(world, { name: `broker ${++this.#started}` });
    const random = world.streams.of(node.name);
    world.trace.add(`${node.name} starts`);
    const store = this.#disk?.open(node);
    const broker = new Broker({
      limits: { outbox, payload, line, ...(memory === undefined ? {} : { memory }) },
      stallTimeout,
      ackTimeout,
      maxAttempts,
      slowConsumer,
      ...(guests.length === 0 ? {} : { gatekeeper: accounts }),
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
      heap: WORLD_HEAP,
    });
    this.#node = node;
    this.#broker = broker;
    this.#store = store;
    history.starts.push(world.now);
    this.renew();
    const grant = guests.length === 0 ? undefined : HOST;
    network.listen(SUB_PORT, node, (transport, address) => {
      void broker.serve(transport, { listener: SUBSCRIBERS, address, grant });
    });
    network.listen(PUB_PORT, node, (transport, address) => {
      void broker.serve(transport, { listener: PUBLISHERS, address, grant });
    });
    for (const [at, { name }] of guests.entries()) {
      const { pub, sub } = guestPorts(at);
      for (const [port, listener] of [[sub, SUBSCRIBERS], [pub, PUBLISHERS]] as const) {
        network.listen(port, node, (transport, address) => {
          const { grant } = accounts.account(name);
          if (grant === undefined) return transport.close();
          void broker.serve(accounts.tap(name, transport, address), { listener, address, grant });
        });
      }
    }
    // the program ends when it does not know any more what is stored, and somebody starts it again
    void broker.lost.then(() => {
      if (this.#broker === broker) this.kill();
    });
  }

  /** Accounts are what they are to be by now. */
  renew(): void {
    const { accounts, world } = this.#stage;
    const broker = this.#broker;
    accounts.renewAll(world.now, (address) => {
      const connection = broker?.snapshot().connections.find((each) => each.address === address);
      return connection?.queued ?? 0;
    });
    broker?.permissionsChanged();
  }

  /** kill -9; another one comes. */
  kill(): void {
    const node = this.#node;
    if (node === undefined) return;
    const { world, network } = this.#stage;
    world.trace.add(`${node.name} is killed`);
    this.#closePorts();
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
    const { world, network, history } = this.#stage;
    const from = world.now;
    this.#ending = true;
    world.trace.add(`${node.name} drains`);
    this.#closePorts();
    const cut = await broker.drain(ms);
    await broker.close();
    this.#ending = false;
    // it may have been killed meanwhile
    if (this.#node !== node) return undefined;
    history.drains.push({ from, to: world.now, ms, cut });
    const snapshot = broker.snapshot();
    const { timers } = node;
    this.#disk?.crash();
    node.die();
    network.kill(node);
    this.#gone();
    return { snapshot, timers, cut };
  }

  #closePorts(): void {
    const { network, plan: { guests } } = this.#stage;
    const ports = guests.flatMap((_, at) => Object.values(guestPorts(at)));
    for (const port of [SUB_PORT, PUB_PORT, ...ports]) network.close(port);
  }

  #gone(): void {
    this.#node = this.#broker = this.#store = undefined;
    this.#ending = false;
    this.#stage.world.after(RESTART_MS, () => this.start());
  }

  #logged(level: string, event: string, fields: LogFields = {}): void {
    const { world, states, history } = this.#stage;
    world.trace.add(`log ${level} ${event} ${JSON.stringify(fields)}`);
    if (event === "internal error") this.#stage.errors.push(`${event}: ${String(fields.error)}`);
    if (event.startsWith("slow consumer") && fields.reason !== undefined) {
      states.reached("a slow consumer is cut");
      setFirst(history.stalled, String(fields.id), world.now);
    }
    if (event === "connection closed") setFirst(history.closed, String(fields.id), world.now);
  }
}

function setFirst(times: Map<string, number>, name: string, now: number): void {
  if (!times.has(name)) times.set(name, now);
}
