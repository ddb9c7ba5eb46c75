/**
 * The network between nodes: streams of bytes in any pieces, that are slow, stand still, break, or go nowhere.
 *
 * @module
 */
import type { Socket } from "../../../lib/client/sockets/socket.ts";
import type { Transport } from "../../../lib/sessions/mod.ts";
import { LF } from "../../../lib/wire/bytes.ts";
import type { States } from "../states.ts";
import type { Random } from "./random.ts";
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
export class Network {
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

/** One direction. */
class Pipe {
  readonly #name: string;
  readonly #world: World;
  readonly #network: Network;
  readonly #writer: Node;
  readonly #reader: Node;
  readonly #lines: boolean;
  /** What has come and was not read. */
  readonly #come: Uint8Array[] = [];
  /** Bytes that are on their way, or have come and were not read. */
  #inside = 0;
  readonly #flight: Array<() => void> = [];
  /** Nothing that was written before may come later. */
  #lastDue = 0;
  #stalledUntil = 0;
  #ended = false;
  #finSent = false;
  #readerClosed = false;
  #writerClosed = false;
  #broken = false;
  #reading:
    | { into: Uint8Array | undefined; done: PromiseWithResolvers<Uint8Array | number | null> }
    | undefined;
  #waiting: { from: Uint8Array; done: PromiseWithResolvers<number> } | undefined;

  constructor({ world, network, name, writer, reader, lines }: {
    readonly world: World;
    readonly network: Network;
    readonly name: string;
    readonly writer: Node;
    readonly reader: Node;
    readonly lines: boolean;
  }) {
    this.#lines = lines;
    this.#world = world;
    this.#network = network;
    this.#name = name;
    this.#writer = writer;
    this.#reader = reader;
  }

  stall(ms: number): void {
    this.#stalledUntil = Math.max(this.#stalledUntil, this.#world.now + ms);
  }

  /** Whether bytes are inside that nobody has read. */
  get unread(): boolean {
    return this.#inside > 0;
  }

  write(from: Uint8Array): Promise<number> {
    const done = Promise.withResolvers<number>();
    this.#waiting = { from, done };
    this.#writeOn();
    return done.promise;
  }

  /** Into `into`, or as bytes of its own. */
  read(into?: Uint8Array): Promise<Uint8Array | number | null> {
    const done = Promise.withResolvers<Uint8Array | number | null>();
    this.#reading = { into, done };
    this.#readOn();
    return done.promise;
  }

  /** Nothing more is written. */
  end(): void {
    if (this.#finSent) return;
    this.#finSent = true;
    this.#send(() => {
      this.#ended = true;
      this.#readOn();
    });
  }

  closeWriter(): void {
    this.#writerClosed = true;
    this.#waiting?.done.reject(new Deno.errors.BadResource("closed"));
    this.#waiting = undefined;
    this.end();
  }

  closeReader(): void {
    this.#readerClosed = true;
    this.#reading?.done.reject(new Deno.errors.BadResource("closed"));
    this.#reading = undefined;
  }

