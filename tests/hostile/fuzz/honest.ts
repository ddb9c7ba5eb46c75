/**
 * An honest publisher and an honest subscriber beside attackers: every message is counted, of a topic in memory
 * and of one that is stored.
 *
 * @module
 */
import { connectPublisher, connectSubscriber, type Publisher, type Subscriber } from "../../../lib/mod.ts";
import { HONEST } from "../accounts.ts";
import { within } from "../../support/within.ts";

/** Between two messages, milliseconds. */
const REST_MS = 4;
/** The longest a message may take on a machine with much to do. */
const PATIENCE_MS = 30_000;

/** What the account that attackers know may publish to, and dead letters of that. */
const MAY_BE_PUBLISHED = /^#(dead\.[^.]*\.)?(p\.(?!secret\.)|d\.p\.)/;

/** Where honest clients are to be. */
export interface HonestOptions {
  readonly subPort: number;
  readonly pubPort: number;
  readonly accounts: boolean;
  /** As that of a target. */
  readonly issuer?: string | undefined;
  readonly secret: string;
}

/** Publishes until it is told to stop. What went wrong is in `wrong`. */
export class Honest {
  published = 0;
  received = 0;
  wrong: string | undefined;
  readonly #publisher: Publisher;
  readonly #subscriber: Subscriber;
  readonly #topics: readonly string[];
  #on = true;
  #publishing = Promise.resolve();
  readonly #receiving: Promise<void>;

  private constructor(publisher: Publisher, subscriber: Subscriber, topics: readonly string[]) {
    this.#publisher = publisher;
    this.#subscriber = subscriber;
    this.#topics = topics;
    this.#receiving = this.#receive();
    this.#publishing = this.#publish();
    for (const client of [publisher, subscriber]) {
      client.closed.catch((error) => this.#say(`an honest client was cut off: ${error.message}`));
    }
  }

  /**
   * `secret`: what nobody else knows of the names of its topics. With accounts it sees all that is published, and so
   * what attackers may not publish.
   */
  static async on({ subPort, pubPort, accounts, issuer, secret }: HonestOptions): Promise<Honest> {
    const topics = [`#honest.${secret}`, `#d.honest.${secret}`];
    // attackers may subscribe to what takes this in, and not to this
    if (accounts) topics.push(`#p.secret.${secret}`);
    const options = {
      reconnect: false,
      ...(accounts ? { credentials: HONEST } : {}),
      ...(issuer === undefined ? {} : { host: "localhost", tls: { ca: [issuer] } }),
    };
    const publisher = await connectPublisher({ ...options, id: "honest", port: pubPort });
    const subscriber = await connectSubscriber({ ...options, id: "observer", port: subPort });
    for (const pattern of accounts ? ["#>"] : topics) await subscriber.subscribe(pattern);
    return new Honest(publisher, subscriber, topics);
  }

  /** Stops when all that was published has come, or will not. */
  async stop(): Promise<void> {
    this.#on = false;
    await this.#publishing;
    const until = performance.now() + PATIENCE_MS;
    while (this.received < this.published && this.wrong === undefined && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
    }
    if (this.received < this.published) {
      this.#say(`${this.published - this.received} of ${this.published} messages did not come`);
    }
    await this.#publisher.close({ timeout: PATIENCE_MS }).catch(() => {});
    await this.#subscriber.close();
    await this.#receiving;
  }

  async #publish(): Promise<void> {
    try {
      for (let number = 1; this.#on && this.wrong === undefined; number++) {
        for (const topic of this.#topics) {
          await within(
            "the answer to an honest publisher",
            this.#publisher.publish(topic, String(number)),
            PATIENCE_MS,
          );
          this.published++;
        }
        await new Promise((resolve) => setTimeout(resolve, REST_MS));
      }
    } catch (error) {
      this.#say(`an honest publisher failed: ${error instanceof Error ? error.message : error}`);
    }
  }

  async #receive(): Promise<void> {
    const last = new Map<string, number>();
    try {
      for await (const { topic, text } of this.#subscriber) {
        if (!this.#topics.includes(topic)) {
          if (!MAY_BE_PUBLISHED.test(topic)) this.#say(`${topic} was published by who may not`);
          continue;
        }
        const expected = (last.get(topic) ?? 0) + 1;
        if (text !== String(expected)) this.#say(`${topic}: ${text} came where ${expected} was to come`);
        last.set(topic, Number(text));
        this.received++;
      }
    } catch (error) {
      this.#say(`an honest subscriber failed: ${error instanceof Error ? error.message : error}`);
    }
  }

  #say(wrong: string): void {
    this.wrong ??= wrong;
  }
}
