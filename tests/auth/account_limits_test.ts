import { assert, assertEquals } from "@std/assert";
import { ACCOUNT_LIMIT_SPECS } from "../../lib/auth/account_limits.ts";
import { LIMIT_SPECS } from "../../lib/limits.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

Deno.test("the limits of an account are these, each from a least to a most", () => {
  const told = ACCOUNT_LIMIT_SPECS.map(({ key, name, unit, least, most }) => [key, name, unit, least, most]);
  assertEquals(told, [
    ["connections", "max-connections", "count", 1, 1_000_000],
    ["patterns", "max-patterns", "count", 1, 1_000_000],
    ["payload", "max-payload", "bytes", KIB, 256 * MIB],
    ["outbox", "max-outbox", "bytes", MIB, 4 * GIB],
    ["messageRate", "max-message-rate", "count", 1, 1_000_000_000],
    ["byteRate", "max-byte-rate", "bytes", KIB, 1024 * GIB],
    ["newTopics", "max-new-topics", "count", 0, 1_000_000],
  ]);
  for (const { meaning } of ACCOUNT_LIMIT_SPECS) assert(meaning.length > 5);
});

Deno.test("what an account and a broker both limit has one range", () => {
  for (const { key, unit, least, most } of LIMIT_SPECS) {
    const own = ACCOUNT_LIMIT_SPECS.find((spec) => spec.key === key);
    if (own !== undefined) assertEquals([own.unit, own.least, own.most], [unit, least, most], key);
  }
});
