/**
 * Runs: consecutive messages to one topic inside one read, as one slice with a count. The unit of everything
 * behind a decoder.
 *
 * @module
 */
import { type Chunk, type ChunkPool, Slice } from "../buffers.ts";
import type { IdSpan } from "../id_spans.ts";
import { encodeBatchHeader } from "./batch.ts";
import { type Conversion, type Deliveries, type Encoding, RECORDS } from "./encoding.ts";
import { idSpansOf, type Keys, keysOf, type Stretch as Lying } from "./record_fields.ts";
import { RecordReader } from "./records.ts";

/** A topic that a run goes to. What else an engine keeps for it is the engine's own. */
export interface Route {
  /** The topic in its canonical form, `#hello`. */
  readonly topic: string;
  /** How long that is in UTF-8. */
  readonly topicBytes: number;
  /** The sessions' own: whose grant said last that it may publish here, and whose that it may not. */
  openTo?: object | undefined;
  closedTo?: object | undefined;
}

/** Where a run of a durable topic is stored. */
export interface Stored {
  /** The sequence number of its first message; a topic's begin at 1 and have no gaps. */
  readonly first: number;
  /** The batch it is in: these grow with every commit, over all topics, and are never used twice. */
  readonly batch: number;
  /** Milliseconds since 1970, never less than any before it. */
  readonly time: number;
}

/** What is known of a run besides where it lies. */
export interface RunOptions {
  readonly route: Route;
  /** How its messages are written where they lie. */
  readonly encoding: Encoding;
  readonly count: number;
  /** Where memory comes from for other encodings. */
  readonly pool: ChunkPool;
  /** Whether any of its messages has fields; only then are they looked at. */
  readonly hasFields: boolean;
  /** Milliseconds for which its messages are worth delivering, all the same; undefined: for ever. */
  readonly ttl: number | undefined;
  /** When that is over, milliseconds since 1970, for who has to wait for them. */
  readonly expires: number | undefined;
  /** When its messages are to be delivered, milliseconds since 1970 (D9); left out: now. */
  readonly due?: number | undefined;
  /**
   * Whether they go to several topics, `route` being the first's; left out: they do not. Such a run can be
   * had as it lies only.
   */
  readonly severalTopics?: boolean;
}

/** Messages of a run that follow one another. */
export interface Stretch {
  readonly at: number;
  readonly count: number;
  /** They as a run; undefined: they are not wanted. */
  readonly part: Run | undefined;
}

/** The same messages in another encoding. */
interface Made {
  /** Undefined: records behind the header of a batch. */
  readonly encoding: Encoding | undefined;
  readonly slice: Slice;
}

/**
 * Messages in the encoding they came in, and in another one from when somebody asks for it, made once for all
 * who do.
 *
 * - Nothing of it changes, but that {@link stored} is set by who stored it, before anybody gets it.
 * - Its memory is the reader's, who reads on when the call that brought it returns; who needs it longer calls
 *   {@link keep}. Whoever made it calls {@link release} once, when it has been delivered; who takes a slice
 *   of it retains the slice's chunk.
 */
export class Run {
  readonly route: Route;
  readonly count: number;
  readonly ttl: number | undefined;
  readonly expires: number | undefined;
  readonly due: number | undefined;
  stored: Stored | undefined = undefined;
  readonly #encoding: Encoding;
  readonly #slice: Slice;
  readonly #pool: ChunkPool;
  readonly #hasFields: boolean;
  readonly #severalTopics: boolean;
  /** Undefined: not looked for yet. */
  #ids: readonly IdSpan[] | undefined;
  #made: Made[] | undefined;
  #newest: Run | undefined;
  #kept = false;

  constructor(slice: Slice, options: RunOptions) {
    this.route = options.route;
    this.count = options.count;
    this.ttl = options.ttl;
    this.expires = options.expires;
    this.due = options.due;
    this.#encoding = options.encoding;
    this.#slice = slice;
    this.#pool = options.pool;
    this.#hasFields = options.hasFields;
    this.#severalTopics = options.severalTopics === true;
  }

