/**
 * One direction of a connection in a world.
 *
 * @module
 */
import { LF } from "../../../lib/wire/bytes.ts";
import type { Node, World } from "./world.ts";

/** What a pipe asks of the network it is a part of. */
export interface PipeWeather {
  /** Bytes that fit between two ends. */
  readonly capacity: number;
  /** Milliseconds that something takes one way. */
  delay(): number;
  /** How much of so many bytes goes together. */
  piece(bytes: number): number;
}

/** Bytes keep their order; they come in pieces, late, or never. */
export class Pipe {
  readonly #name: string;
  readonly #world: World;
  readonly #network: PipeWeather;
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
    readonly network: PipeWeather;
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
    const room = this.#network.capacity - this.#inside;
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
