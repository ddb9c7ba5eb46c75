import { assertEquals } from "@std/assert";
import { Found } from "../../../lib/protocols/decoder.ts";
import { isAck } from "../../../lib/protocols/frames/ack_reader.ts";
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
