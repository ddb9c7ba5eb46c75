import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Run as AnyRun } from "../../../lib/engine/types.ts";
import { MemoryStore } from "../../../lib/store/mod.ts";
import type { GroupOutcome } from "../../../lib/store/types.ts";
import { HeldStore } from "../../support/held_store.ts";
import { type Given, messagesIn, StoredBench, Worker } from "./stored_bench.ts";

const TIMEOUT = 1000;
const ATTEMPTS = 2;
const TOPICS = ["#d.a", "#d.b", "#d.c"];

/** What there is to be known of one message, without knowing how the engine does it. */
interface Known {
  /** Who has it, and since when. */
  holder: Hand | undefined;
  since: number;
  given: number;
  /** Why it may be given out once more: as often. */
  causes: number;
  /** Whether a crash may have made the engine forget causes. */
  crashed: boolean;
  /** Given back before it was written, so that nobody has had it. */
  returned: boolean;
  settled: "no" | "said" | "stored";
}

class Model {
  readonly messages = new Map<string, Known>();
  /** Of each topic the greatest number that was given out since the last crash or pause. */
  readonly newest = new Map<string, number>();
  now = 0;

  of(topic: string, sequence: number): Known {
    const key = `${topic} ${sequence}`;
    let known = this.messages.get(key);
    if (known === undefined) {
      known = {
        holder: undefined,
        since: 0,
        given: 0,
        causes: 0,
        crashed: false,
        returned: false,
        settled: "no",
      };
      this.messages.set(key, known);
    }
    return known;
  }

  /** Time is over for these. */
  lapse(): void {
    for (const known of this.messages.values()) {
      if (known.holder === undefined || this.now - known.since < TIMEOUT) continue;
      known.holder = undefined;
      known.causes++;
    }
  }

  give(hand: Hand, { topic, sequence, attempt }: Given): void {
    const known = this.of(topic, sequence);
    const what = `${topic} ${sequence}`;
    assert(known.holder === undefined, `${what} is held by another`);
    assert(known.settled === "no" || known.crashed, `${what} was settled`);
    assert(known.settled !== "stored", `${what} was settled, and that was stored`);
    assert(attempt <= ATTEMPTS, `${what} is given too often`);
    if (!known.crashed) assertEquals(attempt, 1 + known.causes, `${what}: every redelivery has its cause`);
    else assert(attempt <= 1 + known.causes, `${what}: every redelivery has its cause`);
    if (known.given > 0) {
      assert(known.causes > 0 || known.returned || known.crashed, `${what} is given twice for nothing`);
    } else {
      assert(sequence > (this.newest.get(topic) ?? 0), `${what} is out of order`);
      this.newest.set(topic, sequence);
    }
    known.given++;
    known.returned = false;
    known.settled = "no";
    known.holder = hand;
    known.since = this.now;
  }

  heldBy(hand: Hand): [string, Known][] {
    return [...this.messages].filter(([, { holder }]) => holder === hand);
  }

  crash(): void {
    for (const known of this.messages.values()) {
      if (known.settled === "stored") continue;
      known.crashed = true;
      known.holder = undefined;
    }
  }
}

/** A worker that tells the model. */
class Hand extends Worker {
  readonly #model: Model;
  window: number;

  constructor(model: Model, window: number) {
    super();
    this.#model = model;
    this.window = window;
  }

  override give(run: AnyRun, attempt: number): void {
    super.give(run, attempt);
    for (const given of messagesIn(run, attempt)) this.#model.give(this, given);
    assert(this.#model.heldBy(this).length <= this.window, "more than its window");
  }
}

const STEP = fc.record({
  what: fc.constantFrom(
    ...[
      "publish",
      "publish",
      "join",
      "die",
      "ack",
      "ack",
      "ack",
      "nack",
      "extend",
      "time",
      "commit",
      "commit",
    ],
    ...["commit", "refuse", "crash", "write", "stall", "opens"],
  ),
  who: fc.nat({ max: 3 }),
  many: fc.integer({ min: 1, max: 4 }),
  topic: fc.nat({ max: 2 }),
});
type Step = typeof STEP extends fc.Arbitrary<infer T> ? T : never;

class Play {
  readonly model = new Model();
  readonly store = new HeldStore(new MemoryStore({ now: () => this.bench.now }));
  readonly bench: StoredBench;
  hands: Hand[] = [];

  constructor() {
    this.store.free = true;
    this.bench = new StoredBench({ store: this.store, maxAttempts: ATTEMPTS });
  }

  async begin(): Promise<void> {
    const first = await this.bench.joined();
    assertEquals(first.outcome?.kind, "joined");
    first.dies();
    await this.bench.settle();
    this.store.free = false;
  }

  async do({ what, who, many, topic: at }: Step): Promise<void> {
    const { bench, model, store } = this;
    const topic = TOPICS[at]!;
    const hand = this.hands[who % Math.max(1, this.hands.length)];
    switch (what) {
      case "publish":
        bench.publish(topic, Array.from({ length: many }, () => "x"));
        break;
      case "join":
        if (this.hands.length < 4) this.#join(many);
        break;
      case "die":
        if (hand !== undefined) this.#die(hand);
        break;
      case "ack":
      case "nack":
      case "extend":
        if (hand !== undefined) this.#touch(hand, { what, many, delay: many > 2 ? 300 : 0 });
        break;
      case "time":
        bench.now += 250;
        model.now += 250;
        model.lapse();
        bench.engine.tick(bench.now);
        break;
      case "commit":
        store.commits.shift()?.end();
        break;
      case "refuse":
        store.commits.shift()?.end({ kind: "refused", reason: "full" });
        break;
      case "write":
        hand?.write();
        break;
      case "stall":
        if (hand !== undefined) hand.writes = !hand.writes;
        break;
      case "opens":
        if (hand?.full === true) hand.opens();
        else if (hand !== undefined && many === 1) hand.full = true;
        break;
      case "crash":
        await this.#crash(many > 2);
        break;
    }
    await bench.settle();
    this.#noteStored();
  }

