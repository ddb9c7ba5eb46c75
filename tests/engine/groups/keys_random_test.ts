import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Run as AnyRun } from "../../../lib/engine/types.ts";
import { published } from "./keyed_runs.ts";
import { messagesIn, StoredBench, Worker } from "./stored_bench.ts";

const TIMEOUT = 1000;
const ATTEMPTS = 3;
const TOPICS = ["#d.a", "#d.b", "#m.a"];
const KEYS = ["", "a", "b", "c", "d", "e"];
/** The window of a group's members adds up to few, so that much waits. */
const WINDOW_MOST = 6;

/** What there is to be known of one message, without knowing how the engine does it. */
interface Known {
  readonly id: number;
  readonly topic: string;
  readonly key: string;
  sequence: number;
  holder: Hand | undefined;
  since: number;
  attempt: number;
  over: boolean;
}

class Model {
  readonly messages: Known[] = [];
  now = 0;

  /** Nobody else holds any of its key, and what came before it is over or held by the same member. */
  give(hand: Hand, id: number, { sequence, attempt }: { sequence: number; attempt: number }): void {
    const known = this.messages[id]!;
    const what = `${id} (${known.topic} key=${known.key})`;
    assert(known.holder === undefined, `${what} is held`);
    assert(!known.over, `${what} is over`);
    assertEquals(attempt, known.attempt, what);
    if (known.key !== "") {
      for (const other of this.messages) {
        if (other.key !== known.key || other.over || other === known) continue;
        assert(
          other.holder === undefined || other.holder === hand,
          `${what}: ${other.id} is held by another`,
        );
        assert(other.id > id || other.holder === hand, `${what} before ${other.id}`);
      }
    }
    Object.assign(known, { holder: hand, since: this.now, sequence });
    assert(this.heldBy(hand).length <= hand.window, "more than its window");
  }

  heldBy(hand: Hand): Known[] {
    return this.messages.filter(({ holder }) => holder === hand);
  }

  over(known: Known): void {
    known.over = true;
    known.holder = undefined;
  }

  back(known: Known, attempt = known.attempt + 1): void {
    known.attempt = attempt;
    known.holder = undefined;
    known.over = attempt > ATTEMPTS;
  }

  lapse(): void {
    for (const known of this.messages) {
      const isLeased = known.holder?.explicit === true && known.sequence > 0;
      if (isLeased && this.now - known.since >= TIMEOUT) this.back(known);
    }
  }
}

class Hand extends Worker {
  readonly #model: Model;
  readonly window: number;
  readonly explicit: boolean;

  constructor(model: Model, { window, explicit }: { window: number; explicit: boolean }) {
    super();
    this.#model = model;
    this.window = window;
    this.explicit = explicit;
  }

  override give(run: AnyRun, attempt: number): void {
    for (const { payload, sequence } of messagesIn(run)) {
      this.#model.give(this, Number(payload), { sequence, attempt });
    }
    if (this.writes && this.membership !== undefined) this.#wrote([run]);
    super.give(run, attempt);
  }

  override write(): void {
    this.#wrote(this.unsent);
    super.write();
  }

  #wrote(runs: readonly AnyRun[]): void {
    for (const { payload, sequence } of runs.flatMap((run) => messagesIn(run))) {
      const known = this.#model.messages[Number(payload)]!;
      if (known.holder === this && (sequence === 0 || !this.explicit)) this.#model.over(known);
    }
  }
}

const STEP = fc.record({
  what: fc.constantFrom(
    ...["publish", "publish", "publish", "publish", "join", "die", "ack", "ack", "ack", "nack", "time"],
    ...["write", "write", "stall", "opens"],
  ),
  who: fc.nat({ max: 3 }),
  many: fc.integer({ min: 1, max: WINDOW_MOST }),
  keys: fc.array(fc.nat({ max: KEYS.length - 1 }), { minLength: 1, maxLength: 5 }),
  topic: fc.nat({ max: 2 }),
});
type Step = typeof STEP extends fc.Arbitrary<infer T> ? T : never;

class Play {
  readonly model = new Model();
  readonly bench = new StoredBench({ maxAttempts: ATTEMPTS });
  readonly explicit: boolean;
  hands: Hand[] = [];

