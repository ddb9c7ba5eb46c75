import type { Transport } from "../../lib/sessions/mod.ts";
import { within } from "./within.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** So much of what was said last is told where no answer comes. */
const SHOWN_MOST = 80;

/** A client that says exactly what it is told and takes what comes line by line, each in its time. */
export class RawClient implements Disposable {
  readonly transport: Transport;
  #text = "";
  #ended = false;
  /** The end of what it said last. */
  #said = "";

  constructor(transport: Transport) {
    this.transport = transport;
  }

  static async connect(port: number): Promise<RawClient> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    connection.setNoDelay(true);
    return new RawClient(connection);
  }

  async send(data: string | Uint8Array): Promise<void> {
    const bytes = new Uint8Array(typeof data === "string" ? encoder.encode(data) : data);
    this.#said = decoder.decode(bytes.subarray(-SHOWN_MOST));
    for (let at = 0; at < bytes.length;) {
      const room = this.transport.write(bytes.subarray(at));
      at += await within(() => `room for ${bytes.length - at} of ${bytes.length} bytes to be sent`, room);
    }
  }

  /** The next line without its LF; undefined at the end of what the broker says. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const lf = this.#text.indexOf("\n");
      if (lf >= 0) {
        const line = this.#text.slice(0, lf);
        this.#text = this.#text.slice(lf + 1);
        return line;
      }
      if (this.#ended) return undefined;
      await this.#more("a line");
    }
  }

  async lines(count: number): Promise<string[]> {
    const lines: string[] = [];
    while (lines.length < count) {
      const line = await this.line();
      if (line === undefined) break;
      lines.push(line);
    }
    return lines;
  }

  /** Everything that still comes, to the end. */
  async rest(): Promise<string> {
    while (!this.#ended) await this.#more("the end");
    const text = this.#text;
    this.#text = "";
    return text;
  }

  /** What one read brings, as the exercise's clients take it: `recv(1024)` is one message. */
  async recv(): Promise<string> {
    const bytes = new Uint8Array(1024);
    const count = await this.#read(bytes, "a read");
    return decoder.decode(bytes.subarray(0, count ?? 0));
  }

  /** Sends one line and waits for the line that answers it. */
  async ask(request: string): Promise<string | undefined> {
    await this.send(`${request}\n`);
    return await this.line();
  }

  async endInput(): Promise<void> {
    await this.transport.closeWrite();
  }

  close(): void {
    this.transport.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #more(what: string): Promise<void> {
    const bytes = new Uint8Array(64 * 1024);
    const count = await this.#read(bytes, what);
    if (count === null) this.#ended = true;
    else this.#text += decoder.decode(bytes.subarray(0, count), { stream: false });
  }

  async #read(into: Uint8Array<ArrayBuffer>, what: string): Promise<number | null> {
    const told = (): string => {
      const there = JSON.stringify(this.#text.slice(-SHOWN_MOST));
      return `${what} behind ${JSON.stringify(this.#said)}, with ${there} there,`;
    };
    return await within(told, this.transport.read(into));
  }
}
