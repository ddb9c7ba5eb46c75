import { assert, assertEquals, assertThrows } from "@std/assert";
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
    log.append({ batches: [{ topic, count, start: 0, end: bytes.length }], delayed: [] }, bytes, {
      now: at * every,
    });
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

Deno.test("what could not be deleted is due as before, and goes with the next step that can", () => {
  for (const retain of [{ age: 10_000 }, { bytes: 1 }]) {
    const log = logWith(3, 0);
    const trim = log.trim.bind(log);
    log.trim = (): never => {
      throw new Error("the disk fails");
    };
    const trimmer = new Trimmer(log, retain);
    for (let at = 0; at < 2; at++) {
      assertThrows(() => trimmer.step(20_000), Error, "the disk fails");
      assert(trimmer.due(20_000));
    }
    log.trim = trim;
    assertEquals(trimAll(trimmer, 20_000), "age" in retain ? 3 : 2);
    if ("age" in retain) assert(!trimmer.due(20_000));
  }
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

/** Appends a batch of so many messages. */
function append(log: MemoryLog, topic: string, { count = 1, time = 0 } = {}): void {
  const { bytes } = run(topic, ...Array.from({ length: count }, () => "x".repeat(100)));
  log.append({ batches: [{ topic, count, start: 0, end: bytes.length }], delayed: [] }, bytes, { now: time });
}

function left(log: MemoryLog): string[] {
  return log.refsAfter(0, 1000).map(({ topic, first }) => `${log.nameOf(topic)} ${first}`);
}

const G = { name: "g", pattern: "#a", sequence: 0, topics: [] };

Deno.test("what a group has not settled stays, with what is newer of its topic, until it has", () => {
  const log = new MemoryLog();
  for (let at = 0; at < 4; at++) {
    append(log, "#a");
    append(log, "#b");
  }
  log.marks.put({ ...G, after: 2 });
  const trimmer = new Trimmer(log, { age: 10 });
  assertEquals(trimAll(trimmer, 1000), 5, "and other topics do not wait for it");
  assertEquals(left(log), ["#a 2", "#a 3", "#a 4"]);
  assert(trimmer.heldBack > 0);
  log.marks.put({ ...G, after: 2, topics: [{ topic: "#a", settled: "3-4", attempts: "" }] });
  assertEquals(trimAll(trimmer, 2000), 0, "a topic has no holes");
  assert(!trimmer.due(2001));
  log.marks.put({ ...G, after: 3, topics: [{ topic: "#a", settled: "3", attempts: "" }] });
  assertEquals(trimAll(trimmer, 3000), 2);
  assertEquals(left(log), ["#a 4"]);
  append(log, "#a", { time: 3000 });
  log.marks.forget(G);
  assertEquals(trimAll(trimmer, 4000), 2);
  assertEquals([left(log), trimmer.heldBack], [[], 0]);
});

Deno.test("what is held back for groups is not taken from what others may have, and goes first", () => {
  const log = new MemoryLog();
  for (let at = 0; at < 10; at++) append(log, "#a");
  const size = log.bytes / 10;
  log.marks.put({ ...G, after: 0 });
  const trimmer = new Trimmer(log, { bytes: 5 * size });
  assertEquals(trimAll(trimmer, 0), 0);
  for (let at = 0; at < 10; at++) append(log, "#b");
  assertEquals(trimAll(trimmer, 0), 5);
  assertEquals(left(log).filter((each) => each.startsWith("#b")).length, 5);
  log.marks.put({ ...G, after: 20 });
  trimAll(trimmer, 2000);
  assertEquals(left(log), ["#b 6", "#b 7", "#b 8", "#b 9", "#b 10"]);
});

Deno.test("what was held back when there was no room, and has room when it is settled, goes when it is too old", () => {
  const log = new MemoryLog();
  append(log, "#a");
  append(log, "#c", { count: 9 });
  const size = log.bytes;
  append(log, "#b");
  log.marks.put({ ...G, pattern: "#>", after: 0 });
  const trimmer = new Trimmer(log, { age: 10_000, bytes: size / 10 * 2 });
  assertEquals(trimAll(trimmer, 0), 0);
  log.marks.put({ ...G, pattern: "#>", after: 0, topics: [{ topic: "#c", settled: "1-9", attempts: "" }] });
  assertEquals(trimAll(trimmer, 2000), 9);
  log.marks.forget({ ...G, pattern: "#>" });
  assertEquals([trimAll(trimmer, 10_000), left(log)], [0, ["#a 1", "#b 1"]]);
  assertEquals(trimAll(trimmer, 12_000), 2);
});

Deno.test("many topics that are held back are looked at a few at a time", () => {
  const log = new MemoryLog();
  for (let at = 0; at < 300; at++) append(log, `#t.${at}`);
  log.marks.put({ ...G, pattern: "#t.*", after: 0 });
  const trimmer = new Trimmer(log, { age: 10 });
  assertEquals(trimAll(trimmer, 1000), 0);
  log.marks.put({ ...G, pattern: "#t.*", after: 200 });
  const first = trimmer.step(3000);
  assert(first.more && first.messages > 0 && first.messages < 200);
  assertEquals(first.messages + trimAll(trimmer, 3000), 200);
});

Deno.test("a rule of its own says whether groups count for its topics", () => {
  const log = new MemoryLog();
  for (const topic of ["#a", "#b"]) append(log, topic);
  log.marks.put({ ...G, pattern: "#>", after: 0 });
  const overrides = [{ pattern: "#a", age: 1, groups: "ignore" }] as const;
  assertEquals(trimAll(new Trimmer(log, { age: 1, overrides }), 1000), 1);
  assertEquals(left(log), ["#b 1"]);
});

/** A log that is kept by pattern: `#a`, `#b` and `#c` in turn, so many of each. */
function logOfTopics(each: number): { readonly log: MemoryLog; readonly size: number } {
  const log = new MemoryLog();
  const { bytes, count } = run("#a", "x".repeat(100));
  for (let at = 0; at < 3 * each; at++) {
    log.append(
      { batches: [{ topic: ["#a", "#b", "#c"][at % 3]!, count, start: 0, end: bytes.length }], delayed: [] },
      bytes,
      { now: at },
    );
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
  log.append(
    { batches: [{ topic: "#a", count: 1, start: 0, end: size }], delayed: [] },
    new Uint8Array(size),
    { now: 0 },
  );
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
    log.append(
      { batches: [{ topic: "#a", count: 1, start: 0, end: size }], delayed: [] },
      new Uint8Array(size),
      { now: 1000 },
    );
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
    log.append(
      { batches: [{ topic: "#a", count: 1, start: 0, end: size }], delayed: [] },
      new Uint8Array(size),
      { now: 0 },
    );
    trimmer.added(log.topicNamed("#a")!.id, size);
    stored.push(trimAll(trimmer, 0));
  }
  assertEquals(stored, [0, 1, 1]);
});
