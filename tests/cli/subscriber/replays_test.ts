import { assertEquals, assertRejects } from "@std/assert";
import { Pace, Replays } from "../../../lib/cli/subscriber/replays.ts";
import type { Start } from "../../../lib/cli/options/position.ts";
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
  replays.add("#a", "earliest");
  replays.add("#b", "earliest");
  replays.add("#refused", "earliest");
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
  replays.add("#a", "earliest");
  replays.onEvent({ type: "failed", pattern: "#a", reason: "damaged" });
  replays.complete();
  await assertRejects(() => replays.over, RunError, "what is stored of #a cannot be read: damaged");
});

Deno.test("a number beyond what is stored is told with the last there is, and with how Unix seconds are written", () => {
  const replays = new Replays();
  const told = (from: Start, last: number): string | undefined => {
    replays.add("#a", from);
    replays.onEvent({ type: "ahead", pattern: "#a", last });
    return replays.ahead("#a");
  };
  const last = 'there is no message 1763900000 of "#a": the last one there is 7';
  assertEquals(told(1_763_900_000, 7), `${last} (Unix seconds are written @1763900000)`);
  assertEquals(told(500, 7), 'there is no message 500 of "#a": the last one there is 7');
  assertEquals(told(5, 0), 'there is no message 5 of "#a": none is stored there');
  replays.add("#a", 3);
  assertEquals(replays.ahead("#a"), undefined, "asked for anew");
  replays.drop("#a");
  replays.onEvent({ type: "ahead", pattern: "#a", last: 1 });
  assertEquals(replays.ahead("#a"), undefined, "nobody asks for it any more");
});

Deno.test("what was left out adds up over all subscriptions", () => {
  const replays = new Replays();
  replays.onEvent({ type: "gap", pattern: "#a", missed: 3 });
  replays.onEvent({ type: "gap", pattern: "#b", missed: 4 });
  assertEquals(replays.missed, 7);
});
