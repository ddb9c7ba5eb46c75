/**
 * What a group has settled of what is stored.
 *
 * @module
 */
import type { GroupMark, TopicMark } from "../../store/types.ts";
import { readRanges, type SequenceRange, SequenceRanges } from "../../sequence_ranges.ts";

/** What a ledger knows of a mark. */
export type Mark = Pick<GroupMark, "after" | "topics">;

/** What was read together: it is settled when all of it is. */
export interface Unit {
  /** Everything up to this batch has been read with it; undefined: it is not known yet. */
  after: number | undefined;
  /** Messages that are not settled. */
  open: number;
  /** Topics that have messages in it, and where those end. */
  ends: Map<string, number>;
  /** Those that were read before and after it, and are not settled up to there. */
  before?: Unit | undefined;
  behind?: Unit | undefined;
}

/** One topic's account. */
interface Account {
  readonly settled: SequenceRanges;
  /** By sequence number. */
  readonly attempts: Map<number, number>;
}

/**
 * A group reads in the order of the commits, and its members settle in any order. So it is enough to know up
 * to which batch everything is settled, and of what comes behind that, which numbers are.
 *
 *     batches    1  2  3  4  5  6  7  8
 *     settled    ■  ■  ■  □  ■  ■  □  □
 *                after = 3 ┘  └──┴ numbers of their topics
 *
 * Guarantee: what was settled is never given out again by whoever goes on from a mark that was taken behind
 * it; what was not, is.
 */
export class Ledger {
  #after: number;
  readonly #accounts = new Map<string, Account>();
  /** The first that is not settled, and the last that was read; of settled ones no two are neighbours. */
  #first: Unit | undefined;
  #last: Unit | undefined;
  #open = 0;
  /** What is read now. */
  #current: Unit | undefined;
  /** What has changed since the last mark. */
  #moved = false;
  readonly #changed = new Set<string>();
  /** Topics that marks which were taken before have named. */
  readonly #named = new Set<string>();
  /** Of those the ones of which nothing is to be known any more, and no mark says so yet. */
  readonly #over = new Set<string>();
  /**
   * Topics of the mark that it goes on from, and where what that says of them ends; and the batch up to which
   * all of it lies. Retention may have deleted it, and nothing is read of such a topic.
   */
  readonly #restored = new Map<string, number>();
  readonly #restoredUpTo: number;

  /**
   * Goes on from a mark that names all topics, and says nothing of what lies behind the batch `last`. Throws
   * TypeError where it is damaged.
   */
  constructor({ after, topics }: Mark, last: number) {
    this.#after = after;
    this.#restoredUpTo = last;
    for (const { topic, settled, attempts } of topics) {
      const ranges = readRanges(settled);
      if (ranges === undefined) throw new TypeError(`${JSON.stringify(settled)} are no sequence numbers`);
      const account = { settled: ranges, attempts: readAttempts(attempts) };
      this.#accounts.set(topic, account);
      this.#named.add(topic);
      this.#restored.set(topic, endOf(account));
    }
  }

  /** All up to this batch is settled. */
  get after(): number {
    return this.#after;
  }

  /** Messages that were read and are not settled. */
  get open(): number {
    return this.#open;
  }

  /** Whether there is anything that the last mark does not say. */
  get hasNews(): boolean {
    return this.#moved || this.#changed.size > 0 || this.#over.size > 0;
  }

  /** Whether there is a topic of which nothing is to be known any more, and no mark says so. */
  get isCrowded(): boolean {
    return this.#over.size > 0;
  }

  /** What is read now, and belongs together until {@link readUpTo}. */
  get unit(): Unit {
    if (this.#current === undefined) {
      const before = this.#last;
      const unit: Unit = { after: undefined, open: 0, ends: new Map(), before, behind: undefined };
      if (before === undefined) this.#first = unit;
      else before.behind = unit;
      this.#current = this.#last = unit;
    }
    return this.#current;
  }

