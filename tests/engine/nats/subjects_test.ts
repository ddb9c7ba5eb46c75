import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { prefixProblem, Subjects } from "../../../lib/engine/nats/subjects.ts";
import { matches, parsePattern, parseTopic } from "../../../lib/topics/topic.ts";
import { NASTY_STRINGS } from "../../support/nasty_strings.ts";

const subjects = new Subjects("hashbus");
const segment = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 }),
  fc.constantFrom(
    "$SYS",
    "$JS",
    "_INBOX",
    "*",
    ">",
    "PUB",
    "#",
    "..",
    "a b",
    "ü",
    "%2A",
    "one",
    "run",
    "\r\nPUB x 0\r\n",
  ),
  fc.constantFrom(...NASTY_STRINGS.values()),
);
const name = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join("."));

/** As NATS matches: token by token. */
function natsMatches(pattern: string, subject: string): boolean {
  const [wide, narrow] = [pattern.split("."), subject.split(".")];
  for (const [at, token] of wide.entries()) {
    if (at >= narrow.length) return false;
    if (token === ">") return true;
    if (token !== "*" && token !== narrow[at]) return false;
  }
  return wide.length === narrow.length;
}

Deno.test("a topic's subject is below the prefix, is none of NATS's commands, and becomes the topic again (N6)", () => {
  fc.assert(fc.property(name, (text) => {
    const parsed = parseTopic(text);
    if ("problem" in parsed) return;
    const topic = parsed.name;
    const kinds = [
      [subjects.one(topic), "hashbus.memory.one.", subjects.topicOfOne(subjects.one(topic))],
      [subjects.run(topic), "hashbus.memory.run.", subjects.topicOfRun(subjects.run(topic))],
      [subjects.stored(topic), "hashbus.stored.", subjects.topicOfStored(subjects.stored(topic))],
    ] as const;
    for (const [subject, prefix, back] of kinds) {
      assert(subject.startsWith(prefix));
      assert(!/[\s\p{Cc}]/u.test(subject) && !subject.includes(".."), subject);
      assert(!subject.split(".").some((token) => token === "*" || token === ">" || token === ""), subject);
      assertEquals(back, topic);
    }
    assertEquals(new Set(kinds.map(([subject]) => subject)).size, 3);
    assertEquals(subjects.topicOfOne(subjects.run(topic)), undefined);
  }));
});

Deno.test("a pattern takes in the same topics as its subject does in NATS", () => {
  fc.assert(fc.property(name, name, (text, other) => {
    const [pattern, topic] = [parsePattern(text), parseTopic(other)];
    if ("problem" in pattern || "problem" in topic) return;
    for (const subject of [subjects.one(topic.name), subjects.run(topic.name)]) {
      assertEquals(natsMatches(subjects.memory(pattern.name), subject), matches(pattern.name, topic.name));
    }
    assertEquals(
      natsMatches(subjects.stored(pattern.name), subjects.stored(topic.name)),
      matches(pattern.name, topic.name),
    );
    assert(!natsMatches(subjects.memory(pattern.name), subjects.stored(topic.name)));
    assert(!natsMatches(subjects.memory(pattern.name), subjects.broker("full")));
  }));
});

Deno.test("what NATS programs write to that is no topic is none", () => {
  const wrong = [
    "hashbus.memory.one.",
    "hashbus.memory.one",
    "hashbus.memory.one.a..b",
    "hashbus.memory.one.a\u200b",
    "hashbus.memory.one.a b",
    "hashbus.memory.one.*",
    `hashbus.memory.one.${"a.".repeat(32)}a`,
    "hashbus2.memory.one.a",
    "memory.one.a",
  ];
  assertEquals(wrong.map((subject) => subjects.topicOfOne(subject)), wrong.map(() => undefined));
});

Deno.test("a prefix is words of letters, digits, - and _ with dots between them", () => {
  const longest = "a".repeat(64);
  assertEquals(["hashbus", "a.b-c_D.9", longest].map(prefixProblem), [undefined, undefined, undefined]);
  assertEquals(prefixProblem(`${longest}a`), "a prefix has at most 64 characters");
  for (const prefix of ["", ".a", "a.", "a..b", "a b", "a.*", ">", "$SYS", "ü", "a\r\nPUB", "a".repeat(65)]) {
    assert(prefixProblem(prefix) !== undefined, prefix);
  }
});
