import { assertEquals, assertRejects } from "@std/assert";
import { Pace, Replays } from "../../../lib/cli/subscriber/replays.ts";
import { RunError } from "../../../lib/errors.ts";

Deno.test("messages wait for the pauses that were between them, divided by the speed", () => {
  const pace = new Pace(10);
  assertEquals(pace.wait(50_000, 1000), 0);
  assertEquals(pace.wait(51_000, 1000), 100);
  assertEquals(pace.wait(51_000, 1100), 0);
  assertEquals(pace.wait(60_000, 1500), 500);
  assertEquals(pace.wait(40_000, 1500) < 0, true, "what came late is not waited for");
});

Deno.test("the end is when every subscription has come to its own, and not before all are asked for", async () => {
  const replays = new Replays();
  replays.add("#a");
  replays.add("#b");
  replays.add("#refused");
  replays.onEvent({ type: "live", pattern: "#a" });
  replays.onEvent({ type: "end", pattern: "#b" });
  replays.drop("#refused");
  assertEquals([replays.replaying, replays.ended], [false, false]);
  replays.complete();
  assertEquals(replays.ended, true);
  await replays.over;
});

Deno.test("an end that could not be read to is a failure", async () => {
  const replays = new Replays();
  replays.add("#a");
  replays.onEvent({ type: "failed", pattern: "#a", reason: "damaged" });
  replays.complete();
  await assertRejects(() => replays.over, RunError, "what is stored of #a cannot be read: damaged");
});
