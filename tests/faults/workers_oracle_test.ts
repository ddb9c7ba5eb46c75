import { assertEquals } from "@std/assert";
import { entriesIn, type Entry, lineOf, type What } from "./workers/diary.ts";
import { type Evidence, judge } from "./workers/oracle.ts";

/** `a got 1 @100`, an entry each; `attempt`s are not looked at. */
function entries(...lines: readonly string[]): Entry[] {
  return lines.map((line) => {
    const [who = "", what = "", seq, at = ""] = line.split(" ");
    return { who, what: what as What, seq: Number(seq), attempt: 1, at: Number(at.slice(1)) };
  });
}

function wrong(lines: readonly string[], more: Partial<Evidence> = {}): readonly string[] {
  const evidence = {
    brokerKills: [],
    published: [1],
    poisoned: new Set<number>(),
    dead: [],
    ackTimeout: 10_000,
  };
  return judge({ ...evidence, ...more, entries: entries(...lines) }).wrong;
}

const DONE = ["a got 1 @100", "a acks 1 @110", "a acked 1 @120"];

Deno.test("a message that is settled once is right, and so is one that came again for a reason", () => {
  assertEquals(wrong(DONE), []);
  const last = ["b got 1 @200", "b acks 1 @210", "b acked 1 @220"];
  assertEquals(wrong(["a got 1 @100", "a nacks 1 @150", ...last]), []);
  assertEquals(wrong(["a got 1 @100", "a lost 0 @150", ...last]), []);
  assertEquals(
    wrong(["a got 1 @100", "a acks 1 @120", "a gone 0 @150", ...last]),
    [],
    "it may not be stored",
  );
  assertEquals(wrong(["a got 1 @100", ...last], { brokerKills: [150] }), []);
  assertEquals(wrong(["a got 1 @-9900", ...last]), [], "its time was over");
});

Deno.test("a message that two hold at a time is found", () => {
  const both = ["a got 1 @100", "b got 1 @150", "b acks 1 @160", "b acked 1 @170"];
  assertEquals(wrong(both), [
    "1 was given to b (attempt 1) while a held it, 50.0 ms after it had got it",
  ]);
  assertEquals(wrong([...both, "a nacks 1 @180"]).length, 1, "it was given back later");
});

Deno.test("a message that comes again behind its settlement is found, whatever died since", () => {
  const twice = [...DONE, "a gone 0 @130", "b got 1 @200", "b acks 1 @210", "b acked 1 @220"];
  const said = ["1 was settled by a and came again, to b, attempt 1"];
  assertEquals(wrong(twice), said);
  assertEquals(wrong(twice, { brokerKills: [150] }), said);
});

Deno.test("a worker may get a message again while its acknowledgement is on its way, if its time was over", () => {
  const crossed = (again: string): readonly string[] =>
    wrong([
      "a got 1 @100",
      "a acks 1 @10095",
      again,
      "a acked 1 @10110",
      "a acks 1 @10120",
      "a refused 1 @10130",
    ]);
  assertEquals(crossed("a got 1 @10100"), []);
  assertEquals(crossed("b got 1 @10100").length, 1, "another has it");
  assertEquals(crossed("a got 1 @10111").length, 1, "it was settled");
  assertEquals(
    wrong(["a got 1 @100", "a acks 1 @110", "a got 1 @115", "a acked 1 @120"]).length,
    1,
    "too early",
  );
});

Deno.test("a message that nobody settled is found", () => {
  assertEquals(wrong(["a got 1 @100"]), ["1 was never settled"]);
  assertEquals(wrong(["a got 1 @100", "a acks 1 @110", "a refused 1 @120"]), ["1 was never settled"]);
  assertEquals(wrong([]), ["1 was never settled"]);
});

Deno.test("dead letters are the poisoned, each once", () => {
  const poisoned = new Set([1]);
  assertEquals(wrong([], { poisoned, dead: [1] }), []);
  assertEquals(wrong(DONE, { poisoned }), ["1 is poisoned and no dead letter"]);
  assertEquals(wrong(DONE, { dead: [1] }), ["1 is a dead letter, and was not poisoned"]);
  assertEquals(wrong([], { poisoned, dead: [1, 1] }), ["1 dead letters are there twice"]);
});

Deno.test("what was written down is read again, without a line that was cut", () => {
  const [entry] = entries("a got 7 @100.5");
  assertEquals(entriesIn(`${lineOf(entry!)}a acks 7`), [entry]);
});
