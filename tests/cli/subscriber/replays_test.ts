import { assertEquals, assertRejects } from "@std/assert";
import { Pace, Replays } from "../../../lib/cli/subscriber/replays.ts";
import type { Start } from "../../../lib/cli/options/position.ts";
import { RunError } from "../../../lib/errors.ts";
import { within } from "../../support/within.ts";

/** The end of all that is stored. */
function over(replays: Replays): Promise<void> {
  return within("the end of what is stored", replays.over);
}

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
  await over(replays);
});

Deno.test("an end that could not be read to is a failure", async () => {
  const replays = new Replays();
  replays.add("#a", "earliest");
  replays.onEvent({ type: "failed", pattern: "#a", reason: "damaged" });
  replays.complete();
  await assertRejects(() => over(replays), RunError, "what is stored of #a cannot be read: damaged");
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
  replays.drop("#a");
  assertEquals(replays.ahead("#a"), undefined, "taken back");
  assertEquals(told(4, 1)?.includes("no message 4"), true);
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

Deno.test("a subscription that was ended before its end is a failure, and one that had come to it is none", async () => {
  const replays = new Replays();
  replays.add("#a", "earliest");
  replays.add("#b", "earliest");
  replays.complete();
  replays.onEvent({ type: "live", pattern: "#a" });
  replays.onEvent({ type: "ended", pattern: "#a", reason: "not any more" });
  replays.onEvent({ type: "ended", pattern: "#never", reason: "not any more" });
  assertEquals([replays.replaying, replays.ended], [true, false]);
  replays.onEvent({ type: "ended", pattern: "#b", reason: "no right to it" });
  assertEquals([replays.replaying, replays.ended], [false, true]);
  await assertRejects(() => over(replays), RunError, "#b has not come to its end: no right to it");
});

Deno.test("the first failure is told, when all have come to their ends", async () => {
  const replays = new Replays();
  for (const pattern of ["#a", "#b", "#c"]) replays.add(pattern, "earliest");
  replays.complete();
  replays.onEvent({ type: "failed", pattern: "#a", reason: "damaged" });
  replays.onEvent({ type: "ended", pattern: "#b", reason: "no right to it" });
  assertEquals([replays.replaying, replays.ended], [true, false]);
  replays.onEvent({ type: "end", pattern: "#c" });
  await assertRejects(() => over(replays), RunError, "what is stored of #a cannot be read: damaged");
});

Deno.test("what happens to a group is nothing of a replay's", async () => {
  const replays = new Replays();
  replays.add("#a", "earliest");
  replays.complete();
  replays.onEvent({ type: "failed", pattern: "#a", group: "g", reason: "damaged" });
  replays.onEvent({ type: "ended", pattern: "#a", group: "g", reason: "no right to it" });
  assertEquals(replays.replaying, true);
  replays.onEvent({ type: "live", pattern: "#a" });
  await over(replays);
});

Deno.test("a message whose time has come is printed at once, and another waits for it until all is ended", async () => {
  const pace = new Pace(1);
  const ending = new AbortController();
  const keep = (stored: number): Promise<boolean> => within("its turn", pace.keep(stored, ending.signal));
  assertEquals(await keep(1000), true);
  assertEquals(await keep(500), true, "what came late");
  const waiting = keep(1_000_000);
  ending.abort();
  assertEquals(await waiting, false);
  assertEquals(await keep(500), false, "nothing is printed any more");
});
