import { assertEquals } from "@std/assert";
import type { Broker } from "../../lib/broker/mod.ts";
import { perSecond, Rates } from "../../lib/http/rates.ts";

Deno.test("rates are of two to four seconds while somebody asks, and looked at no more often than every two", () => {
  let now = 0;
  let published = 0;
  let marks = 0;
  // what rates look at of a broker
  const broker = {
    get totals() {
      return { published };
    },
    topics: { mark: () => marks++ },
  } as unknown as Broker;
  const rates = new Rates(broker, () => now);
  const ask = (): [number, number] => {
    const since = rates.look();
    return [since.over, perSecond(published - since.totals.published, since)];
  };
  const told: [number, number][] = [];
  for (let at = 0; at < 7; at++) {
    now += 1_000;
    published += at < 4 ? 10 : 100;
    told.push(ask());
  }
  assertEquals(told, [[1000, 10], [2000, 10], [3000, 10], [2000, 10], [3000, 40], [2000, 100], [3000, 100]]);
  assertEquals(marks, 3);
});

Deno.test("a rate is over a millisecond at least, and to a tenth", () => {
  const totals = { published: 3 };
  const broker = { totals, topics: { mark: () => {} } } as unknown as Broker;
  const rates = new Rates(broker, () => 5);
  const since = rates.look();
  assertEquals([since.over, perSecond(1, since)], [1, 1000]);
  assertEquals([perSecond(1, { over: 3000 }), perSecond(2, { over: 3000 }), perSecond(1, { over: 40_000 })], [
    0.3,
    0.7,
    0,
  ]);
});
