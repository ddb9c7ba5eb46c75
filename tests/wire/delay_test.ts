import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { isSameDelay, readAt, readDelay, writeWithoutDelay } from "../../lib/wire/delay.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const YEAR = 365 * 24 * 3600;

Deno.test("a delay is seconds from 0 to a year, with at most three decimals (D9)", () => {
  const read = (text: string) => readDelay(encoder.encode(`x${text}x`), 1, 1 + text.length);
  for (
    const [text, ms] of [["0", 0], ["0.001", 1], ["60", 60_000], ["007", 7000], [
      `${YEAR}`,
      YEAR * 1000,
    ]] as const
  ) {
    assertEquals(read(text), { kind: "after", ms }, text);
  }
  for (
    const text of ["", "-1", "x", "1.", ".5", "1.0001", "1e3", `${YEAR + 1}`, `${YEAR}.001`, "9999999999"]
  ) {
    assertEquals(read(text), undefined, text);
  }
});

Deno.test("an at is a time that says its offset (D9)", () => {
  const read = (text: string) => readAt(encoder.encode(`x${text}x`), 1, 1 + text.length);
  const time = Date.UTC(2026, 0, 31, 9);
  assertEquals(read("2026-01-31T09:00:00Z"), { kind: "at", ms: time });
  assertEquals(read("2026-01-31T10:00:00.5+01:00"), { kind: "at", ms: time + 500 });
  assertEquals(read("1960-01-01T00:00:00Z")?.ms, Date.UTC(1960, 0, 1), "what is past is a time as well");
  for (const text of ["", "tomorrow", "2026-01-31T09:00:00", "2026-02-30T09:00:00Z", "1700000000", "\xff"]) {
    assertEquals(read(text), undefined, text);
  }
});

Deno.test("two wait alike where both wait as long, or until the same time", () => {
  assertEquals(isSameDelay(undefined, undefined), true);
  assertEquals(isSameDelay({ kind: "at", ms: 5 }, { kind: "at", ms: 5 }), true);
  for (
    const [one, other] of [
      [undefined, { kind: "at", ms: 5 }],
      [{ kind: "at", ms: 5 }, { kind: "at", ms: 6 }],
      [{ kind: "at", ms: 5 }, { kind: "after", ms: 5 }],
      [{ kind: "after", ms: 0 }, undefined],
    ] as const
  ) {
    assertEquals(isSameDelay(one, other), false);
  }
});

const without = ["", "id=1", "k=v", "delay2=5", "at2=5", "xat=5", "h.at=5", "key=", "ttl=5"];
const cut = ["delay=5", "at=2026-01-31T09:00:00Z", "delay=0.5"];

Deno.test("records are written without delay= and at=, and else as they are (D9)", () => {
  const field = fc.oneof(fc.constantFrom(...without.slice(1)), fc.constantFrom(...cut));
  const record = fc.record({
    fields: fc.array(field, { maxLength: 5 }),
    payload: fc.constantFrom("", "x", "delay=5", "at=1", "one delay=5", "\n at=1\n"),
    cr: fc.constantFrom("", "\r"),
  });
  fc.assert(fc.property(fc.array(record, { maxLength: 6 }), fc.nat(5), (records, at) => {
    const written = (keep: (field: string) => boolean): string =>
      records.map(({ fields, payload, cr }) => {
        const kept = fields.filter(keep).map((text) => ` ${text}`).join("");
        return `pub #a.b ${payload.length}${kept}${cr}\n${payload}\n`;
      }).join("");
    const text = written(() => true);
    const bytes = encoder.encode("~".repeat(at) + text + "~");
    const from = { bytes, start: at, end: at + text.length, count: records.length, topicBytes: 4 };
    const out = new Uint8Array(text.length);
    const length = writeWithoutDelay(from, out);
    assertEquals(decoder.decode(out.subarray(0, length)), written((each) => !cut.includes(each)));
  }));
});