  /** Bytes of its messages as they came. */
  get bytes(): number {
    return this.#slice.end - this.#slice.start;
  }

  /** Whether any of its messages may have fields. */
  get hasFields(): boolean {
    return this.#hasFields;
  }

  /** Whether its messages go to several topics: `route` is the first's. */
  get severalTopics(): boolean {
    return this.#severalTopics;
  }

  /** Its messages as records. */
  get records(): Slice {
    return this.as(RECORDS);
  }

  /** Its messages in an encoding. */
  as(encoding: Encoding): Slice {
    if (encoding === this.#encoding) return this.#slice;
    const made = this.#find(encoding);
    if (made !== undefined) return made;
    return encoding === RECORDS
      ? this.#convert(this.#slice, this.#encoding.toRecords, encoding)
      : this.#convert(this.records, encoding.fromRecords, encoding);
  }

  /** Its messages as records behind a header that says where they are stored; only where they are. */
  get batch(): Slice {
    return this.#find(undefined) ?? this.#behindHeader();
  }

  /** The ids of its messages, those that count up as one; empty where none has one. */
  get ids(): readonly IdSpan[] {
    return this.#ids ??= this.#hasFields ? idSpansOf(this.#deliveries(this.records)) : NO_IDS;
  }

  /**
   * So many of its messages, from a position on; itself where that is all. A part that was made is released
   * by who asked for it.
   */
  part(at: number, count: number): Run {
    if (at === 0 && count === this.count) return this;
    const reader = this.#reader();
    reader.skip(at);
    return this.#partAt(reader, { at, count });
  }

  /** Makes parts as {@link part} does, each behind the one before: all of them in one walk. */
  parting(): (at: number, count: number) => Run {
    let reader: RecordReader | undefined;
    let next = 0;
    return (at, count) => {
      if (at === 0 && count === this.count) return this;
      reader ??= this.#reader();
      reader.skip(at - next);
      next = at + count;
      return this.#partAt(reader, { at, count });
    };
  }

  /** As {@link part}, and always another run: its memory stays until it is released. */
  kept(at: number, count: number): Run {
    const reader = this.#reader();
    reader.skip(at);
    const part = this.#partAt(reader, { at, count });
    part.keep();
    return part;
  }

  /**
   * Its messages in stretches that are all at one of these positions, or all at none of them. Parts are made
   * of the latter, and released by who asked for them.
   */
  split(positions: ReadonlySet<number>): Stretch[] {
    const reader = this.#reader();
    const stretches: Stretch[] = [];
    for (let from = 0, at = 0; at < this.count; from = at) {
      const known = positions.has(at);
      while (at < this.count && positions.has(at) === known) at++;
      const count = at - from;
      if (known) reader.skip(count);
      stretches.push({
        at: from,
        count,
        part: known ? undefined : this.#partAt(reader, { at: from, count }),
      });
    }
    return stretches;
  }

  /** The keys of its messages, and where those end. */
  get keys(): Keys {
    return keysOf(this.#deliveries(this.records));
  }

  /** As {@link part}, for who knows where those lie. */
  partLying({ at, count, start, end }: Lying): Run {
    if (count === this.count) return this;
    return this.#partOf(new Slice(this.records.chunk, start, end), { at, count });
  }

  /** Its messages in memory of their own, which is no larger than they are; kept. */
  copied(): Run {
    const { start, end } = this.records;
    return this.gathered([{ at: 0, count: this.count, start, end }]);
  }

  /**
   * Some of its messages, in their order, for who knows where those lie: in memory of their own; kept. Where
   * it is stored they follow one another, or their numbers would be wrong.
   */
  gathered(parts: readonly Lying[]): Run {
    const { bytes } = this.records.chunk;
    const length = parts.reduce((sum, { start, end }) => sum + end - start, 0);
    const chunk = this.#pool.take(length);
    let [to, count] = [0, 0];
    for (const { start, end, count: more } of parts) {
      chunk.bytes.set(bytes.subarray(start, end), to);
      to += end - start;
      count += more;
    }
    const run = this.#partOf(new Slice(chunk, 0, length), { at: parts[0]!.at, count });
    run.keep();
    chunk.release();
    return run;
  }

  /** Its messages as records behind a header, in memory that is released by who asked for it. */
  behind(header: Uint8Array): Slice {
    const { view } = this.records;
    const chunk = this.#pool.take(header.length + view.length);
    chunk.bytes.set(header);
    chunk.bytes.set(view, header.length);
    return new Slice(chunk, 0, header.length + view.length);
  }

  /** Its last message, made once for all who keep only that; released with it. */
  get newest(): Run {
    if (this.count === 1) return this;
    return this.#newest ??= this.part(this.count - 1, 1);
  }

  /** Its memory stays until {@link release}. */
  keep(): void {
    if (this.#kept) return;
    this.#kept = true;
    this.#slice.chunk.retain();
  }

  /** Lets go of what was made or kept. */
  release(): void {
    if (this.#kept) this.#slice.chunk.release();
    this.#kept = false;
    this.#newest?.release();
    this.#newest = undefined;
    if (this.#made === undefined) return;
    for (const { slice } of this.#made) slice.chunk.release();
    this.#made = undefined;
  }

  #reader(): RecordReader {
    this.#isToOneTopic();
    const { chunk, start, end } = this.records;
    return new RecordReader({ bytes: chunk.bytes, start, end, topicBytes: this.route.topicBytes });
  }

  /** The next so many records of a reader that has read those before `at`. */
  #partAt(reader: RecordReader, { at, count }: { readonly at: number; readonly count: number }): Run {
    const { chunk, end } = this.records;
    const from = reader.end;
    // those behind it need not be walked where there are none
    const isRest = at + count === this.count;
    if (!isRest) reader.skip(count);
    return this.#partOf(new Slice(chunk, from, isRest ? end : reader.end), { at, count });
  }

  #partOf(records: Slice, { at, count }: { readonly at: number; readonly count: number }): Run {
    const part = new Run(records, {
      route: this.route,
      encoding: RECORDS,
      count,
      pool: this.#pool,
      hasFields: this.#hasFields,
      ttl: this.ttl,
      expires: this.expires,
      due: this.due,
    });
    if (this.stored !== undefined) part.stored = { ...this.stored, first: this.stored.first + at };
    return part;
  }

  #find(encoding: Encoding | undefined): Slice | undefined {
    const made = this.#made;
    if (made === undefined) return undefined;
    for (let at = 0; at < made.length; at++) if (made[at]!.encoding === encoding) return made[at]!.slice;
    return undefined;
  }

  #convert(slice: Slice, how: Conversion, encoding: Encoding): Slice {
    const from = this.#deliveries(slice);
    let chunk = this.#pool.take(how.room(from));
    let length = how.write(from, chunk.bytes);
    if (length < 0) {
      chunk.release();
      chunk = this.#pool.take(-length);
      length = how.write(from, chunk.bytes);
    }
    return this.#keepMade(encoding, chunk, length);
  }

  #behindHeader(): Slice {
    const { stored, count } = this;
    if (stored === undefined) throw new TypeError("a run is a batch once it is stored");
    const { start, end } = this.records;
    const length = end - start;
    const { first, time } = stored;
    const batch = this.behind(encodeBatchHeader({ topic: this.route.topic, count, length, first, time }));
    (this.#made ??= []).push({ encoding: undefined, slice: batch });
    return batch;
  }

  /** Who reads records knows by their topic where it ends in them. */
  #isToOneTopic(): void {
    if (this.#severalTopics) throw new TypeError("a run to several topics can be had as it lies only");
  }

  #keepMade(encoding: Encoding | undefined, chunk: Chunk, length: number): Slice {
    const slice = new Slice(chunk, 0, length);
    (this.#made ??= []).push({ encoding, slice });
    return slice;
  }

  #deliveries({ chunk, start, end }: Slice): Deliveries {
    this.#isToOneTopic();
    return { bytes: chunk.bytes, start, end, count: this.count, topicBytes: this.route.topicBytes };
  }
}

const NO_IDS: readonly IdSpan[] = [];
