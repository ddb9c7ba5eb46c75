/** What goes with a message, as it is written; and what holds for it on its way. */
import { assertEquals, assertThrows } from "@std/assert";
import { classicProblem } from "../../../lib/client/publishing/classic_problem.ts";
import { encodeFields } from "../../../lib/client/publishing/message_fields.ts";
import { MessageIds } from "../../../lib/client/publishing/message_ids.ts";
import { givenUp, MessageTerms, termsOf } from "../../../lib/client/publishing/message_terms.ts";
import { receiptAt, receiptOf, tooFewSubs } from "../../../lib/client/publishing/receipts.ts";
import type { PublishOptions } from "../../../lib/client/types.ts";
import { RefusedError } from "../../../lib/errors.ts";
import { DELAY_MOST_MS, TIMER_MOST_MS } from "../../../lib/limits.ts";
import { HandedClock } from "../../support/handed_clock.ts";

const FIRST = Date.parse("0000-01-01T00:00:00.000Z");
const LAST = Date.parse("9999-12-31T23:59:59.999Z");

function written(options: PublishOptions): string {
  return new TextDecoder().decode(encodeFields(options));
}

/** What is said of options that cannot be meant. */
function refused(options: PublishOptions): string {
  const error = assertThrows(() => encodeFields(options), RefusedError);
  assertEquals(error.code, "BAD_FIELD");
  return error.message;
}

Deno.test("what goes with a message is written in one order, escaped, and nothing where nothing does", () => {
  assertEquals(written({}), "");
  const all = { reply: "answers.here", headers: { "a b": "1=2", n: "x\ny" }, ttl: 5, key: "k k", id: "i%" };
  assertEquals(written(all), " id=i%25 key=k%20k ttl=5 reply=#answers.here h.a%20b=1=2 h.n=x%0Ay");
  assertEquals(written({ headers: new Map([["b", "2"], ["a", ""]]) }), " h.b=2 h.a=");
  assertEquals(written({ id: "", key: "" }), " id= key=");
  assertEquals(written({ minSubs: 3, timeout: 5 }), "", "these are the client's own");
});

Deno.test("a ttl is a millisecond at least and thirty years at most, and no finer than a millisecond", () => {
  assertEquals([0.001, 0.5, 1.23456, 60, 999_999_999].map((ttl) => written({ ttl })), [
    " ttl=0.001",
    " ttl=0.5",
    " ttl=1.235",
    " ttl=60",
    " ttl=999999999",
  ]);
  for (const ttl of [0.0009, 0, -1, NaN, Infinity, 1_000_000_000]) {
    assertEquals(refused({ ttl }), `ttl is seconds from 0.001 to 999999999, ${ttl} is not`);
  }
});

Deno.test("a delay is a year at most, and a time one that four digits of a year can say", () => {
  assertEquals([0, 1, 1234.4, DELAY_MOST_MS].map((delay) => written({ delay })), [
    " delay=0",
    " delay=0.001",
    " delay=1.234",
    ` delay=${DELAY_MOST_MS / 1000}`,
  ]);
  for (const delay of [-1, NaN, DELAY_MOST_MS + 1]) {
    assertEquals(refused({ delay }), `delay is milliseconds from 0 to ${DELAY_MOST_MS}, ${delay} is not`);
  }
  assertEquals(written({ at: new Date(FIRST) }), " at=0000-01-01T00:00:00.000Z");
  assertEquals(written({ at: new Date(LAST) }), " at=9999-12-31T23:59:59.999Z");
  const no = "at is a time of the years 0 to 9999,";
  assertEquals(refused({ at: new Date(FIRST - 1) }), `${no} -000001-12-31T23:59:59.999Z is not`);
  assertEquals(refused({ at: new Date(LAST + 1) }), `${no} +010000-01-01T00:00:00.000Z is not`);
  assertEquals(refused({ at: new Date(NaN) }), `${no} an invalid Date is not`);
});

Deno.test("when a message is delivered is said in one way, and by nobody who counts who gets it now", () => {
  const both = "delay and at are two ways to say when a message is delivered: take one";
  assertEquals(refused({ delay: 5, at: new Date(0) }), both);
  const later = "minSubs counts who gets a message now, and a later one nobody does yet";
  assertEquals([refused({ delay: 5, minSubs: 1 }), refused({ at: new Date(0), minSubs: 1 })], [later, later]);
  assertEquals(written({ delay: 5, minSubs: 0 }), " delay=0.005");
});

