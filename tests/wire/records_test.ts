import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { encodeBatchHeader } from "../../lib/wire/batch.ts";
import { areRecords, recordHead, RecordReader } from "../../lib/wire/records.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Where the record begins that `count` records lie before; undefined: there are not so many. */
function behind(
  bytes: Uint8Array,
  { from, count, topicBytes }: { from: number; count: number; topicBytes: number | undefined },
): number | undefined {
  const reader = new RecordReader({ bytes, start: from, end: bytes.length, topicBytes });
  return reader.skip(count) ? reader.end : undefined;
}

function frames(topic: string, ...payloads: readonly string[]): Uint8Array {
  return encoder.encode(
    payloads.map((payload) => `pub ${topic} ${encoder.encode(payload).length}\n${payload}\n`).join(""),
  );
}

Deno.test("the header of a batch is as docs/protocol.md says (D2)", () => {
  const header = encodeBatchHeader({
    topic: "#übers.netz",
    count: 2,
    length: 19,
    first: 7,
    time: 1_700_000_000_000,
  });
  assertEquals(decoder.decode(header), "batch #übers.netz 2 19 seq=7 ts=1700000000000\n");
});

Deno.test("passing records ends where the next begins, whatever they hold", () => {
  const topic = "#ü.a";
  const payloads = ["", "one", "two\nlines", "pub #ü.a 3\nabc\n", "x".repeat(100_000), "\n\n", "7"];
  const topicBytes = encoder.encode(topic).length;
  const bytes = frames(topic, ...payloads);
  for (let count = 0; count <= payloads.length; count++) {
    const end = frames(topic, ...payloads.slice(0, count)).length;
    assertEquals(behind(bytes, { from: 0, count, topicBytes }), end);
    assertEquals(behind(bytes, { from: end, count: payloads.length - count, topicBytes }), bytes.length);
  }
});

Deno.test("fields behind the length are passed over", () => {
  const bytes = encoder.encode("pub #a 3 id=7 h.k=v\none\npub #a 3\ntwo\n");
  assertEquals(behind(bytes, { from: 0, count: 1, topicBytes: 2 }), 24);
  assert(areRecords(bytes, recordHead("#a"), 2));
});

Deno.test("bytes that are no records are told, wherever they were cut or changed", () => {
  const bytes = frames("#a", "one", "two");
  const head = recordHead("#a");
  assert(areRecords(bytes, head, 2));
  for (let length = 0; length < bytes.length; length++) {
    assert(!areRecords(bytes.subarray(0, length), head, 2), `cut to ${length}`);
    assertEquals(behind(bytes.subarray(0, length), { from: 0, count: 2, topicBytes: 2 }), undefined);
  }
  for (const wrong of [1, 3]) assert(!areRecords(bytes, head, wrong), `${wrong} are not 2`);
  assert(!areRecords(bytes, recordHead("#b"), 2), "another topic");
  for (const at of [0, 5, 7, 8, 12]) {
    const changed = bytes.slice();
    changed[at]! ^= 0x40;
    assert(!areRecords(changed, head, 2), `byte ${at} changed`);
  }
});

Deno.test("records to any topics are walked, with their topics, fields and payloads", () => {
  const bytes = encoder.encode("pub #a 3 id=1 h.x=y id=2\r\none\npub #ü.b 0\n\npub #c 4 ttl=5\nt\nwo\n");
  const reader = new RecordReader({ bytes, start: 0, end: bytes.length });
  const text = (start: number, end: number): string => decoder.decode(bytes.subarray(start, end));
  const found: string[][] = [];
  while (reader.next()) {
    found.push([
      text(reader.start + "pub ".length, reader.lengthStart - 1),
      text(reader.fieldsStart, reader.fieldsEnd),
      text(reader.payloadStart, reader.payloadEnd),
      reader.find(encoder.encode("id")) ? text(reader.valueStart, reader.valueEnd) : "none",
    ]);
  }
  assertEquals(found, [["#a", " id=1 h.x=y id=2", "one", "2"], ["#ü.b", "", "", "none"], [
    "#c",
    " ttl=5",
    "t\nwo",
    "none",
  ]]);
  assertEquals(reader.broken, false);
});

Deno.test("a reader stops before what is cut, and says so", () => {
  const bytes = frames("#a", "one", "two");
  for (let end = bytes.length / 2 + 1; end < bytes.length; end++) {
    const reader = new RecordReader({ bytes: bytes.subarray(0, end), start: 0, end, topicBytes: undefined });
    assertEquals([reader.next(), reader.next(), reader.broken, reader.end], [
      true,
      false,
      true,
      bytes.length / 2,
    ]);
  }
});

