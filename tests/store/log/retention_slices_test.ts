/**
 * How much retention looks at and deletes in one step. The log is a list here, with any sizes.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { MemoryLog } from "../../../lib/store/log/memory_log.ts";
import { type AgedBatch, trimmedOf, Trimmer, type TrimPort } from "../../../lib/store/log/retention.ts";
import { append } from "../made_logs.ts";

const MIB = 1024 * 1024;

/** So many batches of one message, all of the size that is said, of topic 1 or of those that are given in turn. */
class List implements TrimPort {
  batches: AgedBatch[];
  readonly asked: string[] = [];
  held: (batch: AgedBatch) => boolean = () => false;
  holdChanges = 0;
  readonly groupsMiss: boolean[] = [];
  named = 0;
  deleted = 0;
  last: number;

  constructor(
    { count, size = 1, topics = [1] }: { count: number; size?: number; topics?: readonly number[] },
  ) {
    this.last = count;
    const next = new Map<number, number>();
    this.batches = Array.from({ length: count }, (_, at) => {
      const topic = topics[at % topics.length]!;
      const first = next.get(topic) ?? 1;
      next.set(topic, first + 1);
      return { id: at + 1, topic, first, count: 1, time: 0, size };
    });
  }

  get bytes(): number {
    return this.batches.reduce((sum, { size }) => sum + size, 0);
  }
  nameOf(topic: number): string {
    this.named++;
    return `#t.${topic}`;
  }
  agedAfter(id: number, limit: number): readonly AgedBatch[] {
    this.asked.push(`after ${id}: ${limit}`);
    return this.batches.filter((batch) => batch.id > id).slice(0, limit);
  }
  agedOf(topic: number, sequence: number, limit: number): readonly AgedBatch[] {
    this.asked.push(`of ${topic} from ${sequence}: ${limit}`);
    return this.batches.filter((batch) => batch.topic === topic && batch.first >= sequence).slice(0, limit);
  }
  isHeld(batch: AgedBatch): boolean {
    return this.held(batch);
  }
  trim(batches: readonly AgedBatch[], { groupsMiss }: { readonly groupsMiss: boolean }): void {
    this.groupsMiss.push(groupsMiss);
    this.batches = this.batches.filter((batch) => !batches.includes(batch));
    this.deleted += batches.length;
  }
}

/** The messages that each step deletes, until there is no more to do at once. */
function steps(trimmer: Trimmer, now: number): number[] {
  const messages: number[] = [];
  for (let more = true; more;) {
    const step = trimmer.step(now);
    messages.push(step.messages);
    more = step.more;
  }
  return messages;
}

Deno.test("what is read grows from 8 batches fourfold up to 256, and begins small again when that was all", () => {
  const list = new List({ count: 700 });
  const trimmer = new Trimmer(list, { age: 10 });
  assertEquals(steps(trimmer, 100), [8, 32, 128, 256, 256, 20]);
  assertEquals(list.asked.splice(0), [
    "after 0: 8",
    "after 8: 32",
    "after 40: 128",
    "after 168: 256",
    "after 424: 256",
    "after 680: 256",
  ]);
  const later = new List({ count: 8 });
  list.batches = later.batches.map((batch) => ({ ...batch, id: batch.id + 700, time: 100 }));
  assertEquals(steps(trimmer, 111), [8, 0]);
  assertEquals(list.asked, ["after 700: 8", "after 708: 32"]);
});

Deno.test("a step ends where it has deleted 8 MiB, and goes on behind that", () => {
  assertEquals(steps(new Trimmer(new List({ count: 7, size: MIB }), { age: 10 }), 100), [7]);
  assertEquals(steps(new Trimmer(new List({ count: 10, size: 4 * MIB }), { age: 10 }), 100), [
    2,
    2,
    2,
    2,
    2,
    0,
  ]);
  assertEquals(steps(new Trimmer(new List({ count: 3, size: 8 * MIB - 1 }), { age: 10 }), 100), [2, 1]);
  const list = new List({ count: 5, size: 8 * MIB });
  assertEquals(steps(new Trimmer(list, { age: 10 }), 100), [1, 1, 1, 1, 1, 0]);
  assertEquals(list.asked, [
    "after 0: 8",
    "after 1: 32",
    "after 2: 128",
    "after 3: 256",
    "after 4: 256",
    "after 5: 256",
  ]);
});

Deno.test("what is left says when something is due next: the oldest by its time, or nothing before an age from now", () => {
  const list = new List({ count: 3 });
  list.batches[2] = { ...list.batches[2]!, time: 70 };
  const trimmer = new Trimmer(list, { age: 50 });
  assertEquals([trimmer.due(0), steps(trimmer, 100)], [true, [2]]);
  assertEquals([120, 121].map((now) => trimmer.due(now)), [false, true]);
  assertEquals(steps(trimmer, 120), [0], "it is not looked at");
  assertEquals(steps(trimmer, 121), [1]);
  assertEquals([171, 172].map((now) => trimmer.due(now)), [false, true]);
  const bytes = new Trimmer(new List({ count: 3 }), { bytes: 2 });
  assertEquals([bytes.due(0), steps(bytes, 0), bytes.due(1e9)], [true, [1], false]);
});

