/**
 * Bytes given to a broker's decoder piece by piece, as a session does, and what comes out of it, exactly.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Decoder, Found } from "../../lib/protocols/decoder.ts";

const GARBAGE = 0x7a;

/** Bytes as text, one character each: nothing is lost. */
export function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** Text of such characters as bytes. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Where bytes are cut, and where in a buffer the first of them lie. */
export interface Cuts {
  readonly places: readonly number[];
  readonly before: number;
  /** Whether what is unconsumed is brought to another buffer between two pieces. */
  readonly moves: boolean;
}

export const anyCuts: fc.Arbitrary<Cuts> = fc.record({
  places: fc.array(fc.nat(400), { maxLength: 6 }),
  before: fc.nat(7),
  moves: fc.boolean(),
});

/**
 * What a decoder finds: `publish <id>|<topic>|<delivery>` a message, `request <words>`, `refused <code>`,
 * `broken <code>`. `cut` says what of a run's bytes is one delivery.
 */
export function found(
  decoder: Decoder,
  { bytes, cuts, cut, judge }: {
    readonly bytes: Uint8Array;
    readonly cuts: Cuts;
    readonly cut: (text: string) => readonly string[];
    /** What else is said of a run is held against its messages. */
    readonly judge?: (decoder: Decoder, messages: readonly string[]) => void;
  },
): string[] {
  const events: string[] = [];
  const places = [...cuts.places.map((place) => Math.min(place, bytes.length)), bytes.length].sort((a, b) =>
    a - b
  );
  let [buffer, start] = [bufferFor(bytes.length + cuts.before), cuts.before];
  let end = start;
  let from = 0;
  for (const place of places) {
    buffer.set(bytes.subarray(from, place), end);
    end += place - from;
    from = place;
    decoder.feed(buffer, start, end);
    for (let what = decoder.next(); what !== Found.Nothing; what = decoder.next()) {
      const some = described(decoder, { what, buffer, cut });
      if (what === Found.Publishes) {
        judge?.(decoder, cut(latin1(buffer.subarray(decoder.start, decoder.end))));
      }
      events.push(...some);
      assert(events.length <= bytes.length, "it finds no more than there can be");
    }
    assert(decoder.consumed >= start && decoder.consumed <= end, "it consumes what it was given");
    start = decoder.consumed;
    if (!cuts.moves) continue;
    const unread = buffer.slice(start, end);
    buffer = bufferFor(bytes.length - place + unread.length);
    buffer.set(unread);
    [start, end] = [0, unread.length];
  }
  return events;
}

/** As small as may be: one byte is free behind what is in it, and it is whole words. */
function bufferFor(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(4 * Math.ceil((length + 1) / 4)).fill(GARBAGE);
}

function described(
  decoder: Decoder,
  { what, buffer, cut }: {
    readonly what: Found;
    readonly buffer: Uint8Array;
    readonly cut: (text: string) => readonly string[];
  },
): string[] {
  switch (what) {
    case Found.Publishes: {
      const topic = latin1(decoder.head.subarray(decoder.topicStart, decoder.topicEnd));
      const all = cut(latin1(buffer.subarray(decoder.start, decoder.end)));
      assertEquals(all.length, decoder.count, "a run holds as many messages as it says");
      return all.map((text) => `publish ${decoder.publisherId()}|${topic}|${text}`);
    }
    case Found.Acks: {
      const { group, head, topicStart, topicEnd, count, from, end, all } = decoder.acks;
      const topic = latin1(head.subarray(topicStart, topicEnd));
      if (count === 1) {
        const numbers = end - from === 1 ? `${from}` : `${from}-${end - 1}`;
        return [`ack ${group}|${topic}|${numbers}${all ? "|all" : ""}`];
      }
      assertEquals([all, end - from], [false, count], "as many as there are numbers");
      return Array.from({ length: count }, (_, at) => `ack ${group}|${topic}|${from + at}`);
    }
    case Found.Request: {
      const { id, verb, argument, fields } = decoder.request;
      return [`request ${[id, verb, argument, ...fields].join("|")}`];
    }
    default:
      return [`${what === Found.Broken ? "broken" : "refused"} ${decoder.refusal}`];
  }
}
