import { assertEquals, assertStringIncludes } from "@std/assert";
import { findingsOf } from "../../../lib/http/page/findings.js";

const QUIET = { dropped: 0, refused: 0, dead: 0, stalled: 0, commits: 0, committing: 0 };
const WELL = {
  ready: true,
  reason: null,
  time: "2026-01-02T03:04:05.678Z",
  slow: 0,
  memory: { held_bytes: 0, most_bytes: 1000 },
  rates: { dropped: 0 },
};

type Known = Parameters<typeof findingsOf>[0];

function titles(known: Partial<Known>): string[] {
  return findingsOf({
    broker: WELL,
    connections: [],
    misses: () => true,
    groups: [],
    recent: QUIET,
    ...known,
  }).map(({ title }) => title);
}

Deno.test("a broker that is well has nothing to be said of", () => {
  assertEquals(titles({}), []);
  assertEquals(
    titles({
      groups: [{ name: "g", pattern: "#a", members: 1, lag: 5, oldest: "2026-01-02T03:04:00.000Z" }],
    }),
    [],
    "work that has just come is no finding",
  );
});

Deno.test("what makes it useless stands before what makes it slow", () => {
  const broker = {
    ...WELL,
    ready: false,
    reason: "no space left on device",
    slow: 1,
    memory: { held_bytes: 900, most_bytes: 1000 },
  };
  const found = findingsOf({
    broker,
    connections: [],
    misses: () => true,
    groups: [],
    recent: { ...QUIET, refused: 3 },
  });
  assertEquals(found.map(({ level, title }) => `${level} ${title}`), [
    "bad Not ready",
    "bad Memory nearly full",
    "warn Slow subscriber",
    "warn Refused",
  ]);
  assertEquals(found[0]?.text, "no space left on device");
});

Deno.test("slow subscribers are named with what waits for them, and the rest counted", () => {
  const slow = (id: string, number: number): object => ({
    id,
    number,
    address: "10.0.0.1:1",
    slow: true,
    queued_bytes: 2048,
  });
  const connections = [slow("a", 1), slow("", 2), slow("c", 3), slow("d", 4)];
  const [finding] = findingsOf({
    broker: { ...WELL, slow: 7 },
    connections,
    misses: () => true,
    groups: [],
    recent: QUIET,
  });
  assertEquals(finding?.title, "7 slow subscribers");
  assertEquals(
    finding?.text,
    "a (10.0.0.1:1): 2 KiB waiting, connection 2 (10.0.0.1:1): 2 KiB waiting, " +
      "c (10.0.0.1:1): 2 KiB waiting, 4 more",
  );
});

Deno.test("groups without a worker, behind for a minute, and dead letters are findings", () => {
  const groups = [
    { name: "g", pattern: "#a", members: 0, lag: 5, oldest: null },
    { name: "h", pattern: "#b", members: 2, lag: 1, oldest: "2026-01-02T03:02:05.678Z" },
    { name: "i", pattern: "#c", members: 0, lag: 0, oldest: null },
  ];
  const found = findingsOf({
    broker: WELL,
    connections: [],
    misses: () => true,
    groups,
    recent: { ...QUIET, dead: 1 },
  });
  assertEquals(found.map(({ title }) => title), [
    "Nobody works in group g",
    "Group h is behind",
    "Dead letters",
  ]);
  assertStringIncludes(found[1]?.text ?? "", "1 message of #b wait, the oldest since 2 min");
});

Deno.test("messages that were left out, connections that were cut off and a slow disk are findings for a minute", () => {
  assertEquals(titles({ recent: { ...QUIET, dropped: 3, stalled: 1 } }), ["Cut off", "Messages lost"]);
  assertEquals(titles({ recent: { ...QUIET, commits: 2, committing: 500 } }), ["Slow disk"]);
  assertEquals(titles({ recent: { ...QUIET, commits: 10, committing: 500 } }), []);
});
