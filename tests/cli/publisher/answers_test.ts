import { assertEquals } from "@std/assert";
import { Answers, answerText } from "../../../lib/cli/publisher/answers.ts";

Deno.test("an answer is told with what is in it", () => {
  assertEquals(
    answerText("#a", { level: "synced", seq: 7, subs: 2 }),
    "#a: acknowledged, level synced, seq 7, 2 subscribers",
  );
  assertEquals(
    answerText("#a", { level: "memory", subs: 1 }),
    "#a: acknowledged, level memory, 1 subscriber",
  );
  assertEquals(answerText("#a", {}), "#a: acknowledged");
});

Deno.test("many answers are one line: first and last number, the least subscribers", () => {
  const answers = new Answers();
  assertEquals(answers.summary, undefined);
  const one = new Answers();
  one.add("#a", { level: "synced", seq: 8, subs: 3 });
  assertEquals(one.summary, "level synced, seq 8 of #a, at least 3 subscribers each");
  for (const [seq, subs] of [[8, 3], [9, 1], [10, 2]] as const) {
    answers.add("#a", { level: "synced", seq, subs });
  }
  assertEquals(answers.summary, "level synced, seq 8-10 of #a, at least 1 subscriber each");
  answers.add("#b", { level: "memory", subs: 5 });
  assertEquals(
    answers.summary,
    "level synced and memory, at least 1 subscriber each",
    "numbers are of one topic",
  );
});

Deno.test("what answers do not say is not told of them", () => {
  const answers = new Answers();
  answers.add("#a", {});
  assertEquals(answers.summary, undefined, "a classic one says nothing");
  answers.add("#a", { subs: 0 });
  assertEquals(answers.summary, "at least 0 subscribers each");
  answers.add("#a", { seq: 4 });
  assertEquals(answers.summary, "seq 4 of #a, at least 0 subscribers each");
  answers.add("#a", { level: "synced" });
  answers.add("#a", { seq: 7 });
  answers.add("#a", {});
  assertEquals(answers.summary, "level synced, seq 4-7 of #a, at least 0 subscribers each");
  answers.add("#b", {});
  answers.add("#a", { seq: 8 });
  assertEquals(answers.summary, "level synced, at least 0 subscribers each");
});
