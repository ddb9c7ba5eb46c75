import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  type LineMessage,
  readMessageLine,
  readPublishLine,
} from "../../../lib/cli/messages/message_line.ts";
import { messageJson } from "../../../lib/cli/messages/message.ts";

const LIMITS = { topic: 255, payload: 1024 };

function problem(line: string): string {
  const read = readMessageLine(line, LIMITS);
  return "problem" in read ? read.problem : `no problem: ${JSON.stringify(read.message)}`;
}

/** A message with nothing but a topic and a payload, and what is added to that. */
function message(more: Partial<LineMessage>): LineMessage {
  const none = undefined;
  const nothing = { time: none, id: none, key: none, ttl: none, reply: none, at: none };
  return {
    ...nothing,
    topic: "#a",
    headers: new Map(),
    fields: undefined,
    payload: new Uint8Array(),
    ...more,
  };
}

Deno.test("a line is read back as it was written", () => {
  const messages = [
    message({ payload: new TextEncoder().encode("one\u0000\n\u2028 \u{1f600} é") }),
    message({
      topic: "#ü.b",
      payload: Uint8Array.of(0xff, 0, 10),
      id: "4 2",
      key: "k=%",
      ttl: 0.5,
      reply: "#r",
    }),
    message({ headers: new Map([["__proto__", "x"], ["a b", ""], ["1", "y"]]) }),
    message({ fields: "z=1 z=2" }),
    message({ at: Date.UTC(2027, 0, 31, 9, 0, 0, 8) }),
    message({ fields: Uint8Array.of(0x7a, 0x3d, 0xff) }),
  ];
  for (const one of messages) {
    const time = Date.UTC(2026, 0, 31, 9, 0, 0, 7);
    const line = messageJson({ ...one, seq: 3, group: "workers" }, new Date(time));
    const read = readMessageLine(line, LIMITS);
    assertEquals(read, { message: { ...one, headers: new Map([...one.headers].sort()), time } }, line);
  }
});

Deno.test("topic and payload are enough, and the # may be left out", () => {
  assertEquals(readMessageLine(' {"payload":"","topic":"a"} ', LIMITS), { message: message({}) });
});

Deno.test("a time is any from 1970 on", () => {
  const line = '{"topic":"a","payload":"","time":"1970-01-01T00:00:00Z"}';
  assertEquals(readMessageLine(line, LIMITS), { message: message({ time: 0 }) });
});

Deno.test("what is no message says what is wrong", () => {
  const cases: [string, string][] = [
    ["nonsense", 'not JSON: "nonsense"'],
    ['{"topic":"a"', "not JSON"],
    ["[]", 'expected a JSON object, such as {"topic":"#a","payload":"hi"}, not a list'],
    ["null", "not null"],
    ['{"payload":"x"}', '"topic" is missing'],
    ['{"topic":5,"payload":"x"}', '"topic" is a string, not 5'],
    ['{"topic":"#a.*","payload":"x"}', "has no wildcards"],
    ['{"topic":"#","payload":"x"}', '"#" alone is no topic'],
    ['{"topic":"a"}', '"payload" is missing'],
    ['{"topic":"a","payload":{"b":1}}', '"payload" is a string, not an object'],
    ['{"topic":"a","payload":7}', '"payload" is a string, not 7'],
    ['{"topic":"a","payload":"x","payload_base64":"eA=="}', "are both there"],
    ['{"topic":"a","payload_base64":"!"}', '"payload_base64" is not base64: "!"'],
    ['{"topic":"a","payload":"\\ud800"}', "half a surrogate pair"],
    [`{"topic":"a","payload":"${"x".repeat(1025)}"}`, "the payload has 1025 bytes, at most 1024 are taken"],
    ['{"topic":"a","payload":"x","time":"yesterday"}', '"time" is as in 2026-01-31T09:00:00Z'],
    ['{"topic":"a","payload":"x","time":"09:00"}', '"time" is as in'],
    ['{"topic":"a","payload":"x","time":"-5m"}', '"time" is as in'],
    ['{"topic":"a","payload":"x","time":"1969-12-31T23:59:59Z"}', '"time" is as in'],
    ['{"topic":"a","payload":"x","time":5}', '"time" is a string, not 5'],
    ['{"topic":"a","payload":"x","seq":"1"}', '"seq" is a number from 0 up, not "1"'],
    ['{"topic":"a","payload":"x","seq":-1}', '"seq" is a number from 0 up, not -1'],
    ['{"topic":"a","payload":"x","attempt":"1"}', '"attempt" is a number from 0 up, not "1"'],
    ['{"topic":"a","payload":"x","attempt":null}', '"attempt" is a number from 0 up, not null'],
    ['{"topic":"a","payload":"x","id":1}', '"id" is a string, not 1'],
    ['{"topic":"a","payload":"x","key":[]}', '"key" is a string, not a list'],
    ['{"topic":"a","payload":"x","reply":true}', '"reply" is a string, not true'],
    ['{"topic":"a","payload":"x","at":"soon"}', '"at" is as in 2026-01-31T09:00:00Z, not "soon"'],
    ['{"topic":"a","payload":"x","delay":5}', '"delay" is for publisher --json-in, "at" is for both'],
    ['{"topic":"a","payload":"x","headers":"b"}', '"headers" is an object, not "b"'],
    ['{"topic":"a","payload":"x","headers":{"\\ud800":"b"}}', "half a surrogate pair"],
    ['{"topic":"a","payload":"x","headers":{"b":"\\ud800"}}', '"headers.b" holds half a surrogate pair'],
    ['{"topic":"a","payload":"x","fields_base64":"IQ=="}', '"fields" are name=value'],
    ['{"topic":"a","payload":"x","fields_base64":"!"}', '"fields_base64" is not base64'],
    ['{"topic":"a","payload":"x","group":7}', '"group" is a string, not 7'],
    ['{"topic":"a","payload":"x","ttl":-1}', '"ttl" is a number from 0 up, not -1'],
    ['{"topic":"a","payload":"x","headers":["x"]}', '"headers" is an object, not a list'],
    ['{"topic":"a","payload":"x","headers":{"b":1}}', '"headers.b" is a string, not 1'],
    ['{"topic":"a","payload":"x","fields":"a\\nb"}', '"fields" are name=value'],
    ['{"topic":"a","payload":"x","fields":""}', '"fields" are name=value'],
    ['{"topic":"a","message":"x"}', 'unknown key "message"; there are time, topic'],
  ];
  for (const [line, reason] of cases) assertStringIncludes(problem(line), reason);
});

