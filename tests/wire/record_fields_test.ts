import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { encodeText } from "../../lib/wire/bytes.ts";
import { idSpansOf, keysOf, leastTtl, readTtl, unexpired } from "../../lib/wire/record_fields.ts";

function framesOf(
  ...frames: string[]
): { bytes: Uint8Array; start: number; end: number; topicBytes: number } {
  const bytes = encodeText(frames.join(""));
  return { bytes, start: 0, end: bytes.length, topicBytes: 2 };
}

/** The ids that spans stand for, by position. */
function idsOf(...fields: string[]): Record<number, string> {
  const found: Record<number, string> = {};
  for (const span of idSpansOf(framesOf(...fields.map((field) => `pub #a 3${field}\nid=\n`)))) {
    for (let offset = 0; offset < span.count; offset++) {
      found[span.at + offset] = `${span.prefix}${span.first === undefined ? "" : span.first + offset}`;
    }
  }
  return found;
}

Deno.test("ids that count up by one are one span (D6)", () => {
  const frames = framesOf(..."789".split("").map((digit) => `pub #a 1 key=k id=p-${digit}\nx\n`));
  assertEquals(idSpansOf(frames), [{ at: 0, count: 3, prefix: "p-", first: 7 }]);
});

Deno.test("what ends a span: another prefix, a number left out, a message without an id", () => {
  const ids = [" id=p-1", " id=p-2", " id=q-3", " id=q-5", "", " id=q-6", " id=q-7"];
  const spans = idSpansOf(framesOf(...ids.map((field) => `pub #a 0${field}\n\n`)));
  assertEquals(spans.map(({ at, count, prefix, first }) => [at, count, prefix, first]), [
    [0, 2, "p-", 1],
    [2, 1, "q-", 3],
    [3, 1, "q-", 5],
    [5, 2, "q-", 6],
  ]);
});

Deno.test("a number counts where it stands behind a separator, without a leading zero, and fits", () => {
  const first = (id: string): number | undefined => idSpansOf(framesOf(`pub #a 0 id=${id}\n\n`))[0]?.first;
  assertEquals(["7", "a-7", "a_7", "a.7", "a:7", "a/7", "a-0", "999999999999999"].map(first), [
    ...[7, 7, 7, 7, 7, 7, 0],
    999_999_999_999_999,
  ]);
  for (const id of ["a7", "a-07", "1000000000000000", "6f1c9f2e-4665-4e0a-9d55-00a0c91e6bf6", "a-", ""]) {
    assertEquals(first(id), undefined, id);
  }
});

Deno.test("the last id= of a frame counts, and only a field of exactly that name", () => {
  assertEquals(idsOf(" id=a id=b", " xid=a", " id=a h.id=b", " id=a\r", " id=a ttl=5\r", ""), {
    0: "b",
    2: "a",
    3: "a",
    4: "a",
  });
});

Deno.test("different ids stay different, whatever bytes they are", () => {
  const bytes = (value: number): Uint8Array => new Uint8Array([...encodeText("pub #a 0 id="), value, 10, 10]);
  const prefixes = [0xc3, 0xff, 0x80].map((value) => {
    const frame = bytes(value);
    return idSpansOf({ bytes: frame, start: 0, end: frame.length, topicBytes: 2 })[0]?.prefix;
  });
  assertEquals(new Set(prefixes).size, 3);
});

Deno.test("spans stand for the ids as they are, in any mix", () => {
  const id = fc.constantFrom("", " id=p-1", " id=p-2", " id=p-3", " id=4", " id=5", " id=x", " id=p-03");
  fc.assert(fc.property(fc.array(id, { maxLength: 30 }), (fields) => {
    const expected = fields.flatMap((field, at) => field === "" ? [] : [[at, field.slice(" id=".length)]]);
    assertEquals(idsOf(...fields), Object.fromEntries(expected));
  }));
});

