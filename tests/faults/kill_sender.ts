/**
 * A publisher that does not stop until its broker is killed.
 *
 * @module
 */
import { RawClient } from "../support/raw_client.ts";

/** Classic, v2, and v2 with an id on each message: the last sends again what was not acknowledged. */
export type SenderKind = "classic" | "v2" | "ids";

/** Requests sent ahead of their replies, at most. */
const WINDOW = 2000;
const BLOCK = 50;

/**
 * Sends numbers, 0, 1, 2, …, to a topic of its own. Guarantees: {@link acknowledged} counts from the first,
 * without a gap, so the messages with smaller numbers are those that have to be there.
 */
export class Sender {
  readonly topic: string;
  readonly kind: SenderKind;
  sent = 0;
  acknowledged = 0;
  #idPrefix: string;
  #progress = Promise.withResolvers<void>();

  constructor(topic: string, kind: SenderKind) {
    this.topic = topic;
    this.kind = kind;
    this.#idPrefix = `${topic.slice(1)}-`;
  }

  /** What a message with a number says. */
  static payloadOf(number: number): string {
    return `${number} ${"x".repeat((number + 1) % 90)}`;
  }

  /** Publishes until the connection breaks. */
  async sendUntilBroken(port: number): Promise<void> {
    await this.#connected(port, async (client, isOver) => {
      while (!isOver()) {
        const first = this.sent;
        this.sent += BLOCK;
        await client.send(this.#requests(first, this.sent));
        while (!isOver() && this.sent - this.acknowledged > WINDOW) await this.#progress.promise;
      }
    });
  }

  /** Sends again what was not acknowledged, with the ids it had (or with others), until all of it is. */
  async sendAgain(port: number, { newIds = false } = {}): Promise<void> {
    const { sent } = this;
    if (newIds) this.#idPrefix += "new-";
    await this.#connected(port, async (client, isOver) => {
      await client.send(this.#requests(this.acknowledged, sent));
      while (!isOver() && this.acknowledged < sent) await this.#progress.promise;
    });
    if (this.acknowledged !== sent) {
      throw new Error(`${this.topic}: ${this.acknowledged} of ${sent} acknowledged`);
    }
  }

  async #connected(
    port: number,
    work: (client: RawClient, isOver: () => boolean) => Promise<void>,
  ): Promise<void> {
    const client = await RawClient.connect(port);
    let over = false;
    this.#progress = Promise.withResolvers();
    // a reply that never comes is what this is about
    const replies = this.#takeReplies(client).catch(unlessBroken).finally(() => {
      over = true;
      this.#progress.resolve();
    });
    const working = this.#greeted(client).then(() => work(client, () => over)).catch(unlessBroken)
      .finally(() => client.close());
    await Promise.all([working, replies]);
  }

  async #greeted(client: RawClient): Promise<void> {
    if (this.kind !== "classic") await client.send("k hello 2\n");
  }

  async #takeReplies(client: RawClient): Promise<void> {
    for (let line = await client.line(); line !== undefined; line = await client.line()) {
      if (line === "OK_2" || line.startsWith("info ")) continue;
      const count = line === "OK" ? 1 : Number(/^ok (\d+) /.exec(line)?.[1] ?? NaN);
      if (Number.isNaN(count)) throw new Error(`${this.topic} was told ${line}`);
      this.acknowledged += count;
      this.#progress.resolve();
      this.#progress = Promise.withResolvers();
    }
  }

  #requests(from: number, to: number): string {
    let requests = "";
    for (let number = from; number < to; number++) {
      const payload = Sender.payloadOf(number);
      const id = this.kind === "ids" ? ` id=${this.#idPrefix}${number}` : "";
      requests += this.kind === "classic"
        ? `k pub ${this.topic} ${payload}\n`
        : `pub ${this.topic} ${payload.length}${id}\n${payload}\n`;
    }
    return requests;
  }
}

function unlessBroken(error: unknown): void {
  const kinds = [
    Deno.errors.BrokenPipe,
    Deno.errors.ConnectionReset,
    Deno.errors.BadResource,
    Deno.errors.Interrupted,
  ];
  if (!kinds.some((kind) => error instanceof kind)) throw error;
}