Deno.test("a header without a name is no message to publish, and is told before anything is sent", () => {
  assertEquals(readPublishLine('{"topic":"a","payload":"x","headers":{"":"v"}}'), {
    problem: 'a header has a name, the one with "v" has none',
  });
});

Deno.test("what is not for who publishes is no message to publish, and says so", () => {
  const cases: [string, string][] = [
    ["[]", "expected a JSON object"],
    ['{"payload":"x","fields":"a=b"}', '"fields" is for broker --import alone'],
    ['{"payload":"x","fields_base64":"YT1i"}', '"fields_base64" is for broker --import alone'],
    ['{"payload":"x","delay":1,"at":"2027-01-31T09:00:00Z"}', '"delay" and "at" are both there: take one'],
    ['{"payload":"x","ttl":0}', '"ttl" is seconds from 0.001 to 999999999, not 0'],
    ['{"payload":"x","ttl":0.0001}', '"ttl" is seconds from 0.001 to 999999999, not 0.0001'],
    ['{"payload":"x","ttl":1e15}', '"ttl" is seconds from 0.001 to 999999999, not 1000000000000000'],
    ['{"payload":"x","ttl":1e999}', '"ttl" is seconds from 0.001 to 999999999, not Infinity'],
    ['{"payload":"x","delay":40000000}', '"delay" is seconds from 0 to 31536000, not 40000000'],
    ['{"payload":"x","delay":1e99}', '"delay" is seconds from 0 to 31536000, not 1e+99'],
    ['{"payload":"x","reply":"#a.*"}', '"reply": '],
    ['{"payload":"x","subs":1,"nonsense":1}', 'unknown key "nonsense"'],
  ];
  for (const [line, reason] of cases) {
    const read = readPublishLine(line);
    assertStringIncludes("problem" in read ? read.problem : "no problem", reason, line);
  }
});

Deno.test("a message to publish has what its line says, and a payload of any size a broker takes", () => {
  const at = "2027-01-31T09:00:00Z";
  const nothing = { ttl: undefined, key: undefined, reply: undefined, delay: undefined, at: undefined };
  const none = { ...nothing, topic: undefined, headers: new Map(), payload: new Uint8Array() };
  assertEquals(readPublishLine('{"payload":"","delay":0}'), { message: { ...none, delay: 0 } });
  assertEquals(readPublishLine(`{"payload":"","at":"${at}","ttl":0.1,"reply":"r","key":"k"}`), {
    message: { ...none, at: Date.parse(at), ttl: 0.1, reply: "r", key: "k" },
  });
  assertEquals(readPublishLine('{"topic":"a","payload":"","level":"synced","subs":2,"attempt":3}'), {
    message: { ...none, topic: "#a" },
  });
  for (const bounds of ['"ttl":0.001,"delay":0', '"ttl":999999999,"delay":31536000']) {
    assertEquals("message" in readPublishLine(`{"payload":"",${bounds}}`), true, bounds);
  }
  const most = JSON.stringify({ topic: "a", payload: "x".repeat(1024) });
  assertEquals("message" in readMessageLine(most, LIMITS), true, "just what is taken");
});
