import { assertEquals, assertThrows } from "@std/assert";
import { DamageError, misplaced, missing, missingTopic } from "../../../lib/store/log/damage.ts";
import { blob, int, text } from "../../../lib/store/sqlite/rows.ts";

Deno.test("what a column holds is of its kind, or damage", () => {
  const bytes = Uint8Array.of(1);
  const row = { number: 7, half: 0.5, large: 2 ** 53, text: "x", bytes, none: null };
  assertEquals([int(row, "number"), text(row, "text"), blob(row, "bytes")], [7, "x", bytes]);
  for (const name of ["half", "large", "text", "bytes", "none", "gone"]) {
    assertThrows(() => int(row, name), DamageError, `a ${name} is not a whole number`);
  }
  for (const name of ["number", "bytes", "none", "gone"]) {
    assertThrows(() => text(row, name), DamageError, `a ${name} is not a text`);
  }
  for (const name of ["number", "text", "none", "gone"]) {
    assertThrows(() => blob(row, name), DamageError, `the ${name} of a batch are no bytes`);
  }
});

Deno.test("damage is told to a person by names and numbers", () => {
  assertEquals(
    [missing("#a", 3, 7), missingTopic("#a"), missingTopic(4), misplaced(9)].map(({ message }) => message),
    [
      "of #a the messages 3 to 6 are missing",
      "topic #a is missing",
      "topic 4 is missing",
      "batch 9 is not where it belongs",
    ],
  );
});
