/** What a query may ask for, and how numbers and pages are told. */
import { assertEquals, assertThrows } from "@std/assert";
import { countOf, limitOf, nextPath, rounded, timeText, wordOf } from "../../lib/http/answers.ts";
import { patternIn, patternOf, topicIn } from "../../lib/http/names.ts";
import { optionsIn } from "../../lib/http/messages/headers.ts";
import { Problem, titleOf } from "../../lib/http/problem.ts";
import type { Asked } from "../../lib/http/types.ts";

/** A request with this query and these headers. */
function asked(
  query: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Asked {
  const url = `http://localhost/api/x?${new URLSearchParams(query)}`;
  return { req: { url, query: (name: string) => query[name], header: () => headers } } as unknown as Asked;
}

function refused(work: () => unknown): string {
  const { status, message } = assertThrows(work, Problem);
  assertEquals(status, 400);
  return message;
}

Deno.test("a limit is a number from 1 to 1,000, and 100 where none is given", () => {
  assertEquals(limitOf(asked({})), 100);
  for (const limit of [1, 100, 1000]) assertEquals(limitOf(asked({ limit: `${limit}` })), limit);
  for (const limit of ["0", "1001", "10000000", "-1", "1.5", "", "x"]) {
    assertEquals(
      refused(() => limitOf(asked({ limit }))),
      `limit= is a number from 1 to 1,000, not "${limit}"`,
    );
  }
});

Deno.test("a count has up to fifteen digits, and none where it is not given", () => {
  assertEquals(countOf(asked({}), "after"), undefined);
  for (const text of ["0", "7", "123456789012345"]) {
    assertEquals(countOf(asked({ after: text }), "after"), Number(text));
  }
  for (const text of ["1234567890123456", "", "-1", "1e3"]) {
    assertEquals(
      refused(() => countOf(asked({ after: text }), "after")),
      `after= is a whole number, not "${text}"`,
    );
  }
});

Deno.test("a word is the first where none is given, and one of those that there are", () => {
  const of = (query: Readonly<Record<string, string>>): string =>
    wordOf(asked(query), "sort", ["name", "rate"]);
  assertEquals([of({}), of({ sort: "rate" }), of({ sort: "name" })], ["name", "rate", "name"]);
  assertEquals(refused(() => of({ sort: "size" })), 'sort= is name or rate, not "size"');
});

Deno.test("numbers are told to a hundredth, times with milliseconds, and the next page with its query", () => {
  assertEquals([0.004, 0.005, 1.234, 12].map(rounded), [0, 0.01, 1.23, 12]);
  assertEquals(timeText(1_700_000_000_123), "2023-11-14T22:13:20.123Z");
  assertEquals(nextPath(asked({ limit: "2", after: "a b" }), { after: "#c" }), "/api/x?limit=2&after=%23c");
});

Deno.test("a message has what its headers say, percent-encoded, and what is none of ours is left alone", () => {
  const options = optionsIn(asked({}, {
    "content-type": "text/plain",
    "hashbus-key": "sch%C3%B6n",
    "hashbus-id": "i",
    "hashbus-reply": "#r",
    "hashbus-ttl": "60.125",
    "hashbus-delay": "1.5",
    "hashbus-header-lang": "en",
    "hashbus-header-b": "",
  }));
  const headers = new Map([["lang", "en"], ["b", ""]]);
  assertEquals(options, { key: "schön", id: "i", reply: "#r", ttl: 60.125, delay: 1500, headers });
  assertEquals(optionsIn(asked({}, { accept: "*/*" })), {});
  assertEquals(optionsIn(asked({}, { "hashbus-ttl": "123456789" })), { ttl: 123_456_789 });
});

Deno.test("what a header says wrongly is refused with its name and what it says", () => {
  const of = (name: string, value: string): string => refused(() => optionsIn(asked({}, { [name]: value })));
  for (const name of ["hashbus-what", "hashbus-header-", "hashbus-"]) {
    assertEquals(of(name, "x"), `the header "${name}" is none that is known: see docs/http.md`);
  }
  for (const seconds of ["1234567890", "1.2345", "-1", "", "1.", "x"]) {
    assertEquals(of("hashbus-ttl", seconds), `hashbus-ttl is a number of seconds, not "${seconds}"`);
    assertEquals(of("hashbus-delay", seconds), `hashbus-delay is a number of seconds, not "${seconds}"`);
  }
  assertEquals(
    of("hashbus-delay", "40000000"),
    'hashbus-delay is seconds from 0 to 31536000, not "40000000"',
  );
  assertEquals(of("hashbus-ttl", "0"), 'hashbus-ttl is seconds from 0.001 to 999999999, not "0"');
  assertEquals(
    of("hashbus-key", "%zz"),
    'hashbus-key is percent-encoded UTF-8, "%zz" is not: write % as %25',
  );
});

Deno.test("each status that is answered has its phrase", () => {
  const phrases = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Content Too Large",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
    507: "Insufficient Storage",
  };
  for (const [status, phrase] of Object.entries(phrases)) assertEquals(titleOf(Number(status)), phrase);
});

Deno.test("a name in a path is read as it is anywhere else, and one that is no UTF-8 is refused", () => {
  const written = (path: string): Asked =>
    ({ req: { url: `http://x/api/topics${path}` } }) as unknown as Asked;
  const named = (topic = ""): Asked => written(`/${encodeURIComponent(topic)}/messages`);
  assertEquals([topicIn(named("a.b"), 255), topicIn(named("#ü"), 255)], ["#a.b", "#ü"]);
  assertEquals([patternIn(named("#a.*"), 255), patternOf("a.>", 255)], ["#a.*", "#a.>"]);
  const code = (work: () => unknown): string => assertThrows(work, Problem).code;
  for (const text of ["%ff", "a%80b", "%c3%28", "a%F0", "%ed%a0%80"]) {
    const asked = written(`/${text}`);
    assertEquals([code(() => topicIn(asked, 255)), code(() => patternIn(asked, 255))], [
      "BAD_UTF8",
      "BAD_UTF8",
    ]);
    assertEquals(topicIn(named(text), 255), `#${text}`, "what is percent-encoded twice is a name");
  }
  assertEquals([code(() => topicIn(named("#a.*"), 255)), code(() => patternOf("#a..b", 255))], [
    "BAD_TOPIC",
    "BAD_PATTERN",
  ]);
  assertEquals([code(() => topicIn(written(""), 255)), code(() => topicIn(named("abc"), 3))], [
    "BAD_TOPIC",
    "BAD_TOPIC",
  ]);
});
