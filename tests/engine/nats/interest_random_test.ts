import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ChunkPool } from "../../../lib/buffers.ts";
import { Interest, type Wanted } from "../../../lib/engine/nats/interest.ts";
import { Subjects } from "../../../lib/engine/nats/subjects.ts";
import { FlushList } from "../../../lib/flush_list.ts";
import { HeldMemory } from "../../../lib/held_memory.ts";
import { covers } from "../../../lib/topics/covers.ts";
import { matches } from "../../../lib/topics/topic.ts";
import { FakeLink } from "../../support/fake_link.ts";

const PATTERNS = ["#a", "#b", "#a.a", "#a.b", "#b.a", "#a.*", "#*.b", "#*.*", "#a.>", "#>", "#*"];
const TOPICS = ["#a", "#b", "#a.a", "#a.b", "#b.a", "#b.b", "#a.a.a"];

/** What there is of it in NATS, and whom its messages come by. */
class Bench {
  readonly link = new FakeLink();
  readonly flushes = new FlushList();
  readonly memory = new HeldMemory({ most: 1e9, pool: new ChunkPool() });
  readonly came: Wanted[] = [];
  readonly interest = new Interest({
    link: this.link,
    flushes: this.flushes,
    subjects: new Subjects("p"),
    memory: this.memory,
    seed: 1,
    onMessage: (_, by) => void this.came.push(by),
  });
  /** Patterns that NATS has a subscription of. */
  readonly subscribed = new Set<string>();

  /** What was asked of NATS is done. */
  settle(wanted: Iterable<string>): void {
    for (const each of this.link.takeAsked()) {
      const [what, subject] = each.split(" ");
      const pattern = `#${subject!.slice("p.memory.*.".length)}`;
      if (what === "sub") {
        assert(!this.subscribed.has(pattern), "it has it once");
        this.subscribed.add(pattern);
      } else {
        assert(this.subscribed.delete(pattern), "it had it");
        for (const topic of TOPICS) {
          const is = [...wanted].some((each) => matches(each, topic));
          assert(!is || this.covers(topic), `${topic} is missed`);
        }
      }
    }
  }

  covers(topic: string): boolean {
    return [...this.subscribed].some((each) => matches(each, topic));
  }

  /** By how many of its subscriptions a message that does not say who sent it is taken. */
  taken(topic: string): number {
    for (const pattern of this.subscribed) {
      if (matches(pattern, topic)) this.link.comes(`p.memory.*.${pattern.slice(1)}`, "", "p.memory.one.x");
    }
    return this.came.splice(0).filter((by) => this.interest.isFirst(topic, by)).length;
  }
}

Deno.test("whoever comes and goes, NATS brings all that is wanted, once, and in the end nothing else (N1)", () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.nat(PATTERNS.length - 1) },
    { weight: 1, arbitrary: fc.constant("tick" as const) },
  );
  fc.assert(fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
    const bench = new Bench();
    const wanted = new Set<string>();
    for (const each of steps) {
      if (each === "tick") {
        bench.interest.tick();
      } else {
        const pattern = PATTERNS[each]!;
        if (wanted.delete(pattern)) {
          bench.interest.remove(pattern);
        } else {
          wanted.add(pattern);
          bench.interest.add(pattern);
        }
      }
      bench.settle(wanted);
      for (const topic of TOPICS) {
        if ([...wanted].some((each) => matches(each, topic))) assertEquals(bench.taken(topic), 1, topic);
        const known = [...bench.interest.patternsOf(topic)];
        for (const pattern of wanted) assertEquals(known.includes(pattern), matches(pattern, topic));
      }
    }
    for (let at = 0; at < 3; at++) bench.interest.tick();
    bench.settle(wanted);
    const left = [...wanted].filter((each) =>
      ![...wanted].some((other) => other !== each && covers(other, each))
    );
    assertEquals([...bench.subscribed].sort(), left.sort());
    assertEquals([bench.interest.subscriptions, [...bench.interest.patterns()].sort()], [
      left.length,
      [...wanted].sort(),
    ]);
    for (const topic of TOPICS) {
      const taking = [...wanted].filter((pattern) => matches(pattern, topic));
      assertEquals([...bench.interest.patternsOf(topic)].sort(), taking.sort(), "and nobody who has left");
    }
    const bytes = [...wanted].reduce((sum, pattern) => sum + 1_800 + 2 * pattern.length, 0);
    assertEquals(bench.memory.held, bytes);
    bench.interest.tick();
    assertEquals(bench.link.takeAsked(), [], "nothing has changed");
  }));
});

Deno.test("4,096 patterns are compared in a tick, those with wildcards with each of those that are subscribed to", () => {
  const { interest, link } = new Bench();
  for (let at = 0; at < 5_000; at++) interest.add(`#a.${at}`);
  interest.add("#a.*");
  link.takeAsked();
  interest.tick();
  assertEquals(link.takeAsked().length, 4_096);
  interest.tick();
  assertEquals(link.takeAsked().length, 904);
  const wild = new Bench();
  for (let at = 0; at < 100; at++) wild.interest.add(`#${at}.*`);
  wild.interest.add("#*.*");
  wild.link.takeAsked();
  wild.interest.tick();
  // 102 looks for the first, one less for each of the next: another is gone by then
  const unsubscribed = wild.link.takeAsked().length;
  let looks = 0;
  let count = 0;
  for (; looks < 4_096; count++) looks += 1 + 101 - count;
  assertEquals(unsubscribed, count);
});
