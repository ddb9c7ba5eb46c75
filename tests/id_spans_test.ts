import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type IdSpan, readSpans, showSpans } from "../lib/id_spans.ts";

Deno.test("spans are a line each: the first, the last and the prefix, or one id behind a =", () => {
  assertEquals(
    showSpans([
      { at: 0, count: 3, prefix: "p-", first: 7 },
      { at: 3, count: 1, prefix: "a b%\n\xff", first: undefined },
      { at: 4, count: 1, prefix: "", first: 0 },
    ]),
    "7 9 p-\n=a%20b%25%0a%ff\n0 0 ",
  );
});

Deno.test("spans are read as they were shown, but for where they were among messages", () => {
  const bytes = fc.uint8Array({ maxLength: 6 }).map((all) => String.fromCharCode(...all));
  const first = fc.option(fc.nat(999_999_999_000_000), { nil: undefined });
  const span = fc.record({
    at: fc.constant(0),
    count: fc.integer({ min: 1, max: 1000 }),
    prefix: bytes,
    first,
  })
    .map((each): IdSpan => each.first === undefined ? { ...each, count: 1 } : each);
  fc.assert(fc.property(fc.array(span, { minLength: 1, maxLength: 5 }), (spans) => {
    const text = showSpans(spans);
    assertEquals(/^[ -~\n]*$/.test(text), true, "printable");
    assertEquals(readSpans(text), spans);
  }));
});

Deno.test("what is none of them is told, wherever it stands", () => {
  assertEquals(readSpans("=%zz"), [{ at: 0, count: 1, prefix: "%zz", first: undefined }]);
  const most = "9".repeat(15);
  assertEquals(readSpans("1 2 p\n0 0 "), [
    { at: 0, count: 2, prefix: "p", first: 1 },
    { at: 0, count: 1, prefix: "", first: 0 },
  ]);
  assertEquals(readSpans(`${most} ${most} x`), [{ at: 0, count: 1, prefix: "x", first: Number(most) }]);
  for (
    const text of [
      "",
      "x",
      "1 2",
      "2 1 p",
      "1 x p",
      "x 1 p",
      " 1 2 p",
      "=a\n",
      "=a\nx\n=b",
      `1 ${most}0 p`,
      `${most}0 1 p`,
    ]
  ) assertEquals(readSpans(text), undefined, JSON.stringify(text));
});