  constructor(explicit: boolean) {
    this.explicit = explicit;
  }

  async do({ what, who, many, topic, keys }: Step): Promise<void> {
    const { bench, model } = this;
    const hand = this.hands[who % this.hands.length];
    switch (what) {
      case "publish":
        await this.#publish(TOPICS[topic]!, keys.map((key) => KEYS[key]!));
        break;
      case "join":
        if (this.hands.length < 4) this.join(many);
        break;
      case "die":
        if (hand !== undefined && this.hands.length > 1) this.#die(hand);
        break;
      case "ack":
        for (const known of this.#leased(hand).slice(0, many)) this.ack(hand!, known);
        break;
      case "nack":
        for (const known of this.#leased(hand).slice(-many)) {
          const delay = many > 3 ? 300 : 0;
          model.back(known);
          assert(hand!.nack(known.topic, known.sequence, { delay }));
        }
        break;
      case "time":
        await this.time();
        break;
      case "write":
        hand?.write();
        break;
      case "stall":
        if (hand !== undefined) hand.writes = false;
        break;
      case "opens":
        if (hand?.full === true) hand.opens();
        else if (hand !== undefined && many === 1) hand.full = true;
        break;
    }
    await bench.settle();
  }

  join(window: number): void {
    const hand = new Hand(this.model, { window, explicit: this.explicit });
    this.hands.push(hand);
    const settling = this.explicit ? "explicit" : "auto";
    this.bench.join({ window, by: "key", pattern: "#*.*", settling }, hand);
  }

  ack(hand: Hand, known: Known): void {
    this.model.over(known);
    assert(hand.ack(known.topic, known.sequence), `${known.id} is held`);
  }

  async time(): Promise<void> {
    this.model.now += 250;
    this.model.lapse();
    await this.bench.passes(250);
  }

  /** Everything is worked off. */
  async end(): Promise<void> {
    const { bench, hands, model } = this;
    for (const hand of hands) if (hand.full) hand.opens();
    for (let round = 0; round < 400 && model.messages.some(({ over }) => !over); round++) {
      for (const hand of hands) {
        hand.write();
        for (const known of this.#leased(hand)) this.ack(hand, known);
      }
      await bench.settle();
      await this.time();
    }
  }

  /** One run, a message of each key. */
  async #publish(topic: string, keys: readonly string[]): Promise<void> {
    const { bench, model } = this;
    if (bench.engine.gateOf(bench.engine.routeOf(topic)) !== undefined) return;
    const ids = keys.map((key) => {
      const id = model.messages.length;
      const known = { id, topic, key, sequence: 0, since: 0, attempt: 1, over: false };
      model.messages.push({ ...known, holder: undefined });
      return `${id}`;
    });
    await published(bench, topic, ids.map((payload, at) => ({ payload, key: keys[at]! })));
  }

  #leased(hand: Hand | undefined): Known[] {
    if (hand === undefined || !this.explicit) return [];
    return this.model.heldBy(hand).filter(({ sequence }) => sequence > 0);
  }

  #die(hand: Hand): void {
    const { model } = this;
    this.hands = this.hands.filter((each) => each !== hand);
    const unsent = new Set(
      hand.unsent.flatMap((run) => messagesIn(run)).map(({ payload }) => Number(payload)),
    );
    for (const known of model.heldBy(hand)) {
      if (unsent.has(known.id)) model.back(known, known.attempt);
      else model.back(known);
    }
    hand.dies();
  }
}

for (const explicit of [true, false]) {
  const settled = explicit ? "when they say so" : "when it is written";
  Deno.test(`whatever comes in between, a key is in order and one member's, who settle ${settled} (G12)`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(STEP, { minLength: 20, maxLength: 100, size: "max" }), async (steps) => {
        const play = new Play(explicit);
        play.join(3);
        await play.bench.settle();
        for (const step of steps) await play.do(step);
        await play.end();
        const left = play.model.messages.filter(({ over }) => !over);
        assertEquals(left.map(({ id }) => id), [], "all of it was given out");
        assertEquals(play.bench.logged, []);
        const { held, waiting } = play.bench.engine.snapshot().groups[0]!;
        assertEquals([held, waiting], [0, 0]);
      }),
      { numRuns: 60 },
    );
  });
}
