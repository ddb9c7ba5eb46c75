/**
 * Server-Sent Events (the WHATWG HTML standard, 9.2): events in, bytes out.
 *
 * @module
 */
import { STREAM_COMMENT_MS } from "./limits.ts";

/** Characters that may wait for a client before who makes events has to wait. */
const WAITING_MOST = 64 * 1024;

/**
 * - Events leave whole and in order; those that wait while one is written leave together.
 * - Nothing that an event holds can end a line: it is JSON, and an id has no line break.
 * - A comment comes where nothing else has for a while, so that both sides see that the other is there.
 */
export class EventStream {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Resolves when nobody reads it any more. */
  readonly gone: Promise<void>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #encoder = new TextEncoder();
  readonly #timer: ReturnType<typeof setInterval>;
  #waiting = "";
  #writing: Promise<void> | undefined;
  #quiet = true;

  constructor() {
    const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>>();
    this.readable = readable;
    this.#writer = writable.getWriter();
    this.#timer = setInterval(() => {
      if (this.#quiet && this.#writing === undefined) this.#put(":\n\n");
      this.#quiet = true;
    }, STREAM_COMMENT_MS / 2);
    const over = (): void => clearInterval(this.#timer);
    this.gone = this.#writer.closed.then(over, over);
  }

  /** Milliseconds until the client is to connect again, once it has lost the connection. */
  retry(ms: number): void {
    this.#put(`retry: ${ms}\n\n`);
  }

  /** `id`: what the client gives back to go on behind this event; left out: as the event before. */
  event(name: string, data: unknown, id?: string): void {
    const named = name === "message" ? "" : `event: ${name}\n`;
    this.#put(`${named}${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
  }

  /** Whether so much waits that who makes events should wait for {@link ready}. */
  get full(): boolean {
    return this.#waiting.length >= WAITING_MOST;
  }

  /** Resolves when what waits has been taken, or nobody reads it any more. */
  async ready(): Promise<void> {
    await this.#writing;
  }

  /** Ends it behind what waits. */
  async close(): Promise<void> {
    await this.#writing;
    clearInterval(this.#timer);
    // who is gone already does not wait for the end
    await this.#writer.close().catch(() => {});
  }

  #put(text: string): void {
    this.#quiet = false;
    this.#waiting += text;
    this.#writing ??= this.#drain();
  }

  async #drain(): Promise<void> {
    try {
      // what is put in the same turn leaves in one piece
      await Promise.resolve();
      while (this.#waiting !== "") {
        const bytes = this.#encoder.encode(this.#waiting);
        this.#waiting = "";
        await this.#writer.write(bytes);
      }
    } catch {
      // nobody reads it any more, which `gone` has told
      this.#waiting = "";
    } finally {
      this.#writing = undefined;
    }
  }
}
