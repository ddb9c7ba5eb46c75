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

/** What the broker says against these words. */
function refused(...words: readonly string[]): string {
  return assertThrows(() => planOf(...words), UsageError).message;
}

Deno.test("options of an engine are refused where there is none, each by its name", () => {
  for (
    const words of [
      ["--engine-prefix", "x"],
      ["--engine-plain", "#a"],
      ["--engine-token-file", "f"],
      ["--engine-tls"],
      ["--connect-timeout", "1s"],
    ]
  ) {
    assertEquals(
      refused(...words),
      `${words[0]} needs --engine URL, the NATS it is about; see broker --help`,
    );
  }
  assertEquals(
    planOf("--engine", "nats://a", "--engine-prefix", "x", "--connect-timeout", "1s").kind,
    "serve",
  );
});

Deno.test("an engine keeps what is stored in the place of --data, and only what --durable names", () => {
  const engine = ["--engine", "nats://a"];
  assertEquals(
    refused(...engine, "--data", "d"),
    "--data stores on this machine and --engine in NATS: take one (with --engine, --durable PATTERN says " +
      "what NATS stores)",
  );
  assertEquals(
    refused(...engine, "--retain-age", "1d", "--engine-replicas", "3"),
    "--engine-replicas and --retain-age are about messages that are stored, and without --durable PATTERN " +
      "NATS stores nothing: add --durable PATTERN, or leave them out; see broker --help",
  );
  const durable = [...engine, "--durable", "#orders.>"];
  assertEquals(planOf(...durable, "--retain-age", "1d", "--engine-replicas", "3").kind, "serve");
  for (const [option, value] of [["--sync", "commit"], ["--retain-groups", "hold"]] as const) {
    assertEquals(refused(...durable, option, value).split(":")[0], `${option} is not for --engine`);
  }
});

Deno.test("who a broker is to NATS is said in one way, and wholly", () => {
  const engine = ["--engine", "nats://a"];
  assertEquals(
    refused(...engine, "--engine-creds", "c", "--engine-token-file", "t"),
    "--engine-creds and --engine-token-file both say who the broker is to NATS: take one",
  );
  for (
    const [there, missing] of [
      ["--engine-user", "--engine-password-file FILE"],
      ["--engine-password-file", "--engine-user NAME"],
      ["--engine-cert", "--engine-key FILE"],
      ["--engine-key", "--engine-cert FILE"],
    ] as const
  ) {
    assertEquals(refused(...engine, there, "x"), `${there} needs ${missing}, too; see broker --help`);
  }
});
