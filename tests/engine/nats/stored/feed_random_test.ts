import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { RETRY_MS } from "../../../../lib/engine/nats/stored/limits.ts";
import { matches } from "../../../../lib/topics/topic.ts";
import { done, FAILED, stateOf } from "../../../support/scripted_streams.ts";
import { FeedBench, Slow } from "./feed_bench.ts";

const TOPICS = ["#d", "#e", "#d.a"];
const PATTERNS = ["#d", "#e", "#d.*", "#>"];

/** A consumer of the stream, as its server has it. */
interface Consumer {
  readonly name: string;
  readonly filters: readonly string[];
  next: number;
  given: number;
  inbox: string;
  /** How many more were asked for. */
  credit: number;
}

/** Somebody who is subscribed, and what was stored when that was in force. */
interface Follower {
  readonly pattern: string;
  readonly subscriber: Slow;
  since: number | undefined;
  /** What was stored when it left. */
  until: number;
}

/** A feed of a stream that is simulated: what is asked of it waits until it is answered. */
class World extends FeedBench {
  /** The topics of its messages: the first has number 1. */
  readonly stored: string[] = [];
  readonly consumers: Consumer[] = [];
  readonly followers: Follower[] = [];
  readonly #asked: { readonly filters: string[]; readonly from: number }[] = [];
  #made = 0;

  store(topic: string): void {
    this.stored.push(topic);
  }

  follow(pattern: string): void {
    const subscriber = new Slow();
    this.followers.push({ pattern, subscriber, since: undefined, until: Infinity });
    const follower = this.followers.at(-1)!;
    this.subscribes(pattern, subscriber);
    this.feed.whenLive(() => void (follower.since = this.stored.length));
  }

  leave(at: number): void {
    const here = this.followers.filter(({ until }) => until === Infinity);
    const follower = here[at % here.length];
    if (follower === undefined) return;
    this.routing.unsubscribe(follower.pattern, follower.subscriber);
    this.feed.remove(follower.pattern);
    follower.until = this.feed.position;
    follower.subscriber.free();
  }

  /** One thing that was asked of the stream is answered. */
  answer({ fails }: { readonly fails: boolean }): void {
    this.#note();
    const { states, readers, edges } = this.streams;
    const state = states.shift();
    if (state !== undefined) return state(fails ? FAILED : stateOf(this.stored.length));
    const edge = edges.shift();
    if (edge !== undefined) {
      const next = this.#next.shift()!;
      return edge(fails ? FAILED : next());
    }
    const reader = readers.shift();
    if (reader === undefined) return;
    const { filters, from } = this.#asked.shift()!;
    if (fails) return reader(FAILED);
    const name = `c${++this.#made}`;
    const consumer = { name, filters, next: from, given: 0, inbox: "", credit: 0 };
    this.consumers.push(consumer);
    reader(done(name));
    this.#note();
  }
  readonly #next: (() => ReturnType<typeof done<{ sequence: number; time: number }>> | { kind: "none" })[] =
    [];

  /** The consumers give out what they were asked for; one message may be lost on the way. */
  give({ loses }: { readonly loses: boolean }): void {
    this.#note();
    for (const consumer of this.consumers) {
      let lost = loses;
      for (; consumer.credit > 0 && consumer.next <= this.stored.length; consumer.next++) {
        const topic = this.stored[consumer.next - 1]!;
        if (!consumer.filters.some((filter) => matches(filter, topic))) continue;
        consumer.given++;
        consumer.credit--;
        const isLost = lost;
        lost = false;
        if (isLost) continue;
        this.link.comes(consumer.inbox, `${consumer.next}`, `p.stored.${topic.slice(1)}`, {
          reply: `$JS.ACK.s.${consumer.name}.1.${consumer.next}.${consumer.given}.1000000.0`,
        });
      }
    }
    this.link.read();
  }