Deno.test("what was there is counted 256 batches at a time, up to the last there was then", () => {
  for (const count of [255, 256, 257, 600]) {
    const list = new List({ count, topics: [1, 2] });
    const trimmer = new Trimmer(list, { overrides: [{ pattern: "#t.1", bytes: 3 }] });
    // what comes meanwhile is told by itself
    list.batches.push({ id: count + 1, topic: 1, first: 900, count: 1, time: 0, size: 1 });
    list.last = count + 1;
    trimmer.added(1, 1);
    const own = Math.ceil(count / 2) + 1;
    const counts = Math.ceil(count / 256);
    const asked: string[] = [];
    for (let at = 0; at < counts; at++) {
      assertEquals(trimmer.step(0), { more: true, messages: 0, batches: [] });
      asked.push(`after ${256 * at}: 256`);
    }
    assertEquals(list.asked.splice(0), asked);
    assertEquals(steps(trimmer, 0).reduce((sum, each) => sum + each, 0), own - 3);
    assertEquals(trimmer.due(0), false);
  }
});

Deno.test("where no rule has a limit by bytes, or there is one rule, nothing is counted", () => {
  const list = new List({ count: 3 });
  const overrides = [{ pattern: "#t.1", age: 1 }];
  assertEquals(steps(new Trimmer(list, { overrides, age: 50 }), 0), [0]);
  assertEquals(list.asked.splice(0), ["after 0: 8", "after 0: 8"]);
  new Trimmer(list, { bytes: 1e9 }).step(0);
  assertEquals(list.asked, []);
  const counted = new Trimmer(list, { overrides, bytes: 1e9 });
  assertEquals([counted.due(0), counted.step(0).more, list.asked], [true, true, ["after 0: 256"]]);
});

Deno.test("of 100,000 topics it is known which rule is theirs, and then it is asked anew", () => {
  const list = new List({ count: 1 });
  const trimmer = new Trimmer(list, { bytes: 1e9, overrides: [{ pattern: "#x.>" }] });
  const add = (topic: number): number => {
    trimmer.added(topic, 1);
    return list.named;
  };
  for (let topic = 1; topic <= 100_000; topic++) add(topic);
  assertEquals([list.named, add(1), add(100_000)], [100_000, 100_000, 100_000]);
  assertEquals([add(100_001), add(1), add(1)], [100_001, 100_002, 100_002]);
  const single = new List({ count: 1 });
  new Trimmer(single, { bytes: 1 }).added(1, 1);
  assertEquals(single.named, 0, "with one rule nobody asks");
});

Deno.test("what was held back is looked at 8 batches at a time, topic by topic, and again at once where all of them went", () => {
  const list = new List({ count: 30, topics: [1, 2] });
  const trimmer = new Trimmer(list, { age: 10 });
  list.held = () => true;
  assertEquals(steps(trimmer, 100), [0, 0]);
  assertEquals([trimmer.heldBack, list.groupsMiss], [30, []]);
  list.asked.length = 0;
  list.held = ({ topic }) => topic === 2;
  list.holdChanges++;
  // the second look of the topic comes in the step behind
  assertEquals([trimmer.due(1099), trimmer.due(1100)], [true, true]);
  assertEquals(steps(trimmer, 1100), [8, 7]);
  assertEquals(list.asked.filter((each) => each.startsWith("of")), [
    "of 1 from 1: 8",
    "of 2 from 1: 8",
    "of 1 from 9: 8",
  ]);
  assertEquals([trimmer.heldBack, list.groupsMiss], [15, [false, false]]);
});

/** Topics of what was held back that were looked at since the last time this was asked. */
function looks(list: List): number {
  return list.asked.splice(0).filter((each) => each.startsWith("of")).length;
}

Deno.test("what is held back is not looked at again before a group has come further", () => {
  const list = new List({ count: 200, topics: Array.from({ length: 200 }, (_, at) => at + 1) });
  const trimmer = new Trimmer(list, { age: 10 });
  list.held = () => true;
  steps(trimmer, 100);
  looks(list);
  for (let now = 1100; now < 60_000; now += 1000) {
    assertEquals([steps(trimmer, now), looks(list)], [[0], 0]);
  }
  list.held = ({ topic }) => topic > 2;
  list.holdChanges++;
  assertEquals(steps(trimmer, 60_000), [2, 0, 0, 0]);
  assertEquals([looks(list), trimmer.heldBack], [200, 198]);
});

