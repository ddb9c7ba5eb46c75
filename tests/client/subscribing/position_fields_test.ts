import { assertEquals, assertThrows } from "@std/assert";
import { aged, encodePosition } from "../../../lib/client/subscribing/position_fields.ts";
import { RefusedError } from "../../../lib/errors.ts";

Deno.test("so long ago is longer ago later, and errs by giving more", () => {
  assertEquals(aged("-10m", 1500, "from"), "-602s");
  assertEquals(aged("-10m", 1500, "to"), "-601s");
  for (const value of ["earliest", "12", "2026-01-31T09:00:00.000Z"]) {
    assertEquals(aged(value, 1500, "from"), value);
  }
});

Deno.test("a position that is none is refused with what there is", () => {
  assertEquals(encodePosition("-10m", "to"), "-10m");
  assertEquals(encodePosition(0, "from"), "0");
  assertEquals(encodePosition("-10", "from"), "-10");
  for (const last of ["-0", "-1.5", "-1e3", "-", "-12345678901"] as const) {
    assertThrows(() => encodePosition(last as "-10", "from"), RefusedError, `not "${last}"`);
  }
  assertThrows(() => encodePosition("-10" as "-10m", "to"), RefusedError, 'not "-10"');
  assertThrows(() => encodePosition("earliest", "to"), RefusedError, 'to: a number, a Date or "-10m"');
});

Deno.test("numbers are those that a topic can have, and times those that four digits of a year can say", () => {
  const most = 999_999_999_999_999;
  assertEquals([0, 1, most].map((number) => encodePosition(number, "to")), ["0", "1", `${most}`]);
  for (const number of [-1, 1.5, NaN, most + 1]) {
    const said = `from: a sequence number is a whole number from 0 on, ${number} is not`;
    assertEquals(assertThrows(() => encodePosition(number, "from"), RefusedError).message, said);
  }
  const [first, last] = ["0000-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"];
  for (const time of [first, last]) assertEquals(encodePosition(new Date(time), "from"), time);
  for (const time of [Date.parse(first) - 1, Date.parse(last) + 1, NaN]) {
    const said = "to: that is no time, or none of the years 0 to 9999";
    assertEquals(assertThrows(() => encodePosition(new Date(time), "to"), RefusedError).message, said);
  }
});

Deno.test("where a subscription begins may be a word, and where it ends may not", () => {
  for (const word of ["earliest", "latest", "-10", "-1h"] as const) {
    assertEquals(encodePosition(word, "from"), word);
  }
  const words = '"now", "earliest", "latest", "-10" (the last ten), a number, a Date or "-10m" (s, m, h, d)';
  assertEquals(
    assertThrows(() => encodePosition("7" as "-7m", "from"), RefusedError).message,
    `from: ${words}, not "7"`,
  );
  assertThrows(() => encodePosition("latest", "to"), RefusedError, 'not "latest"');
});

Deno.test("how long ago it was has an end, too", () => {
  assertEquals(aged("-1s", 0, "from"), "-1s");
  assertEquals([aged("-1s", 1, "from"), aged("-1s", 999, "to")], ["-2s", "-1s"]);
  assertEquals(aged("-1d", 0, "to"), "-86400s");
  assertEquals(aged("-999999999s", 1, "from"), "-999999999s");
  assertEquals(aged("-999999999d", 0, "to"), "-999999999s");
});