  /** Everything is worked off; what is left of it is in the model. */
  async end(): Promise<void> {
    const { bench, store, hands, model } = this;
    store.free = true;
    for (const { end } of store.commits.splice(0)) end();
    for (const hand of hands) {
      if (hand.full) hand.opens();
      hand.write();
    }
    if (hands.length === 0) this.#join(1000);
    for (let round = 0; round < 60; round++) {
      await bench.settle();
      for (const hand of hands) {
        for (const [key] of model.heldBy(hand)) this.#ack(hand, key);
      }
      model.now += 250;
      model.lapse();
      await bench.passes(250);
      this.#noteStored();
    }
    for (const hand of [...hands]) this.#die(hand);
    await bench.settle();
    await bench.passes(500);
  }

  #join(window: number): void {
    const hand = new Hand(this.model, window);
    this.hands.push(hand);
    this.bench.join({ window }, hand);
  }

  #die(hand: Hand): void {
    this.hands = this.hands.filter((each) => each !== hand);
    const unsent = new Set(hand.unsent.flatMap((run) => messagesIn(run)).map(keyOf));
    for (const [key, known] of this.model.heldBy(hand)) {
      known.holder = undefined;
      if (unsent.has(key)) known.returned = true;
      else known.causes++;
    }
    hand.dies();
  }

  #ack(hand: Hand, key: string): void {
    const [topic, sequence] = key.split(" ");
    const known = this.model.messages.get(key)!;
    // an answer may come before the call returns
    known.holder = undefined;
    known.settled = "said";
    assert(hand.ack(topic!, Number(sequence)), `${key} is held`);
  }

  #touch(
    hand: Hand,
    { what, many, delay }: { what: "ack" | "nack" | "extend"; many: number; delay: number },
  ): void {
    const held = this.model.heldBy(hand);
    const [first] = held;
    if (first === undefined) {
      for (const topic of TOPICS) assert(!hand.ack(topic, 1, 1000), "it holds nothing");
      return;
    }
    const [topic, from] = first[0].split(" ");
    const last = Number(from) + many - 1;
    const among = held.filter(([key]) => {
      const [of, sequence] = key.split(" ");
      return of === topic && Number(sequence) >= Number(from) && Number(sequence) <= last;
    });
    for (const [, known] of among) {
      if (what === "extend") known.since = this.model.now;
      else known.holder = undefined;
      if (what === "ack") known.settled = "said";
      if (what === "nack") known.causes++;
    }
    if (what === "ack") assert(hand.ack(topic!, Number(from), last));
    else if (what === "nack") assert(hand.nack(topic!, Number(from), { last, delay }));
    else assert(hand.extend(topic!, Number(from), last));
  }

  /** Acks that were answered are known for ever. */
  #noteStored(): void {
    for (const hand of this.hands) {
      for (const answer of hand.answers.splice(0)) {
        const [, topic, from] = answer.split(" ");
        assert(!answer.includes(":"), answer);
        const known = this.model.messages.get(`${topic} ${from}`)!;
        if (known.settled === "said") known.settled = "stored";
      }
    }
  }

  async #crash(applies: boolean): Promise<void> {
    const { bench, store, model } = this;
    this.#noteStored();
    const commits = store.commits.splice(0);
    this.hands = [];
    model.crash();
    model.newest.clear();
    // what was under way may be on disk, though nobody has been told
    if (applies && commits.length > 0) {
      const { appends, marks } = commits[0]!;
      await new Promise<void>((resolve) => {
        store.free = true;
        store.commit({ appends, marks }, () => resolve());
      });
      store.free = false;
    }
    bench.restart();
  }
}

function keyOf({ topic, sequence }: Given): string {
  return `${topic} ${sequence}`;
}

Deno.test("whatever comes in between, a message is settled once or dead, and held by one at a time", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { minLength: 30, maxLength: 150, size: "max" }), async (steps) => {
      const play = new Play();
      await play.begin();
      for (const step of steps) await play.do(step);
      await play.end();
      const { bench, model } = play;
      const dead = new Set<string>();
      const undertaker = await bench.joined({ name: "u", pattern: "#dead.>", from: { kind: "earliest" } });
      for (const { topic, fields } of undertaker.given) {
        const sequence = /h\.dead-seq=(\d+)/.exec(fields)![1];
        const key = `${topic.replace("#dead.g.", "#")} ${sequence}`;
        assert(!dead.has(key), `${key} died twice`);
        dead.add(key);
        assert(model.messages.get(key)!.causes >= ATTEMPTS, `${key} died for nothing`);
      }
      for (const [key, { settled, crashed }] of model.messages) {
        if (dead.has(key)) assert(settled === "no" || crashed, `${key} is dead and settled`);
        else assert(settled !== "no" || crashed, `${key} is neither settled nor dead`);
      }
      // nothing is left, and nothing more is known of it than how far it has come
      const stored = await new Promise<GroupOutcome>((resolve) =>
        play.store.group({ name: "g", pattern: "#d.>" }, resolve)
      );
      assertEquals(stored.kind === "group" && stored.mark.topics, []);
      const last = await bench.joined();
      assertEquals(last.shown, []);
    }),
    { numRuns: 200 },
  );
});
