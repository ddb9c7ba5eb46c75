/** What becomes of a connection that is given up while it has something to do. */
import { assertEquals } from "@std/assert";
import { StillClock } from "../support/still_clock.ts";
import { TestServer } from "../support/server.ts";
import { upgrade } from "../support/v2.ts";

Deno.test("who is given up in the middle of what it sent is gone when it closes, and is not waited for", async () => {
  // no time passes: nothing is cut off for being late
  await using broker = new TestServer({ clock: new StillClock() });
  using flood = await upgrade(broker.connect("publishers", 4 * 1024 * 1024));
  // its read buffer grows
  await flood.send("\n".repeat(1024 * 1024));
  using quiet = broker.connect("publishers");
  assertEquals(await quiet.ask("q pub #q 1"), "OK");
  const total = 200_000;
  await flood.send("pub #0 1\nx\npub #1 1\nx\n".repeat(total / 2));
  const before = broker.totals.published;
  while (broker.totals.published === before) await quiet.ask("q nothing");
  const { published } = broker.totals;
  assertEquals(published < total, true, "it is not done yet");
  assertEquals(broker.broker.disconnect(1), true);
  const said = await flood.rest();
  assertEquals(said.endsWith("bye DISCONNECTED who runs the broker has ended this connection\n"), true);
  flood.close();
  const { fields } = await broker.event("connection closed");
  assertEquals([fields["connection"], fields["reason"]], [1, "disconnected"]);
  assertEquals(broker.totals.published, published, "what was left of it is not done any more");
});
