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
    [59_000, "59s"],
    [60_000, "1m"],
    [61_000, "1m1s"],
    [86_400_000 * 3 + 60_000, "3d"],
  ];
  for (const [age, shown] of ages) {
    const [, line = ""] = groupsTable([group("g", "#a", { lag: 1, oldest: NOW - age })], NOW);
    assertEquals(line.split(/ +/).at(-1), shown);
  }
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
