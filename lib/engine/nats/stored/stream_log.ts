/**
 * The stream as replays read it: what {@link import("../../durable/replays.ts").Replays} asks of a store. A
 * message's number is its batch, too: it is the stream's, and grows over all topics.
 *
 * @module
 */
import type {
  Cursor,
  Page,
  ReadEnd,
  ReadExtent,
  ReadOutcome,
  SeekOutcome,
  SeekRange,
  Store,
} from "../../../store/types.ts";
import { wantedOf } from "../../../store/wanted.ts";
import { isPattern, matches } from "../../../topics/topic.ts";
import type { StreamState } from "../streams_port.ts";
import type { Feed } from "./feed.ts";
import { type Incoming, isExpired } from "./incoming.ts";
import { lastAsOf, lastOfEach } from "./last_of_each.ts";
import { ASK_MOST } from "./limits.ts";
import { narrow } from "./narrow.ts";
import { PageMaker } from "./page_maker.ts";
import { Reading, type ReadingParts } from "./reading.ts";
import { isWhole } from "./whole.ts";

/** What it works with. */
export interface StreamLogParts extends ReadingParts {
  readonly feed: Pick<Feed, "position" | "whenLive">;
  readonly now: () => number;
  /** Calls back in a moment. */
  readonly later: (callback: () => void) => void;
}

/** A reader that is kept for who goes on where it stands. */
interface Kept {
  readonly reading: Reading;
  readonly patterns: readonly string[];
  /** It has brought everything up to this number. */
  readonly after: number;
}

/** The last message of a pattern, by who leads the stream. */
type Edge = NonNullable<Cursor["edge"]>;

/** A page that is being read. */
interface Reader {
  readonly cursors: readonly Cursor[];
  /** Bytes of the page, about. */
  readonly most: number;
  /** What lies behind it does not matter to who reads. */
  readonly upTo: number;
  /** It is read up to there: what the feed has handed on, or what there was when it began. */
  limit: number;
  readonly page: PageMaker;
  readonly done: (outcome: ReadOutcome) => void;
  /** Everything up to it has been looked at. */
  after: number;
  through: boolean;
}

/** Readers that nobody asks for so long are let go, milliseconds; and how many are kept at most. */
const KEPT_MS = 10_000;
const KEPT_MOST = 256;

/**
 * - It brings what the feed has handed on: what lies behind that comes live, and so a replay that has come
 *   there goes on without a gap or a repeat (D3).
 * - It has not caught up before all is read that the stream had when it began, by who leads it: the feed may
 *   be seconds behind. Where nobody else may hand that on it reads it ahead of the feed.
 * - What cannot be read at this moment is read as soon as it can be.
 */
export class StreamLog implements Pick<Store, "seek" | "read" | "watch"> {
  readonly #parts: StreamLogParts;
  #kept: Kept[] = [];
  readonly #under = new Set<Reading>();
  #closed = false;

