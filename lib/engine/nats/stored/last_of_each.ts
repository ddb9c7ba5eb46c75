/**
 * The last message of each topic of the stream, for who begins with those.
 *
 * @module
 */
import type { Page, SeekRange } from "../../../store/types.ts";
import { receives } from "../../../topics/reception.ts";
import type { ConsumerStart } from "../streams_port.ts";
import { type Incoming, isExpired } from "./incoming.ts";
import { ASK_BYTES, ASK_MOST } from "./limits.ts";
import { PageMaker } from "./page_maker.ts";
import { Reading, type ReadingParts } from "./reading.ts";
import { isWhole } from "./whole.ts";

/** Topics whose last message is brought. */
const TOPICS_MOST = 65_536;

/** What it works with. */
export interface LastOfEachParts extends ReadingParts {
  readonly now: () => number;
  /** Readers that are asked for something: told of time that passes, and ended when the link is lost. */
  readonly under: Set<Reading>;
}

/** What is asked for. */
export interface LastOfEach extends Pick<SeekRange, "reception"> {
  readonly pattern: string;
  /** Topics whose last message lies behind this number are left out. */
  readonly limit: number;
}

/** Those that there were at a time. */
export interface LastAsOf extends LastOfEach {
  /** Milliseconds since 1970. */
  readonly asOf: number;
}

/** Calls back with them in the order of the stream; undefined: they cannot be had at this moment. */
export function lastOfEach(
  parts: LastOfEachParts,
  { pattern, limit, reception }: LastOfEach,
  done: (page: Page | undefined) => void,
): void {
  const page = new PageMaker();
  let left = TOPICS_MOST;
  const take = (message: Incoming): boolean => {
    if (message.sequence > limit || --left < 0) return false;
    if (isFor(reception, message, parts.now())) page.add(message);
    return true;
  };
  read(parts, { patterns: [pattern], start: LAST, take }, (how, seen) => {
    const end = (whole: boolean | undefined): void => done(whole === true ? page.take() : undefined);
    // its server gave out what lies behind the limit, and so had all before it
    if (how === "broken off") end(true);
    else if (how === "lost") end(undefined);
    else isWhole(parts, [pattern], { after: seen, upTo: limit }, end);
  });
}

/**
 * Calls back with the last of each that were stored before a time. JetStream knows only the last there are:
 * for topics that have had others since what there was before is looked through, which may be too much.
 */
export function lastAsOf(
  parts: LastOfEachParts,
  { pattern, limit, reception, asOf }: LastAsOf,
  done: (page: Page | "too much" | undefined) => void,
): void {
  const found = new Map<string, Incoming>();
  const newer = new Set<string>();
  const end = (): void => {
    const page = new PageMaker();
    const all = [...found.values()].sort((one, other) => one.sequence - other.sequence);
    for (const message of all) if (isFor(reception, message, parts.now())) page.add(message);
    done(page.take());
  };
  let left = TOPICS_MOST;
  const sort = (message: Incoming): boolean => {
    if (--left < 0) return false;
    if (message.time >= asOf) newer.add(message.topic);
    else found.set(message.topic, kept(message));
    return true;
  };
  read(parts, { patterns: [pattern], start: LAST, take: sort }, (how, seen) => {
    if (how === "lost") return done(undefined);
    // asked once more it would be no less; those left out would be the topics that were used last
    if (how === "broken off") return done("too much");
    isWhole(parts, [pattern], { after: seen, upTo: limit }, (whole) => {
      if (whole !== true) done(undefined);
      else if (newer.size === 0) end();
      else lookThrough();
    });
  });
  const lookThrough = (): void => {
    let bytes = LOOKED_AT_BYTES_MOST;
    const take = (message: Incoming): boolean => {
      bytes -= message.payload.length + MESSAGE_BYTES;
      if (message.time >= asOf || bytes < 0) return false;
      if (newer.has(message.topic)) found.set(message.topic, kept(message));
      return true;
    };
    // tens of thousands of topics are not joined into what is narrower than the pattern: that takes seconds
    const patterns = newer.size <= parts.streams.filtersMost ? [...newer] : [pattern];
    read(parts, { patterns, start: { kind: "all" }, take }, (how) => {
      if (bytes < 0) done("too much");
      else if (how === "broken off") end();
      // what is newer there is, and its server does not have it
      else done(undefined);
    });
  };
}

const LAST: ConsumerStart = { kind: "last of each" };
/** Bytes that are looked through for those that there were at a time; a message's beside its payload. */
const LOOKED_AT_BYTES_MOST = 64 * 1024 * 1024;
const MESSAGE_BYTES = 128;

/** What is read, and who is given it: false: no more. */
interface Order {
  readonly patterns: readonly string[];
  readonly start: ConsumerStart;
  readonly take: (message: Incoming) => boolean;
}

/** Reads all there is. Calls back with how that ended, and the number of the last message that was taken. */
function read(
  parts: LastOfEachParts,
  { patterns, start, take }: Order,
  done: (how: "through" | "broken off" | "lost", seen: number) => void,
): void {
  const { under } = parts;
  const reading = new Reading(parts);
  let seen = 0;
  const see = (sequence: number): void => {
    seen = sequence;
  };
  const next = (): void => {
    under.add(reading);
    reading.read({
      most: ASK_MOST,
      bytes: ASK_BYTES,
      take: (message) => {
        const taken = take(message);
        if (taken) see(message.sequence);
        return taken;
      },
      skip: see,
      done: (read) => {
        under.delete(reading);
        if (read.kind !== "read") return done("lost", seen);
        if (reading.over) return done("broken off", seen);
        if (!read.through) return next();
        reading.end();
        done("through", seen);
      },
    });
  };
  reading.open(patterns, start, next);
}

function isFor(reception: SeekRange["reception"], message: Incoming, now: number): boolean {
  return (reception === undefined || receives(reception, message.topic)) && !isExpired(message, now);
}

/** One that is there when others have come. */
function kept(message: Incoming): Incoming {
  return { ...message, payload: message.payload.slice() };
}
