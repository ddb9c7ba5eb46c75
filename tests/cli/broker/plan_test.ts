import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { GROUP_OPTIONS } from "../../../lib/cli/broker/groups/options.ts";
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
  const engine = ["--engine", "nats://a:4222"];
  const jobs = [["--groups"], ["--reset-group", "g", "--from", "now"], ["--delete-group", "g"], [
    "--redrive",
    "g",
  ]];
  for (const [flag, ...words] of [...jobs, ["--data-check"], ["--export", "#a"], ["--import", "-"]]) {
    assertEquals(
      refusal(flag!, ...words, ...engine),
      `${flag} is for what is stored in --data DIR, and not offered for what --engine keeps in NATS: leave ` +
        "--engine out, or see its groups with --http (/api/groups)",
    );
  }
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

Deno.test("what is said about what is stored is refused where nothing is, in words for one, two and more", () => {
  const of = (flags: string, it: string, isOne = false): string =>
    `${flags} ${isOne ? "is" : "are"} about messages that are stored, and without --data DIR none is: add ` +
    `--data DIR, or leave ${it} out; see broker --help`;
  const flags = [
    ["--durable", "#a"],
    ["--engine-replicas", "3"],
    ["--sync", "commit"],
    ["--retain-age", "1d"],
    ["--retain-bytes", "1GiB"],
    ["--retain-groups", "hold"],
    ["--retain", "#a age=1d"],
    ["--dedup-window", "1m"],
    ["--ack-timeout", "1m"],
    ["--max-attempts", "3"],
  ] as const;
  for (const [flag, value] of flags) {
    // whose engine there is none of
    if (flag === "--engine-replicas") continue;
    assertEquals(refused(flag, value), of(flag, "it", true));
    assertEquals(planOf("--data", "d", flag, value), { kind: "serve" }, flag);
  }
  assertEquals(refused("--sync", "commit", "--durable", "#a"), of("--durable and --sync", "them"));
  assertEquals(
    refused("--max-attempts", "3", "--sync", "commit", "--retain", "#a", "--durable", "#a"),
    of("--durable, --sync, --retain and --max-attempts", "them"),
  );
});

Deno.test("of an engine's store it is said what NATS itself decides, and what it keeps nothing of", () => {
  const engine = ["--engine", "nats://a"];
  assertEquals(
    refused(...engine, "--durable", "#a", "--sync", "commit"),
    "--sync is not for --engine: how NATS writes to disk stands in its own configuration (sync_interval); " +
      "leave it out",
  );
  assertEquals(
    refused(...engine, "--durable", "#a", "--retain-groups", "hold"),
    "--retain-groups is not for --engine: NATS deletes by age and size, whatever groups have settled; " +
      "leave it out",
  );
  assertEquals(
    refused(...engine, "--max-attempts", "3"),
    "--max-attempts is about messages that are stored, and without --durable PATTERN NATS stores nothing: add " +
      "--durable PATTERN, or leave it out; see broker --help",
  );
  assertEquals(planOf(...engine), { kind: "serve" });
  for (const words of [["--retain-age", "1d"], ["--dedup-window", "1m"], ["--ack-timeout", "1m"]]) {
    assertEquals(planOf(...engine, "--durable", "#a", ...words), { kind: "serve" }, words[0]);
  }
});

Deno.test("a job in --data beside an engine is refused for that, not for its store", () => {
  const words = ["--data", "d", "--engine", "nats://a", "--groups"];
  assertEquals(refused(...words).split(":")[0], "--data stores on this machine and --engine in NATS");
});

Deno.test("a group is called by its name, or by its name and a pattern as one is written anywhere", () => {
  const called = (text: string): unknown => {
    const plan = planOf("--data", "d", "--delete-group", text);
    return plan.kind === "groups" && plan.job.do === "delete" ? plan.job.group : plan;
  };
  assertEquals(called("wörkers"), { name: "wörkers", pattern: undefined });
  assertEquals(called("g#a.*.>"), { name: "g", pattern: "#a.*.>" });
  for (
    const [text, why] of [["a.b", "the name of a group has no"], ["#a", "the name of a group is missing"]]
  ) {
    assertStringIncludes(refused("--data", "d", "--delete-group", text!), `--delete-group: ${why}`);
  }
  assertStringIncludes(refused("--data", "d", "--delete-group", "g#a..b"), "--delete-group: ");
  assertStringIncludes(refused("--data", "d", "--redrive", "a.b"), "--redrive: the name of a group has no");
});

Deno.test("a group that is shown is shown as it is called", () => {
  const shown = (text: string): unknown => GROUP_OPTIONS["delete-group"].show([text]);
  assertEquals([shown("g"), shown("g#a.>")], [["g"], ["g#a.>"]]);
});

Deno.test("--groups stands alone, as a table or as JSON, and --reset-group with any place but the last", () => {
  const data = ["--data", "d", "--reset-group", "g"];
  for (const from of ["now", "earliest", "7", "-10m", "2026-01-31T09:00:00Z"]) {
    assertEquals(planOf(...data, `--from=${from}`).kind, "groups", from);
  }
  assertEquals(refused("--data", "d", "--json", "--reset-group", "g", "--from", "now").slice(0, 6), "--json");
  assertMatch(
    refused(...data, "--from=2999-01-01T00:00:00Z"),
    /^--from: 2999-01-01T\S+ lies in the future, /,
  );
});
