/**
 * Fields of frames as they lie, for who looks at one of them in many frames: `pub #a 3 id=k7x-1 ttl=60⏎…`.
 *
 * @module
 */
import type { IdSpan } from "../id_spans.ts";
import { CR, encodeText, LF, SPACE } from "./bytes.ts";

const ZERO = 0x30;
const NINE = 0x39;
const POINT = 0x2e;
const EQUALS = 0x3d;
const ID = encodeText("id");
const TTL = encodeText("ttl");
/** A number counts as one behind these: not the last digits of a UUID. */
const SEPARATORS: ReadonlySet<number> = new Set(encodeText("-_.:/"));
/** Digits that fit a double exactly. */
const DIGITS_MOST = 15;
/** Digits of a `ttl=` before and behind the point: thirty years, and a millisecond. */
const SECONDS_DIGITS_MOST = 9;
const FRACTION_DIGITS_MOST = 3;

/** Frames of one topic. */
export interface Frames {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Bytes of the topic as it stands in all of them. */
  readonly topicBytes: number;
}

/** Milliseconds of a `ttl=`, from `start` to `end`: seconds, more than 0, at most three decimals. Undefined: it is none. */
export function readTtl(bytes: Uint8Array, start: number, end: number): number | undefined {
  let milliseconds = 0;
  let at = start;
  for (; at < end && bytes[at] !== POINT; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9 || at - start >= SECONDS_DIGITS_MOST) return undefined;
    milliseconds = 10 * milliseconds + 1000 * digit;
  }
  if (at === start) return undefined;
  if (at < end) {
    const point = at++;
    if (at === end || end - at > FRACTION_DIGITS_MOST) return undefined;
    for (; at < end; at++) {
      const digit = bytes[at]! - ZERO;
      if (digit < 0 || digit > 9) return undefined;
      milliseconds += digit * 10 ** (FRACTION_DIGITS_MOST - (at - point));
    }
  }
  return milliseconds === 0 ? undefined : milliseconds;
}

/** Walks frames. One object is used for many, so nothing is made per frame. */
class Walk {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #toLength: number;
  /** Of the frame it stands at. */
  #fields = 0;
  #lf = 0;
  #next: number;
  /** Where the value lies that {@link find} found. */
  valueStart = 0;
  valueEnd = 0;

  constructor({ bytes, start, end, topicBytes }: Frames) {
    this.#bytes = bytes;
    this.#next = start;
    this.#end = end;
    this.#toLength = "pub ".length + topicBytes + 1;
  }

  /** Where the next frame begins. */
  get at(): number {
    return this.#next;
  }

  /** Steps into the next frame; false: there is none. */
  step(): boolean {
    if (this.#next >= this.#end) return false;
    const bytes = this.#bytes;
    let place = this.#next + this.#toLength;
    let length = 0;
    for (let byte = bytes[place]!; byte >= ZERO && byte <= NINE; byte = bytes[++place]!) {
      length = 10 * length + byte - ZERO;
    }
    this.#fields = place;
    while (place < this.#end && bytes[place] !== LF) place++;
    this.#lf = place;
    this.#next = place + 1 + length + 1;
    return true;
  }

  /** Finds the last field of that name; false: it is not there. */
  find(name: Uint8Array): boolean {
    const bytes = this.#bytes;
    let found = false;
    for (let place = this.#fields; place < this.#lf;) {
      const key = place + 1;
      place = key;
      while (place < this.#lf && bytes[place] !== SPACE && !(bytes[place] === CR && place + 1 === this.#lf)) {
        place++;
      }
      let same = bytes[key + name.length] === EQUALS;
      for (let at = 0; same && at < name.length; at++) same = bytes[key + at] === name[at];
      if (same) {
        this.valueStart = key + name.length + 1;
        this.valueEnd = place;
        found = true;
      }
      if (place < this.#lf && bytes[place] === CR) break;
    }
    return found;
  }
}

/** The ids of frames, those that count up together; empty where no frame has one. */
export function idSpansOf(frames: Frames): IdSpan[] {
  const { bytes } = frames;
  const spans: IdSpan[] = [];
  const walk = new Walk(frames);
  // the span that is growing: where its prefix lies, and what the next id would be
  let [prefixStart, prefixEnd, next, from, count] = [0, 0, -1, 0, 0];
  const close = (): void => {
    if (count > 0) {
      const prefix = latin1(bytes, prefixStart, prefixEnd);
      spans.push({ at: from, count, prefix, first: next === -1 ? undefined : next - count });
    }
    count = 0;
  };
  for (let at = 0; walk.step(); at++) {
    if (!walk.find(ID)) {
      close();
      continue;
    }
    const { valueStart, valueEnd } = walk;
    const digits = numberStart(bytes, valueStart, valueEnd);
    const number = digits === valueEnd ? -1 : numberAt(bytes, digits, valueEnd);
    const follows = count > 0 && number !== -1 && number === next &&
      isSame(bytes, { start: prefixStart, end: prefixEnd }, { start: valueStart, end: digits });
    if (!follows) {
      close();
      from = at;
    }
    [prefixStart, prefixEnd] = [valueStart, digits];
    next = number === -1 ? -1 : number + 1;
    count++;
  }
  close();
  return spans;
}

/** Frames that follow each other, by their positions. */
export interface Stretch {
  readonly at: number;
  readonly count: number;
  readonly start: number;
  readonly end: number;
}

/** What of frames that were stored at `time` is still to be delivered at `now`, both in milliseconds. */
export function unexpired(
  frames: Frames,
  { time, now }: { readonly time: number; readonly now: number },
): Stretch[] {
  const stretches: Stretch[] = [];
  const walk = new Walk(frames);
  let [from, count, start] = [0, 0, walk.at];
  let begin = walk.at;
  for (let at = 0; walk.step(); at++) {
    const ttl = walk.find(TTL) ? readTtl(frames.bytes, walk.valueStart, walk.valueEnd) : undefined;
    if (ttl !== undefined && now >= time + ttl) {
      if (count > 0) stretches.push({ at: from, count, start, end: begin });
      count = 0;
    } else {
      if (count === 0) [from, start] = [at, begin];
      count++;
    }
    begin = walk.at;
  }
  if (count > 0) stretches.push({ at: from, count, start, end: begin });
  return stretches;
}

/** Where the number at the end of an id begins; its end where it has none that counts. */
function numberStart(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && end - at < DIGITS_MOST && bytes[at - 1]! >= ZERO && bytes[at - 1]! <= NINE) at--;
  const leadingZero = bytes[at] === ZERO && end - at > 1;
  if (at === end || leadingZero) return end;
  return at === start || SEPARATORS.has(bytes[at - 1]!) ? at : end;
}

function numberAt(bytes: Uint8Array, start: number, end: number): number {
  let number = 0;
  for (let at = start; at < end; at++) number = 10 * number + bytes[at]! - ZERO;
  return number;
}

function isSame(
  bytes: Uint8Array,
  a: { readonly start: number; readonly end: number },
  b: { readonly start: number; readonly end: number },
): boolean {
  const length = a.end - a.start;
  if (b.end - b.start !== length) return false;
  for (let at = 0; at < length; at++) if (bytes[a.start + at] !== bytes[b.start + at]) return false;
  return true;
}

/** A character a byte, so that different bytes are different texts whether or not they are UTF-8. */
function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}
