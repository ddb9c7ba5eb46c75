/**
 * A client that says any bytes, and keeps what it hears.
 *
 * @module
 */
import { within } from "../support/within.ts";

/** What it talks over. */
export interface Wire {
  read(into: Uint8Array<ArrayBuffer>): Promise<number | null>;
  write(from: Uint8Array<ArrayBuffer>): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Listens from its beginning on. Whatever the other side does to the connection is its end, and no error. */
export class Talker implements Disposable {
  /** Whether nothing more will come. */
  ended = false;
  readonly #wire: Wire;
  #heard = new Uint8Array(0);
  #changed: Array<() => void> = [];
  readonly #listening: Promise<void>;

  constructor(wire: Wire) {
    this.#wire = wire;
    this.#listening = this.#listen();
  }

  static async connect(port: number): Promise<Talker> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    connection.setNoDelay(true);
    return new Talker(connection);
  }

  /** All that came. */
  get text(): string {
    return decoder.decode(this.#heard);
  }

  /** Says it, in pieces of so many bytes. False: the other side takes nothing more. */
  async say(
    what: string | Uint8Array,
    { piece = Infinity }: { readonly piece?: number } = {},
  ): Promise<boolean> {
    const bytes = new Uint8Array(typeof what === "string" ? encoder.encode(what) : what);
    try {
      for (let at = 0; at < bytes.length;) {
        at += await this.#wire.write(bytes.subarray(at, Math.min(bytes.length, at + piece)));
      }
      return true;
    } catch {
      return false;
    }
  }

  /** Says nothing more. */
  async end(): Promise<void> {
    await this.#wire.closeWrite().catch(() => {});
  }

  /** Until enough has been heard, or nothing more will be. */
  async until(enough: (text: string) => boolean, what: string): Promise<void> {
    while (!this.ended && !enough(this.text)) {
      const change = new Promise<void>((resolve) => this.#changed.push(resolve));
      await within(() => `${what}, behind ${JSON.stringify(this.text.slice(-200))},`, change, PATIENCE_MS);
    }
  }

  async close(): Promise<void> {
    this[Symbol.dispose]();
    await this.#listening;
  }

  [Symbol.dispose](): void {
    try {
      this.#wire.close();
    } catch {
      // it is closed
    }
  }

  async #listen(): Promise<void> {
    const bytes = new Uint8Array(16 * 1024);
    try {
      for (;;) {
        const count = await this.#wire.read(bytes);
        if (count === null) break;
        const more = new Uint8Array(this.#heard.length + count);
        more.set(this.#heard);
        more.set(bytes.subarray(0, count), this.#heard.length);
        this.#heard = more;
        this.#wake();
      }
    } catch {
      // reset, or closed by ourselves
    }
    this.ended = true;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#changed.splice(0)) resolve();
  }
}

/** Longer than anything takes that comes at all. */
const PATIENCE_MS = 8_000;
