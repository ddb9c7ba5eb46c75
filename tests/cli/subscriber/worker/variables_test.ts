import { assertEquals } from "@std/assert";
import { forgetOuterMessage, variablesOf } from "../../../../lib/cli/subscriber/worker/variables.ts";
import { message } from "../../output/collected.ts";
import { standInEnvironment } from "../../stand_in.ts";
import { Bench } from "./fake_commands.ts";

Deno.test("a message of a topic in memory has a topic, a group and an attempt, and nothing it does not have", () => {
  assertEquals(variablesOf({ ...message("#jobs", "hi"), group: "g" }), {
    HASHBUS_TOPIC: "#jobs",
    HASHBUS_GROUP: "g",
    HASHBUS_ATTEMPT: "1",
  });
});

Deno.test("a message has all that it has, and its headers by name", () => {
  const variables = variablesOf({
    ...message("#jobs", "hi"),
    group: "g",
    seq: 12,
    attempt: 3,
    id: "a-1",
    key: "order 7",
    time: new Date(1_769_850_000_123),
    reply: "#done",
    headers: new Map([["content-type", "text/plain"], ["lang", "en"]]),
  });
  assertEquals(variables, {
    HASHBUS_TOPIC: "#jobs",
    HASHBUS_SEQ: "12",
    HASHBUS_ATTEMPT: "3",
    HASHBUS_GROUP: "g",
    HASHBUS_ID: "a-1",
    HASHBUS_KEY: "order 7",
    HASHBUS_TIME: "2026-01-31T09:00:00.123Z",
    HASHBUS_REPLY: "#done",
    HASHBUS_H_CONTENT_TYPE: "text/plain",
    HASHBUS_H_LANG: "en",
  });
});

Deno.test("a header is no other variable, whatever its name and its value", () => {
  const headers = new Map([["a-b", "first"], ["a.b", "second"], ["=\0é", "1\0"], ["__proto__", "p"]]);
  assertEquals(variablesOf({ ...message("#jobs", "hi"), headers }), {
    HASHBUS_TOPIC: "#jobs",
    HASHBUS_ATTEMPT: "1",
    HASHBUS_H_A_B: "first",
    HASHBUS_H____: "1\ufffd",
    HASHBUS_H___PROTO__: "p",
  });
});

Deno.test("what another worker has said of its message is not said by this one, and all else stays", () => {
  const others = {
    HOME: "/h",
    HASHBUS_URL: "u",
    HASHBUS_TOKEN: "t",
    HASHBUS_TOPICS: "x",
    MY_HASHBUS_H_A: "y",
  };
  const names = ["TOPIC", "SEQ", "ATTEMPT", "GROUP", "ID", "KEY", "TIME", "REPLY", "H_LANG", "H_"];
  const said = Object.fromEntries(names.map((name) => [`HASHBUS_${name}`, "outer"]));
  using _environment = standInEnvironment({ ...others, ...said });
  forgetOuterMessage();
  assertEquals(Deno.env.toObject(), others);
});

Deno.test("a worker that begins has forgotten it", () => {
  using _environment = standInEnvironment({ HOME: "/h", HASHBUS_SEQ: "7" });
  using _bench = new Bench();
  assertEquals(Deno.env.toObject(), { HOME: "/h" });
});
