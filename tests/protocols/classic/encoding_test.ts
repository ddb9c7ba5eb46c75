import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { CLASSIC_LINES } from "../../../lib/protocols/classic/encoding.ts";
import { type Conversion, type Deliveries, RECORDS_WITHOUT_SHARP } from "../../../lib/wire/encoding.ts";

const LF = 0x0a;
const NEWLINE = Uint8Array.of(LF);
const ESCAPED = new TextEncoder().encode("\\n");
const encoder = new TextEncoder();
const decoder = new TextDecoder();

function from(text: string, count: number): Deliveries {
  const bytes = encoder.encode(`??${text}??`);
  return { bytes, start: 2, end: bytes.length - 2, count, topicBytes: 2 };
}

function convert(
  deliveries: Deliveries,
  how: Conversion,
): string {
  return decoder.decode(converted(deliveries, how));
}

/** What is written is behind and before bytes that are somebody else's: they have to stay as they are. */
function converted(deliveries: Deliveries, how: Conversion, odd = 0): Uint8Array {
  const write = (room: number) => {
    const memory = new Uint8Array(odd + room + 16).fill(0xee);
    const out = memory.subarray(odd, odd + room);
    const length = how.write(deliveries, out);
    assert(length <= room, "it fits in the room it asked for");
    assert(memory.every((byte, at) => byte === 0xee || (at >= odd && at < odd + room)), "and stays in it");
    return length < 0 ? length : out.subarray(0, length);
  };
  const first = write(how.room(deliveries));
  if (typeof first !== "number") return first;
  const second = write(-first);
  assert(typeof second !== "number", "it fits in the room it asked for the second time");
  return second;
}

const { toRecords, fromRecords } = CLASSIC_LINES;

Deno.test("classic deliveries become records with their length", () => {
  const long = "x".repeat(1234);
  assertEquals(
    convert(from(`#a one\n#a \n#a ${long}\n`, 3), toRecords),
    `pub #a 3\none\npub #a 0\n\npub #a 1234\n${long}\n`,
  );
});

Deno.test("records become lines, their fields left out and each LF written as two characters (V5)", () => {
  assertEquals(
    convert(from("pub #a 3 id=1 h.x=2\none\npub #a 7\nt\nw\n\no\n\npub #a 0\r\n\n", 3), fromRecords),
    "#a one\n#a t\\nw\\n\\no\\n\n#a \n",
  );
});

Deno.test("records get the # they lack", () => {
  const deliveries = { ...from("pub a 3 k=v\n#a \npub a 0\n\n", 2), topicBytes: 2 };
  assertEquals(
    convert(deliveries, RECORDS_WITHOUT_SHARP.toRecords),
    "pub #a 3 k=v\n#a \npub #a 0\n\n",
  );
});

Deno.test("to records and back is the same, for any messages without LF", () => {
  const message = fc.string({ maxLength: 300 }).map((text) => text.replaceAll("\n", ""));
  fc.assert(fc.property(fc.array(message, { minLength: 1, maxLength: 20 }), (messages) => {
    const lines = messages.map((text) => `#a ${text}\n`).join("");
    const there = convert(from(lines, messages.length), toRecords);
    assertEquals(convert(from(there, messages.length), fromRecords), lines);
  }));
});

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Messages of all lengths, some of many lines, and what lies before them: nothing is aligned. */
const anyMessages = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.uint8Array({ maxLength: 1200, size: "max" }),
    fc.array(fc.constantFrom(LF, 0x61, 0x8a, 0x0b), { maxLength: 200, size: "max" }).map((list) =>
      Uint8Array.from(list)
    ),
    fc.nat(300).map((length) => new Uint8Array(length).fill(LF)),
  ),
  { minLength: 1, maxLength: 12 },
);
const anyPlace = fc.record({
  before: fc.nat(9),
  behind: fc.nat(9),
  offset: fc.nat(5),
  odd: fc.nat(5),
  topic: fc.constantFrom("#a", "#ab", "#abc.de", "#a.very.long.one"),
});

