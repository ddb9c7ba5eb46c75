/**
 * Asking a consumer for messages.
 *
 * @module
 */
import { encodeText } from "../../../wire/bytes.ts";
import type { NatsLink, NatsMessage, NatsSubscription } from "../port.ts";
import type { StreamsPort } from "../streams_port.ts";
import { type Delivery, readDelivery } from "./delivery.ts";
import { ASK_MOST } from "./limits.ts";

/** Where requests go, and where what is asked for comes. */
export interface PullParts {
  readonly link: NatsLink;
  /** Subjects of JetStream's API begin with this. */
  readonly api: string;
  readonly stream: string;
  /** A subject that nobody else has. */
  readonly inbox: string;
}

/** What a pull needs, from what whoever makes it has. */
export function pullParts(
  { link, streams, inbox }: {
    readonly link: NatsLink;
    readonly streams: StreamsPort;
    readonly inbox: () => string;
  },
): PullParts {
  return { link, api: streams.api, stream: streams.stream, inbox: inbox() };
}

/** Why a request has ended. */
export type Unanswered = "no more" | "full" | "too large" | "gone";

/** Who asks. */
export interface PullOwner {
  /** A message that was asked for. */
  pulled(message: NatsMessage, delivery: Delivery): void;
  /**
   * A request has ended before all it asked for came. `full`: it has brought as many bytes as it allowed;
   * `too large`: nothing, for one message is larger than that; `gone`: there may be no such consumer any
   * more, or nobody answers for it.
   */
  unanswered(why: Unanswered): void;
}

/** What is asked for at a time. */
export interface PullRequest {
  /** Messages. */
  readonly batch: number;
  /** Bytes, about, where it is for more than one; left out: as many as they have. */
  readonly bytes?: number;
  /** Whether it ends when there is no more; left out: it waits {@link WAIT_MS}. */
  readonly noWait?: boolean;
}

/** A request that is under way: what it asked for, and what of that has not come. */
interface Request {
  readonly batch: number;
  left: number;
}

/** How long NATS keeps a request that waits, and how often it says meanwhile that it does, milliseconds. */
const WAIT_MS = 20_000;
const HEARTBEAT_MS = 1_000;
/** Silence after which a request has been lost, milliseconds. */
const SILENCE_MOST_MS = 4_000;
const NANOS = 1_000_000;

const NOT_FOUND = 404;
const TIMEOUT = 408;
const CONFLICT = 409;
const HEARTBEAT = 100;

/**
 * Requests of one consumer.
 *
 * - Of each request its owner is told all that came and, where that is less than it asked for, that it ended.
 * - It ends with the link, which loses what is on its way: its owner makes another.
 */
export class Pull {
  readonly consumer: string;
  readonly #parts: PullParts;
  readonly #owner: PullOwner;
  readonly #subscription: NatsSubscription;
  /** What each request may still bring, the oldest first. */
  readonly #requests: Request[] = [];
  /** Bytes of a message, by those that came last. */
  #size = 0;
  #heard = false;
  #silence = 0;
  #closed = false;

  constructor(consumer: string, parts: PullParts, owner: PullOwner) {
    this.consumer = consumer;
    this.#parts = parts;
    this.#owner = owner;
    this.#subscription = parts.link.subscribe(parts.inbox, (message) => this.#came(message));
  }

  /** Messages that were asked for and have not come. */
  get asked(): number {
    return this.#requests.reduce((sum, { left }) => sum + left, 0);
  }

  /** How many messages have about so many bytes, one at least, by those that came. */
  fitting(bytes: number): number {
    return Math.max(1, Math.min(ASK_MOST, Math.floor(bytes / (this.#size + 1))));
  }

  /** Asks for some. Only while the link is up; who calls flushes it. */
  ask({ batch, bytes, noWait = false }: PullRequest): void {
    const { link, api, stream, inbox } = this.#parts;
    this.#requests.push({ batch, left: batch });
    this.#silence = 0;
    // a request that ends with the very last of its bytes is not answered: few are to come to that
    const limits = bytes === undefined || batch === 1 ? {} : { max_bytes: 2 * bytes };
    const waits = noWait
      ? { no_wait: true }
      : { expires: WAIT_MS * NANOS, idle_heartbeat: HEARTBEAT_MS * NANOS };
    link.publish(
      `${api}.CONSUMER.MSG.NEXT.${stream}.${this.consumer}`,
      encodeText(JSON.stringify({ batch, ...limits, ...waits })),
      { reply: inbox },
    );
  }

  /** So many milliseconds have passed. */
  tick(passed: number): void {
    if (this.#requests.length === 0 || this.#heard) {
      this.#heard = false;
      this.#silence = 0;
      return;
    }
    this.#silence += passed;
    if (this.#silence < SILENCE_MOST_MS) return;
    this.#requests.length = 0;
    this.#owner.unanswered("gone");
  }

  /** Nothing more comes. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#requests.length = 0;
    this.#subscription.unsubscribe();
  }

  /** Nothing more is asked for, and what is on its way still comes. */
  drain(): void {
    if (!this.#parts.link.up) return this.close();
    this.#requests.length = 0;
    this.#subscription.drain();
  }

  #came(message: NatsMessage): void {
    if (this.#closed) return;
    this.#heard = true;
    const delivery = message.reply === "" ? undefined : readDelivery(message.reply);
    if (delivery !== undefined) {
      this.#size += (message.bytes.length - this.#size) / 16;
      const [request] = this.#requests;
      if (request !== undefined && --request.left === 0) this.#requests.shift();
      return this.#owner.pulled(message, delivery);
    }
    const { status, description = "" } = message;
    if (status === HEARTBEAT || status === 0) return;
    const request = this.#requests.shift();
    if (status === NOT_FOUND || status === TIMEOUT) return this.#owner.unanswered("no more");
    if (status === CONFLICT && /size exceeds/i.test(description)) {
      return this.#owner.unanswered(request?.left === request?.batch ? "too large" : "full");
    }
    this.#requests.length = 0;
    this.#owner.unanswered("gone");
  }
}
