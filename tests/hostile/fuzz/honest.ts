/**
 * An honest publisher and an honest subscriber beside attackers: every message is counted, of a topic in memory
 * and of one that is stored.
 *
 * @module
 */
import { connectPublisher, connectSubscriber, type Publisher, type Subscriber } from "../../../lib/mod.ts";
import { within } from "../../support/within.ts";

/** Between two messages, milliseconds. */
const REST_MS = 4;
/** The longest a message may take on a machine with much to do. */
const PATIENCE_MS = 30_000;

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

  /** `secret`: what nobody else knows of the names of its topics. */
  static async on(
    { subPort, pubPort, secret }: {
      readonly subPort: number;
      readonly pubPort: number;
      readonly secret: string;
    },
  ): Promise<Honest> {
    const topics = [`#honest.${secret}`, `#d.honest.${secret}`];
    const publisher = await connectPublisher({ id: "honest", port: pubPort, reconnect: false });
    const subscriber = await connectSubscriber({ id: "observer", port: subPort, reconnect: false });
    for (const topic of topics) await subscriber.subscribe(topic);
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
