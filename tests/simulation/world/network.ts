/**
 * The network between nodes: streams of bytes in any pieces, that are slow, stand still, break, or go nowhere.
 *
 * @module
 */
import type { Transport } from "../../../lib/sessions/mod.ts";
import type { States } from "../states.ts";
import type { Random } from "./random.ts";
import { BrokerEnd, ClientEnd } from "./ends.ts";
import { Pipe, type PipeWeather } from "./pipe.ts";
import type { Node, World } from "./world.ts";

/** How the network behaves. */
export interface Weather {
  /** Milliseconds one way, typically. */
  latency: number;
  /** How often a piece is cut, and how often as small as a byte. */
  cuts: number;
  crumbs: number;
  /** Bytes that fit between two ends, each way. */
  capacity: number;
  /** How often somebody who connects is refused. */
  refusals: number;
}

/** Who is called when somebody has connected. */
export type Accept = (transport: Transport, address: string) => void;

/** What can be done to a connection. */
export interface Wire {
  readonly name: string;
  readonly open: boolean;
  /** Nothing is carried for so many milliseconds. */
  stall(ms: number): void;
  /** Both ends are told that it broke. */
  reset(): void;
  /** Nothing is carried ever again, and nobody is told. */
  cutCable(): void;
}

/** All connections there are. */
export class Network implements PipeWeather {
  readonly weather: Weather;
  readonly #world: World;
  readonly #random: Random;
  readonly #states: States;
  readonly #listeners = new Map<number, { readonly node: Node; readonly accept: Accept }>();
  readonly #wires = new Set<Connection>();
  #lastPort = 40_000;

  constructor(world: World, { weather, states }: { readonly weather: Weather; readonly states: States }) {
    this.#world = world;
    this.#states = states;
    this.#random = world.streams.of("network");
    this.weather = weather;
  }

  /** Connections of which both ends, or one, are open. */
  get wires(): readonly Wire[] {
    return [...this.#wires];
  }

  listen(port: number, node: Node, accept: Accept): void {
    this.#listeners.set(port, { node, accept });
  }

  /** Nobody listens there any more. */
  close(port: number): void {
    this.#listeners.delete(port);
  }

  /** All connections of a node break, as when its process is killed. */
  kill(node: Node): void {
    for (const wire of [...this.#wires]) if (wire.isOf(node)) wire.reset();
  }

  /** `lines`: what comes back is not cut in the middle of a line. */
  connect(
    from: Node,
    port: number,
    { signal, lines = false }: { readonly signal: AbortSignal; readonly lines?: boolean },
  ): Promise<ClientEnd> {
    const { promise, resolve, reject } = Promise.withResolvers<ClientEnd>();
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort);
    const there = this.delay();
    const back = this.delay();
    const refused = this.#random.chance(this.weather.refusals);
    this.#world.after(there, () => {
      const listener = this.#listeners.get(port);
      if (listener === undefined || refused || !listener.node.alive) {
        this.#states.reached("a connection is refused");
        from.after(back, () => reject(new Deno.errors.ConnectionRefused("connection refused")));
        return;
      }
      const localPort = ++this.#lastPort;
      const wire = new Connection(this, { world: this.#world, from, to: listener.node, localPort, lines });
      this.#wires.add(wire);
      const { accept } = listener;
      listener.node.after(0, () => accept(wire.brokerEnd, `10.0.0.1:${localPort}`));
      from.after(back, () => {
        if (signal.aborted) wire.clientEnd.close();
        else resolve(wire.clientEnd);
      });
    });
    return promise.finally(() => signal.removeEventListener("abort", abort));
  }

  /** Who hangs on a cable that was cut is told by their systems at last. */
  heal(): void {
    for (const wire of [...this.#wires]) if (wire.cut) wire.reset();
  }

  /** @ignore */
  gone(wire: Connection): void {
    this.#wires.delete(wire);
  }

  get capacity(): number {
    return this.weather.capacity;
  }

  /** Milliseconds that something takes one way. */
  delay(): number {
    return this.#random.spread(this.weather.latency);
  }

  /** How much of so many bytes goes together. */
  piece(bytes: number): number {
    const { cuts, crumbs } = this.weather;
    if (bytes < 2 || !this.#random.chance(cuts)) return bytes;
    return this.#random.chance(crumbs) ? 1 : this.#random.between(1, bytes);
  }
}

/** One connection between a client and a broker. */
class Connection implements Wire {
  readonly name: string;
  readonly clientEnd: ClientEnd;
  readonly brokerEnd: BrokerEnd;
  readonly #network: Network;
  readonly #from: Node;
  readonly #to: Node;
  readonly #up: Pipe;
  readonly #down: Pipe;
  cut = false;

  constructor(
    network: Network,
    { world, from, to, localPort, lines }: {
      readonly world: World;
      readonly from: Node;
      readonly to: Node;
      readonly localPort: number;
      readonly lines: boolean;
    },
  ) {
    this.#network = network;
    this.#from = from;
    this.#to = to;
    this.name = `${from.name}:${localPort}`;
    const parts = { world, network };
    this.#up = new Pipe({ ...parts, name: `${this.name} up`, writer: from, reader: to, lines: false });
    this.#down = new Pipe({ ...parts, name: `${this.name} down`, writer: to, reader: from, lines });
    const closed = (): void => this.#closed();
    this.clientEnd = new ClientEnd({ input: this.#down, output: this.#up, closed }, localPort);
    this.brokerEnd = new BrokerEnd({ input: this.#up, output: this.#down, closed });
  }

  get open(): boolean {
    return !this.clientEnd.closed || !this.brokerEnd.closed;
  }

  isOf(node: Node): boolean {
    return this.#from === node || this.#to === node;
  }

  stall(ms: number): void {
    this.#up.stall(ms);
    this.#down.stall(ms);
  }

  reset(): void {
    this.#up.break();
    this.#down.break();
    this.#network.gone(this);
  }

  cutCable(): void {
    this.cut = true;
    this.#up.stall(Infinity);
    this.#down.stall(Infinity);
  }

  #closed(): void {
    if (!this.open) this.#network.gone(this);
  }
}
