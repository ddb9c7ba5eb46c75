// @ts-check
/**
 * What is wrong with a broker, the worst first: what a person has to see before all else. Pure.
 *
 * @module
 */
import { counted, duration, perSecond, size, whole } from "./format.js";

/** A minute is long enough to be read, and short enough to be over when it is over. */
export const RECENT_MS = 60_000;
const MEMORY_MUCH = 0.8;
const COMMIT_SLOW_MS = 200;
const BEHIND_MS = 60_000;
/** More than these are counted, not named. */
const NAMED = 3;

/**
 * @typedef {object} Finding
 * @property {"bad" | "warn"} level
 * @property {string} title
 * @property {string} text
 * @property {string} [href] where on this page more is to be seen
 *
 * @typedef {object} Known what is known; a list that may not be seen is empty
 * @property {any} broker
 * @property {readonly any[]} connections those with the most in their queues
 * @property {(connection: any) => boolean} misses whether messages were just left out for it
 * @property {readonly any[]} groups those that are furthest behind
 * @property {{ dropped: number, refused: number, dead: number, stalled: number, commits: number,
 *   committing: number }} recent how far counters went up in the last minute; `committing`: milliseconds
 */

/**
 * @param {Known} known
 * @returns {Finding[]}
 */
export function findingsOf(known) {
  const found = [
    ...readiness(known),
    ...memory(known),
    ...disk(known),
    ...slowConnections(known),
    ...leftOut(known),
    ...groupsBehind(known),
    ...refusals(known),
  ];
  const rank = { bad: 0, warn: 1 };
  return found.sort((a, b) => rank[a.level] - rank[b.level]);
}

/** @param {Known} known @returns {Finding[]} */
function readiness({ broker }) {
  return broker.ready ? [] : [{ level: "bad", title: "Not ready", text: String(broker.reason) }];
}

/** @param {Known} known @returns {Finding[]} */
function memory({ broker }) {
  const { held_bytes: held, most_bytes: most } = broker.memory;
  if (!(most > 0) || held < MEMORY_MUCH * most) return [];
  const text = `${size(held)} of the ${size(most)} of --max-memory wait for subscribers`;
  return [{ level: "bad", title: "Memory nearly full", text, href: "#/connections" }];
}

/** @param {Known} known @returns {Finding[]} */
function disk({ recent }) {
  const mean = recent.commits > 0 ? recent.committing / recent.commits : 0;
  if (mean < COMMIT_SLOW_MS) return [];
  return [{ level: "warn", title: "Slow disk", text: `a commit took ${duration(mean)} in the last minute` }];
}

/** @param {Known} known @returns {Finding[]} */
function slowConnections({ broker, connections, recent }) {
  /** @type {Finding[]} */
  const found = [];
  const named = connections.filter(({ slow }) => slow).slice(0, NAMED);
  const slow = Math.max(broker.slow, named.length);
  if (slow > 0) {
    const each = named.map((connection) => `${nameOf(connection)}: ${size(connection.queued_bytes)} waiting`);
    if (slow > named.length) each.push(`${whole(slow - named.length)} more`);
    const title = slow === 1 ? "Slow subscriber" : `${whole(slow)} slow subscribers`;
    found.push({ level: "warn", title, text: each.join(", "), href: "#/connections" });
  }
  if (recent.stalled > 0) {
    const text = `${
      counted(recent.stalled, "connection")
    } ended in the last minute: nothing was taken from the broker`;
    found.push({ level: "warn", title: "Cut off", text });
  }
  return found;
}

/** @param {Known} known @returns {Finding[]} */
function leftOut({ broker, connections, misses, recent }) {
  if (recent.dropped === 0) return [];
  const whose = connections.filter((connection) => misses(connection)).slice(0, NAMED).map(nameOf);
  const who = whose.length === 0 ? "slow subscribers" : whose.join(", ");
  const now = broker.rates.dropped > 0 ? `, ${perSecond(broker.rates.dropped)} now` : "";
  const text = `${counted(recent.dropped, "message")} left out in the last minute${now}, for ${who}`;
  return [{ level: "warn", title: "Messages lost", text, href: "#/connections" }];
}

/** @param {Known} known @returns {Finding[]} */
function groupsBehind({ broker, groups, recent }) {
  const now = Date.parse(broker.time);
  /** @type {Finding[]} */
  const found = [];
  for (const { name, pattern, members, lag, oldest } of groups) {
    const age = oldest === null || oldest === undefined ? 0 : now - Date.parse(oldest);
    const since = age > 0 ? `, the oldest since ${duration(age)}` : "";
    const waiting = `${counted(lag, "message")} of ${pattern} wait${since}`;
    if (lag > 0 && members === 0) {
      found.push({ level: "warn", title: `Nobody works in group ${name}`, text: waiting, href: "#/groups" });
    } else if (lag > 0 && age > BEHIND_MS) {
      found.push({ level: "warn", title: `Group ${name} is behind`, text: waiting, href: "#/groups" });
    }
  }
  if (recent.dead > 0) {
    const text = `${counted(recent.dead, "message")} in the last minute: nobody could handle them (#dead.>)`;
    found.push({ level: "warn", title: "Dead letters", text, href: "#/topics" });
  }
  return found.slice(0, NAMED + 1);
}

/** @param {Known} known @returns {Finding[]} */
function refusals({ recent }) {
  if (recent.refused === 0) return [];
  const text = `${counted(recent.refused, "request")} answered with an error in the last minute`;
  return [{ level: "warn", title: "Refused", text }];
}

/**
 * A connection as a person finds it again.
 *
 * @param {any} connection
 * @returns {string}
 */
export function nameOf({ id, address, number }) {
  return id === "" ? `connection ${number} (${address})` : `${id} (${address})`;
}
