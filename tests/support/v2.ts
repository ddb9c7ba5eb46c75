import { assertEquals, assertMatch } from "@std/assert";
import type { RawClient } from "./raw_client.ts";

export async function upgrade(client: RawClient): Promise<RawClient> {
  assertEquals(await client.ask("c1 hello 2"), "OK_2");
  await client.line();
  return client;
}

/** Reads `count` messages with their sequence numbers, and what `info` and `gap` lines come between. */
export async function readBatches(client: RawClient, count: number): Promise<string[]> {
  const got: string[] = [];
  while (got.filter((entry) => !entry.startsWith("info")).length < count) {
    const header = await client.line() ?? "end";
    const parts = /^batch (\S+) (\d+) (\d+) seq=(\d+) ts=\d+$/.exec(header);
    if (parts === null) {
      got.push(header);
      if (header === "end") break;
      continue;
    }
    for (let at = 0; at < Number(parts[2]); at++) {
      assertMatch(await client.line() ?? "", new RegExp(`^pub ${parts[1]} `));
      got.push(`${parts[1]} ${Number(parts[4]) + at} ${await client.line()}`);
    }
  }
  return got;
}
