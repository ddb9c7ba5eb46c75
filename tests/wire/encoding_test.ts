import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { encodeText } from "../../lib/wire/bytes.ts";
import { type Deliveries, type Encoding, RECORDS, RECORDS_WITHOUT_SHARP } from "../../lib/wire/encoding.ts";

const decoder = new TextDecoder();
const ELSE = "~";

/** Deliveries that lie among bytes of others. */
function lying(text: string, { count, topicBytes, before }: {
  readonly count: number;
  readonly topicBytes: number;
  readonly before: number;
}): Deliveries {
  const bytes = encodeText(`${ELSE.repeat(before)}${text}${ELSE}`);
  return { bytes, start: before, end: bytes.length - 1, count, topicBytes };
}

/** What is written, where exactly so much room is given as is asked for. */
function written(encoding: Encoding, from: Deliveries): string {
  const out = new Uint8Array(encoding.toRecords.room(from));
  const length = encoding.toRecords.write(from, out);
  assertEquals(length, out.length);
  return decoder.decode(out);
}

const payloads = fc.array(fc.stringMatching(/^[a-z #\n0-9]{0,30}$/), { minLength: 1, maxLength: 20 });
const topics = fc.constantFrom("a", "ab.c", "é.ü", "a-rather-long-name.with.segments");
const fields = fc.constantFrom("", " id=1", " key=a h.x=2", "\r");

Deno.test("records are records, wherever they lie", () => {
  fc.assert(fc.property(payloads, topics, fc.nat(5), (texts, topic, before) => {
    const text = texts.map((each) => `pub #${topic} ${each.length}\n${each}\n`).join("");
    const topicBytes = encodeText(`#${topic}`).length;
    const from = lying(text, { count: texts.length, topicBytes, before });
    assertEquals(written(RECORDS, from), text);
    const out = new Uint8Array(RECORDS.fromRecords.room(from));
    assertEquals([RECORDS.fromRecords.write(from, out), decoder.decode(out)], [out.length, text]);
  }));
});

Deno.test("records without # get it, each in its place, and take a byte more each", () => {
  fc.assert(fc.property(payloads, topics, fields, fc.nat(5), (texts, topic, field, before) => {
    const as = (sharp: string): string =>
      texts.map((each) => `pub ${sharp}${topic} ${each.length}${field}\n${each}\n`).join("");
    const from = lying(as(""), { count: texts.length, topicBytes: encodeText(`#${topic}`).length, before });
    assertEquals(written(RECORDS_WITHOUT_SHARP, from), as("#"));
  }));
});

Deno.test("what lies in memory behind what is written is not read", () => {
  const one = "pub a 1\nx\n";
  const out = encodeText(one.repeat(9));
  const from = lying(one, { count: 1, topicBytes: 2, before: 5 });
  assertEquals(RECORDS_WITHOUT_SHARP.toRecords.write(from, out), one.length + 1);
  assertEquals(decoder.decode(out.subarray(0, one.length + 1)), "pub #a 1\nx\n");
});

Deno.test("nobody is given records without #", () => {
  const from = lying("pub #a 1\nx\n", { count: 1, topicBytes: 2, before: 0 });
  assertEquals(RECORDS_WITHOUT_SHARP.fromRecords.room(from), 0);
  assertThrows(
    () => RECORDS_WITHOUT_SHARP.fromRecords.write(from, new Uint8Array(20)),
    TypeError,
    "# of its topic",
  );
});
