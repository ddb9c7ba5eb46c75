import { assertEquals } from "@std/assert";
import { DELAYED_RETRY_MS } from "../../../lib/limits.ts";
import { Bench, settled } from "./commit_bench.ts";

const NOW = 1_000_000_000;

Deno.test("what comes behind what was refused of its topic is refused with it: nothing overtakes it (D9)", async () => {
  const before = new Bench();
  before.engine.tick(NOW);
  before.publishLater("#t", "first", { due: NOW + 1000, ttl: 3_600_000 });
  // topics of which the next broker does not know that they have begun: a commit takes some of them
  for (let at = 0; at < 200; at++) before.publishLater(`#o${at}`, "o", { due: NOW + 1000 });
  before.publishLater("#t", "second", { due: NOW + 1001 });
  before.flushes.flush();
  before.store.free = true;
  for (const commit of before.store.commits.splice(0)) commit.end();
  while (before.store.state.delayed < 202) {
    await settled();
    await before.takeTurns();
    before.flushes.flush();
  }
  before.store.free = false;
  const bench = new Bench({ store: before.store });
  let refused = false;
  const order: string[] = [];
  for (let now = NOW + 2000; bench.store.state.delayed > 0; now += DELAYED_RETRY_MS / 2) {
    bench.engine.tick(now);
    await settled();
    await bench.takeTurns();
    const commit = bench.store.commits.shift();
    if (commit === undefined) continue;
    const texts = commit.appends.filter(({ topic }) => topic === "#t")
      .map(({ bytes }) => new TextDecoder().decode(bytes).split("\n")[1]!);
    if (!refused) {
      refused = true;
      assertEquals(texts, ["first"], "the second does not fit");
      commit.end({ kind: "refused", reason: "the disk is full" });
    } else {
      order.push(...texts);
      commit.end();
    }
    await settled();
    await bench.takeTurns();
  }
  assertEquals(order, ["first", "second"]);
  await bench.close();
});
