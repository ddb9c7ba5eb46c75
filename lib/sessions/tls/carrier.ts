/**
 * What TLS is spoken over: a transport as `node:tls` takes one.
 *
 * @module
 */
import { Duplex } from "node:stream";
import type { Transport } from "../transport.ts";
import { HandshakeError } from "./types.ts";

/** Bytes of a read, of who says little and of who says much. */
const READ_LEAST = 512;
const READ_MOST = 64 * 1024;

/** A record of a handshake, and the version that all TLS there is begins with (`16 03 01`). */
const HANDSHAKE_RECORD = 0x16;

/** The alert `handshake_failure`, which `node:tls` does not say over a stream that is no socket. */
const HANDSHAKE_FAILURE = Uint8Array.of(0x15, 3, 3, 0, 2, 2, 40);

/**
 * Guarantees: it reads only while {@link read} was called and not {@link rest}, so that who does not read
 * inside TLS holds the other side back, and what was read before its turn is one read at most; it writes one
 * piece at a time. Its failure is there for who finds the stream over it broken.
 */
export class Carrier extends Duplex {
  /** What went wrong below TLS, or with the first byte. */
  failure: Error | undefined;
  readonly #transport: Transport;
  #memory = new Uint8Array(READ_LEAST);
  #began = false;
  #said = false;
  /** The stream has room for more. */
  #room = false;
  /** Somebody waits for what comes. */
  #wanted = true;
  #reading = false;
  /** What is below is not closed with this: who said something else than TLS can still be told so. */
  #letGo = false;

  constructor(transport: Transport) {
    super({ allowHalfOpen: true });
    this.#transport = transport;
  }

  /** Something is waited for. */
  want(): void {
    this.#wanted = true;
    if (this.#room && !this.#reading) this.#next();
  }

  /** Nothing more is read until it is wanted. */
  rest(): void {
    this.#wanted = false;
  }

  override _read(): void {
    this.#room = true;
    if (this.#wanted && !this.#reading) this.#next();
  }

  override _write(bytes: Uint8Array<ArrayBuffer>, _: string, done: (error?: Error) => void): void {
    this.#said = true;
    this.#transport.write(bytes).then((count) => {
      if (count === bytes.length) done();
      else this._write(bytes.subarray(count), _, done);
    }, (error) => this.#fail(error, done));
  }

  override _writev(
    pieces: ReadonlyArray<{ readonly chunk: Uint8Array }>,
    done: (error?: Error) => void,
  ): void {
    const bytes = new Uint8Array(pieces.reduce((sum, { chunk }) => sum + chunk.length, 0));
    let at = 0;
    for (const { chunk } of pieces) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    this._write(bytes, "buffer", done);
  }

  override _final(done: (error?: Error) => void): void {
    this.#transport.closeWrite().then(() => done(), (error) => this.#fail(error, done));
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#letGo) {
      if (this.#began && !this.#said) this.#transport.write(HANDSHAKE_FAILURE).catch(() => {}); // gone
      this.#transport.close();
    }
    done(error);
  }

  #next(): void {
    this.#reading = true;
    this.#room = false;
    const memory = this.#memory;
    this.#transport.read(memory).then((count) => {
      this.#reading = false;
      if (count === null) return this.#ended();
      if (!this.#began && memory[0] !== HANDSHAKE_RECORD) {
        this.#letGo = true;
        this.failure = new HandshakeError("plain", "what came is not TLS");
        this.destroy(this.failure);
        return;
      }
      this.#began = true;
      this.push(memory.subarray(0, count));
      this.#fit(count);
    }, (error) => this.#fail(error, () => this.destroy()));
  }

  #ended(): void {
    if (!this.#began) this.failure = new HandshakeError("gone", "nothing came");
    this.push(null);
  }

  /** What was pushed is a copy, so the memory can be read into again. */
  #fit(count: number): void {
    const { length } = this.#memory;
    if (count === length && length < READ_MOST) {
      this.#memory = new Uint8Array(Math.min(4 * length, READ_MOST));
    } else if (8 * count < length && length > READ_LEAST) this.#memory = new Uint8Array(length / 2);
  }

  #fail(error: unknown, done: (error: Error) => void): void {
    const failure = error instanceof Error ? error : new Error(String(error));
    this.failure ??= failure;
    done(failure);
  }
}
