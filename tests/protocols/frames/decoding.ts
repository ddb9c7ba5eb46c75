/**
 * A decoder of v2 as tests feed it.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Found } from "../../../lib/protocols/decoder.ts";
import { FrameDecoder } from "../../../lib/protocols/frames/decoder.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
export const LIMITS = { line: 64, payload: 100 };

/**
 * Feeds the pieces as a session does, keeping what is unconsumed, there or in another buffer (`moves`);
 * publishes come out as the frames they are.
 */
export function decode(pieces: readonly Uint8Array[], { moves = false } = {}): string[] {
  const machine = new FrameDecoder(LIMITS);
  let buffer = new Uint8Array(8192);
  const events: string[] = [];
  let start = 0;
  let end = 0;
  for (const piece of pieces) {
    buffer.set(piece, end);
    end += piece.length;
    machine.feed(buffer, start, end);
    for (let found = machine.next(); found !== Found.Nothing; found = machine.next()) {
      if (found === Found.Publishes) {
        const topic = decoder.decode(machine.head.subarray(machine.topicStart, machine.topicEnd));
        const text = decoder.decode(buffer.subarray(machine.start, machine.end));
        events.push(...frames(text, machine.count).map((frame) => `${topic}>${frame}`));
      } else if (found === Found.Request) {
        const { verb, argument, fields } = machine.request;
        events.push([verb, argument, ...fields].join("|"));
      } else {
        events.push(`${found === Found.Broken ? "broken " : ""}${machine.refusal}`);
      }
    }
    start = machine.consumed;
    if (!moves) continue;
    const unread = buffer.subarray(start, end);
    buffer = new Uint8Array(8192);
    buffer.set(unread);
    [start, end] = [0, unread.length];
  }
  return events;
}

/** The frames of a run, by their lengths: an independent reading of the format. */
function frames(text: string, count: number): string[] {
  const all: string[] = [];
  let rest = text;
  while (rest !== "") {
    const header = rest.slice(0, rest.indexOf("\n") + 1);
    const length = Number(header.trim().split(" ")[2]);
    const frame = rest.slice(0, header.length + length + 1);
    assert(frame.endsWith("\n"));
    all.push(frame);
    rest = rest.slice(frame.length);
  }
  assertEquals(all.length, count);
  return all;
}

/** What a text decodes to, which is the same however it is cut. */
export function decodeEverySplit(text: string): string[] {
  const bytes = encoder.encode(text);
  const whole = decode([bytes]);
  for (let at = 0; at <= bytes.length; at++) {
    assertEquals(decode([bytes.subarray(0, at), bytes.subarray(at)]), whole, `split at ${at}`);
  }
  assertEquals(decode([...bytes].map((byte) => Uint8Array.of(byte))), whole, "byte by byte");
  return whole;
}

/** What a decoder with room for long headers finds in a text. */
export function foundIn(text: string): { found: Found; machine: FrameDecoder } {
  const machine = new FrameDecoder({ line: 1000, payload: 100 });
  const bytes = encoder.encode(text);
  const buffer = new Uint8Array(4096);
  buffer.set(bytes);
  machine.feed(buffer, 0, bytes.length);
  return { found: machine.next(), machine };
}
