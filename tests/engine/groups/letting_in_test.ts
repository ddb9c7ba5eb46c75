import { assertEquals } from "@std/assert";
import { StoredBench, Worker } from "./stored_bench.ts";

for (const by of [undefined, "key"] as const) {
  Deno.test(`who leaves when it is told that it is a member is none, and the others go on: by ${by}`, async () => {
    const bench = new StoredBench();
    const worker = new Worker();
    const membership = bench.engine.join({
      ...{ name: "g", pattern: "#d.>", window: 5, blocks: true, settling: "explicit", from: undefined, by },
      joined: (outcome) => {
        worker.outcome = outcome;
        membership.leave([]);
      },
    }, worker);
    const other = await bench.joined({ by });
    await bench.published("#d.a", ["1", "2"], " key=k");
    assertEquals([worker.outcome, worker.shown], [{ kind: "joined" }, []]);
    assertEquals(other.shown, ["#d.a 1", "#d.a 2"]);
    assertEquals(bench.engine.snapshot().groups.map(({ members, held }) => [members, held]), [[1, 2]]);
  });
}
