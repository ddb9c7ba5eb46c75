/**
 * Who holds which message, and until when.
 *
 * @module
 */
import type { Grant } from "./grant.ts";
import type { Unit } from "./ledger.ts";
import type { Place } from "./members.ts";
import type { SequenceRange } from "../../sequence_ranges.ts";

export type { Grant };

/** Messages that follow one another, while a member holds them. */
class Lease implements Grant {
  readonly topic: string;
  readonly unit: Unit;
  readonly attempt: number;
  readonly term: Term;
  readonly page: Page;
  readonly end: number;
  from: number;

  constructor({ topic, unit, attempt, from, end }: Grant, { page, term }: { page: Page; term: Term }) {
    this.topic = topic;
    this.unit = unit;
    this.attempt = attempt;
    this.from = from;
    this.end = end;
    this.page = page;
    this.term = term;
  }

  /** The part of it from one number to before another. */
  part(from: number, end: number): Grant {
    const { topic, unit, attempt } = this;
    return { topic, unit, attempt, from: Math.max(from, this.from), end: Math.min(end, this.end) };
  }
}

/** Leases that end at the same time; one at least. */
interface Term {
  readonly until: number;
  readonly leases: Set<Lease>;
}

/** One member's leases of a topic, sorted, no two with a number in common. */
interface Page {
  readonly place: Place;
  readonly leases: Lease[];
}

/** What a member holds no longer, for its time was over. */
export interface Lapsed {
  readonly place: Place;
  readonly grant: Grant;
}

/**
 * Guarantees: a hold ends once, by {@link take}, {@link lapse} or {@link clear}, whichever comes first, and
 * what comes later finds nothing. Holds end in the order in which they began, for all take the same time: who
 * has to be looked at is always the first. Whoever grants sees to it that nobody else holds the messages.
 */
export class Leases {
  readonly #books = new Map<Place, Map<string, Page>>();
  /** By when they end, in that order. */
  readonly #terms = new Map<number, Term>();
  #size = 0;

  /** How many there are: messages that were given together and are held together are one. */
  get size(): number {
    return this.#size;
  }

  /** Gives messages to a member, until so many milliseconds; not less than in the call before. */
  grant(place: Place, grant: Grant, until: number): void {
    let term = this.#terms.get(until);
    if (term === undefined) this.#terms.set(until, term = { until, leases: new Set() });
    const page = this.#page(place, grant.topic);
    page.leases.splice(firstEndingBehind(page.leases, grant.from), 0, this.#begin(grant, { page, term }));
  }

  /** What of a range a member holds, and holds no longer. */
  take(place: Place, topic: string, { from, end }: SequenceRange): Grant[] {
    const book = this.#books.get(place);
    const page = book?.get(topic);
    if (book === undefined || page === undefined) return [];
    const { leases } = page;
    const start = firstEndingBehind(leases, from);
    const first = leases[start];
    // as most are settled: from the beginning on
    if (first !== undefined && from <= first.from && first.from < end && end < first.end) {
      const taken = first.part(from, end);
      first.from = end;
      return [taken];
    }
    const taken: Grant[] = [];
    const left: Lease[] = [];
    let stop = start;
    for (let lease = first; lease !== undefined && lease.from < end; lease = leases[++stop]) {
      const { term } = lease;
      taken.push(lease.part(from, end));
      if (lease.from < from) left.push(this.#begin(lease.part(0, from), { page, term }));
      if (lease.end > end) left.push(this.#begin(lease.part(end, Infinity), { page, term }));
      // behind those that go on in its place: a term without leases is not kept
      this.#end(lease);
    }
    leases.splice(start, stop - start, ...left);
    if (leases.length === 0) book.delete(topic);
    if (book.size === 0) this.#books.delete(place);
    return taken;
  }

  /** Whether a member holds all of a range. */
  holdsAll(place: Place, topic: string, { from, end }: SequenceRange): boolean {
    const leases = this.#books.get(place)?.get(topic)?.leases ?? [];
    let held = from;
    for (let at = firstEndingBehind(leases, from); held < end; at++) {
      const lease = leases[at];
      if (lease === undefined || lease.from > held) return false;
      held = lease.end;
    }
    return true;
  }

  /** What has been held until now or longer than it may be. */
  lapse(now: number): Lapsed[] {
    const lapsed: Lapsed[] = [];
    for (const term of this.#terms.values()) {
      if (term.until > now) break;
      for (const { page, topic, from, end } of [...term.leases]) {
        const { place } = page;
        for (const grant of this.take(place, topic, { from, end })) lapsed.push({ place, grant });
      }
    }
    return lapsed;
  }

  /** All that a member holds, and holds no longer; topic by topic, in their order. */
  clear(place: Place): Grant[] {
    const book = this.#books.get(place);
    this.#books.delete(place);
    const grants: Grant[] = [];
    for (const { leases } of book?.values() ?? []) {
      for (const lease of leases) {
        this.#end(lease);
        grants.push(lease.part(0, Infinity));
      }
    }
    return grants;
  }

  #begin(grant: Grant, on: { readonly page: Page; readonly term: Term }): Lease {
    const lease = new Lease(grant, on);
    on.term.leases.add(lease);
    this.#size++;
    return lease;
  }

  /** A term without leases is not kept: each tick may bring one, and one may last for days. */
  #end(lease: Lease): void {
    const { until, leases } = lease.term;
    leases.delete(lease);
    if (leases.size === 0) this.#terms.delete(until);
    this.#size--;
  }

  #page(place: Place, topic: string): Page {
    let book = this.#books.get(place);
    if (book === undefined) this.#books.set(place, book = new Map());
    let page = book.get(topic);
    if (page === undefined) book.set(topic, page = { place, leases: [] });
    return page;
  }
}

/** Of sorted leases the first that holds what comes behind a number, or ends later. */
function firstEndingBehind(leases: readonly Lease[], sequence: number): number {
  let low = 0;
  let high = leases.length;
  if (high > 0 && leases[0]!.end > sequence) return 0;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (leases[middle]!.end > sequence) high = middle;
    else low = middle + 1;
  }
  return low;
}
