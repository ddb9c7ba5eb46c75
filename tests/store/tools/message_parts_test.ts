/**
 * A record taken apart and put together, part by part.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { DELAY_MOST_MS } from "../../../lib/limits.ts";
import {
  headerProblem,
  type ImportedMessage,
  type MessageParts,
  partsOf,
  recordOf,
  ttlOf,
} from "../../../lib/store/tools/message_parts.ts";
import { takeableFields } from "../../../lib/store/tools/takeable_fields.ts";
import { RecordReader } from "../../../lib/wire/records.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function message(more: Partial<ImportedMessage> = {}): ImportedMessage {
  return { topic: "#a", payload: encoder.encode("xyz"), headers: new Map(), ...more };
}

/** The parts of the first record of a text, or of bytes. */
function parts(record: string | Uint8Array): MessageParts | undefined {
  const bytes = typeof record === "string" ? encoder.encode(record) : record;
  const reader = new RecordReader({ bytes, start: 0, end: bytes.length, topicBytes: 2 });
  assertEquals(reader.next(), true);
  return partsOf(bytes, reader);
}

Deno.test("a message is put together as it is published: its parts in their order, escaped", () => {
  const headers = new Map([["a b", "c d"], ["e", ""]]);
  const cases: readonly (readonly [Partial<ImportedMessage>, string])[] = [
    [{}, "pub #a 3\nxyz\n"],
    [{ payload: new Uint8Array(0) }, "pub #a 0\n\n"],
    [{ payload: encoder.encode("a\nb,c d-e-f-g-h") }, "pub #a 15\na\nb,c d-e-f-g-h\n"],
    [{ id: "4 2" }, "pub #a 3 id=4%202\nxyz\n"],
    [
      { headers, reply: "#r", ttl: 0.5, key: "k", id: "" },
      "pub #a 3 id= key=k ttl=0.5 reply=#r h.a%20b=c%20d h.e=\nxyz\n",
    ],
    [{ fields: "z=1  y", id: "no" }, "pub #a 3 z=1  y\nxyz\n"],
    [{ fields: encoder.encode("z=1"), id: "no" }, "pub #a 3 z=1\nxyz\n"],
    [{ topic: "#ü" }, "pub #ü 3\nxyz\n"],
  ];
  for (const [more, record] of cases) assertEquals(decoder.decode(recordOf(message(more))), record);
});

Deno.test("a record's parts are what its fields say, and its fields as they are where names cannot say it", () => {
  const none = { headers: new Map() };
  const all = { id: undefined, key: undefined, ttl: undefined, reply: undefined, ...none };
  const cases: readonly (readonly [string, Omit<MessageParts, "payload">])[] = [
    ["", none],
    [" id=1 key=2 ttl=0.5 reply=#r h.x=y", {
      id: "1",
      key: "2",
      ttl: 0.5,
      reply: "#r",
      headers: new Map([["x", "y"]]),
    }],
    [" ttl=60", { ...all, ttl: 60 }],
    [" ttl=060", { ...all, fields: "ttl=060" }],
    [" ttl=0", none],
    [" ttl=-1", none],
    [" ttl=Infinity", none],
    [" ttl=%31", none],
    [" at=1", none],
    [" delay=1", none],
    [" ttl=0.50", { ...all, fields: "ttl=0.50" }],
    [" id=1 id=2", { ...all, id: "2", fields: "id=1 id=2" }],
    [" id=1 new=2", { ...all, id: "1", fields: "id=1 new=2" }],
    [" id=1  key=2", { ...all, id: "1", key: "2", fields: "id=1  key=2" }],
    [" word", { ...all, fields: "word" }],
  ];
  for (const [fields, expected] of cases) {
    assertEquals(parts(`pub #a 3${fields}\nxyz\n`), { ...expected, payload: encoder.encode("xyz") }, fields);
    assertEquals(
      parts(`pub #a 3${fields}\r\nxyz\n`),
      { ...expected, payload: encoder.encode("xyz") },
      fields,
    );
  }
  assertEquals(parts("pub #a 3x id=1\nxyz\n"), undefined, "there is no space before its fields");
});

Deno.test("a header is as long as a broker takes it, or is told with its length", () => {
  const length = "pub #a 3 id=1".length;
  assertEquals(headerProblem(message({ id: "1" }), length), undefined);
  assertEquals(
    headerProblem(message({ id: "1" }), length - 1),
    `topic and fields come to ${length} bytes, at most ${length - 1} are taken (--max-line)`,
  );
  assertEquals(headerProblem(message(), "pub #a 3".length), undefined);
  assertMatch(headerProblem(message({ fields: "ttl=x" }), 1)!, /^ttl= is a number/);
  assertEquals(headerProblem(message({ fields: "no field" }), 100), "fields are key=value");
});

Deno.test("what is due at most a year from now is taken", () => {
  const { now } = Date;
  Date.now = () => 1_000_000;
  try {
    const most = 1_000_000 + DELAY_MOST_MS;
    assertEquals([0, most].map((at) => headerProblem(message({ at }), 100)), [undefined, undefined]);
    assertEquals(
      headerProblem(message({ at: most + 1 }), 100),
      `"at" is at most 365 days ahead, ${new Date(most + 1).toISOString()} is more`,
    );
  } finally {
    Date.now = now;
  }
});

Deno.test("a time to live is that of the record, whichever way it says it", () => {
  const found = [
    {},
    { ttl: 1.5 },
    { ttl: 0 },
    { fields: "a=1 ttl=2" },
    { fields: "a=1", ttl: 3 },
    { fields: Uint8Array.of(...encoder.encode("ttl=4 z="), 0xff) },
    { fields: "ttl=x" },
  ].map((more) => ttlOf(message(more)));
  assertEquals(found, [undefined, 1500, undefined, 2000, undefined, 4000, undefined]);
});

Deno.test("fields that are plain come out as the very bytes they are", () => {
  for (const plain of ["", "id=1 key=~!", "y=", "ly=1", "=y", "t", "aat =1"]) {
    const bytes = encoder.encode(plain);
    assertEquals(takeableFields(bytes) === bytes, !/[lyt]=/.test(plain.slice(1)), plain);
    assertEquals(decoder.decode(takeableFields(bytes)), plain);
  }
  for (const odd of ["a=\x1f", "a=\x7f", "a=ü"]) {
    const bytes = encoder.encode(odd);
    assertEquals(takeableFields(bytes) === bytes, false, odd);
  }
});

Deno.test("bytes that are no character are escaped one by one, those around them stay", () => {
  const cases: readonly (readonly [readonly number[], string])[] = [
    [[0xff], "%FF"],
    [[0x61, 0x3d, 0xf0, 0x9f, 0x8c, 0x8d, 0xff], "a=🌍%FF"],
    [[0xf0, 0x9f, 0x8c], "%F0%9F%8C"],
    [[0x0f, 0xff], "%0F%FF"],
    [[0xe2, 0x82, 0xac, 0xc3], "€%C3"],
  ];
  for (const [bytes, text] of cases) {
    assertEquals(decoder.decode(takeableFields(Uint8Array.from(bytes))), text);
  }
});
