import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  classicRoom,
  type Deliveries,
  framesRoom,
  sharpsRoom,
  toClassic,
  toFrames,
  withSharps,
} from "../../lib/wire/convert.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function from(text: string, count: number): Deliveries {
  const bytes = encoder.encode(`??${text}??`);
  return { bytes, start: 2, end: bytes.length - 2, count, topicBytes: 2 };
}

function convert(
  deliveries: Deliveries,
  how: { room: (from: Deliveries) => number; write: (from: Deliveries, out: Uint8Array) => number },
): string {
  const out = new Uint8Array(how.room(deliveries));
  const length = how.write(deliveries, out);
  assert(length <= out.length, "it fits in the room it asked for");
  return decoder.decode(out.subarray(0, length));
}

const frames = { room: framesRoom, write: toFrames };
const classic = { room: classicRoom, write: toClassic };

Deno.test("classic deliveries become frames with their length (V5)", () => {
  const long = "x".repeat(1234);
  assertEquals(
    convert(from(`#a one\n#a \n#a ${long}\n`, 3), frames),
    `pub #a 3\none\npub #a 0\n\npub #a 1234\n${long}\n`,
  );
});

Deno.test("frames become lines, their fields left out and each LF written as two characters (V5)", () => {
  assertEquals(
    convert(from("pub #a 3 id=1 h.x=2\none\npub #a 7\nt\nw\n\no\n\npub #a 0\r\n\n", 3), classic),
    "#a one\n#a t\\nw\\n\\no\\n\n#a \n",
  );
});

Deno.test("frames get the # they lack (V1)", () => {
  const deliveries = { ...from("pub a 3 k=v\n#a \npub a 0\n\n", 2), topicBytes: 2 };
  assertEquals(
    convert(deliveries, { room: sharpsRoom, write: withSharps }),
    "pub #a 3 k=v\n#a \npub #a 0\n\n",
  );
});

Deno.test("to frames and back is the same, for any messages without LF", () => {
  const message = fc.string({ maxLength: 300 }).map((text) => text.replaceAll("\n", ""));
  fc.assert(fc.property(fc.array(message, { minLength: 1, maxLength: 20 }), (messages) => {
    const lines = messages.map((text) => `#a ${text}\n`).join("");
    const there = convert(from(lines, messages.length), frames);
    assertEquals(convert(from(there, messages.length), classic), lines);
  }));
});
