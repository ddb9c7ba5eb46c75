import { assertEquals } from "@std/assert";
import { type Evidence, judge, type Sent, type Taken, type Taking } from "./cluster/oracle.ts";

const TOPIC = "#t";
const QUIET: Sent = { at: 0, acknowledged: 10, refused: 0 };
/** On its way at 5,000, when something is killed that is back at 6,000. */
const KILLED: Sent = { at: 4_990, acknowledged: 5_300, refused: 0 };

function taking(taken: readonly Taken[], restored = 0): Taking {
  return { who: "s1", restored, told: [], taken };
}

/** Messages with these numbers, stored one behind the other. */
function stored(...numbers: readonly number[]): Taken[] {
  return numbers.map((number, at) => ({ topic: TOPIC, number, seq: at + 1 }));
}

/** What is wrong where messages were sent so, and these are stored and were taken. */
function wrong(
  messages: readonly Sent[],
  what: readonly Taken[],
  { hasIds = true, live = [taking(what)], others = [] }: {
    readonly hasIds?: boolean;
    readonly live?: readonly Taking[];
    readonly others?: readonly Taking[];
  } = {},
): readonly string[] {
  const evidence: Evidence = {
    sendings: [{ topic: TOPIC, hasIds, messages }],
    outages: [{ from: 5_000, until: 6_000 }],
    stored: [{ ...taking(what), who: "broker 0" }, ...others],
    live,
  };
  return judge(evidence).wrong;
}

Deno.test("a cluster that stores each message once, in order, and gives it to everybody has nothing wrong", () => {
  assertEquals(wrong([QUIET, QUIET, KILLED], stored(0, 1, 2)), []);
});

Deno.test("what was acknowledged and is not stored is found, and what was never acknowledged", () => {
  assertEquals(wrong([QUIET, KILLED], stored(0)), ["#t 1: acknowledged, and not stored"]);
  assertEquals(wrong([{ ...QUIET, acknowledged: undefined }], stored(0)), ["#t 0: never acknowledged"]);
});

Deno.test("what is stored twice has to have been on its way at a kill, and to have no id", () => {
  assertEquals(wrong([KILLED], stored(0, 0), { hasIds: false }), []);
  assertEquals(wrong([{ ...QUIET, refused: 1 }], stored(0, 0), { hasIds: false }), []);
  assertEquals(wrong([QUIET], stored(0, 0), { hasIds: false }), [
    "#t 0: stored twice, and no kill explains it",
  ]);
  assertEquals(wrong([KILLED], stored(0, 0)), ["#t 0: stored twice, although it has an id"]);
});

Deno.test("what is stored out of order has to have been on its way at a kill", () => {
  assertEquals(wrong([KILLED, QUIET], stored(1, 0)), []);
  const during: Sent = { at: 5_900, acknowledged: 6_100, refused: 0 };
  assertEquals(wrong([during, during], stored(1, 0)), []);
  for (const sent of [QUIET, { ...QUIET, at: 6_001, acknowledged: 6_100 }]) {
    assertEquals(wrong([sent, sent], stored(1, 0)), ["#t 0: stored behind 1, and no kill explains it"]);
  }
});

Deno.test("what nobody sent, and brokers that tell different things, are found", () => {
  assertEquals(wrong([QUIET], stored(0, 7)), ["#t 7: stored, and nobody sent it"]);
  const others = [{ ...taking([]), who: "broker 1" }];
  assertEquals(wrong([QUIET], stored(0), { others }), ["broker 1 tells other messages than broker 0: 0"]);
});

Deno.test("a subscriber has to get each stored message, in order, and once over one connection", () => {
  const two = [QUIET, QUIET];
  const [first, second] = stored(0, 1) as [Taken, Taken];
  assertEquals(wrong(two, [first, second], { live: [taking([first])] }), ["s1 never got #t 1 (seq 2)"]);
  assertEquals(wrong(two, [first, second], { live: [taking([second, first])] }), [
    "s1 got #t 0 (seq 1) behind 2",
  ]);
  const repeated = [first, first, second];
  assertEquals(wrong(two, [first, second], { live: [taking(repeated)] }), [
    "s1 got #t 0 (seq 1) twice over one connection",
  ]);
  assertEquals(wrong(two, [first, second], { live: [taking(repeated, 1)] }), []);
  assertEquals(wrong([QUIET], [first], { live: [{ ...taking([first]), told: ["of a gap"] }] }), [
    "s1 was told of a gap",
  ]);
  assertEquals(wrong([QUIET], [first], { live: [taking([first, { ...second, seq: 9 }])] }), [
    "s1 got #t 1 (seq 9), which is not stored",
  ]);
});
