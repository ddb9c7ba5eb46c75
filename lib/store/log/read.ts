/**
 * How replays go on from their cursors: the same for every kind of log.
 *
 * @module
 */
import { isPattern } from "../../topics/topic.ts";
import type { Cursor, ReadEnd, ReadExtent } from "../types.ts";
import { boundsOf } from "./bounds.ts";
import { DamageError, misplaced, missing } from "./damage.ts";
import { nextAsOf, nextSequence, startOf } from "./find.ts";
import { readLast } from "./last.ts";
import type { Matching } from "./matching.ts";
import { PageBuilder, type PageRead } from "./page_builder.ts";
import type { Expected } from "./replay_memory.ts";
import { type Batch, type BatchRef, endOf, type LogView } from "./view.ts";
import { admits, wantedOf } from "../wanted.ts";

/** Batches read together, without their bytes, while those of other topics are passed over. */
const REFS_READ = 256;
/** Batches passed in one read at most, wanted or not, so that it does not keep other reads waiting. */
const STEPS_MOST = 4000;
/** Bytes of batches read for one page at most, in as many as it wants: what has expired, say, fills none. */
const BYTES_MOST = 8 * 1024 * 1024;

/** How much is read, and when. */
export interface HowToRead extends ReadExtent {
  /** What has outlived its time to live by then is left out. Milliseconds since 1970. */
  readonly now: number;
}

/** Reads on from cursors. Throws DamageError where nothing can be read before the damage. */
export function read(view: LogView, cursors: readonly Cursor[], how: HowToRead): PageRead {
  const [only] = cursors;
  const alone = cursors.length === 1 && only !== undefined;
  if (alone && only.last !== undefined) return readLast(view, only, how);
  const { most, now } = how;
  const page = new PageBuilder(now);
  const reading = new Reading(view, cursors, { page, upTo: how.upTo ?? Infinity });
  const steps = alone && !isPattern(only.pattern) ? reading.topic(only) : reading.patterns();
  let count = 0;
  try {
    for (const end of steps) {
      if (end || page.length >= most || reading.loaded >= BYTES_MOST || ++count >= STEPS_MOST) break;
    }
  } catch (error) {
    // what lies before the damage is given first; the next call begins with it
    if (!(error instanceof DamageError) || page.messages === 0) throw error;
  }
  return { kind: "page", page: page.build(), ...reading.result(now), deleted: view.deleted };
}

/** One call of {@link read}: where each cursor has come to. */
class Reading {
  /** Bytes of the batches that were read. */
  loaded = 0;
  readonly #view: LogView;
  readonly #page: PageBuilder;
  /** The last batch that is taken to be there. */
  readonly #last: number;
  readonly #cursors: Cursor[];
  readonly #ends: ReadEnd[];
  /** All up to this batch has been read; not where one topic is read by its own order. */
  #at = 0;

  constructor(
    view: LogView,
    cursors: readonly Cursor[],
    { page, upTo }: { readonly page: PageBuilder; readonly upTo: number },
  ) {
    this.#view = view;
    this.#page = page;
    this.#last = Math.min(view.last, upTo);
    this.#cursors = [...cursors];
    this.#ends = cursors.map(() => "none");
  }

