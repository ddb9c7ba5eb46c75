/**
 * A connection without a socket, for who talks to a broker in the same process.
 *
 * @module
 */
import type { Transport } from "../sessions/mod.ts";

/**
 * Two ends of a byte stream in memory, as a socket pair is one: `capacity` bytes fit between them each way.
 */
export function memoryPair(capacity = 64 * 1024): [Transport, Transport] {
  const there = new Pipe(capacity);
  const back = new Pipe(capacity);
  return [new End(there, back), new End(back, there)];
}

class End implements Transport {
  readonly #input: Pipe;
  readonly #output: Pipe;

  constructor(input: Pipe, output: Pipe) {
    this.#input = input;
    this.#output = output;
  }

  read(into: Uint8Array<ArrayBuffer>): Promise<number | null> {
    return this.#input.read(into);
  }

  write(from: Uint8Array<ArrayBuffer>): Promise<number> {
    return this.#output.write(from);
  }

  closeWrite(): Promise<void> {
    this.#output.end();
    return Promise.resolve();
  }

  close(): void {
    this.#output.end();
    this.#input.abort();
  }
}

/** One direction. One reader and one writer at a time, as sockets are used here. */
class Pipe {
  readonly #capacity: number;
  #bytes = new Uint8Array(0);
  #ended = false;
  #aborted = false;
  #changed: Array<() => void> = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#bytes.length === 0 && !this.#ended && !this.#aborted) await this.#change();
    if (this.#aborted) throw new Deno.errors.BadResource("closed");
    if (this.#bytes.length === 0) return null;
    const part = this.#bytes.subarray(0, into.length);
    into.set(part);
    this.#bytes = this.#bytes.slice(part.length);
    this.#wake();
    return part.length;
  }

  async write(from: Uint8Array): Promise<number> {
    while (this.#bytes.length >= this.#capacity && !this.#aborted && !this.#ended) await this.#change();
    if (this.#aborted || this.#ended) throw new Deno.errors.BrokenPipe("closed");
    const part = from.subarray(0, this.#capacity - this.#bytes.length);
    const joined = new Uint8Array(this.#bytes.length + part.length);
    joined.set(this.#bytes);
    joined.set(part, this.#bytes.length);
    this.#bytes = joined;
    this.#wake();
    return part.length;
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  abort(): void {
    this.#aborted = true;
    this.#wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#changed.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#changed.splice(0)) resolve();
  }
}
