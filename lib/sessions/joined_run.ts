/**
 * Publishes of one turn that are handed on together.
 *
 * @module
 */
import { type Chunk, type ChunkPool, Slice } from "../buffers.ts";
import type { Engine, Route } from "../engine/types.ts";
import type { Decoder } from "../protocols/decoder.ts";
import { type Encoding, RECORDS } from "../wire/encoding.ts";
import { Run } from "../wire/run.ts";

/** What is known of publishes that a decoder has found. */
export type Publishes = Pick<Decoder, "start" | "end" | "count" | "encoding" | "hasFields" | "ttl">;

/**
 * Where topics change with each message a run is one message, and nearly all of its cost is that of a run.
 * Mostly the same subscribers get all of them: so those that lie one behind the other are joined and become
 * one run to all of these topics.
 *
 *     read    pub #a 3⏎one⏎pub #b 3⏎two⏎pub #a 5⏎three⏎pub #c 4⏎four⏎
 *             └──────── #a and #b have the same subscribers ┘└── #c has others
 *
 * It waits for no longer than its session's turn, in which no subscription comes or goes.
 */
export class JoinedRun {
  #route: Route | undefined;
  #encoding: Encoding = RECORDS;
  #start = 0;
  #end = 0;
  #count = 0;
  #hasFields = false;
  #ttl: number | undefined;
  #severalTopics = false;
  /** Whether its subscribers take several topics as one run; undefined: nobody asked yet. */
  #joins: boolean | undefined;
  /** Whether topics are counted; asked with that. */
  #counts = false;

  /** Whether there is nothing to be handed on. */
  get empty(): boolean {
    return this.#route === undefined;
  }

  /** Begins anew with these. */
  begin(route: Route, { start, end, count, encoding, hasFields, ttl }: Publishes): void {
    this.#route = route;
    this.#encoding = encoding;
    this.#start = start;
    this.#end = end;
    this.#count = count;
    this.#hasFields = hasFields;
    this.#ttl = ttl;
    this.#severalTopics = false;
    this.#joins = undefined;
  }

  /** Takes these along; false: they cannot be handed on with those before them. */
  join(route: Route, next: Publishes, engine: Engine): boolean {
    const before = this.#route;
    if (before === undefined || next.start !== this.#end || this.#joins === false) return false;
    if (next.ttl !== undefined || this.#ttl !== undefined || next.encoding !== this.#encoding) return false;
    if (!engine.goTogether(before, route)) return false;
    if (this.#joins === undefined) {
      this.#joins = engine.joins(before, this.#encoding);
      this.#counts = engine.countsTopics;
    }
    if (!this.#joins) return false;
    if (this.#counts && (this.#severalTopics || route !== before)) {
      if (!this.#severalTopics) engine.countJoined(before, this.#count, this.#end - this.#start);
      engine.countJoined(route, next.count, next.end - next.start);
    }
    this.#end = next.end;
    this.#count += next.count;
    this.#hasFields ||= next.hasFields;
    this.#severalTopics ||= route !== before;
    return true;
  }

  /** What was taken so far, as a run; then it is empty. */
  take(chunk: Chunk, { pool, now }: { readonly pool: ChunkPool; readonly now: () => number }): Run {
    const route = this.#route;
    if (route === undefined) throw new TypeError("there is nothing to be handed on");
    this.#route = undefined;
    const ttl = this.#ttl;
    return new Run(new Slice(chunk, this.#start, this.#end), {
      route,
      encoding: this.#encoding,
      count: this.#count,
      pool,
      hasFields: this.#hasFields,
      ttl,
      expires: ttl === undefined ? undefined : now() + ttl,
      severalTopics: this.#severalTopics,
    });
  }
}
