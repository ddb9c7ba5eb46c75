import { assertEquals, assertStringIncludes } from "@std/assert";
import { logPrice, priceText } from "../../../lib/cli/broker/price_tag.ts";
import { type Log, SILENT_LOG } from "../../../lib/log.ts";

/** A log that keeps what it is told. */
function kept(): { readonly log: Log; readonly told: unknown[] } {
  const told: unknown[] = [];
  const keep = (level: string) => (event: string, fields?: unknown): void =>
    void told.push([level, event, fields]);
  return { log: { ...SILENT_LOG, info: keep("info"), warn: keep("warn") }, told };
}

Deno.test("the price of an fsync is told with what it lets publishers do", () => {
  assertEquals(
    priceText({ median: 0.2419, worst: 12.3 }),
    "an fsync takes 0.24 ms here (at worst 12); --sync commit: it lets a publisher that waits for every reply get " +
      "at most about 4,100/s, those that send ahead share one; --sync interval: nobody waits for it, and a power cut " +
      "can cost what was acknowledged in the last 100 ms",
  );
  assertStringIncludes(priceText({ median: 25, worst: 30 }), "at most about 40/s");
});

Deno.test("a price has its hundredths below 10 ms, and two digits of what it lets through", () => {
  const took = (median: number, worst: number): string => priceText({ median, worst }).split(";")[0]!;
  assertEquals(took(9.994, 10), "an fsync takes 9.99 ms here (at worst 10)");
  assertEquals(took(10, 1234.5), "an fsync takes 10 ms here (at worst 1235)");
  const most = (median: number): string | undefined =>
    /about (\S+)\/s/.exec(priceText({ median, worst: median }))?.[1];
  assertEquals([most(0.9525), most(0.952), most(8), most(0), most(0.001)], [
    "1,000",
    "1,100",
    "130",
    "100,000",
    "100,000",
  ]);
});

Deno.test("a measuring that failed is a warning, and one that was stopped says nothing", async () => {
  const { log, told } = kept();
  await logPrice(Promise.reject(new Error("no room")), { log, sync: "commit" });
  await logPrice(Promise.resolve(undefined), { log, sync: "commit" });
  await logPrice(Promise.reject("odd"), { log, sync: "commit" });
  const failed = "what an fsync takes here could not be measured";
  assertEquals(told, [["warn", failed, { reason: "no room" }], ["warn", failed, { reason: "odd" }]]);
});

Deno.test("the price is logged once it is known, with the way that was chosen", async () => {
  const { log, told } = kept();
  const price = { median: 1, worst: 2 };
  await logPrice(Promise.resolve(price), { log, sync: "interval" });
  assertEquals(told, [["info", priceText(price), { sync: "interval" }]]);
});
