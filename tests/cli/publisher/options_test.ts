/** What the publisher's own options take, and what they come to where they are left out. */
import { assertEquals, assertThrows } from "@std/assert";
import { readArguments } from "../../../lib/cli/options/arguments.ts";
import { readValues } from "../../../lib/cli/options/values.ts";
import { PUBLISHER, type PublisherOptions } from "../../../lib/cli/publisher/options.ts";
import { UsageError } from "../../../lib/errors.ts";

function valuesOf(...words: readonly string[]): PublisherOptions {
  const line = readArguments(PUBLISHER, words);
  if ("print" in line) throw new TypeError(`asked to print its ${line.print}`);
  return readValues(PUBLISHER, [line.given]);
}

function refused(...words: readonly string[]): string {
  return assertThrows(() => valuesOf(...words), UsageError).message;
}

Deno.test("what is left out has its default: one message, ten seconds to end in", () => {
  const { repeat, rate, stamp, header, ttl, "drain-timeout": drain, "min-subs": least } = valuesOf();
  assertEquals([repeat, drain, header], [1, 10_000, []]);
  assertEquals([rate, stamp, ttl, least], [undefined, undefined, undefined, undefined]);
});

Deno.test("a header is a name, an equals sign and a value in which more of them may stand", () => {
  assertEquals(valuesOf("--header", "a=b", "--header", "c=d=e", "--header", "f=").header, [
    ["a", "b"],
    ["c", "d=e"],
    ["f", ""],
  ]);
  for (const text of ["=b", "b", ""]) {
    assertEquals(refused("--header", text).includes("NAME=VALUE, such as lang=en"), true, text);
  }
  const { header, host } = valuesOf("-H", "lang=en", "-H", "box");
  assertEquals([header, host], [[["lang", "en"]], "box"]);
});

Deno.test("the header of --stamp is a name, and sent where none is given", () => {
  assertEquals([valuesOf("--stamp").stamp, valuesOf("--stamp=at").stamp], ["sent", "at"]);
  for (const text of ["", "a=b"]) {
    assertEquals(refused(`--stamp=${text}`).includes("the name of a header, such as sent"), true, text);
  }
});

Deno.test("what parts messages or keys is any text that is not empty", () => {
  assertEquals(valuesOf("-D", "\\0", "-K", "::").delimiter, Uint8Array.of(0));
  assertEquals(valuesOf("-K", "::")["key-delimiter"], Uint8Array.of(0x3a, 0x3a));
  for (const letter of ["-D", "-K"]) {
    assertEquals(
      refused(letter, "").includes("a text that is not empty, such as ';' or '\\0'"),
      true,
      letter,
    );
  }
});

Deno.test("counts go from one to a billion, ports from one, and a rate is above nothing", () => {
  for (const name of ["--repeat", "--min-subs"]) {
    for (const text of ["1", "1000000000"]) valuesOf(name, text);
    for (const text of ["0", "1000000001"]) refused(name, text);
  }
  assertEquals(valuesOf("--sub-port", "1")["sub-port"], 1);
  refused("--sub-port", "0");
  assertEquals(valuesOf("--rate", "0.01").rate, 0.01);
  for (const text of ["0", "-1", "x"]) {
    assertEquals(refused("--rate", text).includes("a number above 0, such as 100 or 0.5"), true, text);
  }
});
