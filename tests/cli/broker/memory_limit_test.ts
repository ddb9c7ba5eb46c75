import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { BROKER, type BrokerOptions, limitsOf, planBroker } from "../../../lib/cli/broker/options.ts";
import { readArguments } from "../../../lib/cli/options/arguments.ts";
import { configGiven } from "../../../lib/cli/options/config.ts";
import { readValues } from "../../../lib/cli/options/values.ts";
import { UsageError } from "../../../lib/errors.ts";
import { DEFAULT_LIMITS, LARGEST_LIMITS, limitsWith } from "../../../lib/limits.ts";

const MIB = 1024 * 1024;

function options(text: string, ...words: string[]): BrokerOptions {
  const line = readArguments(BROKER, words);
  if ("print" in line) throw new TypeError("asked to print");
  return readValues(BROKER, [line.given, configGiven(BROKER, { path: "b.toml", text })]);
}

Deno.test("the limit of all memory grows with those that need it, unless it is said", () => {
  assertEquals(limitsOf(options("")), DEFAULT_LIMITS);
  assertEquals(limitsOf(options('max-outbox = "2GiB"')).memory, 2048 * MIB);
  assertEquals(limitsOf(options("", "--max-payload", "256MiB")).memory, DEFAULT_LIMITS.memory);
  assertEquals(limitsOf(options("", "--max-memory", "300MiB")).memory, 300 * MIB);
  assertEquals(limitsWith({ outbox: LARGEST_LIMITS.outbox }).memory, LARGEST_LIMITS.outbox);
});

Deno.test("a limit of all memory below what one connection may need is told in one line", () => {
  const refusal = (...words: string[]): string =>
    assertThrows(() => planBroker(options("", ...words)), UsageError).message;
  assertMatch(
    refusal("--max-memory", "64MiB", "--max-outbox", "100MiB"),
    /^--max-memory "64MiB" is .*, --max-outbox 100MiB: give 100MiB or more, or lower that; see broker --help$/,
  );
  assertMatch(
    refusal("--max-memory", "100MiB", "--max-payload", "80MiB"),
    /^--max-memory "100MiB" is .*, twice --max-payload 80MiB: give 160MiB or more/,
  );
  assertEquals(planBroker(options("", "--max-memory", "64MiB")), { kind: "serve" });
});
