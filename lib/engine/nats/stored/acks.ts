/**
 * What is said to JetStream of messages that a group was given.
 *
 * @module
 */
import { encodeText } from "../../../wire/bytes.ts";
import type { NatsLink, NatsMessage } from "../port.ts";
import { AGAIN_MS, PATIENCE_MS, RESEND_MS } from "./limits.ts";

/** What it works with. */
export interface AcksParts {
  readonly link: NatsLink;
  /** A subject below which nobody else listens. */
  readonly inbox: string;
  readonly now: () => number;
}

/** Messages that are settled, and who is told when JetStream knows; undefined: nobody waits for it. */
interface Settled {
  readonly replies: readonly string[];
  since: number;
  again: number;
  readonly done: ((known: boolean) => void) | undefined;
}

const ACK = encodeText("+ACK");
const NAK = encodeText("-NAK");
const IN_PROGRESS = encodeText("+WPI");
const NANOS = 1_000_000;

/**
 * Guarantee: what is settled is said until JetStream has answered, through a link that is lost and comes
 * back, and not for ever; where nobody waits for that, however long the link was lost: it was done with when
 * it was written, and is not to come again. What else is said is said once: a message of which it does not
 * arrive is given out again when its time is over. Of a consumer that is forgotten nothing is said any more.
 */
export class Acks {
  readonly #parts: AcksParts;
  readonly #settled = new Map<string, Settled>();
  #count = 0;

  constructor(parts: AcksParts) {
    this.#parts = parts;
    parts.link.subscribe(`${parts.inbox}.*`, (message) => this.#answered(message));
    parts.link.watch({
      up: () => {
        for (const each of this.#settled) {
          if (each[1].done === undefined) each[1].since = parts.now();
          this.#say(each);
        }
        this.#flush();
      },
    });
  }

  /** These are done with; who waits for it is called back when that is known, or never will be. */
  settle(replies: readonly string[], done?: (known: boolean) => void): void {
    const since = this.#parts.now();
    const token = (++this.#count).toString(36);
    const settled: Settled = { replies, since, again: 0, done };
    this.#settled.set(token, settled);
    this.#say([token, settled]);
    this.#flush();
  }

  /** It is to be given out again, in so many milliseconds. */
  giveBack(reply: string, delay: number): void {
    const { link } = this.#parts;
    if (!link.up) return;
    link.publish(reply, delay > 0 ? encodeText(`-NAK ${JSON.stringify({ delay: delay * NANOS })}`) : NAK);
    this.#flush();
  }

  /** Their time begins anew. */
  extend(replies: readonly string[]): void {
    const { link } = this.#parts;
    if (!link.up || replies.length === 0) return;
    for (const reply of replies) link.publish(reply, IN_PROGRESS);
    this.#flush();
  }

  /**
   * A consumer is another from now on, or none: what was settled of it is said no more, for the other one has
   * its name, and would take it for its own.
   */
  forget(consumer: string): void {
    for (const [token, { replies, done }] of this.#settled) {
      if (!replies.some((reply) => reply.includes(`.${consumer}.`))) continue;
      this.#settled.delete(token);
      done?.(false);
    }
  }

  tick(now: number): void {
    for (const [token, each] of this.#settled) {
      const waits = each.done !== undefined || this.#parts.link.up;
      if (waits && now - each.since >= PATIENCE_MS) {
        this.#settled.delete(token);
        each.done?.(false);
      } else if (now >= each.again) {
        this.#say([token, each]);
        this.#flush();
      }
    }
  }

  /** Nothing is known any more. */
  close(): void {
    for (const { done } of this.#settled.values()) done?.(false);
    this.#settled.clear();
  }

  #say([token, settled]: readonly [string, Settled]): void {
    const { link, inbox, now } = this.#parts;
    settled.again = now() + RESEND_MS;
    if (!link.up) return;
    const { replies } = settled;
    // they are taken in their order: who has taken the last has taken all
    for (const [at, reply] of replies.entries()) {
      link.publish(reply, ACK, at === replies.length - 1 ? { reply: `${inbox}.${token}` } : {});
    }
  }

  #answered({ subject, status }: NatsMessage): void {
    const token = subject.slice(subject.lastIndexOf(".") + 1);
    const settled = this.#settled.get(token);
    if (settled === undefined) return;
    if (status !== 0) {
      // NATS itself says that nobody has it: the consumer's leader is being replaced
      settled.again = this.#parts.now() + AGAIN_MS;
      return;
    }
    this.#settled.delete(token);
    settled.done?.(true);
  }

  #flush(): void {
    const { link } = this.#parts;
    if (link.up) link.flush(() => {});
  }
}
