import { assert, assertEquals } from "@std/assert";
import { isWireCode, RefusedError, RunError, sentenceOf, UsageError } from "../lib/errors.ts";

Deno.test("a code has a sentence, and what peers make up is no code", () => {
  for (const code of ["UNKNOWN_COMMAND", "BAD_TOPIC", "WRONG_PORT", "TOO_MANY_CONNECTIONS"]) {
    assert(isWireCode(code));
    assert(/^[a-z].*[^.]$/.test(sentenceOf(code)), "a clause that can follow a colon");
  }
  for (const code of ["", "FULL", "toString", "__proto__"]) assertEquals(isWireCode(code), false, code);
});

Deno.test("errors are told apart by their names, and carry their codes", () => {
  const refused = new RefusedError("BUSY", "no room");
  assertEquals([refused.name, refused.code, refused.message], ["RefusedError", "BUSY", "no room"]);
  const run = new RunError("the broker is gone", "LOST");
  assertEquals([run.name, run.code, run.message], ["RunError", "LOST", "the broker is gone"]);
  assertEquals(new RunError("x").code, undefined);
  assertEquals([new UsageError("x").name, `${new UsageError("x")}`], ["UsageError", "UsageError: x"]);
  for (const error of [refused, run, new UsageError("x")]) assert(error instanceof Error);
});