function deliveriesAt(
  messages: readonly Uint8Array[],
  { before, behind, offset, topic }: { before: number; behind: number; offset: number; topic: string },
): Deliveries {
  const bytes = concat([new Uint8Array(offset + before), ...messages, new Uint8Array(behind)])
    .subarray(offset);
  return {
    bytes,
    start: before,
    end: bytes.length - behind,
    count: messages.length,
    topicBytes: topic.length,
  };
}

Deno.test("records become lines byte by byte as they should, wherever they lie, whatever is in them (V5)", () => {
  fc.assert(fc.property(anyMessages, anyPlace, (messages, place) => {
    const head = encoder.encode(`${place.topic} `);
    const records = messages.map((message) =>
      concat([encoder.encode(`pub ${place.topic} ${message.length}\n`), message, NEWLINE])
    );
    const lines = messages.map((message) =>
      concat([head, ...[...message].map((byte) => byte === LF ? ESCAPED : Uint8Array.of(byte)), NEWLINE])
    );
    assertEquals(converted(deliveriesAt(records, place), fromRecords, place.odd), concat(lines));
  }));
});

Deno.test("lines become records byte by byte as they should, wherever they lie, whatever is in them", () => {
  fc.assert(fc.property(anyMessages, anyPlace, (given, place) => {
    const messages = given.map((message) => message.filter((byte) => byte !== LF));
    const lines = messages.map((message) => concat([encoder.encode(`${place.topic} `), message, NEWLINE]));
    const records = messages.map((message) =>
      concat([encoder.encode(`pub ${place.topic} ${message.length}\n`), message, NEWLINE])
    );
    assertEquals(converted(deliveriesAt(lines, place), toRecords, place.odd), concat(records));
    const { topic } = place;
    const bare = messages.map((message) =>
      concat([encoder.encode(`pub ${topic.slice(1)} ${message.length}\n`), message, NEWLINE])
    );
    assertEquals(
      converted(deliveriesAt(bare, place), RECORDS_WITHOUT_SHARP.toRecords, place.odd),
      concat(records),
    );
  }));
});

Deno.test("lines get no more room than their records have, but for what is all LF", () => {
  const plain = from(`pub #a 300\n${"x".repeat(290)}${"\n".repeat(5)}${"y".repeat(5)}\n`, 1);
  const out = new Uint8Array(fromRecords.room(plain));
  assertEquals(out.length, plain.end - plain.start);
  assertEquals(fromRecords.write(plain, out), "#a ".length + 305 + 1);
  const many = from(`pub #a 300\n${"\n".repeat(300)}\n`, 1);
  assert(fromRecords.write(many, new Uint8Array(fromRecords.room(many))) < -600);
});

Deno.test("a payload with LFs gets more room just where its line is longer than its record, wherever they stand", () => {
  for (let lfs = 0; lfs <= 10; lfs++) {
    for (const payload of ["\n".repeat(lfs).padEnd(10, "x"), "\n".repeat(lfs).padStart(10, "x")]) {
      const deliveries = from(`pub #a 10\n${payload}\n`, 1);
      const room = fromRecords.room(deliveries);
      const line = "#a ".length + 10 + lfs + 1;
      const wrote = fromRecords.write(deliveries, new Uint8Array(room));
      assertEquals(wrote, line <= room ? line : -(room + lfs + 2), JSON.stringify(payload));
    }
  }
});

Deno.test("the room that is asked for goes by the bytes and how many messages they are, not by where they lie", () => {
  const lines = "#a one\n#a two\n";
  const place = (before: number): Deliveries => {
    const bytes = encoder.encode("?".repeat(before) + lines);
    return { bytes, start: before, end: bytes.length, count: 2, topicBytes: 2 };
  };
  // to each `pub `, a length of two digits at most, and an LF
  const most = lines.length + 2 * ("pub ".length + 2 + 1);
  assertEquals([0, 9, 200].map((before) => toRecords.room(place(before))), [most, most, most]);
  assertEquals([0, 9].map((before) => fromRecords.room(place(before))), [lines.length, lines.length]);
});