Deno.test("a ttl is seconds, with at most three decimals, more than 0 (V10)", () => {
  const read = (text: string): number | undefined => readTtl(encodeText(text), 0, encodeText(text).length);
  assertEquals(["60", "1", "0.5", "0.001", "1.25", "999999999", "007"].map(read), [
    ...[60_000, 1000, 500, 1, 1250],
    999_999_999_000,
    7000,
  ]);
  for (
    const text of [
      "",
      "0",
      "0.0",
      "1.:",
      "1./",
      "1.2x",
      "1.x2",
      "1:",
      "/",
      ":",
      "1/",
      "1000000000.1",
      "0.0001",
      "-1",
      "+1",
      "1e3",
      "1.",
      ".5",
      "1.0001",
      "abc",
      "1000000000",
      "0x10",
      "١",
    ]
  ) {
    assertEquals(read(text), undefined, text);
  }
});

Deno.test("a ttl is read where it stands, and any that is written as it may be is that number (V10)", () => {
  fc.assert(fc.property(fc.nat(999_999_999), fc.nat(999), fc.nat(3), (seconds, thousandths, zeros) => {
    const fraction = `${thousandths}`.padStart(3, "0").replace(/0+$/, "").padEnd(zeros, "0").slice(0, 3);
    const text = fraction === "" ? `${seconds}` : `${seconds}.${fraction}`;
    const bytes = encodeText(`7${text}7`);
    const expected = 1000 * seconds + Number(fraction.padEnd(3, "0"));
    assertEquals(readTtl(bytes, 1, bytes.length - 1), expected === 0 ? undefined : expected, text);
  }));
  // each byte beside the digits, before and behind the point
  for (let byte = 0; byte < 256; byte++) {
    if (byte >= 0x30 && byte <= 0x39) continue;
    assertEquals(readTtl(Uint8Array.of(0x31, 0x2e, 0x31, byte), 0, 4), undefined, `${byte} behind the point`);
    if (byte !== 0x2e) assertEquals(readTtl(Uint8Array.of(0x31, byte, 0x31), 0, 3), undefined, `${byte}`);
  }
});

Deno.test("what has outlived its ttl is left out, the rest comes in stretches (V10)", () => {
  const frames = framesOf(
    "pub #a 1\na\n",
    "pub #a 1 ttl=5\nb\n",
    "pub #a 1 ttl=10\nc\n",
    "pub #a 1 ttl=5\nd\n",
    "pub #a 1\ne\n",
  );
  const text = (now: number): string[] =>
    unexpired(frames, { time: 1000, now }).map(({ at, count, start, end }) =>
      `${at} ${count} ${new TextDecoder().decode(frames.bytes.subarray(start, end))}`
    );
  assertEquals(text(5999), [`0 5 ${new TextDecoder().decode(frames.bytes)}`]);
  assertEquals(text(6000), ["0 1 pub #a 1\na\n", "2 1 pub #a 1 ttl=10\nc\n", "4 1 pub #a 1\ne\n"]);
  assertEquals(text(11_000), ["0 1 pub #a 1\na\n", "4 1 pub #a 1\ne\n"]);
});

Deno.test("the least time to live of records is that of any of them that has one", () => {
  const least = (...fields: string[]): number | undefined =>
    leastTtl(framesOf(...fields.map((field) => `pub #a 1${field}\nx\n`)));
  assertEquals(least("", " ttl=9", " ttl=0.5 key=k", "", " ttl=x"), 500);
  assertEquals([least(), least("", " key=k")], [undefined, undefined]);
});

Deno.test("an id's bytes are its characters one by one, however long it is and whatever they are", () => {
  for (let length = 1; length <= 255; length++) {
    const id = Uint8Array.from({ length }, (_, at) => at % 2 === 0 ? 0x80 + (at + length) % 0x80 : 0x61);
    const head = encodeText("pub #a 1 id=");
    const bytes = new Uint8Array([...encodeText("xx"), ...head, ...id, ...encodeText("\nx\n")]);
    const spans = idSpansOf({ bytes: bytes.subarray(1), start: 1, end: bytes.length - 1, topicBytes: 2 });
    assertEquals(spans.map(({ prefix }) => prefix), [String.fromCharCode(...id)]);
  }
});