  /** So many messages of a topic were read, behind all that were before; those that are not settled yet. */
  read(topic: string, first: number, count: number): readonly SequenceRange[] {
    const { unit } = this;
    const end = first + count;
    unit.ends.set(topic, end);
    const account = this.#accounts.get(topic);
    const unsettled = account === undefined ? [{ from: first, end }] : account.settled.without(first, end);
    for (const range of unsettled) {
      unit.open += range.end - range.from;
      this.#open += range.end - range.from;
    }
    return unsettled;
  }

  /** Everything up to this batch has been read. */
  readUpTo(batch: number): void {
    const { unit } = this;
    unit.after = batch;
    this.#current = undefined;
    this.#close(unit);
  }

  /** Messages of a unit are settled, that were not. */
  settle(unit: Unit, topic: string, { from, end }: SequenceRange): void {
    const { settled, attempts } = this.#account(topic);
    const added = settled.add(from, end);
    unit.open -= added;
    this.#open -= added;
    if (attempts.size > 0) {
      for (let sequence = from; sequence < end; sequence++) {
        attempts.delete(sequence);
      }
    }
    this.#changed.add(topic);
    this.#close(unit);
  }

  /** A mark is to be stored, whatever has changed. */
  touch(): void {
    this.#moved = true;
  }

  /** Messages were given back, and so often they will have been given out with the next time. */
  again(topic: string, { from, end }: SequenceRange, attempt: number): void {
    const { attempts } = this.#account(topic);
    for (let sequence = from; sequence < end; sequence++) attempts.set(sequence, attempt);
    this.#changed.add(topic);
  }

  /** Which attempt it is when this message is given out next. */
  attemptOf(topic: string, sequence: number): number {
    return this.#accounts.get(topic)?.attempts.get(sequence) ?? 1;
  }

  /** A range in parts that have been given out as often. */
  *alike(
    topic: string,
    { from, end }: SequenceRange,
  ): Generator<SequenceRange & { readonly attempt: number }> {
    const attempts = this.#accounts.get(topic)?.attempts;
    if (attempts === undefined || attempts.size === 0) return yield { from, end, attempt: 1 };
    for (let at = from; at < end;) {
      const start = at;
      const attempt = attempts.get(at) ?? 1;
      while (at < end && (attempts.get(at) ?? 1) === attempt) at++;
      yield { from: start, end: at, attempt };
    }
  }

  /**
   * What has changed since the last mark that was not {@link untake}n. Of topics of which nothing is to be
   * known any more it says some only: all of them is settled, and what stands there does no harm.
   */
  take(): Mark {
    const topics: TopicMark[] = [];
    for (const topic of this.#changed) {
      const { settled, attempts } = this.#accounts.get(topic)!;
      this.#named.add(topic);
      topics.push({ topic, settled: `${settled}`, attempts: showAttempts(attempts) });
    }
    let room = OVER_MOST;
    for (const topic of this.#over) {
      if (room-- === 0) break;
      this.#over.delete(topic);
      this.#named.delete(topic);
      topics.push({ topic, settled: "", attempts: "" });
    }
    this.#changed.clear();
    this.#moved = false;
    return { after: this.#after, topics };
  }

  /** A mark could not be stored: the next one says it again. */
  untake({ topics }: Mark): void {
    this.#moved = true;
    for (const { topic } of topics) {
      // it may have been taken out of what is stored, or not
      this.#named.add(topic);
      if (this.#accounts.has(topic)) this.#changed.add(topic);
      else this.#over.add(topic);
    }
  }

  #account(topic: string): Account {
    let account = this.#accounts.get(topic);
    if (account === undefined) {
      account = { settled: new SequenceRanges(), attempts: new Map() };
      this.#accounts.set(topic, account);
      this.#over.delete(topic);
    }
    return account;
  }

  /** Where it is settled, and all before it: forgets it. Else it becomes one with its settled neighbours. */
  #close(unit: Unit): void {
    if (!isSettled(unit)) return;
    const { before, behind } = unit;
    if (unit === this.#first) return this.#closeFirst(unit);
    if (before !== undefined && isSettled(before)) this.#merge(before, unit);
    else if (behind !== undefined && isSettled(behind)) this.#merge(unit, behind);
  }

  #closeFirst(first: Unit): void {
    for (let unit: Unit | undefined = first; unit !== undefined && isSettled(unit); unit = unit.behind) {
      this.#moved ||= unit.after! > this.#after;
      this.#after = Math.max(this.#after, unit.after!);
      for (const [topic, end] of unit.ends) this.#forget(topic, end);
      this.#first = unit.behind;
    }
    if (this.#first === undefined) this.#last = undefined;
    else this.#first.before = undefined;
    if (this.#after >= this.#restoredUpTo) this.#forgetRestored();
  }

  /** All that it went on from is settled, also what it has not read, for that is gone. */
  #forgetRestored(): void {
    for (const [topic, end] of this.#restored) {
      const account = this.#accounts.get(topic);
      if (account === undefined) continue;
      for (const sequence of account.attempts.keys()) {
        if (sequence < end && account.attempts.delete(sequence)) this.#changed.add(topic);
      }
      this.#forget(topic, end);
    }
    this.#restored.clear();
  }

  /** The second becomes part of the first, both are settled; and so does what is behind that, if it is. */
  #merge(one: Unit, other: Unit): void {
    one.after = other.after;
    one.ends = joined(one.ends, other.ends);
    one.behind = other.behind;
    if (other.behind === undefined) this.#last = one;
    else other.behind.before = one;
    const next = one.behind;
    if (next !== undefined && isSettled(next)) this.#merge(one, next);
  }

