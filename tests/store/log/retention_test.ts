import { assert, assertEquals } from "@std/assert";
import { MemoryLog } from "../../../lib/store/log/memory_log.ts";
import { Trimmer } from "../../../lib/store/log/retention.ts";
import { RetentionClock } from "../../../lib/store/log/retention_clock.ts";
import { run } from "../asking.ts";

const HOUR = 3_600_000;
const YEAR = 8766 * HOUR;

function logWith(batches: number, every: number): MemoryLog {
  const log = new MemoryLog();
  const { bytes, count, topic } = run("#a", "x".repeat(100));
  for (let at = 0; at < batches; at++) {
    log.append([{ topic, count, start: 0, end: bytes.length }], bytes, at * every);
  }
  return log;
}

function trimAll(trimmer: Trimmer, now: number): number {
  let messages = 0;
  for (let more = true; more;) {
    const step = trimmer.step(now);
    messages += step.messages;
    more = step.more;
  }
  return messages;
}

Deno.test("the clock of retention follows the wall clock", () => {
  const clock = new RetentionClock(1000, 0);
  assert(!clock.tick(1500, 500));
  assertEquals(clock.now, 1500);
  assert(!clock.tick(1200, 600), "a clock that is set back is no jump ahead");
  assertEquals(clock.now, 1500, "and time never goes back");
  assert(!clock.tick(1700, 700));
  assertEquals(clock.now, 1700);
});

Deno.test("after a jump ahead it catches up at ten times the pace, and says so once", () => {
  const clock = new RetentionClock(0, 0);
  assert(clock.tick(10 * YEAR, 1000), "the jump is told");
  assertEquals(clock.now, 10_000);
  assert(!clock.tick(10 * YEAR + 1000, 2000), "once");
  assertEquals(clock.now, 20_000);
  assert(!clock.tick(25_000, 3000), "set right again");
  assertEquals(clock.now, 25_000);
});

Deno.test("a jump of ten years does not delete what is younger than the limit", () => {
  const log = logWith(10, HOUR);
  const trimmer = new Trimmer(log, { age: 5 * HOUR });
  const clock = new RetentionClock(9 * HOUR, 0);
  assertEquals(trimAll(trimmer, clock.now), 4);
  clock.tick(10 * YEAR, 60_000);
  assertEquals(trimAll(trimmer, clock.now), 1, "ten minutes on, of which one has passed");
  assertEquals(log.batches, 5);
});

Deno.test("a slice is bounded, and says whether there is more", () => {
  const log = logWith(1000, 1);
  const trimmer = new Trimmer(log, { age: 0 });
  const first = trimmer.step(2000);
  assert(first.more && first.messages > 0 && first.messages < 500);
  assertEquals(first.messages + trimAll(trimmer, 2000), 1000);
  assert(!trimmer.due(2000));
});

Deno.test("nothing is looked at before something can have grown old", () => {
  const log = logWith(3, 1000);
  const trimmer = new Trimmer(log, { age: 10_000 });
  assertEquals(trimAll(trimmer, 5000), 0);
  assert(!trimmer.due(10_000));
  assert(trimmer.due(10_001));
  assertEquals(trimAll(trimmer, 10_001), 1);
});

Deno.test("for want of room the newest batch of all stays, for its age it goes", () => {
  const log = logWith(10, 1000);
  assertEquals(trimAll(new Trimmer(log, { bytes: 1 }), 0), 9);
  assertEquals(trimAll(new Trimmer(log, { age: 1 }), 100_000), 1);
});

Deno.test("what is not to be trimmed never is", () => {
  const log = logWith(10, 1000);
  const trimmer = new Trimmer(log, {});
  assert(!trimmer.active && !trimmer.due(10 * YEAR));
  assertEquals(trimAll(trimmer, 10 * YEAR), 0);
});

/** A log that is kept by pattern: `#a`, `#b` and `#c` in turn, so many of each. */
function logOfTopics(each: number): { readonly log: MemoryLog; readonly size: number } {
  const log = new MemoryLog();
  const { bytes, count } = run("#a", "x".repeat(100));
  for (let at = 0; at < 3 * each; at++) {
    log.append([{ topic: ["#a", "#b", "#c"][at % 3]!, count, start: 0, end: bytes.length }], bytes, at);
  }
  return { log, size: bytes.length };
}

Deno.test("what was there before it counts for its own rule, before anything is trimmed, and once", () => {
  const { log, size } = logOfTopics(400);
  const trimmer = new Trimmer(log, {
    overrides: [{ pattern: "#a", bytes: 10 * size }, { pattern: "#b", bytes: 0 }],
  });
  assert(trimmer.due(0), "it is to be counted");
  assertEquals(trimAll(trimmer, 0), 390 + 400);
  assert(!trimmer.due(10 * YEAR));
  log.append([{ topic: "#a", count: 1, start: 0, end: size }], new Uint8Array(size), 0);
  trimmer.added(log.topicNamed("#a")!.id, size);
  assertEquals(trimAll(trimmer, 0), 1);
  assertEquals(log.batches, 10 + 400);
});

Deno.test("what is kept by a rule of its own takes nothing from the room of the others, nor do they from it", () => {
  const { log, size } = logOfTopics(10);
  const trimmer = new Trimmer(log, {
    bytes: 20 * size,
    overrides: [{ pattern: "#b" }, { pattern: "#c", age: 4 }],
  });
  assertEquals(trimAll(trimmer, 20), 5, "those of #c that came before 16");
  assertEquals(trimAll(trimmer, 1000), 5, "and the others, but nothing of #a, which has room");
  for (let at = 0; at < 12; at++) {
    log.append([{ topic: "#a", count: 1, start: 0, end: size }], new Uint8Array(size), 1000);
    trimmer.added(log.topicNamed("#a")!.id, size);
  }
  assertEquals(trimAll(trimmer, 1000), 2);
  assertEquals(log.batches, 10 + 20);
});

Deno.test("one pattern with a limit of its own is held to it as more is stored", () => {
  const { log, size } = logOfTopics(2);
  const trimmer = new Trimmer(log, { overrides: [{ pattern: "#a", bytes: 3 * size }] });
  assertEquals(trimAll(trimmer, 0), 0);
  const stored = [];
  for (let at = 0; at < 3; at++) {
    log.append([{ topic: "#a", count: 1, start: 0, end: size }], new Uint8Array(size), 0);
    trimmer.added(log.topicNamed("#a")!.id, size);
    stored.push(trimAll(trimmer, 0));
  }
  assertEquals(stored, [0, 1, 1]);
});
