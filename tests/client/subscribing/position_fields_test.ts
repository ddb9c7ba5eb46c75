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