  constructor(parts: StreamLogParts) {
    this.#parts = parts;
    parts.link.watch({
      down: () => {
        for (const { reading } of this.#kept.splice(0)) reading.end();
        for (const reading of [...this.#under]) reading.end();
      },
    });
  }

  seek(pattern: string, range: SeekRange, done: (outcome: SeekOutcome) => void): void {
    const { from } = range;
    if (from.kind === "last" && from.count > 1) return done({ kind: "failed", reason: ONLY_LAST });
    const { feed, streams } = this.#parts;
    feed.whenLive(() => {
      this.#edges([pattern], ([edge]) => {
        if (from.kind === "last") return this.#seekLast(pattern, { ...range, from }, edge!, done);
        streams.state((asked) => {
          if (asked.kind !== "done") this.#later(() => this.seek(pattern, range, done));
          else done(found(pattern, range, { ...asked.value, edge: edge! }));
        });
      });
    });
  }

  read(
    cursors: readonly Cursor[],
    { most, upTo = Infinity }: ReadExtent,
    done: (outcome: ReadOutcome) => void,
  ): void {
    const now = this.#parts.now();
    // what was stored since it began may belong to it, too, until its end is past
    const ending = cursors.filter(({ to, edge }) =>
      to?.kind === "time" && now > to.time && (edge === undefined || edge.at <= to.time)
    );
    this.#edges(ending.map(({ pattern }) => pattern), (edges) => {
      const known = cursors.map((cursor) => {
        const edge = edges[ending.indexOf(cursor)];
        return edge === undefined ? cursor : { ...cursor, edge };
      });
      const there = known.reduce((most, { edge }) => Math.max(most, edge?.batch ?? 0), 0);
      const limit = Math.min(upTo, Math.max(there, this.#parts.feed.position));
      const after = cursors.reduce((least, cursor) => Math.min(least, cursor.after), Infinity);
      this.#read({ cursors: known, most, upTo, limit, done, after, page: new PageMaker(), through: false });
    });
  }

  /** What retention deletes JetStream does not tell. */
  watch(): void {}

  tick(passed: number): void {
    const idle = this.#kept.filter(({ reading }) => reading.idle >= KEPT_MS);
    if (idle.length > 0) this.#kept = this.#kept.filter((kept) => !idle.includes(kept));
    for (const { reading } of idle) reading.end();
    for (const { reading } of this.#kept) reading.tick(passed);
    for (const reading of [...this.#under]) reading.tick(passed);
  }

  close(): void {
    this.#closed = true;
    for (const { reading } of this.#kept.splice(0)) reading.end();
    for (const reading of [...this.#under]) reading.end();
  }

  #later(go: () => void): void {
    this.#parts.later(() => {
      if (!this.#closed) go();
    });
  }

  /** The last message of each pattern. */
  #edges(patterns: readonly string[], done: (edges: readonly Edge[]) => void): void {
    const { streams, subjects, now } = this.#parts;
    const edges: Edge[] = [];
    const next = (): void => {
      const pattern = patterns[edges.length];
      if (pattern === undefined) return done(edges);
      const at = now();
      streams.edge(subjects.stored(pattern), "last", (asked) => {
        if (asked.kind === "failed") return this.#later(next);
        edges.push({ batch: asked.kind === "done" ? asked.value.sequence : 0, at });
        next();
      });
    };
    next();
  }

  #read(reader: Reader): void {
    const { cursors, after, limit } = reader;
    const ends = cursors.some(({ to }) => to !== undefined);
    // whether an end has been passed the stream says, also where nothing is left to be read
    if (after >= limit && !ends) {
      reader.through = true;
      return queueMicrotask(() => this.#answer(reader));
    }
    const patterns = narrow(cursors.map(({ pattern }) => pattern), this.#parts.streams.filtersMost);
    const key = patterns.join(" ");
    const at = this.#kept.findIndex((kept) => kept.after === after && kept.patterns.join(" ") === key);
    if (at >= 0) return this.#readWith(this.#kept.splice(at, 1)[0]!.reading, patterns, reader);
    const reading = new Reading(this.#parts);
    const time = timeOf(reader);
    if (this.#closed) return;
    const start = after === 0 && time > 0
      ? { kind: "time", time } as const
      : { kind: "sequence", sequence: after + 1 } as const;
    reading.open(patterns, start, () => this.#readWith(reading, patterns, reader));
  }

  #readWith(reading: Reading, patterns: readonly string[], reader: Reader): void {
    this.#under.add(reading);
    reading.read({
      most: ASK_MOST,
      bytes: reader.most,
      take: (message) => this.#take(reader, message),
      skip: (sequence) => {
        if (sequence <= reader.limit) reader.after = Math.max(reader.after, sequence);
      },
      done: (read) => {
        this.#under.delete(reading);
        // what came is kept: it goes on behind that
        if (read.kind !== "read") return this.#later(() => this.#read(reader));
        if (read.through) return this.#confirm(reading, patterns, reader);
        reader.through = reading.over;
        if (!reading.over) this.#keep({ reading, patterns, after: reader.after });
        if (reader.through || reader.page.length > 0) this.#answer(reader);
        else this.#read(reader);
      },
    });
  }

  /** Its consumer has no more: that is the end only where the stream has no more, either. */
  #confirm(reading: Reading, patterns: readonly string[], reader: Reader): void {
    const { after, limit } = reader;
    isWhole(this.#parts, patterns, { after, upTo: limit, time: timeOf(reader) }, (whole) => {
      reader.through = whole === true;
      if (whole === true && !this.#closed) this.#keep({ reading, patterns, after: Math.max(after, limit) });
      else reading.end();
      if (reader.through || reader.page.length > 0) this.#answer(reader);
      else this.#later(() => this.#read(reader));
    });
  }

  #take(reader: Reader, message: Incoming): boolean {
    const { topic, sequence: id, time } = message;
    // the feed has gone on meanwhile: who comes to where it stands now is live at once
    if (id > reader.limit) {
      reader.limit = Math.max(reader.limit, Math.min(reader.upTo, this.#parts.feed.position));
    }
    if (id > reader.limit) return false;
    // what came before the reader was lost comes again where a server that lags gives it out
    if (id <= reader.after) return true;
    reader.after = Math.max(reader.after, id);
    const own = reader.cursors.filter(({ pattern }) => matches(pattern, topic));
    const wanted = wantedOf(own, topic, { id, first: id, count: 1, time });
    if (wanted.length > 0 && !isExpired(message, this.#parts.now())) reader.page.add(message);
    return true;
  }

  #keep(kept: Kept): void {
    this.#kept.push(kept);
    if (this.#kept.length > KEPT_MOST) this.#kept.shift()!.reading.end();
  }

  #answer({ cursors, page, done, after, through, limit }: Reader): void {
    const now = this.#parts.now();
    const reached = through ? Math.max(after, limit) : after;
    const ends = cursors.map(({ to, edge }): ReadEnd => {
      if (to?.kind === "sequence" && reached >= to.sequence) return "past to";
      if (!through || reached < (edge?.batch ?? 0)) return "none";
      return to?.kind === "time" && now > to.time ? "past to" : "caught up";
    });
    const at = cursors.map((cursor) => ({ ...cursor, after: Math.max(cursor.after, reached) }));
    const answer = (): void => done({ kind: "page", page: page.take(), cursors: at, ends, deleted: 0 });
    // there is more, and the feed is to hand it on first
    if (through && page.length === 0 && ends.every((end) => end === "none")) this.#later(answer);
    else answer();
  }

  #seekLast(pattern: string, range: LastRange, edge: Edge, done: (outcome: SeekOutcome) => void): void {
    const limit = this.#parts.feed.position;
    const parts = { ...this.#parts, under: this.#under };
    const { reception, from: { asOf } } = range;
    const again = (): void => this.#later(() => this.#seekLast(pattern, range, edge, done));
    if (asOf === undefined) {
      lastOfEach(parts, { pattern, limit, reception }, (first) => {
        if (first === undefined) again();
        else done(startAt(pattern, range, { after: limit, edge, first }));
      });
      return;
    }
    lastAsOf(parts, { pattern, limit, reception, asOf }, (first) => {
      if (first === undefined) again();
      else if (first === "too much") done({ kind: "failed", reason: TOO_MUCH });
      else done(startAt(pattern, range, { after: 0, time: asOf, edge, first }));
    });
  }
}

/** When the first message was stored that any of them wants, at the earliest. */
function timeOf({ cursors }: Reader): number {
  return cursors.reduce((least, cursor) => Math.min(least, cursor.time), Infinity);
}

/** A beginning with the last of each topic. */
type LastRange = SeekRange & { readonly from: Extract<SeekRange["from"], { readonly kind: "last" }> };

const NO_PAGE: Page = { bytes: new Uint8Array(0), messages: 0 };
const ONLY_LAST =
  "of what is on NATS the last message of each topic can be asked for (from=latest), not several: begin at " +
  "a time or a number";
const TOO_MUCH =
  "on NATS too much was stored before that time to look through it for the last message of each topic: " +
  "begin at from=latest, a time or a number";

function found(
  pattern: string,
  range: SeekRange,
  { first, last, edge }: StreamState & { readonly edge: Edge },
): SeekOutcome {
  const { from } = range;
  const one = !isPattern(pattern);
  switch (from.kind) {
    case "sequence": {
      const { sequence } = from;
      const at = startAt(pattern, range, { after: Math.max(first, sequence) - 1, sequence, edge });
      const isGone = one && sequence < first && first > 1;
      return { ...at, trimmedTo: isGone ? first : undefined, ahead: sequence > last + 1 ? last : undefined };
    }
    case "time":
      return startAt(pattern, range, { after: 0, time: from.time, edge });
    default:
      return startAt(pattern, range, { after: first - 1, edge });
  }
}

function startAt(
  pattern: string,
  { to }: SeekRange,
  { after, edge, sequence = 0, time = 0, first = NO_PAGE }: {
    readonly after: number;
    readonly edge: Edge;
    readonly sequence?: number;
    readonly time?: number;
    readonly first?: Page;
  },
): SeekOutcome & { readonly kind: "found" } {
  const cursor: Cursor = { pattern, after, sequence, time, to, edge };
  return { kind: "found", cursor, first, trimmedTo: undefined, ahead: undefined, deleted: 0 };
}
