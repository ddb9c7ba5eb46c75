/**
 * A connection that says exactly what it is told to: one socket, its requests in order, and what answered each.
 *
 * @module
 */
import { Incoming, type Said } from "./incoming.ts";

/** What a request was answered with, at `at` milliseconds. */
export interface Answer {
  readonly ok: boolean;
  /** The line of the answer: an `ok` may be that of other requests, too. */
  readonly line: string;
  readonly at: number;
  /** The number of the message, where the broker gave one. */
  readonly seq?: number;
}

/** Who is told what comes that is no answer. */
export interface PeerEvents {
  message?(topic: string, payload: Uint8Array, seq: number | undefined, said: Said): void;
  /** `gap`, `info`. */
  said?(line: string): void;
  /** Over, for this reason; `bye` is the broker's last line. */
  closed?(reason: { readonly bye: string | undefined; readonly error: string | undefined }): void;
}

type Waiting = (answer: Answer | undefined) => void;

const encoder = new TextEncoder();
const READ_BYTES = 64 * 1024;

export class Peer {
  readonly v2: boolean;
  readonly #socket: Deno.TcpConn;
  readonly #events: PeerEvents;
  readonly #incoming: Incoming;
  #waiting: Waiting[] = [];
  #answered = 0;
  #reading: PromiseWithResolvers<void> | undefined;
  #writing: Promise<void> = Promise.resolve();
  #bye: string | undefined;
  closed = false;
  /** Bytes given to `send`. */
  sent = 0;
  received = 0;

  private constructor(socket: Deno.TcpConn, v2: boolean, events: PeerEvents) {
    this.#socket = socket;
    this.v2 = v2;
    this.#events = events;
    this.#incoming = new Incoming({
      line: (line) => this.#line(line),
      message: (topic, payload, seq, said) => events.message?.(topic, payload, seq, said),
    });
    void this.#read();
  }

  static async connect(
    port: number,
    { v2, login = "", ...events }: { readonly v2: boolean; readonly login?: string } & PeerEvents,
  ): Promise<Peer> {
    const socket = await Deno.connect({ hostname: "127.0.0.1", port });
    socket.setNoDelay(true);
    const peer = new Peer(socket, v2, events);
    if (v2) await peer.ask(`h hello 2${login}\n`);
    return peer;
  }

  /** Requests without an answer. */
  get open(): number {
    return this.#waiting.length - this.#answered;
  }

  /** Sends one request and comes back with its answer; undefined when the connection ends before. */
  ask(request: string | Uint8Array): Promise<Answer | undefined> {
    const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
    this.request(request, resolve);
    return promise;
  }

  /** Sends one request. `done` has its answer, or nothing when the connection has ended. */
  request(request: string | Uint8Array, done: (answer: Answer | undefined) => void): void {
    if (this.closed) return done(undefined);
    this.#waiting.push(done);
    this.send(request);
  }

  /** Sends bytes, whatever they are, behind what is being sent. */
  send(data: string | Uint8Array): void {
    const bytes = typeof data === "string" ? encoder.encode(data) : data;
    this.sent += bytes.length;
    this.#writing = this.#writing.then(async () => {
      for (let at = 0; at < bytes.length && !this.closed;) at += await this.#socket.write(bytes.subarray(at));
    }).catch((error) => this.#end(`${error}`));
  }

  /** Waits until all that was sent has been taken by the operating system. */
  async flushed(): Promise<void> {
    await this.#writing;
  }

  /** Reads no longer, until `resume`. */
  pause(): void {
    this.#reading ??= Promise.withResolvers();
  }

  resume(): void {
    this.#reading?.resolve();
    this.#reading = undefined;
  }

  close(): void {
    this.#end(undefined);
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    try {
      while (!this.closed) {
        await this.#reading?.promise;
        const count = await this.#socket.read(buffer);
        if (count === null) return this.#end("the broker closed");
        this.received += count;
        if (!this.closed) this.#incoming.push(buffer.subarray(0, count));
      }
    } catch (error) {
      this.#end(`${error}`);
    }
  }

  #line(line: string): void {
    const [verb, count] = line.split(" ", 2);
    const at = performance.now();
    if (verb === "gap" || verb === "info") return this.#events.said?.(line);
    if (verb === "bye" || line === "ERR_TOO_MANY_CONNECTIONS") {
      this.#bye = line;
      return;
    }
    if (verb !== "ok") {
      return this.#answer({ ok: verb === "OK" || verb === "OK_2" || verb === "pong", line, at });
    }
    const last = / seq=(\d+)/.exec(line)?.[1];
    const many = Number(count);
    if (!(many >= 1) || many > this.open) {
      throw new Error(`answers what nobody asked: ${line}, open ${this.open}`);
    }
    for (let left = many; left > 0; left--) {
      this.#answer({ ok: true, line, at, ...(last === undefined ? {} : { seq: Number(last) - left + 1 }) });
    }
  }

  #answer(answer: Answer): void {
    const waiting = this.#waiting[this.#answered];
    if (waiting === undefined) throw new Error(`answers what nobody asked: ${answer.line}`);
    this.#answered++;
    if (this.#answered > 1024 && this.#answered * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#answered);
      this.#answered = 0;
    }
    waiting(answer);
  }

  #end(error: string | undefined): void {
    if (this.closed) return;
    this.closed = true;
    this.resume();
    try {
      this.#socket.close();
    } catch { /* it is closed */ }
    const left = this.#waiting.slice(this.#answered);
    this.#waiting = [];
    this.#answered = 0;
    for (const done of left) done(undefined);
    this.#events.closed?.({ bye: this.#bye, error });
  }
}
