import { assertEquals } from "@std/assert";
import type { GroupListing } from "../../../../lib/broker/mod.ts";
import { groupsJson, groupsTable } from "../../../../lib/cli/broker/groups/table.ts";

const NOW = 1_769_850_000_000;

function group(name: string, pattern: string, more: Partial<GroupListing> = {}): GroupListing {
  return {
    name,
    pattern,
    lag: 0,
    outstanding: 0,
    members: 0,
    settling: undefined,
    oldest: undefined,
    ...more,
  };
}

Deno.test("groups stand below one another, those that are furthest behind first", () => {
  const groups = [
    group("idle", "#jobs"),
    group("mail", "#mail.>", {
      lag: 12_345,
      outstanding: 256,
      members: 2,
      settling: "explicit",
      oldest: NOW - 7_510_000,
    }),
  ];
  assertEquals(groupsTable(groups, NOW), [
    "NAME  PATTERN     LAG  OUTSTANDING  MEMBERS  ACK       OLDEST",
    "mail  #mail.>  12,345          256        2  explicit  2h5m",
    "idle  #jobs         0            0        0  -         -",
  ]);
});

Deno.test("the oldest is so old, in two units at most; another clock does not make it younger than now", () => {
  const ages: [number, string][] = [
    [-5000, "0s"],
    [999, "0s"],
    [1000, "1s"],
    [59_999, "59s"],
    [60_000, "1m"],
    [61_000, "1m1s"],
    [3_599_000, "59m59s"],
    [3_600_000, "1h"],
    [3_659_000, "1h"],
    [86_399_000, "23h59m"],
    [86_400_000, "1d"],
    [86_400_000 + 3_599_000, "1d"],
    [86_400_000 + 3_600_000, "1d1h"],
    [86_400_000 * 3 + 60_000, "3d"],
  ];
  for (const [age, shown] of ages) {
    const [, line = ""] = groupsTable([group("g", "#a", { lag: 1, oldest: NOW - age })], NOW);
    assertEquals(line.split(/ +/).at(-1), shown);
  }
});

Deno.test("groups that are as far behind stand in the order of their names and patterns, those as JSON all of them", () => {
  const names = [["b", "#a", 1], ["a", "#b", 1], ["a", "#a", 1], ["c", "#a", 2]] as const;
  const groups = names.map(([name, pattern, lag]) => group(name, pattern, { lag }));
  const shown = groupsTable(groups, NOW).slice(1).map((line) => line.split(/ +/).slice(0, 2).join(""));
  assertEquals(shown, ["c#a", "a#a", "a#b", "b#a"]);
  const json = groupsJson(groups).map((line) => JSON.parse(line)).map(({ name, pattern }) => name + pattern);
  assertEquals(json, ["a#a", "a#b", "b#a", "c#a"]);
});

Deno.test("a name that would move a cursor is shown as what it is, and its column is as wide as that", () => {
  const [head, line] = groupsTable([group("a\x1b", "#a")], NOW);
  assertEquals([head?.indexOf("PATTERN"), line?.indexOf("#a")], [7, 7]);
  assertEquals(line?.startsWith("a\\x1b  "), true, line);
});

Deno.test("as JSON a group is an object, without what is not known of it", () => {
  const some = group("g", "#a", { lag: 3, members: 1, outstanding: 2, settling: "auto", oldest: NOW });
  assertEquals(groupsJson([group("h", "#a"), some]).map((line) => JSON.parse(line)), [
    {
      name: "g",
      pattern: "#a",
      lag: 3,
      outstanding: 2,
      members: 1,
      ack: "auto",
      oldest: "2026-01-31T09:00:00.000Z",
    },
    { name: "h", pattern: "#a", lag: 0, outstanding: 0, members: 0 },
  ]);
});
