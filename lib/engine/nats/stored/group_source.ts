/**
 * Where the messages of a group come from: its consumer, which all brokers ask.
 *
 * @module
 */
import type { ChunkPool } from "../../../buffers.ts";
import type { Run } from "../../../wire/run.ts";
import type { GroupName, Route, Settling } from "../../types.ts";
import type { NatsLink, NatsMessage } from "../port.ts";
import type { GroupConsumer, StreamsPort } from "../streams_port.ts";
import type { Subjects } from "../subjects.ts";
import type { Acks } from "./acks.ts";
import type { Dead } from "./burial.ts";
import type { Delivery } from "./delivery.ts";
import { incomingOf, isExpired, RunMaker } from "./incoming.ts";
import { ASK_BYTES } from "./limits.ts";
import { Pull, pullParts } from "./pull.ts";

/** What it works with. */
export interface GroupSourceParts {
  readonly link: NatsLink;
  readonly streams: StreamsPort;
  readonly subjects: Subjects;
  readonly acks: Pick<Acks, "settle" | "giveBack">;
  readonly pool: ChunkPool;
  readonly routeOf: (topic: string) => Route;
  readonly inbox: () => string;
  readonly now: () => number;
  /** Calls back in a moment. */
  readonly later: (callback: () => void) => void;
  /** How often a message is given out. */
  readonly maxAttempts: number;
  readonly onUnreadable: (reason: string) => void;
}

/** Whom it tells. */
export interface GroupSourceOwner extends GroupSourceParts {
  /** Messages to be given out; kept. */
  readonly came: (waiting: Waiting) => void;
  /** Whether one that is given out is here already, and stays what it is. */
  readonly keeps: (delivery: Delivery, reply: string) => boolean;
  /** One that has been given out so often, and may not be once more. */
  readonly dead: (dead: Pick<Dead, "run" | "reply" | "sequence">, attempts: number) => void;
  /** How many may be asked for, those that were and have not come among them. */
  readonly room: () => number;
  /** Something may be asked for. */
  readonly ready: () => void;
  /** Its consumer is another: nobody holds anything of the one before. */
  readonly madeAnew: () => void;
  readonly deleted: () => void;
}

/** Messages that no member has yet: they follow one another, and have been given out as often. */
export interface Waiting {
  readonly run: Run;
  readonly replies: readonly string[];
  readonly attempt: number;
  /** Since when. */
  readonly since: number;
}

/** What belongs to a message and is in no run. */
type Beside = Pick<Waiting, "attempt"> & { readonly sequence: number; readonly reply: string };

/** Guarantee: it asks for no more than there is room for, so that other brokers get the rest. */
export class GroupSource {
  readonly #group: GroupName;
  readonly #owner: GroupSourceOwner;
  readonly #runs: RunMaker;
  #beside: Beside[] = [];
  /** What the next run is that is whole: to be buried, or given out. */
  #dying: ((waiting: Waiting) => void) | undefined;
  #consumer: GroupConsumer | undefined;
  #pull: Pull | undefined;
  #closed = false;

