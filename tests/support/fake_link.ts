/**
 * A connection to NATS that there is not: what is asked of it is noted, and answered when a test says so.
 *
 * @module
 */
import type {
  NatsDenied,
  NatsLink,
  NatsLinkState,
  NatsMessage,
  NatsSending,
  NatsSubscription,
  NatsWatcher,
} from "../../lib/engine/nats/port.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/**
 * Guarantees: nothing is answered but by {@link pong}, {@link goDown} and {@link goUp}; what would be too large
 * throws, as it does at the NATS client.
 */
export class FakeLink implements NatsLink {
  up = true;
  maxPayload = 1024 * 1024;
  /** What was asked for, in its order: `sub <subject>`, `unsub <subject>`, `pub <subject> <payload>`, `ping`. */
  readonly asked: string[] = [];
  readonly #watchers: NatsWatcher[] = [];
  readonly #subscribed = new Map<string, Set<(message: NatsMessage) => void>>();
  #pings: Array<(taken: boolean) => void> = [];

  /** What it says that it has sent and got. */
  figures = { reconnects: 0, inMessages: 0, inBytes: 0, outMessages: 0, outBytes: 0 };

  get state(): NatsLinkState {
    return { server: "nowhere:4222", version: "2.0.0", up: this.up, ...this.figures };
  }

  publish(subject: string, bytes: Uint8Array, sending?: NatsSending): void {
    const headers = (sending?.headers ?? []).map(([name, value]) => `${name}: ${value}\r\n`);
    const around = headers.length === 0 ? "" : `NATS/1.0\r\n${headers.join("")}\r\n`;
    if (bytes.length + encoder.encode(around).length > this.maxPayload) {
      throw new RangeError("max_payload size exceeded");
    }
    const more = sending === undefined ? "" : ` ${JSON.stringify(sending)}`;
    this.asked.push(`pub ${subject} ${decoder.decode(bytes)}${more}`);
  }

  subscribe(
    subject: string,
    onMessage: (message: NatsMessage) => void,
    { queue }: { readonly queue?: string | undefined } = {},
  ): NatsSubscription {
    this.asked.push(queue === undefined ? `sub ${subject}` : `sub ${subject} ${queue}`);
    const subscribed = this.#subscribed.get(subject) ?? new Set();
    subscribed.add(onMessage);
    this.#subscribed.set(subject, subscribed);
    return {
      unsubscribe: () => {
        this.asked.push(`unsub ${subject}`);
        subscribed.delete(onMessage);
      },
      // what the test sends from then on was on its way
      drain: () => void this.asked.push(`unsub ${subject}`),
    };
  }

  flush(done: (taken: boolean) => void): void {
    this.asked.push("ping");
    this.#pings.push(done);
  }

  watch(watcher: NatsWatcher): void {
    this.#watchers.push(watcher);
  }

  close(closed: () => void): void {
    this.asked.push("close");
    closed();
  }

  /** The oldest PING is answered. */
  pong(): void {
    this.#pings.shift()!(true);
  }

  /** All are that have no answer yet, those among them that are asked for meanwhile. */
  pongs(): void {
    while (this.#pings.length > 0) this.pong();
  }

  /** A message comes by a subscription to exactly this. */
  comes(
    subscribed: string,
    text: string,
    subject = subscribed,
    besides: Partial<Pick<NatsMessage, "reply" | "status" | "headers" | "description">> = {},
  ): void {
    const nothing = { reply: "", headers: undefined, status: 0, description: undefined };
    const { headers, status = 0 } = besides;
    // what NATS itself says stands in headers, too
    const hasHeaders = headers !== undefined || status !== 0;
    const message: NatsMessage = { ...nothing, hasHeaders, ...besides, subject, bytes: encoder.encode(text) };
    for (const onMessage of this.#subscribed.get(subscribed) ?? []) onMessage(message);
  }

  /** All messages of a read have come. */
  read(): void {
    for (const { read } of this.#watchers) read?.();
  }

  /** NATS does not let it do something there. */
  denies(operation: NatsDenied["operation"], subject: string): void {
    for (const { denied } of this.#watchers) denied?.({ operation, subject, reason: `no ${subject}` });
  }

  goDown(): void {
    this.up = false;
    for (const done of this.#pings.splice(0)) done(false);
    for (const { down } of this.#watchers) down?.("pulled");
  }

  goUp(): void {
    this.up = true;
    for (const { up } of this.#watchers) up?.();
  }

  /** What was asked for since the last call. */
  takeAsked(): string[] {
    return this.asked.splice(0);
  }
}
