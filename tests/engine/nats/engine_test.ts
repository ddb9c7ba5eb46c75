import { assertEquals } from "@std/assert";
import { MemoryBench, Taker } from "./memory_bench.ts";

Deno.test("what another broker packed together is each worth delivering for its own time (V10)", () => {
  const bench = new MemoryBench();
  const taker = bench.subscribe("#a", new Taker());
  bench.packed("#a", "#a", "pub #a 1\n1\npub #a 1 ttl=0.5\n2\npub #a 1 key=k\n3\n");
  assertEquals(taker.payloads, ["1", "2", "3"]);
  assertEquals(taker.expires, [undefined, bench.now + 500, undefined]);
});