  constructor(group: GroupName, owner: GroupSourceOwner) {
    this.#group = group;
    this.#owner = owner;
    this.#runs = new RunMaker({
      pool: owner.pool,
      routeOf: owner.routeOf,
      made: (run) => {
        const beside = this.#beside.splice(0, run.count);
        const replies = beside.map(({ reply }) => reply);
        const waiting: Waiting = { run, replies, attempt: beside[0]!.attempt, since: owner.now() };
        (this.#dying ?? owner.came)(waiting);
      },
    });
  }

  /** How its messages are settled. Once it is attached. */
  get settling(): Settling {
    return this.#consumer!.settling;
  }

  /** The consumer's name. */
  get consumer(): string {
    return this.#consumer!.consumer;
  }

  /** This is its consumer from now on. */
  attach(consumer: GroupConsumer): void {
    const isOther = this.#consumer !== undefined && this.#consumer.created !== consumer.created;
    if (isOther) this.#owner.madeAnew();
    this.#consumer = consumer;
    this.open();
  }

  /** Asks from now on, where it can. */
  open(): void {
    this.down();
    if (this.#consumer === undefined || this.#closed || !this.#owner.link.up) return;
    this.#pull = new Pull(this.#consumer.consumer, pullParts(this.#owner), {
      pulled: (message, delivery) => this.#pulled(message, delivery),
      unanswered: (why) => {
        if (why === "gone") return this.#gone();
        // what came before takes room, too
        this.read();
        this.ask();
      },
    });
    this.#owner.ready();
  }

  /** It is being made anew, or deleted: it is looked for when that has been done. */
  changing(): void {
    this.down();
    this.#owner.madeAnew();
    this.#owner.later(() => {
      if (!this.#closed && this.#pull === undefined) this.#gone();
    });
  }

  /** As many as there is room for. */
  ask(): void {
    const pull = this.#pull;
    const { link, room } = this.#owner;
    if (pull === undefined || !link.up) return;
    const most = Math.min(room(), pull.fitting(ASK_BYTES));
    const batch = most - pull.asked;
    // a request for each message that is settled would cost more than the message
    if (batch <= 0 || (pull.asked > 0 && 4 * batch < most)) return;
    // without a bound on bytes: where one ends a request, nats-server 2.9 gives out twice what is held
    pull.ask({ batch });
    link.flush(() => {});
  }

  /** All that has come is handed on. */
  read(): void {
    this.#runs.end();
  }

  /** What has come and was not handed on is forgotten. */
  forget(): void {
    this.#runs.clear();
    this.#beside = [];
  }

  tick(passed: number): void {
    this.#pull?.tick(passed);
  }

  /** The link is lost, or the consumer: what was asked for does not come. */
  down(): void {
    this.#pull?.close();
    this.#pull = undefined;
  }

  /** What was asked for and has not come goes to others, and what is on its way still comes. */
  withdraw(): void {
    if (this.#pull === undefined) return;
    this.#pull.drain();
    this.#pull = undefined;
    this.open();
  }

  /** Nobody is there any more: what is on its way is given back. */
  close(): void {
    this.#closed = true;
    this.#pull?.drain();
    this.#pull = undefined;
  }

  #pulled(message: NatsMessage, delivery: Delivery): void {
    const { acks, now, maxAttempts, dead, keeps } = this.#owner;
    const { reply } = message;
    const { attempt, sequence } = delivery;
    if (this.#closed) return acks.giveBack(reply, 0);
    if (attempt > 1 && this.#beside.some((each) => each.sequence === sequence)) this.#runs.end();
    if (keeps(delivery, reply)) return;
    const incoming = incomingOf(message, delivery, this.#owner);
    if (incoming === undefined || isExpired(incoming, now())) return acks.settle([reply]);
    const isDead = attempt > maxAttempts;
    if (isDead) this.#runs.end();
    this.#beside.push({ sequence, reply, attempt });
    this.#runs.add(incoming);
    if (!isDead) return;
    // whoever had it the last time is gone
    this.#dying = ({ run }) => dead({ run, reply, sequence }, attempt - 1);
    this.#runs.end();
    this.#dying = undefined;
  }

  /** Its consumer has gone, or cannot be reached. */
  #gone(): void {
    this.down();
    this.#owner.streams.group(this.#group, (asked) => {
      if (this.#closed) return;
      if (asked.kind === "done") return this.attach(asked.value);
      if (asked.kind === "none") return this.#owner.later(() => this.#look());
      // nobody can tell, perhaps for long: it asks on in a moment, and is told again where there is no answer
      this.#owner.later(() => {
        if (this.#pull === undefined) this.open();
      });
    });
  }

  /** It was not there a moment ago: perhaps it was just being made anew. */
  #look(): void {
    this.#owner.streams.group(this.#group, (asked) => {
      if (this.#closed || this.#pull !== undefined) return;
      if (asked.kind === "done") this.attach(asked.value);
      else if (asked.kind === "failed") this.open();
      else this.#owner.deleted();
    });
  }
}
