import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { encodeText } from "../../lib/wire/bytes.ts";
import { digitsOf, readDecimal, writeDecimal } from "../../lib/wire/decimals.ts";

const whole = fc.integer({ min: 0, max: 999_999_999_999_999 });

Deno.test("a number is written as the platform writes it, where it is asked to, and nowhere else", () => {
  fc.assert(fc.property(whole, fc.nat(20), (value, at) => {
    const out = new Uint8Array(at + 20).fill(0x2e);
    const end = writeDecimal(out, { at, value });
    assertEquals(new TextDecoder().decode(out), `${".".repeat(at)}${value}`.padEnd(at + 20, "."));
    assertEquals([end, digitsOf(value)], [at + `${value}`.length, `${value}`.length]);
  }));
});

Deno.test("a number is read as it was written", () => {
  fc.assert(fc.property(whole, fc.string({ maxLength: 5 }), (value, around) => {
    const bytes = encodeText(`${around}${value}${around}`);
    const start = encodeText(around).length;
    assertEquals(readDecimal(bytes, start, start + `${value}`.length), value);
  }));
});

Deno.test("what is no decimal number, or too long for a double, is none (V3)", () => {
  for (
    const text of [
      "",
      "-1",
      "+1",
      "01",
      "00",
      "1e3",
      "0x10",
      "1.5",
      " 1",
      "1 ",
      "1:",
      ":",
      "1/",
      "/",
      "１",
      "9".repeat(16),
    ]
  ) {
    const bytes = encodeText(text);
    assertEquals(readDecimal(bytes, 0, bytes.length), -1, text);
  }
  assertEquals(readDecimal(encodeText("0"), 0, 1), 0);
});
