import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { encodeSharedHeader, readSharedHeader } from "../../lib/wire/batch.ts";
import { encodeText } from "../../lib/wire/bytes.ts";

Deno.test("the header of what a member of a group is given is read as it was written, wherever it lies", () => {
  const header = fc.record({
    topic: fc.constantFrom("#a", "#\u00fc.b", "#long.er.topic"),
    count: fc.oneof(fc.constantFrom(0, 1), fc.nat(1_000_000)),
    length: fc.oneof(fc.constantFrom(0, 1), fc.nat(1_000_000_000)),
    group: fc.constantFrom("g", "workers", "a.b"),
  });
  fc.assert(fc.property(header, fc.nat(9), (told, before) => {
    const written = encodeSharedHeader(told);
    const bytes = new Uint8Array([
      ...encodeText("~".repeat(before)),
      ...written,
      ...encodeText("pub #a 1\nx\n"),
    ]);
    const { group: _, ...known } = told;
    assertEquals(readSharedHeader(bytes, before), { ...known, records: before + written.length });
  }));
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
