import { assertEquals } from "@std/assert";
import { SUBSCRIBERS } from "../../../lib/broker/mod.ts";
import { type RunningHttp, startHttp } from "../../support/http.ts";
import { memoryPair } from "../../support/memory_pair.ts";
import { RawClient } from "../../support/raw_client.ts";

/** A subscriber that takes nothing any more: so many bytes leave before what comes has to wait. */
async function subscribed(
  http: RunningHttp,
  name: string,
  { patterns, capacity }: { readonly patterns: readonly string[]; readonly capacity: number },
): Promise<RawClient> {
  const [mine, theirs] = memoryPair(capacity);
  void http.broker.serve(theirs, { listener: SUBSCRIBERS });
  const client = new RawClient(mine);
  for (const pattern of patterns) assertEquals(await client.ask(`${name} sub ${pattern}`), "OK");
  return client;
}

Deno.test("those that hold others back come first, then who holds most, then who came first", async () => {
  await using http = await startHttp({ store: undefined, limits: { outbox: 64 * 1024 } });
  const small = { capacity: 64 };
  using _idle = await subscribed(http, "idle", { ...small, patterns: ["#none"] });
  using _idler = await subscribed(http, "idler", { ...small, patterns: ["#none"] });
  using _some = await subscribed(http, "some", { ...small, patterns: ["#a"] });
  using _more = await subscribed(http, "more", { ...small, patterns: ["#a", "#b"] });
  using _full = await subscribed(http, "full", { ...small, patterns: ["#c"] });
  await http.publish("#a", "x".repeat(1000));
  await http.publish("#b", "x".repeat(1000));
  await http.publish("#c", "x".repeat(100_000));
  const ids = async (query: string): Promise<string[]> => {
    const { connections } = await http.json(`/api/connections?${query}`);
    return connections.map(({ id }: { readonly id: string }) => id);
  };
  assertEquals(await ids("sort=queued"), ["full", "more", "some", "idle", "idler"]);
  assertEquals(await ids("sort=queued&limit=2"), ["full", "more"]);
  assertEquals(await ids("sort=number"), ["idle", "idler", "some", "more", "full"]);
});
