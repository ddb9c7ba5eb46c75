import { assertEquals } from "@std/assert";
import { Broker } from "../../lib/broker/mod.ts";
import { addBroker } from "../../lib/http/routes/broker.ts";
import type { App, Site } from "../../lib/http/types.ts";

/** What is told of a broker that has counted this by now, and that two seconds ago. */
async function told(
  now: Readonly<Record<string, number>>,
  then: Readonly<Record<string, number>>,
): Promise<Record<string, Record<string, unknown>>> {
  await using real = new Broker();
  const snapshot = real.snapshot();
  const { totals } = snapshot;
  let answer: (asked: unknown) => unknown = () => undefined;
  const app = { get: (_path: string, ask: typeof answer) => answer = ask };
  const site = {
    broker: { snapshot: () => ({ ...snapshot, totals: { ...totals, ...now } }) },
    rates: { look: () => ({ over: 2000, totals: { ...totals, ...then } }) },
    listening: () => ({ address: { transport: "tcp", hostname: "127.0.0.1", port: 1 }, tls: false }),
  };
  addBroker(app as unknown as App, site as unknown as Site);
  return answer({
    json: (of: unknown) => of,
    var: { grant: { account: "a", administrator: false } },
  }) as Record<string, Record<string, unknown>>;
}

Deno.test("each rate is of its own count, what has been counted since, a second", async () => {
  const counts = ["published", "publishedBytes", "delivered", "deliveredBytes", "dropped", "refused"];
  const then = Object.fromEntries(counts.map((name, at) => [name, 1000 * (at + 1)]));
  const now = Object.fromEntries(counts.map((name, at) => [name, 1000 * (at + 1) + 10 * (at + 1)]));
  const { rates, totals, you } = await told(now, then);
  assertEquals(rates, {
    over_ms: 2000,
    published: 5,
    published_bytes: 10,
    delivered: 15,
    delivered_bytes: 20,
    dropped: 25,
    refused: 30,
  });
  const { published, published_bytes, delivered, delivered_bytes, dropped, refused } = totals!;
  assertEquals(
    [published, published_bytes, delivered, delivered_bytes, dropped, refused],
    Object.values(now),
  );
  assertEquals(you, { account: "a", administrator: false });
});
