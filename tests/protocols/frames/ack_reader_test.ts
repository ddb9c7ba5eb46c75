import { assertEquals } from "@std/assert";
import { Found } from "../../../lib/protocols/decoder.ts";
import { AckReader, isAck } from "../../../lib/protocols/frames/ack_reader.ts";
import { FrameDecoder } from "../../../lib/protocols/frames/decoder.ts";
import { bytesOf, found } from "../pieces.ts";

const LIMITS = { line: 64, payload: 100 };

/** What each `ack` of a text comes to: group, requests, from, end, and whether all of it has to be held. */
function acksIn(text: string): unknown[] {
  const machine = new FrameDecoder(LIMITS);
  const buffer = new Uint8Array(4 * Math.ceil((text.length + 1) / 4));
  buffer.set(bytesOf(text));
  machine.feed(buffer, 0, text.length);
  const got: unknown[] = [];
  for (let what = machine.next(); what !== Found.Nothing; what = machine.next()) {
    const { group, count, from, end, all } = machine.acks;
    if (what === Found.Acks) got.push([group, count, from, end, all]);
    else got.push(what === Found.Request ? [machine.request.verb, ...machine.request.fields] : what);
  }
  return got;
}

const MANY = "ack g #a 7\nack g #a 8\nack g #a 9\nack g #a 11\nack g #b 12\nack g #b 13-15\nack g #b 16\n" +
  "ack h #b 17 all\nack h #b 18 upto\nack h #b 19\nack h #b 18\nping\nack h #b 20\n";

Deno.test("acknowledgements of numbers that count up come together, others by themselves (G8)", () => {
  assertEquals(acksIn(MANY), [
    ["g", 3, 7, 10, false],
    ["g", 1, 11, 12, false],
    ["g", 1, 12, 13, false],
    ["g", 1, 13, 16, false],
    ["g", 1, 16, 17, false],
    ["h", 1, 17, 18, true],
    ["ack", "#b", "18", "upto"],
    ["h", 1, 19, 20, false],
    ["h", 1, 18, 19, false],
    ["ping"],
    ["h", 1, 20, 21, false],
  ]);
});

Deno.test("acknowledgements mean the same wherever reads cut them (G8)", () => {
  const bytes = bytesOf(MANY);
  const events = (places: readonly number[], moves: boolean): string[] =>
    found(new FrameDecoder(LIMITS), { bytes, cuts: { places, before: 0, moves }, cut: () => [] });
  const whole = events([], false);
  assertEquals(whole.length, 13);
  for (let at = 0; at <= bytes.length; at++) assertEquals(events([at], at % 2 === 0), whole, `cut at ${at}`);
});

Deno.test("numbers that count up come together whatever the head before them was", () => {
  // what is left of the longer head looks like the beginning of the numbers
  assertEquals(acksIn("ack g #ab7 1\nack g #a 70\nack g #a 71\n"), [
    ["g", 1, 1, 2, false],
    ["g", 2, 70, 72, false],
  ]);
});

Deno.test("a range stays by itself, and what only looks like an acknowledgement is none of them (G8)", () => {
  assertEquals(acksIn("ack g #a 7-8\nack g #a 9\nack g #a 10-11\nack g #a 12\n"), [
    ["g", 1, 7, 9, false],
    ["g", 1, 9, 10, false],
    ["g", 1, 10, 12, false],
    ["g", 1, 12, 13, false],
  ]);
  assertEquals(acksIn("ack g #a 7\nbck g #a 8\nack g #a 9\n"), [["g", 1, 7, 8, false], Found.Broken]);
});

/** What a reader takes of a text: its group, its topic and how many requests, or nothing. */
function taken(reader: AckReader, bytes: Uint8Array): unknown[] {
  const end = reader.read(bytes, 0, { limit: bytes.length - 1, line: 64 });
  const { group, head, topicStart, topicEnd, count } = reader;
  if (end === 0) return [count];
  return [count, group, new TextDecoder().decode(head.subarray(topicStart, topicEnd))];
}

Deno.test("what a reader does not take leaves nothing behind, and is not taken the next time", () => {
  const reader = new AckReader();
  const lines: readonly (readonly [text: string, ...taken: unknown[]])[] = [
    ["ack g #a 1", 1, "g", "#a"],
    ["ack h #\xff 1", 0],
    ["ack h #\xff 1", 0],
    ["ack h #a 1", 1, "h", "#a"],
    ["ack \xff #a 1", 0],
    ["ack \xff #a 1", 0],
    ["ack h #a x", 0],
    ["ack h #a 2", 1, "h", "#a"],
    ["ack  #a 2", 0],
    ["ack h 2", 0],
    ["ack hh #a 2", 1, "hh", "#a"],
    ["ack h #bc 2", 1, "h", "#bc"],
    ["ack i #bc 2", 1, "i", "#bc"],
  ];
  for (const [text, ...expected] of lines) {
    assertEquals(taken(reader, bytesOf(`${text}\n\n`)), expected, text);
  }
});

Deno.test("a line that is too long breaks the connection off, also where its numbers go on (G8, V6)", () => {
  const topic = `#${"t".repeat(52)}`;
  assertEquals(acksIn(`ack g ${topic} 8\nack g ${topic} 9\n`), [["g", 2, 8, 10, false]]);
  assertEquals(acksIn(`ack g ${topic} 9\nack g ${topic} 10\nack g ${topic} 100000\n`), [
    ["g", 2, 9, 11, false],
    Found.Broken,
  ]);
});

Deno.test("an ack is what begins with all four bytes of it, wherever that stands", () => {
  const word = bytesOf("ack ");
  const stands = (bytes: Uint8Array): boolean => isAck(Uint8Array.of(0x61, ...bytes, 0x0a), 1);
  assertEquals(stands(word), true);
  for (let at = 0; at < word.length; at++) {
    const other = word.slice();
    other[at]! ^= 1;
    assertEquals(stands(other), false, `${at}`);
    const none = new Uint8Array(4);
    none[at] = word[at]!;
    assertEquals(stands(none), false, `nothing but ${at}`);
  }
});