  /** What a topic has before this number is settled, and need not be known by itself. */
  #forget(topic: string, end: number): void {
    const account = this.#accounts.get(topic);
    if (account === undefined) return;
    if (account.settled.take(0, end).length > 0) this.#changed.add(topic);
    if (!account.settled.empty || account.attempts.size > 0) return;
    this.#accounts.delete(topic);
    this.#changed.delete(topic);
    if (this.#named.has(topic)) this.#over.add(topic);
  }
}

/** Topics in a mark of which nothing is to be known any more, at most: each costs a commit a row. */
const OVER_MOST = 2000;

/** Behind all that is known. */
function endOf({ settled, attempts }: Account): number {
  let end = 0;
  for (const range of settled) end = range.end;
  for (const sequence of attempts.keys()) end = Math.max(end, sequence + 1);
  return end;
}

/** Of both, in the larger: in whatever order many become one, no topic is moved often. */
function joined(one: Map<string, number>, other: Map<string, number>): Map<string, number> {
  const [large, small] = one.size < other.size ? [other, one] : [one, other];
  for (const [topic, end] of small) large.set(topic, Math.max(end, large.get(topic) ?? 0));
  return large;
}

function isSettled({ after, open }: Unit): boolean {
  return after !== undefined && open === 0;
}

const ATTEMPTS = /^([1-9]\d{0,14})(?:-([1-9]\d{0,14}))?=([1-9]\d{0,8})$/;

function readAttempts(text: string): Map<number, number> {
  const attempts = new Map<number, number>();
  for (const part of text === "" ? [] : text.split(" ")) {
    const found = ATTEMPTS.exec(part);
    if (found === null) throw new TypeError(`${JSON.stringify(text)} are no attempts`);
    const [from, last] = [Number(found[1]), Number(found[2] ?? found[1])];
    for (let sequence = from; sequence <= last; sequence++) attempts.set(sequence, Number(found[3]));
  }
  return attempts;
}

/** `8-11=2 14=3`: what was given back together is one. */
function showAttempts(attempts: ReadonlyMap<number, number>): string {
  const parts: string[] = [];
  const sorted = [...attempts].sort(([one], [other]) => one - other);
  for (let at = 0; at < sorted.length;) {
    const [from, attempt] = sorted[at]!;
    let last = from;
    for (at++; sorted[at]?.[0] === last + 1 && sorted[at]![1] === attempt; at++) last++;
    parts.push(last === from ? `${from}=${attempt}` : `${from}-${last}=${attempt}`);
  }
  return parts.join(" ");
}
