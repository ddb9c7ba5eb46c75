import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { MemoryLog } from "../../../lib/store/log/memory_log.ts";
import { Trimmer } from "../../../lib/store/log/retention.ts";
import type { Retention } from "../../../lib/store/types.ts";
import { run } from "../asking.ts";

/** A batch as the model knows it. */
interface Batch {
  readonly id: number;
  readonly topic: string;
  readonly time: number;
  readonly size: number;
}

/** What is left by the words of the documentation: each rule lets go of the oldest of its own. */
class Model {
  batches: Batch[] = [];
  /** The newest batch alone is more than its rule allows: it is tried with the next. */
  tooMuch = false;
  #last = 0;
  readonly #rules: readonly Retention[];
  readonly #patterns: readonly string[];

  /** The last is the rule of what no pattern names. */
  constructor(rules: readonly Retention[], patterns: readonly string[]) {
    this.#rules = rules;
    this.#patterns = patterns;
  }

  append(topic: string, { time, size }: { readonly time: number; readonly size: number }): void {
    this.batches.push({ id: ++this.#last, topic, time, size });
  }

  trim(now: number): void {
    this.tooMuch = false;
    for (const [at, { age = Infinity, bytes = Infinity }] of this.#rules.entries()) {
      const own = this.batches.filter(({ topic }) => this.#ruleOf(topic) === at);
      let held = own.reduce((sum, { size }) => sum + size, 0);
      const gone = new Set<Batch>();
      for (const batch of own) {
        const tooOld = batch.time < now - age;
        const tooMuch = held > bytes && batch.id !== this.#last;
        if (!tooOld && !tooMuch) break;
        gone.add(batch);
        held -= batch.size;
      }
      this.tooMuch ||= held > bytes;
      this.batches = this.batches.filter((batch) => !gone.has(batch));
    }
  }

  #ruleOf(topic: string): number {
    const at = this.#patterns.indexOf(topic);
    return at < 0 ? this.#rules.length - 1 : at;
  }
}

const SIZE = run("#a", "").bytes.length;
const bytes = fc.option(
  fc.tuple(fc.nat(12), fc.constantFrom(-1, 0, 1)).map(([batches, more]) =>
    Math.max(0, SIZE * batches + more)
  ),
  { nil: undefined },
);
const rule = fc.record({ age: fc.option(fc.nat(30), { nil: undefined }), bytes }).map(given);
const step = fc.record({
  topics: fc.array(fc.tuple(fc.constantFrom("#a", "#b", "#c"), fc.nat(2)), { maxLength: 12 }),
  later: fc.nat(12),
});

/** Without what is not set. */
function given({ age, bytes }: { age: number | undefined; bytes: number | undefined }): Retention {
  return { ...(age === undefined ? {} : { age }), ...(bytes === undefined ? {} : { bytes }) };
}

Deno.test("each rule lets go of the oldest of its own, too old or too much, and of nothing else", () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 8 }),
      fc.array(rule, { maxLength: 2 }),
      rule,
      (steps, own, rest) => {
        const patterns = ["#a", "#b"].slice(0, own.length);
        const log = new MemoryLog();
        const model = new Model([...own, rest], patterns);
        let now = 0;
        const append = (topic: string, payload: number): void => {
          const { bytes, count } = run(topic, "x".repeat(payload));
          log.append({ batches: [{ topic, count, start: 0, end: bytes.length }], delayed: [] }, bytes, {
            now,
          });
          model.append(topic, { time: now, size: bytes.length });
        };
        const [first, ...others] = steps;
        // what was there before the trimmer
        for (const [topic, payload] of first!.topics) append(topic, payload);
        const overrides = own.map((one, at) => ({ pattern: patterns[at]!, ...one }));
        const trimmer = new Trimmer(log, { ...rest, overrides });
        for (const { topics, later } of [{ topics: [], later: first!.later }, ...others]) {
          for (const [topic, payload] of topics) {
            const before = log.bytes;
            append(topic, payload);
            trimmer.added(log.topicNamed(topic)!.id, log.bytes - before);
          }
          now += later;
          const due = trimmer.due(now);
          let messages = 0;
          for (let more = true; more;) {
            const step = trimmer.step(now);
            messages += step.messages;
            assertEquals(step.batches.reduce((sum, { count }) => sum + count, 0), step.messages);
            more = step.more;
          }
          const before = model.batches.length;
          model.trim(now);
          assertEquals(messages, before - model.batches.length);
          assert(due || messages === 0, "it is due where something is to go");
          assert(!trimmer.due(now) || model.tooMuch, "and not once that is gone");
          const left = log.refsAfter(0, 1000).map(({ id, topic }) => `${id} ${log.nameOf(topic)}`);
          assertEquals(left, model.batches.map(({ id, topic }) => `${id} ${topic}`));
        }
      },
    ),
    { numRuns: 400 },
  );
});
