/**
 * One connection from its first byte to its last: requests one by one, deliveries as they come.
 *
 * @module
 */
import { ClassicClientDecoder, encodeRequest } from "../wire/classic_client.ts";
import { visible } from "../text.ts";
import { reasonOf, type Socket } from "./dial.ts";

/** How a link ended. `reason` is a clause for a person; `turnedAway` what the broker said instead of serving it. */
export interface LinkEnd {
  readonly reason: string;
  readonly turnedAway?: string;
}

/** Who takes the deliveries of a subscriber's link. */
export interface DeliverySink {
  delivery(topic: string, payload: Uint8Array): void;
  /** Undefined, or a promise until which nothing more is to be read: the consumer is behind. */
  held(): Promise<void> | undefined;
}

type Timer = ReturnType<typeof setTimeout>;

/** How long the reply to the goodbye may take. */
const GOODBYE_MS = 500;
/** How long what the broker may have said before it hung up is still read for, after a write has failed. */
const LAST_WORDS_MS = 200;
/** Refusals of the connection as such; any other is the reply to a request. */
const TURNED_AWAY = new Set(["ERR_TOO_MANY_CONNECTIONS"]);

/**
 * A connection in use.
 *
 * - One request at a time, in one write, and the next only after its reply: brokers of the exercise take one read for
 *   one request. Who calls {@link request} holds to that.
 * - Replies and deliveries come in the order the broker sent them.
 * - It ends once, with one reason, and then a request that waits resolves to undefined.
 */
export class Link {
  /** Resolves when the connection has ended; never rejects. */
  readonly ended: Promise<LinkEnd>;
  /** Whether the broker has answered anything: it is one, and it serves this connection. */
  answered = false;

  readonly #socket: Socket;
  readonly #sink: DeliverySink | undefined;
  readonly #decoder: ClassicClientDecoder;
  #waiting: ((reply: string | undefined) => void) | undefined;
  #quietTimer: Timer | undefined;
  #lastWordsTimer: Timer | undefined;
  #remark: string | undefined;
  #failure: string | undefined;
  #over = false;

  constructor(socket: Socket, sink?: DeliverySink) {
    this.#socket = socket;
    this.#sink = sink;
    this.#decoder = new ClassicClientDecoder({
      reply: (text) => this.#reply(text),
      remark: (text) => this.#remarked(text),
      ...(sink === undefined ? {} : { delivery: (topic, payload) => sink.delivery(topic, payload) }),
    });
    this.ended = this.#readToTheEnd();
  }

  /** Sends a request; resolves to its reply, or to undefined when the connection ends first. */
  request(bytes: Uint8Array): Promise<string | undefined> {
    if (this.#over) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#decoder.expecting = true;
      this.#socket.write(bytes).catch((error) => this.#broken(error));
    });
  }

  /**
   * Says goodbye and closes; waits so many milliseconds at most for the broker to close first. Asks with `quit` so that the broker closes first: the side that does keeps
   * the port pair for a minute, and a client that leaves from a fixed local port could not connect again before.
   * A broker that does not end its lines is one of the exercise, which need not know `quit`: no goodbye there, nor
   * while a request waits for its reply.
   */
  async quit(id: string, { waitForEnd }: { readonly waitForEnd: number }): Promise<void> {
    if (!this.#over && this.#decoder.framing !== "bare") {
      await within(
        GOODBYE_MS,
        this.#waiting === undefined ? this.request(encodeRequest(id, "quit")) : this.ended,
      );
      await within(waitForEnd, this.ended);
    }
    this.close();
  }

  close(): void {
    this.#socket.close();
  }

  async #readToTheEnd(): Promise<LinkEnd> {
    const reason = await this.#read();
    this.#over = true;
    clearTimeout(this.#quietTimer);
    clearTimeout(this.#lastWordsTimer);
    this.#decoder.end();
    this.#socket.close();
    this.#waiting?.(undefined);
    this.#waiting = undefined;
    if (this.#remark === undefined) return { reason: this.#failure ?? reason };
    return { reason: `the broker said ${this.#remark} and closed the connection`, turnedAway: this.#remark };
  }

  async #read(): Promise<string> {
    try {
      for (;;) {
        const chunk = await this.#socket.read();
        if (chunk === null) return "the broker closed the connection";
        clearTimeout(this.#quietTimer);
        this.#decoder.push(chunk);
        this.#minds(this.#decoder.patience);
        const held = this.#sink?.held();
        if (held !== undefined) await held;
      }
    } catch (error) {
      return error instanceof RangeError ? error.message : reasonOf(error);
    }
  }

  /** Silence may mean something: see the decoder. */
  #minds(patience: number | undefined): void {
    if (patience === undefined) return;
    this.#quietTimer = setTimeout(() => {
      this.#decoder.quiet();
      this.#minds(this.#decoder.patience);
    }, patience);
  }

  #reply(text: string): void {
    if (TURNED_AWAY.has(text)) return this.#remarked(text);
    this.answered = true;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(text);
  }

  /** Words that are no reply matter when the connection ends: until then anything may follow them. */
  #remarked(text: string): void {
    if (text.startsWith("ERR")) this.#remark = visible(text).slice(0, 200);
  }

  #broken(error: unknown): void {
    if (this.#over) return;
    this.#failure = reasonOf(error);
    this.#lastWordsTimer = setTimeout(() => this.close(), LAST_WORDS_MS);
  }
}

/** Waits for a promise, but no longer than so many milliseconds. */
export async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: Timer | undefined;
  await Promise.race([promise, new Promise((resolve) => timer = setTimeout(resolve, ms))]);
  clearTimeout(timer);
}
