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

Deno.test("the broker serves, or does one thing with what is stored and exits", () => {
  const data = ["--data", "d"];
  assertEquals(planOf(), { kind: "serve" });
  assertEquals(planOf(...data), { kind: "serve" });
  assertEquals(planOf("--data-check", ...data), { kind: "check", dir: "d" });
  assertEquals(planOf("--export", "#a.>", ...data), { kind: "export", dir: "d", pattern: "#a.>" });
  assertEquals(planOf("--import", "-", ...data), { kind: "import", dir: "d", path: "-" });
  assertEquals(planOf("--hash-secret"), { kind: "hash secret" });
  const groups = (...words: readonly string[]): unknown => {
    const plan = planOf(...data, ...words);
    return plan.kind === "groups" ? plan.job : plan;
  };
  assertEquals(groups("--groups"), { do: "list", json: false });
  assertEquals(groups("--groups", "--json"), { do: "list", json: true });
  assertEquals(groups("--redrive", "g"), { do: "redrive", name: "g" });
  assertEquals(groups("--delete-group", "g"), { do: "delete", group: { name: "g", pattern: undefined } });
  assertEquals(groups("--reset-group", "g#a.>", "--from", "5"), {
    do: "reset",
    group: { name: "g", pattern: "#a.>" },
    from: 5,
  });
});

Deno.test("jobs need something stored, and one at a time is done", () => {
  const refusal = (...words: readonly string[]): string =>
    assertThrows(() => planOf(...words), UsageError).message;
  const needs = "needs --data DIR, the directory with the store; see broker --help";
  assertEquals(refusal("--data-check"), `--data-check ${needs}`);
  assertEquals(refusal("--groups"), `--groups ${needs}`);
  assertEquals(
    refusal("--data", "d", "--data-check", "--groups"),
    "--data-check and --groups do not go together: take one",
  );
  assertEquals(
    refusal("--data", "d", "--redrive", "g", "--hash-secret"),
    "--redrive and --hash-secret do not go together: take one",
  );
  assertEquals(refusal("--json"), "--json is for --groups: give that, too");
  assertEquals(
    refusal("--data", "d", "--from", "5"),
    "--from says where --reset-group lets a group begin: give that, too",
  );
  assertEquals(
    refusal("--data", "d", "--reset-group", "g"),
    "--reset-group needs --from POS: now (what is stored from now on), earliest, a sequence number, so long " +
      "ago (-10m) or a time",
  );
  for (const last of ["latest", "-10"]) {
    assertEquals(
      refusal("--data", "d", "--reset-group", "g", `--from=${last}`),
      `a group begins at one place, and not at the last of each topic, "${last}"`,
    );
  }
});

Deno.test("a time to acknowledge in is neither short nor endless", () => {
  const taken = (text: string): boolean => {
    try {
      return planOf("--data", "d", "--durable", "#>", "--ack-timeout", text).kind === "serve";
    } catch (error) {
      if (error instanceof UsageError) return false;
      throw error;
    }
  };
  assertEquals(["249ms", "250ms", "1d", "25h"].map(taken), [false, true, true, false]);
});