  result(now: number): Pick<PageRead, "cursors" | "ends"> {
    this.#advance(this.#at);
    const all = this.#last === this.#view.last;
    const ends = this.#ends.map((end, at): ReadEnd => {
      const { to } = this.#cursors[at]!;
      return end === "caught up" && all && to?.kind === "time" && now > to.time ? "past to" : end;
    });
    return { cursors: this.#cursors, ends };
  }

  /** One topic, by its own order: a step a batch, and whether that was the last. */
  *topic(cursor: Cursor): Generator<boolean> {
    const view = this.#view;
    const named = view.topicNamed(cursor.pattern);
    const topic = named !== undefined && admits(cursor, named.name) ? named : undefined;
    const bounds = boundsOf(cursor);
    const start = topic === undefined ? undefined : startOf(view, topic, cursor);
    let batch = start === undefined ? undefined : view.load(start);
    while (topic !== undefined && batch !== undefined && batch.id <= this.#last) {
      this.loaded += batch.bytes.length;
      if (batch.first >= bounds.end || batch.time > bounds.until) return yield this.#over();
      for (const range of wantedOf(this.#cursors, topic.name, batch)) {
        this.#page.add(topic.name, batch, range);
      }
      const sequence = endOf(batch);
      // what comes before it has been given: a beginning that is still to come stays where it is
      this.#cursors[0] = {
        ...this.#cursors[0]!,
        after: batch.id,
        sequence: Math.max(sequence, cursor.sequence),
      };
      if (sequence >= bounds.end) return yield this.#over();
      yield false;
      batch = view.loadNext(topic.id, sequence);
      if (batch !== undefined && batch.first !== sequence) throw missing(topic.name, sequence, batch.first);
    }
    yield this.#caughtUp();
  }

  #over(): true {
    this.#ends[0] = "past to";
    return true;
  }

  /** Many topics, in the order of the commits. */
  *patterns(): Generator<boolean> {
    const view = this.#view;
    const cursors = this.#cursors;
    const begin = cursors.reduce((least, { after }) => Math.min(least, after), Infinity);
    const topics = cursors.map(({ pattern }) => view.matching(pattern));
    const key = cursors.map(memoryKey).join(" ");
    const expected = view.replays.take(key, begin);
    const mayMost = cursors.every(({ reception }) => reception === undefined);
    const wantsMost = mayMost && 2 * topics.reduce((sum, { size }) => sum + size, 0) >= view.topics;
    const takers = new Map<number, readonly number[]>();
    let at = begin;
    let seen = begin;
    try {
      for (const ref of wantsMost ? view.batchesAfter(begin) : refsAfter(view, begin)) {
        if (ref.id > this.#last) break;
        if (ref.id <= at) throw misplaced(ref.id);
        let wanting = takers.get(ref.topic);
        if (wanting === undefined) {
          wanting = cursors.flatMap((cursor, index) => {
            const name = topics[index]!.get(ref.topic);
            return name !== undefined && admits(cursor, name) ? [index] : [];
          });
          takers.set(ref.topic, wanting);
        }
        if (wanting.length > 0) {
          seen = ref.id;
          checkOrder(view, ref, { after: begin, expected });
          if (!this.#take(ref, wanting, topics)) return yield true;
        }
        this.#at = at = ref.id;
        yield false;
      }
      at = Math.max(at, this.#last);
      yield this.#caughtUp();
    } finally {
      // not where it stopped at a batch that it does not give
      if (seen <= at) view.replays.keep(expected, { pattern: key, after: at });
    }
  }

  /** Adds what is wanted of a batch to the page; false: it lies behind all that anybody wants. */
  #take(
    ref: BatchRef | Batch,
    wanting: readonly number[],
    topics: readonly Matching[],
  ): boolean {
    const near = wanting.some((index) => {
      const { from, end } = boundsOf(this.#cursors[index]!);
      return this.#ends[index] === "none" && endOf(ref) > from && ref.first < end;
    });
    if (!near) return true;
    const batch = "bytes" in ref ? ref : this.#view.load(ref);
    this.loaded += batch.bytes.length;
    for (const index of wanting) {
      const { to, after } = this.#cursors[index]!;
      if (to?.kind === "time" && batch.time > to.time && batch.id > after) this.#ends[index] = "past to";
    }
    if (this.#ends.every((end) => end === "past to")) return false;
    const open = wanting.filter((index) => this.#ends[index] === "none");
    const name = topics[wanting[0]!]!.get(ref.topic)!;
    const cursors = open.map((index) => this.#cursors[index]!);
    for (const range of wantedOf(cursors, name, batch)) this.#page.add(name, batch, range);
    return true;
  }

  #advance(after: number): void {
    const cursors = this.#cursors;
    for (let at = 0; at < cursors.length; at++) {
      if (cursors[at]!.after < after) cursors[at] = { ...cursors[at]!, after };
    }
  }

  /** Everything that is there has been read. */
  #caughtUp(): true {
    this.#advance(this.#last);
    for (const [at, cursor] of this.#cursors.entries()) {
      if (this.#ends[at] === "none") this.#ends[at] = this.#isOver(cursor) ? "past to" : "caught up";
    }
    return true;
  }

  /** Whether all topics of a cursor have come to the last number that it wants. */
  #isOver(cursor: Cursor): boolean {
    const view = this.#view;
    const { end } = boundsOf(cursor);
    if (end === Infinity) return false;
    const key = `${memoryKey(cursor)} ${end}`;
    const before = view.replays.awaited(key);
    if (before !== undefined && this.#isAwaited(before, end)) return false;
    let some = false;
    for (const [topic, name] of view.matching(cursor.pattern).after(0)) {
      if (!admits(cursor, name)) continue;
      if (this.#isAwaited(topic, end)) {
        view.replays.waitsFor(key, topic);
        return false;
      }
      some ||= nextAsOf(view, topic, this.#last) >= end;
    }
    return some;
  }

  /** A topic that nothing was ever appended to is not there yet: something of it waits until it is due. */
  #isAwaited(topic: number, end: number): boolean {
    return nextAsOf(this.#view, topic, this.#last) < end && nextSequence(this.#view, topic) > 1;
  }
}

/** What is known of a topic holds for who may receive the same. */
function memoryKey({ pattern, reception }: Cursor): string {
  return reception === undefined ? pattern : `${pattern} ${JSON.stringify(reception)}`;
}

/** The batches behind one, a few at a time: where most are passed over their bytes need not be read. */
function* refsAfter(view: LogView, after: number): Generator<BatchRef | Batch> {
  for (let at = after;;) {
    const some = view.refsAfter(at, REFS_READ);
    yield* some;
    if (some.length < REFS_READ) return;
    at = some.at(-1)!.id;
  }
}

/** Throws unless its topic goes on with this batch. `expected`: what is known of the batches up to it. */
function checkOrder(
  view: LogView,
  ref: BatchRef,
  { after, expected }: { readonly after: number; readonly expected: Expected },
): void {
  const known = expected.get(ref.topic);
  expected.set(ref.topic, endOf(ref));
  if (known === ref.first) return;
  const before = view.holding(ref.topic, ref.first - 1);
  // the first of its topic: the one before it was read before this call
  const follows = known === undefined && before !== undefined && endOf(before) === ref.first;
  if (follows && before.id <= after) return;
  // or all before it was trimmed, perhaps since the call before this one
  const topic = view.topicOf(ref.topic);
  if (before === undefined && topic.floor === ref.first) return;
  throw missing(topic.name, known ?? (before === undefined ? topic.floor : endOf(before)), ref.first);
}