  /** Reads what was asked for since the last time. */
  #note(): void {
    for (const each of this.streams.takeAsked()) {
      const words = each.split(" ");
      const patterns = words.filter((word) => word.startsWith("p.stored.")).map((word) =>
        `#${word.slice(9)}`
      );
      if (words[0] === "reader") this.#asked.push({ filters: patterns, from: Number(words.at(-1)) });
      if (words[0] !== "next") continue;
      this.#next.push(() => {
        const at = this.stored.findIndex((topic, at) =>
          at + 1 >= Number(words[2]) && matches(patterns[0]!, topic)
        );
        return at < 0 ? { kind: "none" } : done({ sequence: at + 1, time: 1 });
      });
    }
    for (const each of this.link.takeAsked()) {
      const [, name, batch, inbox] =
        /^pub API\.CONSUMER\.MSG\.NEXT\.s\.(\S+) \{"batch":(\d+).*"reply":"(\S+)"\}$/.exec(each) ?? [];
      const consumer = this.consumers.find((each) => each.name === name);
      if (consumer === undefined) continue;
      consumer.credit += Number(batch);
      consumer.inbox = inbox!;
    }
  }

  /** What came to each is of its pattern, in its order, and all of it that was stored while it was in force. */
  check(): void {
    for (const { pattern, subscriber, since, until } of this.followers) {
      const got = subscriber.got.map(Number);
      assertEquals(
        got,
        [...new Set(got)].sort((one, other) => one - other),
        "in the order of the stream, once",
      );
      const wanted = this.stored.flatMap((topic, at) => matches(pattern, topic) ? [at + 1] : []);
      const least = wanted.filter((sequence) => sequence > (since ?? Infinity) && sequence <= until);
      const all = new Set(wanted);
      assert(got.every((sequence) => all.has(sequence)), "nothing else");
      assertEquals(
        least.filter((sequence) => !got.includes(sequence)),
        [],
        `${pattern} has all since ${since}`,
      );
    }
  }
}

Deno.test("whatever is lost, fails, or is full for a while, who follows gets all that is stored then, once and in order (N7, N8)", () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ store: fc.constantFrom(...TOPICS) }) },
    {
      weight: 6,
      arbitrary: fc.record({ answer: fc.record({ fails: fc.constantFrom(true, false, false, false) }) }),
    },
    {
      weight: 6,
      arbitrary: fc.record({ give: fc.record({ loses: fc.constantFrom(true, false, false, false) }) }),
    },
    { weight: 2, arbitrary: fc.record({ follow: fc.constantFrom(...PATTERNS) }) },
    { weight: 1, arbitrary: fc.record({ leave: fc.nat(9) }) },
    { weight: 2, arbitrary: fc.record({ fill: fc.nat(9) }) },
    { weight: 2, arbitrary: fc.record({ free: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.constantFrom("down" as const, "up" as const, "tick" as const) },
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 60, maxLength: 120 }), (steps) => {
      const world = new World();
      const { link, followers } = world;
      for (const pattern of ["#d", "#>"]) world.follow(pattern);
      for (const each of steps) {
        if (each === "tick") world.passes(RETRY_MS);
        else if (each === "down") { if (link.up) link.goDown(); }
        else if (each === "up") { if (!link.up) link.goUp(); }
        else if ("store" in each) world.store(each.store);
        else if ("answer" in each) world.answer(each.answer);
        else if ("give" in each) { if (link.up) world.give(each.give); }
        else if ("follow" in each) world.follow(each.follow);
        else if ("leave" in each) world.leave(each.leave);
        else if (followers.length === 0) continue;
        else if ("fill" in each) followers[each.fill % followers.length]!.subscriber.full = true;
        else followers[each.free % followers.length]!.subscriber.free();
      }
      if (!link.up) link.goUp();
      for (const { subscriber } of followers) subscriber.free();
      for (let round = 0; round < 20; round++) {
        world.passes(RETRY_MS);
        for (let at = 0; at < 8; at++) world.answer({ fails: false });
        world.give({ loses: false });
      }
      world.check();
      assert(world.feed.live);
      world.keepsNothing();
    }),
    { numRuns: 200 },
  );
});
