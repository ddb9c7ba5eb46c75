/**
 * Transcripts that are a little wrong, made of ones that are not.
 *
 * @module
 */
import type { Leaving, Transcript } from "./transcript.ts";

export type Random = () => number;

const DOORS: readonly Transcript["on"][] = ["publishers", "subscribers", "http"];
const LF = 0x0a;
const BYTES_MOST = 64 * 1024;
const encoder = new TextEncoder();

/** What may stand anywhere in what a client says. */
const WORDS = [
  ..."c hello 2|pub|sub|unsub|ack|nack|extend|ping|quit|ok 1|err BUSY x|bye X y|batch #a 1 11 seq=1 ts=1|info {}"
    .split("|"),
  ..."#a|#d.a|#>|#d.>|#a.*|#*.b|#a.b.c|#|#.|#a..b|#_reply.x.1|#dead.g.a|g|k".split("|"),
  ..."group=g|group=k|window=1|ack=explicit|ack=auto|by=key|from=earliest|from=now|from=1|from=-10|from=-1m|to=1"
    .split("|"),
  ..."slow=block|slow=latest|slow=drop-old|slow=drop-new|slow=disconnect|id=a-1|key=k|ttl=0.001|ttl=60|delay=0"
    .split("|"),
  ..."delay=0.01|at=2026-01-31T09:00:00Z|reply=#a|h.x=y|all|upto|unused|seq=1|user=a|token=b|=|%00|%".split(
    "|",
  ),
  ..."\n|\r\n|\r|\0| |  |\t|\ufeff|\u202e|\u2028|ü|\u{1f600}|POST / HTTP/1.1|Host: x|__proto__|constructor"
    .split("|"),
  ..."GET |POST |DELETE | HTTP/1.1|Host: 127.0.0.1|Content-Length: 1|Transfer-Encoding: chunked|/api/topics/%23a/"
    .split("|"),
  ..."messages|stream|?from=earliest|?limit=1|&after=x|Origin: https://example.com|Hashbus-Ttl: 1|%2e|%00|0\r\n\r\n"
    .split("|"),
].map((word) => encoder.encode(word));

const NUMBERS = [
  ..."0 1 -1 +1 00 01 2 9 10 99 127 128 255 256 4095 4096 4097 16384 16385 65535 65536 65537 0x10 1e3 1e309 1.5"
    .split(" "),
  ..."2147483647 2147483648 4294967295 4294967296 999999999999999 9007199254740991 9007199254740993".split(
    " ",
  ),
  ..."9223372036854775807 9223372036854775808 18446744073709551616 NaN Infinity 1-2 2-1 1-999999999999999"
    .split(" "),
  "9".repeat(400),
].map((number) => encoder.encode(number));

/** One to five changes of a transcript. */
export function mutated(from: Transcript, others: readonly Transcript[], random: Random): Transcript {
  let { bytes } = from;
  const changes = 1 + Math.floor(5 * random() ** 2);
  for (let left = changes; left > 0; left--) {
    const change = CHANGES[Math.floor(random() * CHANGES.length)]!;
    bytes = change(bytes, random, others).slice(0, BYTES_MOST);
  }
  const on = random() < 0.05 ? DOORS[Math.floor(random() * DOORS.length)]! : from.on;
  return { on, bytes, cuts: cutsOf(bytes.length, random), leaving: leavingOf(random) };
}

function leavingOf(random: Random): Leaving {
  const drawn = random();
  return drawn < 0.9 ? "ends" : drawn < 0.95 ? "cuts" : "stays";
}

/** Mostly one piece, sometimes some, now and then bytes. */
function cutsOf(length: number, random: Random): number[] {
  const drawn = random();
  if (drawn < 0.6 || length < 2) return [];
  const pieces = drawn < 0.95 ? 1 + Math.floor(random() * 4) : Math.min(length - 1, 200);
  return Array.from(
    { length: pieces },
    () => 1 + Math.floor(random() * (drawn < 0.95 ? length / pieces : 3)),
  );
}

type Bytes = Uint8Array<ArrayBuffer>;
type Change = (bytes: Bytes, random: Random, others: readonly Transcript[]) => Bytes;

