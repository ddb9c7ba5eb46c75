/**
 * What becomes of messages that one connection holds: acknowledged, given back, or held longer.
 *
 * @module
 */
import { RunError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { refused } from "./refusals.ts";
import type { Refusal, Reply } from "./request.ts";

/** One message that a connection holds. */
export interface Held {
  readonly group: string;
  readonly topic: string;
  readonly seq: number;
  /** It could not be settled, and is held as before. */
  stillHeld(): void;
}

/** What it needs of its link. */
export interface SettlementParts {
  /** Writes these, whose answers {@link Settlement.answered} takes in this order. */
  send(settlements: readonly Settlement[]): Promise<void>;
}

/** A call that waits for its answer. */
class Call {
  readonly held: Held;
  readonly promise: Promise<void>;
  resolve!: () => void;
  #reject!: (error: Error) => void;

  constructor(held: Held) {
    this.held = held;
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.#reject = reject;
    });
  }

  /** A failure that nobody looks at does not end the process: the message comes again. */
  fail(error: Error): void {
    this.promise.catch(() => {});
    this.#reject(error);
  }
}

/** A request, and the calls that it answers: of `ack` as many as follow one another. */
export class Settlement {
  readonly verb: "ack" | "nack" | "extend";
  readonly first: Held;
  /** The number behind the last. */
  end: number;
  readonly calls: Call[] = [];
  readonly #fields: string;
  readonly #owner: Settlements;

  constructor(owner: Settlements, what: Pick<Settlement, "verb" | "first">, fields = "") {
    this.#owner = owner;
    this.verb = what.verb;
    this.first = what.first;
    this.end = what.first.seq + 1;
    this.#fields = fields;
  }

  /** Whether a message is the next one behind these. */
  goesOn({ group, topic, seq }: Held): boolean {
    return this.end === seq && this.first.topic === topic && this.first.group === group;
  }

  /** The request: of several numbers all are settled, or none, so that an answer is true of each call. */
  get line(): string {
    const { group, topic, seq } = this.first;
    const all = this.verb === "ack" ? " all" : "";
    const numbers = this.end - seq === 1 ? `${seq}` : `${seq}-${this.end - 1}${all}`;
    return `${this.verb} ${group} ${topic} ${numbers}${this.#fields}\n`;
  }

  /** Undefined: the connection has ended before there was an answer. */
  answered(reply: Reply | undefined): void {
    this.#owner.answered(this, reply);
  }
}

/**
 * - Calls queue and leave in order, as many as come while a write is on its way in the next one;
 *   acknowledgements of numbers that count up are one request.
 * - Each call has the answer that is true of its own message.
 * - When the connection has ended, or is said to be left, what is not answered fails.
 */
export class Settlements {
  /** Milliseconds that a message may be held, as far as the broker has told. */
  ackTimeout: number | undefined;
  /** How often one is given out, as far as it has told. */
  maxAttempts: number | undefined;
  readonly #parts: SettlementParts;
  #queued: Settlement[] = [];
  #scheduled = false;
  #over = false;

  constructor(parts: SettlementParts) {
    this.#parts = parts;
  }

  /** Whether the connection has ended: nothing that came over it is held any more. */
  get over(): boolean {
    return this.#over;
  }

  ack(held: Held): Promise<void> {
    const last = this.#queued[this.#queued.length - 1];
    if (last?.verb === "ack" && last.goesOn(held)) {
      last.end++;
      return addCall(last, held);
    }
    return this.#add("ack", held);
  }

  /** `delay`: milliseconds. */
  nack(held: Held, { delay, unused }: { readonly delay: number; readonly unused: boolean }): Promise<void> {
    return this.#add("nack", held, `${delay === 0 ? "" : ` delay=${delay / 1000}`}${unused ? UNUSED : ""}`);
  }

  /** Gives back what nobody has looked at; nobody waits for the answer. */
  release(held: Held): void {
    if (this.#over) return;
    const last = this.#queued[this.#queued.length - 1];
    if (last?.verb === "nack" && last.calls.length === 0 && last.goesOn(held)) last.end++;
    else this.#queue(new Settlement(this, { verb: "nack", first: held }, UNUSED));
  }

  extend(held: Held): Promise<void> {
    return this.#add("extend", held);
  }

  /** What is queued, for who writes something behind it in the same write. */
  take(): readonly Settlement[] {
    return this.#queued.splice(0);
  }

  /** The connection has ended. */
  end(): void {
    this.#over = true;
    for (const each of this.#queued.splice(0)) this.answered(each, undefined);
  }

  /** Only for {@link Settlement}. */
  answered(settlement: Settlement, reply: Reply | undefined): void {
    const { verb, calls } = settlement;
    if (reply === "ok") {
      for (const call of calls) call.resolve();
    } else if (reply === undefined) {
      for (const call of calls) call.fail(leaseLost(call.held, LOST));
    } else if (calls.length > 1 && reply.code === "NOT_HELD") {
      // some of them may be held: each is asked for by itself
      for (const call of calls) {
        const one = new Settlement(this, { verb, first: call.held });
        one.calls.push(call);
        this.#queue(one);
      }
    } else {
      for (const call of calls) {
        if (reply.code === "STORE") call.held.stillHeld();
        call.fail(failure(call.held, verb, reply));
      }
    }
  }

  #add(verb: Settlement["verb"], first: Held, fields?: string): Promise<void> {
    const settlement = new Settlement(this, { verb, first }, fields);
    const promise = addCall(settlement, first);
    if (this.#over) this.answered(settlement, undefined);
    else this.#queue(settlement);
    return promise;
  }

  #queue(settlement: Settlement): void {
    this.#queued.push(settlement);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => void this.#sendAll());
  }

  async #sendAll(): Promise<void> {
    while (this.#queued.length > 0) await this.#send();
    this.#scheduled = false;
  }

  #send(): Promise<void> {
    const queued = this.#queued;
    this.#queued = [];
    return this.#parts.send(queued);
  }
}

const UNUSED = " unused";
const LOST = "the connection it came over has ended";

/** A message is not this client's any more, and comes again: to it, or to another member. */
export function leaseLost({ group, topic, seq }: Held, why: string): RunError {
  return new RunError(
    `message ${seq} of ${quote(topic)} is not known to be settled, for ${why}: ` +
      `if it is not, group ${quote(group)} gives it out again`,
    "LEASE_LOST",
  );
}

function addCall(settlement: Settlement, held: Held): Promise<void> {
  const call = new Call(held);
  settlement.calls.push(call);
  return call.promise;
}

function failure({ topic, seq }: Held, verb: Settlement["verb"], why: Refusal): Error {
  const what = verb === "ack" ? "acknowledge" : verb === "nack" ? "take back" : "extend the time of";
  return refused(why, `${what} message ${seq} of ${quote(topic)}`);
}
