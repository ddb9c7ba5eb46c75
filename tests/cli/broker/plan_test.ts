import { assertEquals, assertThrows } from "@std/assert";
import { BROKER, type BrokerPlan, planBroker } from "../../../lib/cli/broker/options.ts";
import { readArguments } from "../../../lib/cli/options/arguments.ts";
import { readValues } from "../../../lib/cli/options/values.ts";
import { UsageError } from "../../../lib/errors.ts";

/** What the broker is to do with these words. */
function planOf(...words: readonly string[]): BrokerPlan {
  const line = readArguments(BROKER, words);
  if ("print" in line) throw new TypeError(`asked to print its ${line.print}`);
  return planBroker(readValues(BROKER, [line.given]));
}

Deno.test("a name for requests over HTTP is refused where there is no HTTP, and taken where there is", () => {
  const error = assertThrows(() => planOf("--http-host", "broker.example"), UsageError);
  assertEquals(error.message, "--http-host names what requests over HTTP may be for: give --http, too");
  assertEquals(planOf("--http", "--http-host", "broker.example"), { kind: "serve" });
});

Deno.test("a time for logins is refused where nobody logs in, and taken where there are accounts", () => {
  const error = assertThrows(() => planOf("--login-timeout", "5s"), UsageError);
  assertEquals(error.message, "--login-timeout is how long a login may take: give --users FILE, too");
  assertEquals(planOf("--login-timeout", "5s", "--users", "users.toml"), { kind: "serve" });
});
