import { assert, assertEquals } from "@std/assert";
import { isWireCode, sentenceOf } from "../lib/errors.ts";

Deno.test("a code has a sentence, and what peers make up is no code", () => {
  for (const code of ["UNKNOWN_COMMAND", "BAD_TOPIC", "WRONG_PORT", "TOO_MANY_CONNECTIONS"]) {
    assert(isWireCode(code));
    assert(/^[a-z].*[^.]$/.test(sentenceOf(code)), "a clause that can follow a colon");
  }
  for (const code of ["", "FULL", "toString", "__proto__"]) assertEquals(isWireCode(code), false, code);
});
