import { assertEquals } from "@std/assert";
import { RunError } from "../../../lib/errors.ts";
import type { GroupListing } from "../../../lib/broker/mod.ts";
import { addGroups, groupsOf } from "../../../lib/http/routes/groups.ts";
import { Problem } from "../../../lib/http/problem.ts";
import type { App, Site } from "../../../lib/http/types.ts";
import { type Json, startHttp } from "../../support/http.ts";
import { upgrade } from "../../support/v2.ts";
import { RawClient } from "../../support/raw_client.ts";

Deno.test("groups come with the furthest behind first, those that are as far by name, in pages", async () => {
  await using http = await startHttp();
  using member = await upgrade(await RawClient.connect(http.portOf("subscribers")));
  for (const [name, topic] of [["d", "#far"], ["b", "#near"], ["c", "#far"], ["a", "#near"]] as const) {
    assertEquals(await member.ask(`sub ${topic} group=${name} ack=explicit`), "ok 1");
  }
  for (let at = 0; at < 3; at++) await http.publish("#far", "x");
  await http.publish("#near", "x");
  const pages: string[][] = [];
  for (let path: string | null = "/api/groups?limit=2"; path !== null;) {
    const { groups, total, next } = await http.json(path);
    assertEquals(total, 4);
    pages.push(groups.map(({ name }: Json) => name));
    path = next;
  }
  assertEquals(pages, [["c", "d"], ["a", "b"]]);
  const { groups, next } = await http.json("/api/groups?after=3");
  assertEquals([groups.map(({ name, lag }: Json) => [name, lag]), next], [[["b", 1]], null]);
});

/** What is told of these groups to who may share those whose patterns are named. */
async function told(groups: readonly GroupListing[], may: readonly string[]): Promise<Json> {
  let ask: ((asked: unknown) => unknown) | undefined;
  const app = { get: (_path: string, answer: typeof ask) => ask = answer };
  const broker = { groups: () => Promise.resolve(groups) };
  addGroups(app as unknown as App, { broker } as unknown as Site);
  return await ask?.({
    json: (of: unknown) => of,
    req: { query: () => undefined },
    var: { grant: { mayShare: (pattern: string) => may.includes(pattern) } },
  });
}

Deno.test("a group is told with what is known of it, to who may share its pattern", async () => {
  const group = {
    name: "g",
    pattern: "#a",
    members: 2,
    lag: 3,
    outstanding: 1,
    settling: "explicit",
    oldest: 0,
  } as const;
  const bare = { ...group, pattern: "#b", settling: undefined, oldest: undefined };
  const { settling: ack, ...rest } = group;
  assertEquals(await told([group, bare, { ...group, pattern: "#hidden" }], ["#a", "#b"]), {
    groups: [
      { ...rest, ack, oldest: "1970-01-01T00:00:00.000Z" },
      { ...rest, pattern: "#b", ack: null, oldest: null },
    ],
    total: 2,
    next: null,
  });
});

Deno.test("groups that cannot be read are told as that, and a defect is none of who asks", async () => {
  const failing = (error: Error): Site["broker"] =>
    ({ groups: () => Promise.reject(error) }) as unknown as Site["broker"];
  const problem = await groupsOf(failing(new RunError("the disk is gone"))).catch((error) => error);
  assertEquals(
    problem instanceof Problem ? [problem.status, problem.code, problem.message] : problem,
    [503, "STORE", "the disk is gone"],
  );
  const defect = new TypeError("a defect");
  assertEquals(await groupsOf(failing(defect)).catch((error) => error), defect);
});
