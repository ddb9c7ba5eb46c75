import { assertEquals } from "@std/assert";
import { listTopics } from "../../../../lib/engine/nats/stored/stored_topics.ts";
import type { Asked, EdgeMessage, StreamsPort } from "../../../../lib/engine/nats/streams_port.ts";
import { Subjects } from "../../../../lib/engine/nats/subjects.ts";
import type { TopicsOutcome, TopicsQuery } from "../../../../lib/store/types.ts";

const subjects = new Subjects("p");
/** By topic, the numbers of its first and of its last message; `gone`: none any more when that is asked for. */
const STORED: Readonly<Record<string, readonly [number, number]>> = {
  "#d.b": [2, 9],
  "#d.a": [1, 4],
  "#d.c.x": [3, 3],
  "#e": [5, 6],
};

/** What the stream answers at once. */
function listed(query: Partial<TopicsQuery>, { gone }: { readonly gone?: string } = {}): TopicsOutcome[] {
  const edge = (subject: string, which: "first" | "last"): Asked<EdgeMessage> => {
    const topic = subjects.topicOfStored(subject)!;
    if (topic === gone) return { kind: "none" };
    return { kind: "done", value: { sequence: STORED[topic]![which === "first" ? 0 : 1], time: 1 } };
  };
  const streams = {
    subjects(filter: string, done: (asked: Asked<ReadonlyMap<string, number>>) => void): void {
      asked.push(filter);
      done({
        kind: "done",
        value: new Map([...Object.keys(STORED), "#.no"].map((each) => [subjects.stored(each), 1])),
      });
    },
    edge: (subject: string, which: "first" | "last", done: (asked: Asked<EdgeMessage>) => void) =>
      done(edge(subject, which)),
  } as Partial<StreamsPort> as StreamsPort;
  const asked: string[] = [];
  const outcomes: TopicsOutcome[] = [];
  listTopics({ most: 9, ...query }, { streams, subjects }, (outcome) => void outcomes.push(outcome));
  assertEquals(asked, [subjects.stored(query.match ?? "#>")]);
  return outcomes;
}

/** The names of the one answer, and where to go on. */
function names(query: Partial<TopicsQuery>, how?: { readonly gone: string }): (string | undefined)[] {
  const [outcome, ...more] = listed(query, how);
  if (outcome?.kind !== "topics" || more.length > 0) throw new Error("it is answered once");
  return [...outcome.topics.map(({ topic }) => topic), outcome.next];
}

Deno.test("topics of the stream are listed by their names, with what they begin and end with, once", () => {
  assertEquals(listed({ match: "#d.*" }), [{
    kind: "topics",
    topics: [{ topic: "#d.a", first: 1, last: 4 }, { topic: "#d.b", first: 2, last: 9 }],
    next: undefined,
  }]);
  assertEquals(listed({ match: "#f" }), [{ kind: "topics", topics: [], next: undefined }]);
});

Deno.test("of the topics of the stream those are listed that are asked for, a page at a time", () => {
  assertEquals(names({}), ["#d.a", "#d.b", "#d.c.x", "#e", undefined]);
  assertEquals(names({ contains: "d." }), ["#d.a", "#d.b", "#d.c.x", undefined]);
  assertEquals(names({ match: "#d.*", contains: "b" }), ["#d.b", undefined]);
  assertEquals(names({ names: ["#e", "#f", "#d.a"], contains: "nothing" }), ["#d.a", "#e", undefined]);
  assertEquals(names({ most: 3 }), ["#d.a", "#d.b", "#d.c.x", "#d.c.x"]);
  assertEquals(names({ most: 3, after: "#d.a" }), ["#d.b", "#d.c.x", "#e", undefined]);
  assertEquals(names({ most: 3 }, { gone: "#d.b" }), ["#d.a", "#d.c.x", "#d.c.x"], "it has gone meanwhile");
});

Deno.test("where the stream cannot be asked no topics are listed", () => {
  for (
    const [asked, reason] of [
      [{ kind: "failed", reason: "no leader" }, "no leader"],
      [{ kind: "none" }, "there is no stream"],
    ] as const
  ) {
    const streams = { subjects: (_, done) => done(asked) } as Partial<StreamsPort> as StreamsPort;
    const outcomes: TopicsOutcome[] = [];
    listTopics({ most: 9 }, { streams, subjects }, (outcome) => void outcomes.push(outcome));
    assertEquals(outcomes, [{ kind: "failed", reason }]);
  }
});
