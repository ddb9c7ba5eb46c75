import { assertEquals } from "@std/assert";
import {
  type Arrived,
  hasMore,
  type JsonMessage,
  messageJson,
  messageJsonAnew,
  messageJsonDeep,
} from "../../../lib/cli/messages/message.ts";

const TIME = new Date("2026-01-31T09:00:00.007Z");
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** All that a message may have. */
const WHOLE: JsonMessage = {
  topic: "#a",
  payload: bytes("x"),
  group: "workers",
  seq: 7,
  attempt: 2,
  level: "synced",
  subs: 3,
  id: "i",
  key: "k",
  ttl: 5,
  reply: "#r",
  headers: new Map([["lang", "en"]]),
  at: TIME,
  delay: 1500,
  fields: "z=1",
};

Deno.test("a message as JSON has all it has in a fixed order, times as RFC 3339 and spans in seconds", () => {
  assertEquals(
    messageJson(WHOLE, TIME),
    '{"time":"2026-01-31T09:00:00.007Z","topic":"#a","at":"2026-01-31T09:00:00.007Z","delay":1.5,' +
      '"group":"workers","seq":7,"attempt":2,"level":"synced","subs":3,"id":"i","key":"k","ttl":5,' +
      '"reply":"#r","headers":{"lang":"en"},"fields":"z=1","payload":"x"}',
  );
  assertEquals(messageJson({ ...WHOLE, at: 0 }, TIME).includes('"at":"1970-01-01T00:00:00.000Z"'), true);
});

Deno.test("what a message does not have is no part of its JSON, each by itself", () => {
  const none = { topic: "#a", payload: bytes("x") };
  const about = { time: "2026-01-31T09:00:00.007Z", topic: "#a" };
  const object = (message: JsonMessage): unknown => JSON.parse(messageJson(message, TIME));
  assertEquals(object(none), { ...about, payload: "x" });
  const alone = { ...JSON.parse(messageJson(WHOLE, TIME)) as Record<string, unknown> };
  for (const [key, value] of Object.entries(WHOLE)) {
    if (key === "topic" || key === "payload") continue;
    const shown = key === "attempt" ? {} : { [key]: alone[key] };
    assertEquals(object({ ...none, [key]: value }), { ...about, ...shown, payload: "x" }, key);
  }
  assertEquals(object({ ...none, headers: new Map() }), { ...about, payload: "x" });
  assertEquals(object({ ...none, attempt: 2, seq: 0 }), { ...about, seq: 0, attempt: 2, payload: "x" });
});

Deno.test("what is no text is in base64, the fields as well as the payload", () => {
  const line = messageJson({ topic: "#a", payload: Uint8Array.of(255), fields: Uint8Array.of(254) }, TIME);
  assertEquals(JSON.parse(line), {
    time: "2026-01-31T09:00:00.007Z",
    topic: "#a",
    fields_base64: "/g==",
    payload_base64: "/w==",
  });
});

Deno.test("a payload that is JSON is embedded, any other is what it is", () => {
  const deep = (text: string): unknown => {
    const { payload } = JSON.parse(messageJsonDeep({ topic: "#a", payload: bytes(text), text }, TIME));
    return payload;
  };
  assertEquals([deep('{"a":[1,null]}'), deep("5"), deep('"x"'), deep("null"), deep("no"), deep("")], [
    { a: [1, null] },
    5,
    "x",
    null,
    "no",
    "",
  ]);
  const { time, topic } = JSON.parse(messageJsonDeep({ topic: "#b", payload: bytes("1"), text: "1" }, TIME));
  assertEquals([time, topic], [TIME.toISOString(), "#b"]);
});

Deno.test("a message that is published anew has what its publisher gave it, and nothing of the first time", () => {
  const { at: _, delay: _1, fields: _2, level: _3, subs: _4, ...arrived } = WHOLE;
  const anew = (more: Partial<Arrived> = {}): unknown =>
    JSON.parse(messageJsonAnew({ ...arrived, text: "x", time: TIME, ...more }));
  const given = { topic: "#a", key: "k", ttl: 5, reply: "#r" };
  assertEquals(anew(), { ...given, headers: { lang: "en" }, payload: "x" });
  assertEquals(anew({ headers: new Map() }), { ...given, payload: "x" });
  const { headers: _5, ...bare } = arrived;
  assertEquals(JSON.parse(messageJsonAnew({ ...bare, text: "x" })), { ...given, payload: "x" });
});

Deno.test("there is more to a message where it has a header, a key, a time to live or a place for answers", () => {
  const message = { topic: "#a", payload: bytes("x"), text: "x" };
  const given = { id: "i", seq: 7, time: TIME, group: "g", attempt: 1 };
  assertEquals([hasMore(message), hasMore({ ...message, ...given, headers: new Map() })], [false, false]);
  for (const more of [{ headers: new Map([["a", ""]]) }, { key: "" }, { ttl: 0 }, { reply: "#r" }]) {
    assertEquals(hasMore({ ...message, ...more }), true, JSON.stringify(more));
  }
});
