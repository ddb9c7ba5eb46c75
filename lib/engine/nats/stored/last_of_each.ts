/**
 * The last message of each topic of the stream, for who begins with those.
 *
 * @module
 */
import type { Page, SeekRange } from "../../../store/types.ts";
import { receives } from "../../../topics/reception.ts";
import { isExpired } from "./incoming.ts";
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

/** Calls back with them in the order of the stream; undefined: they cannot be had at this moment. */
export function lastOfEach(
  parts: LastOfEachParts,
  { pattern, limit, reception }: LastOfEach,
  done: (page: Page | undefined) => void,
): void {
  const { under, now } = parts;
  const page = new PageMaker();
  const reading = new Reading(parts);
  let left = TOPICS_MOST;
  let seen = 0;
  const end = (whole: boolean | undefined): void => done(whole === true ? page.take() : undefined);
  const next = (): void => {
    under.add(reading);
    reading.read({
      most: ASK_MOST,
      bytes: ASK_BYTES,
      take: (message) => {
        if (message.sequence > limit || --left < 0) return false;
        seen = message.sequence;
        const may = reception === undefined || receives(reception, message.topic);
        if (may && !isExpired(message, now())) page.add(message);
        return true;
      },
      skip: (sequence) => {
        seen = sequence;
      },
      done: (read) => {
        under.delete(reading);
        if (read.kind !== "read") return end(undefined);
        // its server gave out what lies behind the limit, and so had all before it
        if (reading.over) return end(true);
        if (!read.through) return next();
        reading.end();
        isWhole(parts, [pattern], { after: seen, upTo: limit }, end);
      },
    });
  };
  reading.open([pattern], { kind: "last of each" }, next);
}
