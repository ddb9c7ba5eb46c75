// @ts-check
/**
 * Numbers, sizes and times as a person reads them. Pure.
 *
 * @module
 */

const STEPS = ["", "k", "M", "G", "T"];
const SIZES = ["B", "KiB", "MiB", "GiB", "TiB"];
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What is not known. */
export const NONE = "–";

/**
 * Three figures at most: 999, 1.2 k, 35 M.
 *
 * @param {number | null | undefined} number
 * @returns {string}
 */
export function short(number) {
  if (number === null || number === undefined || !Number.isFinite(number)) return NONE;
  const [value, step] = scaled(number, 1000, STEPS.length);
  return step === 0 ? figures(value) : `${figures(value)} ${STEPS[step]}`;
}

/**
 * A number in full, its thousands parted: 12,345,678.
 *
 * @param {number | null | undefined} number
 * @returns {string}
 */
export function whole(number) {
  return number === null || number === undefined ? NONE : Math.round(number).toLocaleString("en-US");
}

/**
 * A size: 17 B, 3.4 MiB.
 *
 * @param {number | null | undefined} bytes
 * @returns {string}
 */
export function size(bytes) {
  if (bytes === null || bytes === undefined || !Number.isFinite(bytes)) return NONE;
  const [value, step] = scaled(bytes, 1024, SIZES.length);
  return `${figures(value)} ${SIZES[step]}`;
}

/**
 * So many a second.
 *
 * @param {number | null | undefined} rate
 * @returns {string}
 */
export function perSecond(rate) {
  const text = short(rate);
  return text === NONE ? NONE : `${text}/s`;
}

/**
 * How long: 0.4 ms, 12 s, 3 min, 5 h, 2 d.
 *
 * @param {number | null | undefined} ms
 * @returns {string}
 */
export function duration(ms) {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return NONE;
  if (ms < SECOND) return `${figures(ms)} ms`;
  if (ms < MINUTE) return `${ms < 10 * SECOND ? figures(ms / SECOND) : Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / DAY)} d`;
}

/**
 * The time of the day here, to the second or to the millisecond.
 *
 * @param {number} ms since 1970
 * @param {{ millis?: boolean }} [options]
 * @returns {string}
 */
export function clock(ms, { millis = false } = {}) {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return NONE;
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return millis ? `${time}.${String(date.getMilliseconds()).padStart(3, "0")}` : time;
}

/**
 * One thing, two things.
 *
 * @param {number} number
 * @param {string} one
 * @param {string} [many]
 * @returns {string}
 */
export function counted(number, one, many = `${one}s`) {
  return `${whole(number)} ${number === 1 ? one : many}`;
}

/**
 * How much of a list is shown; nothing of an empty one, which says so itself.
 *
 * @param {number} shown
 * @param {number} total
 * @returns {string}
 */
export function shownOf(shown, total) {
  return total === 0 ? "" : `${whole(shown)} of ${whole(total)}`;
}

/**
 * @param {number} number
 * @param {number} by
 * @param {number} steps
 * @returns {[value: number, step: number]}
 */
function scaled(number, by, steps) {
  let value = number;
  let step = 0;
  // 999.6 would be shown as 1000
  while (Math.abs(value) >= by - 0.5 && step < steps - 1) {
    value /= by;
    step++;
  }
  return [value, step];
}

/**
 * @param {number} value
 * @returns {string}
 */
function figures(value) {
  if (value === 0) return "0";
  const most = Math.abs(value) < 99.95 ? 1 : 0;
  const text = value.toFixed(most).replace(/\.0$/, "");
  return text === "0" ? "< 0.1" : text;
}