Deno.test("a field is text, a header has a name, and who is answered at is a topic", () => {
  assertEquals(refused({ headers: { "": "x" } }), 'a header has a name, the one with "x" has none');
  const lone = 'a field is well-formed Unicode, "\\u{d800}" is not';
  for (
    const options of [
      { id: "\ud800" },
      { key: "\ud800" },
      { headers: { "\ud800": "" } },
      { headers: { a: "\ud800" } },
    ]
  ) {
    assertEquals(refused(options), lone);
  }
  assertEquals(refused({ reply: "#a.*" }).startsWith("the topic to reply to: "), true);
});

Deno.test("a message without terms has none, and others have those that can be meant", () => {
  assertEquals(termsOf("#a", {}), undefined);
  const { signal } = new AbortController();
  const none = { topic: "#a", timeout: undefined, signal: undefined, minSubs: undefined };
  for (const timeout of [0, 0.5, TIMER_MOST_MS]) {
    assertEquals(termsOf("#a", { timeout }), { ...none, timeout });
  }
  for (const minSubs of [0, 1, 7]) assertEquals(termsOf("#a", { minSubs }), { ...none, minSubs });
  assertEquals(termsOf("#a", { signal }), { ...none, signal });
  for (const timeout of [-1, NaN, TIMER_MOST_MS + 1]) {
    const said = `timeout is milliseconds from 0 to ${TIMER_MOST_MS}, ${timeout} is not`;
    assertEquals(assertThrows(() => termsOf("#a", { timeout }), RefusedError).message, said);
  }
  for (const minSubs of [-1, 0.5, NaN, 2 ** 53]) {
    const said = `minSubs is a whole number from 0 on, ${minSubs} is not`;
    assertEquals(assertThrows(() => termsOf("#a", { minSubs }), RefusedError).message, said);
  }
});

Deno.test("who gives a message up is told why, and whether it was published", () => {
  const { signal } = new AbortController();
  const told = (why: "timeout" | "signal", withdrawn: boolean): readonly [string, string] => {
    const { message, code } = givenUp({ topic: "#a", timeout: 1500, signal }, { why, withdrawn });
    return [message, code ?? ""];
  };
  const late = 'the message to "#a" was not acknowledged within 1.5 s';
  const unknown = "it may have been published, or may still be";
  assertEquals(told("timeout", true), [`${late}: it was not published`, "TIMEOUT"]);
  assertEquals(told("timeout", false), [`${late}: ${unknown}`, "TIMEOUT"]);
  const aborted = 'the message to "#a" was given up, for its signal was aborted';
  assertEquals(told("signal", true), [`${aborted}: it was not published`, "ABORTED"]);
  assertEquals(told("signal", false), [`${aborted}: ${unknown}`, "ABORTED"]);
  const never = givenUp({ topic: "#a", timeout: undefined, signal }, { why: "timeout", withdrawn: true });
  assertEquals(never.message, 'the message to "#a" was not acknowledged within 0 ms: it was not published');
  const reason = new Error("enough");
  const why = { why: "signal", withdrawn: true } as const;
  const given = givenUp({ topic: "#a", timeout: undefined, signal: AbortSignal.abort(reason) }, why);
  assertEquals(given.cause, reason);
});

Deno.test("terms are held as long as their messages wait, with one timer and one listener for many", async () => {
  const clock = new HandedClock();
  const told: string[] = [];
  const terms = new MessageTerms(clock, (number, why) => told.push(`${number} ${why}`));
  const stop = new AbortController();
  let listeners = 0;
  const { signal } = stop;
  const listened = {
    addEventListener: () => listeners++,
    removeEventListener: () => listeners--,
  } as unknown as AbortSignal;
  const held = { topic: "#a", timeout: undefined, signal: undefined, minSubs: undefined };
  terms.add(1, { ...held, timeout: 100 });
  terms.add(2, { ...held, timeout: 100, signal });
  terms.add(3, { ...held, signal: listened });
  terms.add(4, { ...held, signal: listened, minSubs: 2 });
  terms.add(5, { ...held, signal });
  terms.add(6, { ...held, minSubs: 0 });
  assertEquals([clock.set.length, listeners], [1, 1]);
  terms.drop(3);
  assertEquals([listeners, terms.get(3)], [1, undefined]);
  assertEquals(terms.settle(4).map(([number, { minSubs }]) => [number, minSubs]), [[4, 2]]);
  assertEquals([clock.set, listeners, terms.get(2), terms.get(4)], [[], 0, undefined, undefined]);
  stop.abort();
  assertEquals(told, ["5 signal"], "who gives it up lets go of it");
  assertEquals(terms.settle(5), []);
  assertEquals(terms.settle(6).map(([number]) => number), [6]);
  assertEquals(terms.settle(100), []);
  terms.add(7, { ...held, timeout: 50, signal: listened });
  assertEquals(listeners, 1, "anew");
  await clock.pass(60);
  assertEquals(told, ["5 signal", "7 timeout"]);
  terms.drop(7);
  terms.drop(7);
  assertEquals([listeners, clock.set], [0, []]);
});