  /** Both ends see that it broke, each at its time. */
  break(): void {
    if (this.#broken) return;
    this.#broken = true;
    const error = new Deno.errors.ConnectionReset("connection reset");
    this.#writer.after(this.#network.delay(), () => {
      this.#waiting?.done.reject(error);
      this.#waiting = undefined;
    });
    this.#reader.after(this.#network.delay(), () => {
      this.#come.length = 0;
      this.#reading?.done.reject(error);
      this.#reading = undefined;
    });
  }

  #writeOn(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    if (this.#writerClosed || this.#finSent) {
      this.#waiting = undefined;
      return waiting.done.reject(new Deno.errors.BadResource("closed"));
    }
    if (this.#broken || this.#readerClosed) {
      this.#waiting = undefined;
      return waiting.done.reject(new Deno.errors.BrokenPipe("broken pipe"));
    }
    const room = this.#network.weather.capacity - this.#inside;
    if (room <= 0) return;
    const bytes = waiting.from.slice(0, Math.min(room, this.#piece(waiting.from)));
    this.#waiting = undefined;
    this.#inside += bytes.length;
    this.#send(() => {
      if (this.#readerClosed) return;
      this.#world.trace.bytes(this.#name, bytes);
      this.#come.push(bytes);
      this.#readOn();
    });
    this.#writer.after(0, () => waiting.done.resolve(bytes.length));
  }

  #readOn(): void {
    const reading = this.#reading;
    if (reading === undefined) return;
    if (this.#broken) {
      this.#reading = undefined;
      return reading.done.reject(new Deno.errors.ConnectionReset("connection reset"));
    }
    const [first] = this.#come;
    if (first === undefined) {
      if (!this.#ended) return;
      this.#reading = undefined;
      return reading.done.resolve(null);
    }
    this.#reading = undefined;
    const { into } = reading;
    const bytes = first.subarray(
      0,
      Math.min(into?.length ?? first.length, this.#piece(first)),
    );
    if (bytes.length === first.length) this.#come.shift();
    else this.#come[0] = first.subarray(bytes.length);
    this.#inside -= bytes.length;
    this.#writer.after(this.#network.delay(), () => this.#writeOn());
    if (into === undefined) return reading.done.resolve(bytes);
    into.set(bytes);
    reading.done.resolve(bytes.length);
  }

  /** How much of it goes together. */
  #piece(bytes: Uint8Array): number {
    const length = this.#network.piece(bytes.length);
    if (!this.#lines) return length;
    const lf = bytes.indexOf(LF, length - 1);
    return lf === -1 ? bytes.length : lf + 1;
  }

  /** After all that was sent before. */
  #send(arrive: () => void): void {
    this.#flight.push(arrive);
    this.#lastDue = Math.max(this.#world.now + this.#network.delay(), this.#lastDue);
    this.#comeIn(this.#lastDue - this.#world.now);
  }

  /** What is first in flight comes in so many milliseconds. */
  #comeIn(ms: number): void {
    this.#world.after(ms, () => {
      if (this.#broken || this.#stalledUntil === Infinity) return;
      const stalled = this.#stalledUntil - this.#world.now;
      if (stalled > 0) return this.#comeIn(stalled);
      const arrive = this.#flight.shift();
      if (arrive !== undefined) this.#reader.guard(arrive);
    });
  }
}

interface Ends {
  readonly input: Pipe;
  readonly output: Pipe;
  readonly closed: () => void;
}

/** A client's end. */
export class ClientEnd implements Socket {
  readonly localPort: number;
  readonly #ends: Ends;
  closed = false;

  constructor(ends: Ends, localPort: number) {
    this.#ends = ends;
    this.localPort = localPort;
  }

  async read(): Promise<Uint8Array | null> {
    if (this.closed) throw new Deno.errors.BadResource("closed");
    const read = await this.#ends.input.read();
    return read instanceof Uint8Array ? read : null;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      if (this.closed) throw new Deno.errors.BadResource("closed");
      at += await this.#ends.output.write(bytes.subarray(at));
    }
  }

  closeWrite(): Promise<void> {
    this.#ends.output.end();
    return Promise.resolve();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    closeBoth(this.#ends);
  }
}

/** A broker's end. */
class BrokerEnd implements Transport {
  readonly #ends: Ends;
  closed = false;

  constructor(ends: Ends) {
    this.#ends = ends;
  }

  async read(into: Uint8Array<ArrayBuffer>): Promise<number | null> {
    if (this.closed) throw new Deno.errors.BadResource("closed");
    const read = await this.#ends.input.read(into);
    return typeof read === "number" ? read : null;
  }

  write(from: Uint8Array<ArrayBuffer>): Promise<number> {
    if (this.closed) return Promise.reject(new Deno.errors.BadResource("closed"));
    return this.#ends.output.write(from);
  }

  closeWrite(): Promise<void> {
    this.#ends.output.end();
    return Promise.resolve();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    closeBoth(this.#ends);
  }
}

/** Who closes while input is unread resets the connection, as a system does. */
function closeBoth({ input, output, closed }: Ends): void {
  const unread = input.unread;
  input.closeReader();
  output.closeWriter();
  if (unread) {
    input.break();
    output.break();
  }
  closed();
}