Deno.test("what was held back, is settled and has room goes when there is none any more", () => {
  const list = new List({ count: 6 });
  const trimmer = new Trimmer(list, { bytes: 4 });
  list.held = () => true;
  assertEquals([steps(trimmer, 0), trimmer.heldBack], [[0], 2]);
  const [, , , , ...newest] = list.batches;
  list.batches = list.batches.slice(0, 4);
  list.held = () => false;
  list.holdChanges++;
  looks(list);
  assertEquals([steps(trimmer, 1000), looks(list)], [[0], 1]);
  assertEquals([steps(trimmer, 2000), looks(list)], [[0], 0]);
  list.batches.push(...newest);
  assertEquals([trimmer.due(1999), trimmer.due(2000), steps(trimmer, 2000)], [false, true, [2]]);
});

Deno.test("what was held back goes up to 8 MiB in a step, topic by topic, and is told as what went", () => {
  const one = ["1", "2", "3"];
  for (const [size, expected] of [[8 * MIB, one], [8 * MIB - 1, ["1 2", "3"]], [8 * MIB + 1, one]] as const) {
    const list = new List({ count: 3, size, topics: [1, 2, 3] });
    const trimmer = new Trimmer(list, { age: 10 });
    list.held = () => true;
    steps(trimmer, 100);
    list.held = () => false;
    list.holdChanges++;
    const found: string[] = [];
    for (let more = true; more;) {
      const step = trimmer.step(2000);
      found.push(step.batches.map(({ id }) => id).join(" "));
      more = step.more;
    }
    assertEquals(found, expected);
    assertEquals([list.batches, trimmer.heldBack], [[], 0]);
  }
});

Deno.test("a rule that ignores groups deletes what they have not settled, and says that they may miss it", () => {
  const list = new List({ count: 3 });
  list.held = () => true;
  assertEquals(steps(new Trimmer(list, { age: 10, groups: "ignore" }), 100), [3]);
  assertEquals(list.groupsMiss, [true]);
  const kept = new List({ count: 3 });
  kept.held = () => true;
  const overrides = [{ pattern: "#t.1", age: 10, groups: "hold" }] as const;
  assertEquals(steps(new Trimmer(kept, { age: 10, groups: "ignore", overrides }), 100), [0]);
});

Deno.test("what is deleted is told with the names of its topics and how much ever was", () => {
  const list = new List({ count: 2, topics: [1, 2] });
  list.deleted = 7;
  assertEquals(trimmedOf(list.batches, list), {
    deleted: 7,
    batches: [
      { batch: 1, topic: "#t.1", first: 1, count: 1, time: 0 },
      { batch: 2, topic: "#t.2", first: 1, count: 1, time: 0 },
    ],
  });
});

interface Step {
  readonly topics: readonly string[];
  /** How far the group comes: up to a batch, and of `#b` these numbers. */
  readonly after: number;
  readonly settled: number;
  readonly later: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  topics: fc.array(fc.constantFrom("#a", "#b", "#c"), { maxLength: 12 }),
  after: fc.nat(30),
  settled: fc.nat(30),
  later: fc.integer({ min: 1000, max: 2500 }),
});

Deno.test("of each topic the oldest go that are too old, up to the first that a group has not settled", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), (all) => {
      const log = new MemoryLog();
      const trimmer = new Trimmer(log, { age: 1500 });
      let model: { id: number; topic: string; first: number; time: number }[] = [];
      const next = new Map<string, number>();
      let [now, after] = [0, 0];
      for (const { topics, settled, later, ...to } of all) {
        for (const topic of topics) {
          append(log, topic, { records: `pub ${topic} 0\n\n`, now });
          const first = next.get(topic) ?? 1;
          next.set(topic, first + 1);
          model.push({ id: log.last, topic, first, time: now });
        }
        after = Math.max(after, Math.min(to.after, log.last));
        const numbers = settled === 0 ? "" : `1-${settled}`;
        const marks = [{ topic: "#b", settled: numbers, attempts: "" }];
        for (const pattern of ["#a", "#b"]) {
          log.marks.put({ name: "g", pattern, sequence: 0, after, topics: pattern === "#b" ? marks : [] });
        }
        now += later;
        while (trimmer.step(now).more);
        const stays = new Set<string>();
        model = model.filter(({ id, topic, first, time }) => {
          const isHeld = topic !== "#c" && id > after && !(topic === "#b" && first <= settled);
          if (time >= now - 1500 || isHeld) stays.add(topic);
          return stays.has(topic);
        });
        const left = log.refsAfter(0, 1000).map(({ id, topic, first }) =>
          `${id} ${log.nameOf(topic)} ${first}`
        );
        assertEquals(left, model.map(({ id, topic, first }) => `${id} ${topic} ${first}`));
        const back = log.agedAfter(0, 1000).filter(({ time }) => time < now - 1500);
        assertEquals(trimmer.heldBack, back.reduce((sum, { size }) => sum + size, 0));
      }
    }),
    { numRuns: 200 },
  );
});