Deno.test("what the classic protocol cannot say of a message is named, and where a line breaks", () => {
  const ids = new MessageIds([1, 2]);
  const own = new TextDecoder().decode(ids.of("#a").next());
  const said = (fields: string, payload: string, minSubs?: number): string | undefined => {
    const message = { topic: "#a", fields, payload: new TextEncoder().encode(payload) };
    const problem = classicProblem(message, { ids, minSubs });
    return problem && `${problem.code} ${problem.message}`;
  };
  assertEquals([said("", "x"), said(own, "x"), said("", "x", 0), said("", "")], Array(4).fill(undefined));
  const needs = "NEEDS_V2 this broker speaks only the classic protocol, which has no";
  assertEquals(said(" key=k", "x"), `${needs} headers, key, ttl, delay, id or reply`);
  assertEquals(said("", "x", 1), `${needs} count of who was reached (minSubs)`);
  const broken =
    'LINE_BREAK a message is one line in the classic protocol: the one to "#a" has a line break at byte';
  assertEquals([said("", "\n"), said(own, "ab\nc\n")], [`${broken} 1`, `${broken} 3`]);
});

Deno.test("a receipt is as the broker said it, and counts down to those before it", () => {
  const last = receiptOf({ seq: 9, level: "synced", subs: 2 });
  assertEquals([last, receiptOf({}), receiptOf({ level: "else" })], [
    { seq: 9, level: "synced", subs: 2 },
    {},
    {},
  ]);
  assertEquals([receiptAt(last, 0).seq, receiptAt(last, 1).seq, receiptAt(last, 8).seq], [9, 8, 1]);
  assertEquals(receiptAt({ subs: 1 }, 3), { subs: 1 });
});

Deno.test("a message has too few when fewer have it than it asks for, or nobody says how many", () => {
  const said = (minSubs: number | undefined, subs: number | undefined): string | undefined =>
    tooFewSubs({ topic: "#a", minSubs }, subs)?.message;
  assertEquals([said(undefined, undefined), said(0, undefined), said(0, 0), said(1, 1), said(1, 2)], [
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  assertEquals(said(1, 0), 'the message to "#a" reached 0 subscribers, at least 1 was asked for');
  assertEquals(said(2, 1), 'the message to "#a" reached 1 subscriber, at least 2 were asked for');
  assertEquals(
    said(1, undefined),
    'the message to "#a" reached an unknown number of subscribers (the broker does not say), ' +
      "at least 1 was asked for",
  );
});

Deno.test("what is of the wrong kind is a mistake in the program, and named", () => {
  const maps = "headers are an object or a Map of strings";
  const table: [options: unknown, said: string][] = [
    [null, "the options of a message are an object, null is not"],
    ["ttl", 'the options of a message are an object, "ttl" is not'],
    [{ headers: "lang=en" }, `${maps}, "lang=en" is not`],
    [{ headers: null }, `${maps}, null is not`],
    [{ headers: [["a", "b"]] }, `${maps}, this is a list: Object.fromEntries(…) makes one of it`],
    [{ headers: { n: 1 } }, 'the header "n" is a string, the number 1 is not'],
    [{ headers: new Map([[1, "x"]]) }, "the name of a header is a string, the number 1 is not"],
    [{ ttl: "5" }, 'ttl is a number of seconds, "5" is not'],
    [{ delay: "5" }, 'delay is a number of milliseconds, "5" is not'],
    [{ at: 5 }, "at is a Date, the number 5 is not"],
    [{ key: 1 }, "key is a string, the number 1 is not"],
    [{ id: null }, "id is a string, null is not"],
    [{ reply: ["#b"] }, "reply is a string, an array is not"],
  ];
  for (const [options, said] of table) {
    const error = assertThrows(() => encodeFields(options as PublishOptions), TypeError);
    assertEquals(error.message, said);
  }
  const terms: [options: unknown, said: string][] = [
    [{ timeout: "1s" }, 'timeout is a number, "1s" is not'],
    [{ minSubs: true }, "minSubs is a number, true is not"],
    [{ signal: {} }, "signal is an AbortSignal, an object is not"],
  ];
  for (const [options, said] of terms) {
    assertEquals(assertThrows(() => termsOf("#a", options as PublishOptions), TypeError).message, said);
  }
  const signal = AbortSignal.abort(new Error("enough"));
  assertThrows(() => termsOf("#a", { signal }), Error, "enough");
});
