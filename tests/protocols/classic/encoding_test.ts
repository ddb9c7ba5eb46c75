import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { CLASSIC_LINES } from "../../../lib/protocols/classic/encoding.ts";
import { type Conversion, type Deliveries, RECORDS_WITHOUT_SHARP } from "../../../lib/wire/encoding.ts";

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
  const out = new Uint8Array(how.room(deliveries));
  const length = how.write(deliveries, out);
  assert(length <= out.length, "it fits in the room it asked for");
  return decoder.decode(out.subarray(0, length));
}

const { toRecords, fromRecords } = CLASSIC_LINES;

Deno.test("classic deliveries become records with their length (V5)", () => {
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

Deno.test("records get the # they lack (V1)", () => {
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
