import { assertEquals } from "@std/assert";
import { jsonLines, keyedLines, plainLines } from "../../../lib/cli/publisher/inputs.ts";
import { type MessageOptions, optionsOf, Refusals } from "../../../lib/cli/publisher/types.ts";
import { RefusedError } from "../../../lib/errors.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const NOT_UTF8 = Uint8Array.of(0xff, 0x3a, 0x31);

Deno.test("a line is a message, its bytes untouched, with what every line has and where it stands", () => {
  const options = { ttl: 5 };
  const payload = Uint8Array.of(0xff, 0, 0x0d);
  assertEquals(plainLines({ topic: "#a", options })(payload, 7), { topic: "#a", payload, options, place: 7 });
});

Deno.test("what stands before the first delimiter is the key, and a line without one has none", () => {
  const read = keyedLines(bytes("::"), { topic: "#a", options: { ttl: 5, key: "own" } });
  const line = { topic: "#a", place: 3 };
  assertEquals(read(bytes("k::a::b"), 3), { ...line, payload: bytes("a::b"), options: { ttl: 5, key: "k" } });
  assertEquals(read(bytes("::"), 3), { ...line, payload: bytes(""), options: { ttl: 5, key: "" } });
  assertEquals(read(bytes("k:a"), 3), { ...line, payload: bytes("k:a"), options: { ttl: 5, key: "own" } });
  const one = keyedLines(bytes(":"), { topic: "#a", options: undefined });
  assertEquals(one(NOT_UTF8, 9), { problem: "the key is not UTF-8", place: 9 });
});

Deno.test("a line of JSON names its topic, or has that of -t, which wins; blank ones say nothing", () => {
  const own = jsonLines({ topic: "", options: undefined }, { hasTopics: false });
  const line = '{"topic":"#a","payload":"x"}';
  assertEquals(own(bytes(line), 1), { topic: "#a", payload: bytes("x"), options: undefined, place: 1 });
  for (const blank of ["", " ", "\t\r"]) assertEquals(own(bytes(blank), 2), undefined);
  assertEquals(own(bytes('{"payload":"x"}'), 3), {
    problem: `"topic" is missing in "{"payload":"x"}", and there is no -t`,
    place: 3,
  });
  assertEquals(own(NOT_UTF8, 4), { problem: "not UTF-8", place: 4 });
  const bad = own(bytes("[]"), 5);
  assertEquals(bad !== undefined && "problem" in bad && bad.place, 5);
  const given = jsonLines({ topic: "#b", options: { ttl: 1 } }, { hasTopics: true });
  assertEquals(given(bytes(line), 6), { topic: "#b", payload: bytes("x"), options: { ttl: 1 }, place: 6 });
  assertEquals(given(bytes('{"payload":"x"}'), 7), {
    topic: "#b",
    payload: bytes("x"),
    options: { ttl: 1 },
    place: 7,
  });
  const counted = jsonLines({ topic: "#b", options: { minSubs: 1 } }, { hasTopics: true });
  assertEquals(counted(bytes('{"payload":"x","delay":1}'), 9), {
    problem: '--min-subs counts who gets a message now, and with "delay" nobody does yet',
    place: 9,
  });
  const keyed = given(bytes('{"payload":"x","key":"k"}'), 8);
  assertEquals(keyed !== undefined && "options" in keyed && keyed.options, { ttl: 1, key: "k" });
});

Deno.test("what a line says of its message goes before what the command line says of all", () => {
  const open = { key: undefined, ttl: undefined, reply: undefined, delay: undefined, at: undefined };
  const none = { ...open, headers: new Map<string, string>() };
  const base: MessageOptions = { headers: new Map([["a", "1"], ["b", "2"]]), key: "k", ttl: 9, delay: 500 };
  assertEquals(optionsOf(none, base), base);
  assertEquals(optionsOf(none, undefined), undefined);
  assertEquals(
    optionsOf({ ...none, headers: new Map([["b", "3"]]) }, base)?.headers,
    new Map([["a", "1"], ["b", "3"]]),
  );
  assertEquals(optionsOf({ ...none, key: "", ttl: 1, reply: "#r" }, base), {
    ...base,
    key: "",
    ttl: 1,
    reply: "#r",
  });
  const at = Date.UTC(2030, 0, 1);
  assertEquals(optionsOf({ ...none, delay: 1.2345 }, { at: new Date(at) }), { delay: 1235 });
  assertEquals(optionsOf({ ...none, at }, { delay: 5, key: "k" }), {
    key: "k",
    at: new Date(at),
  }, "there is one way to say when");
});

Deno.test("refusals are handed on with their numbers, and what is known of the broker is kept", () => {
  const refusals = new Refusals();
  const told: unknown[] = [];
  refusals.onEvent({ type: "refused", number: 1, error: new RefusedError("DENIED", "no") });
  refusals.listener = (number, error) => told.push([number, error.message]);
  refusals.onEvent({ type: "refused", number: 2, error: new RefusedError("DENIED", "no") });
  assertEquals(told, [[2, "no"]]);
  const after = (
    ...types: readonly ("fallback" | "silent" | "upgraded" | "restored" | "lost")[]
  ): boolean => {
    for (const type of types) refusals.onEvent({ type, reason: "", address: "" } as never);
    return refusals.onTrial;
  };
  assertEquals([after(), after("silent"), after("lost")], [false, true, true]);
  assertEquals([after("fallback"), after("silent", "upgraded"), after("silent", "restored")], [
    false,
    false,
    false,
  ]);
});
