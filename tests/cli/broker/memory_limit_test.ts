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

Deno.test("what one connection may need is its outbox, or twice a payload where that is more, and as much is enough", () => {
  const said = (memory: string, outbox: string, payload: string): string => {
    const words = ["--max-memory", memory, "--max-outbox", outbox, "--max-payload", payload];
    try {
      planBroker(options("", ...words));
      return "";
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      return /may need, (.*): give (\S+) or more/.exec(error.message)?.slice(1).join(", ") ?? error.message;
    }
  };
  assertEquals(said("100MiB", "120MiB", "60MiB"), "--max-outbox 120MiB, 120MiB");
  assertEquals(said("100MiB", "121MiB", "60MiB"), "--max-outbox 121MiB, 121MiB");
  assertEquals(said("100MiB", "119MiB", "60MiB"), "twice --max-payload 60MiB, 120MiB");
  assertEquals([said("120MiB", "120MiB", "1MiB"), said("120MiB", "1MiB", "60MiB")], ["", ""]);
  assertEquals(said("119MiB", "120MiB", "1MiB"), "--max-outbox 120MiB, 120MiB");
});

Deno.test("each limit is the one that was given, and no other", () => {
  const given = {
    line: 1001,
    payload: 1102,
    topic: 103,
    patterns: 104,
    connections: 105,
    topics: 106,
    groups: 107,
    outbox: 2 * MIB,
    memory: 65 * MIB,
  };
  const words = Object.entries(given).flatMap(([name, value]) => [`--max-${name}`, `${value}`]);
  assertEquals(limitsOf(options("", ...words)), given);
});
