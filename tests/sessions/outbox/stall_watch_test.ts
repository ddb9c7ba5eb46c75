import { assertEquals } from "@std/assert";
import { StallWatch, type Watched } from "../../../lib/sessions/outbox/stall_watch.ts";

const TIMEOUT = 5000;
const TICK = 250;

/** Counts as an outbox does while a write is on its way. */
class Writing implements Watched {
  stalledFor = 0;

  get stalled(): boolean {
    return this.stalledFor >= TIMEOUT;
  }
  tick(milliseconds: number): void {
    this.stalledFor += milliseconds;
  }
  progressed(): void {
    this.stalledFor = 0;
  }
}

/** Lets time pass; `untaken` is what the system holds then. */
function pass(watch: StallWatch, seconds: number, untaken: (tick: number) => number | undefined): void {
  for (let tick = 0; tick < seconds * 1000 / TICK; tick++) {
    if (watch.tick(TICK)) watch.judge(untaken(tick), TICK);
  }
}

Deno.test("who takes nothing stalls after the timeout, whether it can be looked at or not", () => {
  for (const visible of [true, false]) {
    for (const untaken of [1000, undefined]) {
      const outbox = new Writing();
      const watch = new StallWatch(outbox, { stallTimeout: TIMEOUT, visible });
      pass(watch, 4.75, () => untaken);
      assertEquals(outbox.stalled, false);
      pass(watch, 0.25, () => untaken);
      assertEquals(outbox.stalled, true);
    }
  }
});

Deno.test("who takes something now and then does not stall, though no write ends", () => {
  const outbox = new Writing();
  const watch = new StallWatch(outbox, { stallTimeout: TIMEOUT, visible: true });
  // every 4 seconds the system gets rid of some
  pass(watch, 120, (tick) => 4_000_000 - 400_000 * Math.floor(tick / 16));
  assertEquals(outbox.stalled, false);
  pass(watch, 8, () => 17);
  assertEquals(outbox.stalled, true);
});

Deno.test("where the system holds nothing it is not the other side that is late", () => {
  const outbox = new Writing();
  const watch = new StallWatch(outbox, { stallTimeout: TIMEOUT, visible: true });
  pass(watch, 120, () => 0);
  assertEquals(outbox.stalled, false);
});

Deno.test("only who is suspected is looked at", () => {
  const outbox = new Writing();
  const watch = new StallWatch(outbox, { stallTimeout: TIMEOUT, visible: true });
  for (let at = 0; at < 1000; at++) {
    assertEquals(watch.tick(TICK), false);
    if (at % 5 === 0) outbox.progressed();
  }
});

Deno.test("who has taken nothing for half of the timeout is suspected, where it can be looked at", () => {
  for (const visible of [true, false]) {
    const outbox = new Writing();
    const watch = new StallWatch(outbox, { stallTimeout: TIMEOUT, visible });
    outbox.stalledFor = TIMEOUT / 2 - 1;
    assertEquals([watch.tick(1), outbox.stalledFor], [false, TIMEOUT / 2]);
    assertEquals(
      [watch.tick(10), outbox.stalledFor],
      visible ? [true, TIMEOUT / 2] : [false, TIMEOUT / 2 + 10],
    );
  }
});

Deno.test("what the system holds is compared with what it held at the look before, of this suspicion", () => {
  const outbox = new Writing();
  const watch = new StallWatch(outbox, { stallTimeout: TIMEOUT, visible: true });
  const judged = (untaken: number | undefined): number => {
    outbox.stalledFor = 3000;
    watch.judge(untaken, 10);
    return outbox.stalledFor;
  };
  assertEquals([judged(500), judged(500), judged(499), judged(499)], [3010, 3010, 0, 3010]);
  assertEquals([judged(undefined), judged(400), judged(401)], [3010, 3010, 0]);
  assertEquals([judged(0), judged(0)], [0, 0]);
  judged(300);
  outbox.stalledFor = 0;
  watch.tick(10);
  assertEquals(judged(200), 3010, "what was known before is forgotten");
});
