/**
 * Where the answers to a publisher's requests come.
 *
 * @module
 */
import { RunError } from "../../errors.ts";
import { replyPrefix } from "../../topics/reply_topic.ts";
import type { Message } from "../message.ts";
import type { ClientEvent, ConnectOptions, Subscriber } from "../types.ts";

/** What an inbox is made of. */
export interface ReplyInboxParts {
  /** Connects to the broker's port for subscribers. */
  readonly connect: (how: Required<Pick<ConnectOptions, "onEvent" | "signal">>) => Promise<Subscriber>;
  /** 32 bits that nobody can guess. */
  readonly random32: () => number;
  /** An answer to the request of that number, as it was given to {@link ReplyInbox.topicOf}. */
  readonly onAnswer: (number: number, answer: Message) => void;
  /** The connection was lost for good: nothing that is waited for comes any more. */
  readonly onLost: (error: Error) => void;
}

/** Characters of 32 bits in base 36. */
const PART = 7;

/**
 * One subscription for all answers, which go to topics of their own. Nobody can guess what these are called.
 *
 * - It is made when it is first needed, comes back when its connection is lost, and is made anew where that
 *   was for good.
 * - What is published while the connection is lost does not come: who asks waits for {@link ready} before.
 */
export class ReplyInbox {
  readonly #parts: ReplyInboxParts;
  readonly #prefix: string;
  #subscriber: Subscriber | undefined;
  /** Undefined: it is there, or nobody has asked for it. */
  #coming: Promise<void> | undefined;
  #isUp = false;
  #restored: (() => void) | undefined;
  #lost = 0;
  #reason: string | undefined;
  readonly #closing = new AbortController();

  constructor(parts: ReplyInboxParts) {
    this.#parts = parts;
    const part = (): string => parts.random32().toString(36).padStart(PART, "0");
    this.#prefix = replyPrefix([part(), part(), part(), part()].join(""));
  }

  /** How often its connection was lost. */
  get lost(): number {
    return this.#lost;
  }

  /** Why it is not there, as far as that is known. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** The topic to answer to for a request with that number. */
  topicOf(number: number): string {
    return `${this.#prefix}${number}`;
  }

  /** Undefined when answers can come, else a promise of that; rejects with why they cannot. */
  ready(): Promise<void> | undefined {
    if (this.#isUp) return undefined;
    this.#coming ??= this.#open();
    return this.#coming;
  }

  async close(): Promise<void> {
    this.#closing.abort(new RunError("the publisher is closed", "CLOSED"));
    // one that is on its way ends by itself
    if (this.#subscriber === undefined) await this.#coming?.catch(() => {});
    else await this.#subscriber.close();
  }

  async #open(): Promise<void> {
    let subscriber: Subscriber | undefined;
    try {
      const { signal } = this.#closing;
      subscriber = await this.#parts.connect({ onEvent: (event) => this.#heard(event), signal });
      this.#subscriber = subscriber;
      await subscriber.subscribe(`${this.#prefix}*`);
      signal.throwIfAborted();
      this.#up();
      void this.#read(subscriber);
    } catch (error) {
      this.#coming = this.#subscriber = undefined;
      await subscriber?.close();
      throw error;
    }
  }

  /** There is nothing else that this subscriber is given. */
  async #read(answers: Subscriber): Promise<void> {
    try {
      for await (const answer of answers) {
        const number = Number(answer.topic.slice(this.#prefix.length));
        this.#parts.onAnswer(number, answer);
      }
    } catch (error) {
      this.#isUp = false;
      this.#coming = this.#subscriber = undefined;
      this.#parts.onLost(error instanceof Error ? error : new RunError(String(error)));
    }
  }

  #heard(event: ClientEvent): void {
    if (event.type === "retrying" || event.type === "lost") this.#reason = event.reason;
    if (event.type === "lost" && this.#isUp) {
      this.#isUp = false;
      this.#lost++;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#coming = promise;
      this.#restored = resolve;
    } else if (event.type === "restored" && this.#restored !== undefined) {
      this.#up();
    }
  }

  #up(): void {
    this.#isUp = true;
    this.#reason = this.#coming = undefined;
    this.#restored?.();
    this.#restored = undefined;
  }
}
