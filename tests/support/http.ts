/**
 * A broker with its HTTP port, in this process.
 *
 *     await using http = await startHttp();
 *     await http.json("/api/broker");
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  Broker,
  type BrokerOptions,
  type EngineOption,
  listenersOn,
  type Store,
} from "../../lib/broker/mod.ts";
import { type HttpOptions, serveHttp } from "../../lib/http/mod.ts";
import { DEFAULT_LIMITS } from "../../lib/limits.ts";
import { SILENT_LOG } from "../../lib/log.ts";
import { MemoryStore } from "../../lib/store/memory.ts";
import { within } from "./within.ts";

// deno-lint-ignore no-explicit-any -- what a test looks at in JSON it names
export type Json = any;

/** What is different from a broker with a store in memory and a port on loopback. */
export interface HttpSetup extends BrokerOptions, EngineOption {
  /** Undefined: there is none. */
  readonly store?: Store | undefined;
  readonly http?: Partial<HttpOptions>;
}

/** An answer with its body. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** A port that runs. */
export class RunningHttp implements AsyncDisposable {
  readonly broker: Broker;
  readonly port: number;
  readonly #close: () => Promise<void>;

  constructor(broker: Broker, port: number, close: () => Promise<void>) {
    this.broker = broker;
    this.port = port;
    this.#close = close;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The port of a way in of the broker. */
  portOf(name: string): number {
    return this.broker.snapshot().listeners.find((one) => one.name === name)!.address.port;
  }

  async ask(path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await within(`the answer to ${path}`, fetch(`${this.url}${path}`, init));
    const { status, headers } = response;
    return { status, headers, text: await within(`the body of ${path}`, response.text()) };
  }

  /** The JSON of an answer that has to have this status. */
  async json(path: string, init: RequestInit = {}, status = 200): Promise<Json> {
    const answer = await this.ask(path, init);
    assertEquals(answer.status, status, answer.text);
    return JSON.parse(answer.text);
  }

  /** Publishes by POST; it has to be taken. */
  publish(topic: string, body: BodyInit, headers: Readonly<Record<string, string>> = {}): Promise<Json> {
    const path = `/api/topics/${encodeURIComponent(topic)}/messages`;
    return this.json(path, { method: "POST", body, headers }, 201);
  }

  /** What comes for bytes that are sent as they are, until the other side closes. */
  async raw(text: string): Promise<string> {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
    const decoder = new TextDecoder();
    let said = "";
    const talk = async (): Promise<void> => {
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
      const buffer = new Uint8Array(65_536);
      for (let read = await connection.read(buffer); read !== null; read = await connection.read(buffer)) {
        said += decoder.decode(buffer.subarray(0, read), { stream: true });
      }
    };
    await within(
      () => `the end behind ${JSON.stringify(said)}`,
      talk().catch((error) => {
        // what is refused early may be reset while it is still being sent
        if (
          !(error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe)
        ) throw error;
      }),
    );
    return said;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    await this.broker.close();
  }
}

/** Starts one. */
export async function startHttp({ http, ...setup }: HttpSetup = {}): Promise<RunningHttp> {
  const store = "store" in setup ? setup.store : new MemoryStore({ now: () => Date.now() });
  const broker = new Broker({ measures: true, ...setup, store });
  broker.listen(listenersOn({ subPort: 0, pubPort: 0 }));
  const server = await serveHttp({
    broker,
    hostname: "127.0.0.1",
    port: 0,
    limits: { ...DEFAULT_LIMITS, ...setup.limits },
    gatekeeper: setup.gatekeeper,
    assets: new Map(),
    log: SILENT_LOG,
    ...http,
  });
  return new RunningHttp(broker, server.address.port, server.close);
}

/** Events of a stream, one after the other. */
export class Events implements AsyncDisposable {
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #abort: AbortController;
  #text = "";

  private constructor(reader: ReadableStreamDefaultReader<string>, abort: AbortController) {
    this.#reader = reader;
    this.#abort = abort;
  }

  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Events> {
    const abort = new AbortController();
    const response = await within("the stream", fetch(url, { headers, signal: abort.signal }));
    assertEquals(response.status, 200, response.ok ? "" : await response.text());
    return new Events(response.body!.pipeThrough(new TextDecoderStream()).getReader(), abort);
  }

  /** The next one; undefined: the stream has ended. */
  async next(): Promise<{ readonly event: string; readonly id?: string; readonly data: Json } | undefined> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end === -1) {
        const { done, value } = await within(`an event behind ${this.#text}`, this.#reader.read());
        if (done) return undefined;
        this.#text += value;
        continue;
      }
      const lines = this.#text.slice(0, end).split("\n").map((line) => line.split(/: ?(.*)/s, 2));
      this.#text = this.#text.slice(end + 2);
      const fields = new Map(lines as [string, string][]);
      const data = fields.get("data");
      if (data === undefined) continue;
      const id = fields.get("id");
      return {
        event: fields.get("event") ?? "message",
        ...(id === undefined ? {} : { id }),
        data: JSON.parse(data),
      };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#reader.cancel().catch(() => {});
  }
}
