/**
 * Messages that members of a group hold.
 *
 * @module
 */
import type { Run } from "../../../wire/run.ts";
import type { Place } from "../../groups/members.ts";
import type { SequenceSpan } from "../../types.ts";

/** One of them. */
export interface Held {
  readonly topic: string;
  readonly sequence: number;
  /** Where JetStream is told what becomes of it. */
  readonly reply: string;
  /** How often it has been given out with this time. */
  readonly attempt: number;
  readonly place: Place;
  /** Itself, kept, where this is the last time; released by who takes it away. */
  readonly run: Run | undefined;
  /** When its time is over. */
  readonly until: number;
}

/** Guarantees: a message is held by one member; those whose time is over first come first. */
export class HeldMessages {
  readonly #held = new Map<number, Held>();

  get size(): number {
    return this.#held.size;
  }

  /** Whether anybody holds it. */
  has(sequence: number): boolean {
    return this.#held.has(sequence);
  }

  /** One that nobody holds. `until` is not less than in the call before. */
  add(held: Held): void {
    this.#held.set(held.sequence, held);
  }

  /** NATS has given it out once more, and hears of it there from now on; whether anybody holds it. */
  renew(sequence: number, reply: string): boolean {
    const held = this.#held.get(sequence);
    if (held !== undefined) this.#held.set(sequence, { ...held, reply });
    return held !== undefined;
  }

  /** What of a span a member holds, and holds no longer. */
  take(place: Place, topic: string, span: SequenceSpan): Held[] {
    const taken = this.#of(place, topic, span);
    for (const { sequence } of taken) this.#held.delete(sequence);
    return taken;
  }

  /** Whether it holds all of them. */
  holdsAll(place: Place, topic: string, span: SequenceSpan): boolean {
    return this.#of(place, topic, span).length === span.end - span.from;
  }

  /** All that it holds, and holds no longer. */
  takeAll(place: Place): Held[] {
    const taken = [...this.#held.values()].filter((held) => held.place === place);
    for (const { sequence } of taken) this.#held.delete(sequence);
    return taken;
  }

  /** Those whose time is over, and that are held no longer. */
  lapse(now: number): Held[] {
    const lapsed: Held[] = [];
    for (const held of this.#held.values()) {
      if (held.until > now) break;
      lapsed.push(held);
    }
    for (const { sequence } of lapsed) this.#held.delete(sequence);
    return lapsed;
  }

  /** Nobody holds anything. */
  clear(): void {
    for (const { run } of this.#held.values()) run?.release();
    this.#held.clear();
  }

  #of(place: Place, topic: string, { from, end }: SequenceSpan): Held[] {
    const found: Held[] = [];
    const see = (held: Held | undefined): void => {
      if (held?.place === place && held.topic === topic) found.push(held);
    };
    if (end - from <= this.#held.size) {
      for (let sequence = from; sequence < end; sequence++) see(this.#held.get(sequence));
      return found;
    }
    for (const held of this.#held.values()) if (from <= held.sequence && held.sequence < end) see(held);
    return found.sort((one, other) => one.sequence - other.sequence);
  }
}
