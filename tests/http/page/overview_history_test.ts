import { assertEquals } from "@std/assert";
import { OverviewHistory } from "../../../lib/http/page/overview_history.js";

function answer(dropped: number): { connections: readonly { number: number; dropped: number }[] } {
  return { connections: [{ number: 7, dropped }] };
}

Deno.test("a connection misses messages for a minute after some were left out for it", () => {
  const history = new OverviewHistory();
  const misses = (dropped: number): boolean => history.misses({ number: 7, dropped });
  history.see(undefined);
  history.see(answer(0));
  assertEquals(misses(0), false);
  history.see(answer(3));
  assertEquals(misses(3), true);
  for (let asked = 0; asked < 29; asked++) history.see(answer(3));
  assertEquals(misses(3), false);
  history.see(answer(4));
  assertEquals(misses(4), true);
});

Deno.test("an answer that two look at is seen once", () => {
  const history = new OverviewHistory();
  history.see(answer(0));
  const one = answer(1);
  for (let look = 0; look < 40; look++) history.see(one);
  assertEquals(history.misses({ number: 7, dropped: 1 }), true);
});

Deno.test("what was counted in the last minute is told by name, and a broker that began anew leaves a gap", () => {
  const history = new OverviewHistory();
  const broker = (second: number, count: number): object => ({
    time: new Date(second * 1000).toISOString(),
    totals: {
      published: count,
      delivered: 2 * count,
      dropped: count,
      refused: 0,
      dead: 0,
      disconnects: { stalled: count },
    },
    store: { commits: count, commit_ms: 250 },
  });
  history.add(broker(100, 0));
  history.add(broker(101, 4));
  assertEquals(history.recent, { dropped: 4, refused: 0, dead: 0, stalled: 4, commits: 4, committing: 1000 });
  history.interrupt();
  history.add(broker(110, 1));
  history.add(broker(111, 2));
  const { times, published, delivered } = history.chart;
  assertEquals([times.length, [...published], [...delivered]], [3, [4, null, 1], [8, null, 2]]);
});
