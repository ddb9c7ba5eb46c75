/**
 * What the generator must know of a protocol to take work from a queue and settle it.
 *
 * @module
 */
import type { Handshake, Replies } from "../dialects/mod.ts";

/** One protocol's queue: one publisher, and workers who share what it publishes. */
export interface Queue {
  /** Said once, on a connection of its own, before anybody else comes; `null`: nothing has to be. */
  setup(topic: string): Handshake | null;
  publisherHello(topic: string): Handshake | null;
  publish(topic: string, payload: Uint8Array): Uint8Array<ArrayBuffer>;
  readonly replies: Replies;
  /** What may stand between those unasked. */
  readonly interjection: Uint8Array<ArrayBuffer> | null;
  workerHello(topic: string, how: WorkerOptions): Handshake | null;
  worker(topic: string, how: WorkerOptions): Worker;
}

/** What a worker is told. */
export interface WorkerOptions {
  /** Its number, from 0. */
  readonly at: number;
  /** Messages that it holds at most. */
  readonly window: number;
  /** Bytes of a payload. */
  readonly size: number;
  /** Settles each message by itself, also where the protocol could settle several in one request. */
  readonly each: boolean;
}

/** One who takes messages and settles each at once. What it does not expect, it throws. */
export interface Worker {
  /** What it has to send. */
  readonly out: Output;
  /** Messages that came. */
  readonly received: number;
  /** Messages that are settled: confirmed, or, where the protocol confirms nothing, said. */
  readonly settled: number;
  /** Takes of the bytes before `end` what is whole: how many that were. */
  take(bytes: Uint8Array, end: number): number;
}

/** Bytes that grow, and are sent from the front. */
export class Output {
  #bytes = new Uint8Array(256 * 1024);
  #start = 0;
  #end = 0;

  /** What waits. */
  get waiting(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  get empty(): boolean {
    return this.#start === this.#end;
  }

  /** Text of ASCII alone. */
  text(text: string): void {
    this.#room(text.length);
    for (let at = 0; at < text.length; at++) this.#bytes[this.#end++] = text.charCodeAt(at);
  }

  /** Bytes of another buffer. */
  bytes(from: Uint8Array, start: number, end: number): void {
    this.#room(end - start);
    for (let at = start; at < end; at++) this.#bytes[this.#end++] = from[at]!;
  }

  /** So many have been sent. */
  sent(count: number): void {
    this.#start += count;
    if (this.#start === this.#end) this.#start = this.#end = 0;
  }

  #room(more: number): void {
    if (this.#end + more <= this.#bytes.length) return;
    const { waiting } = this;
    const larger = waiting.length + more <= this.#bytes.length / 2
      ? this.#bytes
      : new Uint8Array(2 * (this.#bytes.length + more));
    // within one buffer it moves to the front
    larger.set(waiting, 0);
    this.#end = waiting.length;
    this.#start = 0;
    this.#bytes = larger;
  }
}

const LF = 10;

/** The end of the line that begins at `at`, behind its LF; 0: it is not whole. */
export function lineEnd(bytes: Uint8Array, at: number, end: number): number {
  const lf = bytes.indexOf(LF, at);
  return lf < 0 || lf >= end ? 0 : lf + 1;
}

/** A part of a buffer as text, for lines that come seldom and for what goes wrong. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}

/** A decimal number that begins at `at`, as far as its digits go. */
export function numberAt(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let digit = bytes[at]! - 48; digit >= 0 && digit <= 9; digit = bytes[++at]! - 48) {
    value = 10 * value + digit;
  }
  return value;
}
