/**
 * A payload says who sent it, its number, and how long it is; what follows is the sender's and the number's
 * own, so that a byte that is not as it was sent shows.
 *
 *     3.17.40.9a0c~…              publisher 3, message 17, 40 bytes in all, the hash of that and the topic
 *
 * @module
 */
import { seeded } from "../random.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What follows the head is a piece of this. Letters only, so that it is the same in both protocols. */
const FILLER = filler(1 << 20);
const STEP = 4099;

function filler(bytes: number): Uint8Array {
  const random = seeded(1);
  return Uint8Array.from({ length: bytes }, () => 97 + Math.floor(random() * 26));
}

function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(36);
}

/** Calls with each piece of the filler of a payload, until one says no. */
function pieces(
  number: number,
  from: number,
  to: number,
  take: (piece: Uint8Array, at: number) => boolean,
): boolean {
  let offset = (number * STEP) % FILLER.length;
  for (let at = from; at < to;) {
    const count = Math.min(to - at, FILLER.length - offset);
    if (!take(FILLER.subarray(offset, offset + count), at)) return false;
    at += count;
    offset = 0;
  }
  return true;
}

/** The payload of a message, of so many bytes or a few more. */
export function payloadOf(topic: string, { publisher, number, bytes }: {
  readonly publisher: number;
  readonly number: number;
  readonly bytes: number;
}): Uint8Array<ArrayBuffer> {
  const who = `${publisher}.${number}.${bytes}`;
  const head = encoder.encode(`${who}.${hashOf(`${who} ${topic}`)}~`);
  const payload = new Uint8Array(Math.max(bytes, head.length));
  payload.set(head);
  pieces(number, head.length, payload.length, (piece, at) => {
    payload.set(piece, at);
    return true;
  });
  return payload;
}

/** Who sent this and which number it has; undefined where it is not as it was sent. */
export function readPayload(
  topic: string,
  payload: Uint8Array,
): { readonly publisher: number; readonly number: number } | undefined {
  const end = payload.subarray(0, 64).indexOf(126);
  if (end === -1) return undefined;
  const [publisher, number, bytes, hash] = decoder.decode(payload.subarray(0, end)).split(".");
  if (hash !== hashOf(`${publisher}.${number}.${bytes} ${topic}`)) return undefined;
  if (payload.length !== Math.max(Number(bytes), end + 1)) return undefined;
  const whole = pieces(Number(number), end + 1, payload.length, (piece, at) => same(piece, payload, at));
  return whole ? { publisher: Number(publisher), number: Number(number) } : undefined;
}

function same(piece: Uint8Array, payload: Uint8Array, from: number): boolean {
  for (let at = 0; at < piece.length; at++) if (piece[at] !== payload[from + at]) return false;
  return true;
}