Deno.test("what is left of records is what a plain reading of each says (V10)", () => {
  const ttl = fc.constantFrom("", " ttl=1", " ttl=2", " ttl=0.5", " ttl=x");
  fc.assert(fc.property(fc.array(ttl, { maxLength: 12 }), fc.integer({ min: -1, max: 2500 }), (ttls, age) => {
    const each = ttls.map((field, at) => `pub #a ${`${at}`.length}${field}\n${at}\n`);
    const frames = { ...framesOf("xx", ...each), start: 2 };
    const alive = ttls.map((field) =>
      field === "" || field === " ttl=x" || age < 1000 * Number(field.slice(5))
    );
    const found = unexpired(frames, { time: 5000, now: 5000 + age });
    const shown = found.flatMap(({ at, count }) => Array.from({ length: count }, (_, place) => at + place));
    assertEquals(shown, alive.flatMap((is, at) => is ? [at] : []));
    for (const { at, count, start, end } of found) {
      const text = new TextDecoder().decode(frames.bytes.subarray(start, end));
      assertEquals(text, each.slice(at, at + count).join(""));
      assertEquals([alive[at - 1] ?? false, alive[at + count] ?? false], [false, false], "as long as can be");
    }
  }));
});

Deno.test("ids of 15 digits count, and more digits are a part of what is before them", () => {
  const spans = (...ids: string[]): unknown[] =>
    idSpansOf(framesOf(...ids.map((id) => `pub #a 0 id=${id}\n\n`))).map((
      { at, count, prefix, first },
    ) => [at, count, prefix, first]);
  assertEquals(spans("a-99999999999998", "a-99999999999999", "a-100000000000000"), [
    [0, 3, "a-", 99_999_999_999_998],
  ]);
  assertEquals(spans("1234567890123456", "1234567890123457"), [
    [0, 1, "1234567890123456", undefined],
    [1, 1, "1234567890123457", undefined],
  ]);
  assertEquals(spans("a-1", "ab-2", "b-3"), [[0, 1, "a-", 1], [1, 1, "ab-", 2], [2, 1, "b-", 3]]);
  assertEquals(spans("a-1", "a-b-2", "a-b-3", "a-4"), [[0, 1, "a-", 1], [1, 2, "a-b-", 2], [3, 1, "a-", 4]]);
  assertEquals(spans("a-0", "a-1", "x", "x", "", "0"), [
    [0, 2, "a-", 0],
    [2, 1, "x", undefined],
    [3, 1, "x", undefined],
    [4, 1, "", undefined],
    [5, 1, "", 0],
  ]);
  assertEquals(spans("a/9:", "a:;", "a-:", "a-/"), [
    [0, 1, "a/9:", undefined],
    [1, 1, "a:;", undefined],
    [2, 1, "a-:", undefined],
    [3, 1, "a-/", undefined],
  ]);
});

Deno.test("the keys of records are those of their key=, the last one of each, and where each record ends (G12)", () => {
  const frames = [
    "pub #a 1 key=k\nx\n",
    "pub #a 1\nx\n",
    "pub #a 1 key=\nx\n",
    "pub #a 8 id=1 xkey=z\nkey=late\n",
    "pub #a 0 key=one key=two id=key\n\n",
  ];
  const { keys, ends } = keysOf(framesOf(...frames));
  assertEquals(keys, ["k", undefined, "", undefined, "two"]);
  assertEquals(ends, frames.map((_, at) => frames.slice(0, at + 1).join("").length));
  assertEquals(keysOf(framesOf()), { keys: [], ends: [] });
});