const anyField = fc.tuple(
  fc.constantFrom("id", "i", "idx", "xid", "ttl", "h.id", "", "key"),
  fc.constantFrom("=", ""),
  fc.constantFrom("", "1", "id=2", "=", "id", "abc"),
).map((parts) => parts.join(""));
const anyRecord = fc.record({
  topic: fc.constantFrom("#a", "#\u00fc.b", "#c.d.e"),
  fields: fc.array(anyField, { maxLength: 4 }),
  cr: fc.constantFrom("", "\r"),
  payload: fc.string({ unit: fc.constantFrom("a", "\n", "\r", " ", "1", "pub #a 1\nx\n"), maxLength: 12 }),
});

Deno.test("any records are walked as they were put together, and the last field of a name is found", () => {
  fc.assert(fc.property(fc.array(anyRecord, { maxLength: 8 }), fc.nat(3), (records, before) => {
    const parts = records.map(({ topic, fields, cr, payload }) => {
      const head = `pub ${topic} ${payload.length}`;
      const shown = fields.map((field) => ` ${field}`).join("");
      return { topic, head, shown, cr, payload, fields };
    });
    const text = parts.map(({ head, shown, cr, payload }) => `${head}${shown}${cr}\n${payload}\n`).join("");
    const bytes = encoder.encode(`${"x".repeat(before)}${text}`);
    const shown = (start: number, end: number): string => decoder.decode(bytes.subarray(start, end));
    const reader = new RecordReader({ bytes, start: before, end: bytes.length });
    assertEquals([reader.start, reader.end, reader.broken], [before, before, false]);
    let at = before;
    for (const part of parts) {
      assert(reader.next());
      assertEquals(reader.start, at);
      assertEquals(shown(reader.start, reader.lengthStart), `pub ${part.topic} `);
      assertEquals(shown(reader.lengthStart, reader.fieldsStart), `${part.payload.length}`);
      assertEquals(shown(reader.fieldsStart, reader.fieldsEnd), part.shown);
      assertEquals(shown(reader.payloadStart, reader.payloadEnd), part.payload);
      for (const name of ["id", "i", "ttl", "idx", "h.id", "none"]) {
        const value = part.fields.findLast((field) => field.startsWith(`${name}=`))?.slice(name.length + 1);
        assertEquals(reader.find(encoder.encode(name)), value !== undefined);
        if (value !== undefined) assertEquals(shown(reader.valueStart, reader.valueEnd), value);
      }
      at = reader.end;
    }
    assertEquals([reader.next(), reader.next(), reader.broken, reader.end], [
      false,
      false,
      false,
      bytes.length,
    ]);
  }));
});

Deno.test("what is no record is told wherever it lies, and nothing behind its end is looked at", () => {
  for (
    const text of [
      "pub #a \n\n",
      "pub #a x\nabc\n",
      "pub #a -1\n\n",
      "pub #a 3\nabcd\n",
      "pub #a 3\nab\n",
      "pub #a 4\nabc\n",
      "pub #a",
      "pub #a ",
      "pub #a 3",
      "pub #a 3 ",
      "pub #a 0\n",
      "x",
    ]
  ) {
    for (const topicBytes of [2, undefined]) {
      const good = frames("#a", "one");
      const bytes = new Uint8Array([...good, ...encoder.encode(`${text}\n\npub #a 3\nabc\n`)]);
      const reader = new RecordReader({ bytes, start: 0, end: good.length + text.length, topicBytes });
      assertEquals(
        [reader.next(), reader.next(), reader.next(), reader.broken],
        [true, false, false, true],
        text,
      );
      assertEquals([reader.start, reader.end], [0, good.length], "it stands at the last that is whole");
    }
  }
});

Deno.test("a reader that has read nothing stands before the first", () => {
  const reader = new RecordReader({ bytes: frames("#a", "one"), start: 0, end: 0 });
  const { start, end, lengthStart, fieldsStart, payloadStart, payloadEnd, valueStart, valueEnd } = reader;
  assertEquals([start, end, lengthStart, fieldsStart, payloadStart, payloadEnd, valueStart, valueEnd], [
    ...[0, 0, 0, 0, 0, 0, 0, 0],
  ]);
  assertEquals([reader.next(), reader.broken], [false, false]);
});

Deno.test("what has no space where a topic would end is no record, whatever it begins with", () => {
  for (const text of ["1xxx\nx\n", "0pub\n\n", "pub#a\n\n", "3"]) {
    const bytes = encoder.encode(text);
    const reader = new RecordReader({ bytes, start: 0, end: bytes.length });
    assertEquals([reader.next(), reader.broken, reader.end], [false, true, 0], text);
  }
});
