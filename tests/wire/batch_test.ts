import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  encodeBatchHeader,
  encodeSharedHeader,
  readBatchHeader,
  readSharedHeader,
} from "../../lib/wire/batch.ts";
import { encodeText } from "../../lib/wire/bytes.ts";

Deno.test("the header of what a member of a group is given is read as it was written, wherever it lies", () => {
  const header = fc.record({
    topic: fc.constantFrom("#a", "#\u00fc.b", "#long.er.topic"),
    count: fc.oneof(fc.constantFrom(0, 1), fc.nat(1_000_000)),
    length: fc.oneof(fc.constantFrom(0, 1), fc.nat(1_000_000_000)),
    group: fc.constantFrom("g", "workers", "a.b"),
    from: fc.option(
      fc.record({
        first: fc.integer({ min: 1, max: 999_999_999_999_999 }),
        time: fc.nat(2_000_000_000_000),
        attempt: fc.integer({ min: 1, max: 12 }),
      }),
      { nil: undefined },
    ),
  });
  fc.assert(fc.property(header, fc.nat(9), (told, before) => {
    const written = encodeSharedHeader(told);
    const bytes = new Uint8Array([
      ...encodeText("~".repeat(before)),
      ...written,
      ...encodeText("pub #a 1\nx\n"),
    ]);
    const { topic, count, length } = told;
    const from = told.from && { first: told.from.first, time: told.from.time };
    const records = before + written.length;
    assertEquals(readSharedHeader(bytes, before), { topic, count, length, records, from });
  }));
});

Deno.test("where stored messages come from stands behind the group, and the attempt from the second on (G7)", () => {
  const header = (attempt: number): string =>
    new TextDecoder().decode(
      encodeSharedHeader({
        topic: "#a",
        count: 2,
        length: 18,
        group: "g",
        from: { first: 7, time: 1700000000000, attempt },
      }),
    );
  assertEquals(header(1), "batch #a 2 18 group=g seq=7 ts=1700000000000\n");
  assertEquals(header(2), "batch #a 2 18 group=g seq=7 ts=1700000000000 attempt=2\n");
});

Deno.test("what is no such header is a defect that shows", () => {
  for (
    const text of [
      "batch #a 1 2 group=g",
      "batch #a x 2 group=g\n",
      "batch #a 1 x group=g\n",
      "batch #a 1 2\npub #a 0\n\n",
      "batch #a\n",
      "batch #a  2 group=g\n",
    ]
  ) assertThrows(() => readSharedHeader(encodeText(text), 0), TypeError, "begins with a header");
});

Deno.test("the header of stored messages is read as it was written, wherever it lies (D2)", () => {
  const header = fc.record({
    topic: fc.constantFrom("#a", "#\u00fc.b", "#long.er.topic"),
    count: fc.integer({ min: 1, max: 1_000_000 }),
    length: fc.nat(1_000_000_000),
    first: fc.integer({ min: 1, max: 999_999_999_999_999 }),
    time: fc.oneof(fc.constantFrom(0, 1), fc.nat(2_000_000_000_000)),
  });
  fc.assert(fc.property(header, fc.nat(9), (told, before) => {
    const written = encodeBatchHeader(told);
    const bytes = new Uint8Array([
      ...encodeText("~".repeat(before)),
      ...written,
      ...encodeText("pub #a 1 x=1 ts=7\nx\n"),
    ]);
    assertEquals(readBatchHeader(bytes, before), { ...told, records: before + written.length });
  }));
});

Deno.test("what is no header of stored messages is a defect that shows", () => {
  for (
    const text of [
      "batch #a 1 2 seq=1 ts=1",
      "batch #a 1 2 seq=x ts=1\n",
      "batch #a 1 2 seq=1 ts=x\n",
      "batch #a 1 2 seq= ts=1\n",
      "batch #a 1 2 seq=1 ts=\n",
      "batch #a x 2 seq=1 ts=1\n",
    ]
  ) assertThrows(() => readBatchHeader(encodeText(text), 0), TypeError, "begins with a header");
});