const CHANGES: readonly Change[] = [
  // a bit
  (bytes, random) => {
    const changed = bytes.slice();
    const at = Math.floor(random() * bytes.length);
    if (bytes.length > 0) changed[at]! ^= 1 << Math.floor(random() * 8);
    return changed;
  },
  // a byte
  (bytes, random) => {
    const changed = bytes.slice();
    if (bytes.length > 0) changed[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    return changed;
  },
  // some bytes more
  (bytes, random) =>
    replaced(
      bytes,
      place(bytes, random),
      0,
      Uint8Array.from({ length: 1 + random() * 8 }, () => random() * 256),
    ),
  // some less
  (bytes, random) => replaced(bytes, place(bytes, random), 1 + Math.floor(random() * 8)),
  // many less
  (bytes, random) => replaced(bytes, place(bytes, random), Math.floor(random() * bytes.length)),
  // a piece twice
  (bytes, random) => {
    const at = place(bytes, random);
    return replaced(bytes, at, 0, bytes.slice(at, at + Math.floor(random() * 40)));
  },
  // the end is missing
  (bytes, random) => bytes.slice(0, place(bytes, random)),
  // a line less
  (bytes, random) => {
    const [start, end] = line(bytes, random);
    return replaced(bytes, start, end - start);
  },
  // a line more, which was another's
  (bytes, random, others) => {
    const [at] = line(bytes, random);
    const other = others[Math.floor(random() * others.length)]?.bytes ?? bytes;
    const [start, end] = line(other, random);
    return replaced(bytes, at, 0, other.slice(start, end));
  },
  // a line many times
  (bytes, random) => {
    const [start, end] = line(bytes, random);
    const times = 2 + Math.floor(random() * (random() < 0.2 ? 300 : 5));
    const many = new Uint8Array((end - start) * times);
    for (let at = 0; at < times; at++) many.set(bytes.subarray(start, end), at * (end - start));
    return replaced(bytes, start, end - start, many);
  },
  // two lines in turn
  (bytes, random) => {
    const [start, end] = line(bytes, random);
    const moved = bytes.slice(start, end);
    const rest = replaced(bytes, start, end - start);
    return replaced(rest, line(rest, random)[0], 0, moved);
  },
  // the beginning of one and the end of another
  (bytes, random, others) => {
    const other = others[Math.floor(random() * others.length)]?.bytes ?? bytes;
    return replaced(bytes, line(bytes, random)[0], bytes.length, other.slice(line(other, random)[0]));
  },
  // a word for another
  (bytes, random) => {
    const [start, end] = word(bytes, random);
    return replaced(bytes, start, end - start, drawn(WORDS, random));
  },
  // a word more
  (bytes, random) => {
    const [start] = word(bytes, random);
    return replaced(bytes, start, 0, replaced(drawn(WORDS, random), Infinity, 0, encoder.encode(" ")));
  },
  // a number for another
  (bytes, random) => {
    const [start, end] = number(bytes, random);
    return replaced(bytes, start, end - start, drawn(NUMBERS, random));
  },
  // a number that is nearly that
  (bytes, random) => {
    const [start, end] = number(bytes, random);
    const value = Number(new TextDecoder().decode(bytes.subarray(start, end))) + Math.floor(random() * 5) - 2;
    return replaced(bytes, start, end - start, encoder.encode(String(value)));
  },
  // other line ends
  (bytes, random) => {
    const [, end] = line(bytes, random);
    return replaced(
      bytes,
      end - 1,
      1,
      encoder.encode(["\r\n", "\r", "", "\n\n", " \n", "\0\n"][Math.floor(random() * 6)]),
    );
  },
  // a long word
  (bytes, random) => {
    const [start] = word(bytes, random);
    return replaced(bytes, start, 0, new Uint8Array(Math.floor(random() * 5000)).fill(0x61 + random() * 26));
  },
];

function drawn(all: readonly Uint8Array[], random: Random): Uint8Array {
  return all[Math.floor(random() * all.length)]!;
}

function place(bytes: Uint8Array, random: Random): number {
  return Math.floor(random() * (bytes.length + 1));
}

/** Some bytes in the place of others. */
function replaced(bytes: Uint8Array, from: number, count: number, by: Uint8Array = new Uint8Array(0)): Bytes {
  const at = Math.max(0, Math.min(from, bytes.length));
  const behind = bytes.subarray(Math.min(bytes.length, at + count));
  const all = new Uint8Array(at + by.length + behind.length);
  all.set(bytes.subarray(0, at));
  all.set(by, at);
  all.set(behind, at + by.length);
  return all;
}

/** From where to where a line is, its LF included. */
function line(bytes: Uint8Array, random: Random): [start: number, end: number] {
  const at = place(bytes, random);
  const start = at === 0 ? 0 : bytes.lastIndexOf(LF, at - 1) + 1;
  const lf = bytes.indexOf(LF, start);
  return [start, lf < 0 ? bytes.length : lf + 1];
}

function word(bytes: Uint8Array, random: Random): [start: number, end: number] {
  let start = place(bytes, random);
  while (start > 0 && bytes[start - 1]! > 0x20) start--;
  let end = start;
  while (end < bytes.length && bytes[end]! > 0x20) end++;
  return [start, end];
}

/** The digits at or behind a place; nothing where there are none. */
function number(bytes: Uint8Array, random: Random): [start: number, end: number] {
  let start = place(bytes, random);
  while (start < bytes.length && !isDigit(bytes[start]!)) start++;
  while (start > 0 && isDigit(bytes[start - 1] ?? 0)) start--;
  let end = start;
  while (end < bytes.length && isDigit(bytes[end]!)) end++;
  return [start, end];
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
