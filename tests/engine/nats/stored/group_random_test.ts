import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Worker } from "../../groups/stored_bench.ts";
import { ACK_TIMEOUT, GroupBench } from "./group_bench.ts";

/** A member, and what it holds. */
class Holder extends Worker {
  window = 0;
  readonly holds = new Set<number>();
}

/** A group of a consumer that is simulated. */
class World extends GroupBench {
  readonly holders: Holder[] = [];
  /** What nobody has, the next one first, and how often each was given out. */
  readonly free: number[] = [];
  readonly attempts = new Map<number, number>();
  readonly settled = new Set<number>();
  stored = 0;
  /** How many were asked for and have not come. */
  credit = 0;

  store(): void {
    this.free.push(++this.stored);
  }

  enter(window: number): void {
    const holder = new Holder();
    holder.window = window;
    const give = holder.give.bind(holder);
    holder.give = (run, attempt) => {
      this.#hear();
      for (let at = 0; at < run.count; at++) {
        const sequence = run.stored!.first + at;
        assert(this.holders.every(({ holds }) => !holds.has(sequence)), `${sequence} is nobody's`);
        holder.holds.add(sequence);
      }
      assert(holder.holds.size <= holder.window, "it has room");
      give(run, attempt);
    };
    this.holders.push(holder);
    this.join({ window }, holder);
  }

  leave(at: number): void {
    const [holder] = this.holders.splice(at, 1);
    holder?.dies();
  }

  /** NATS gives out what was asked for. */
  deliver(most: number): void {
    const given: string[] = [];
    for (; given.length < most && this.credit > 0 && this.free.length > 0; this.credit--) {
      const sequence = this.free.shift()!;
      const attempt = 1 + (this.attempts.get(sequence) ?? 0);
      this.attempts.set(sequence, attempt);
      given.push(`${sequence}*${attempt}`);
    }
    this.brings(...given);
  }

  /** What was said to NATS is done; whether more was asked for. */
  #hear(): boolean {
    // what was asked for before is asked for no more
    if (this.link.asked.some((each) => each.startsWith("unsub"))) this.credit = 0;
    const said = this.said();
    for (const each of said) {
      const [what, how] = each.split(" ") as [string, string];
      if (what === "asks") this.credit += Number(how);
      if (how === "-NAK") this.#let(Number(what), () => this.free.push(Number(what)));
      if (how === "+ACK") this.#let(Number(what), () => this.settled.add(Number(what)));
    }
    for (const each of this.buried.splice(0)) {
      const sequence = Number(each.split(" ")[2]);
      assert(this.attempts.get(sequence)! >= 2, "it was the last time");
      this.#let(sequence, () => this.settled.add(sequence));
    }
    return said.some((each) => each.startsWith("asks"));
  }

  /** The group's own count is right. */
  check(): void {
    const asked = this.#hear();
    if (this.holders.length > 0) this.#asks(asked);
    const { held, waiting, members } = this.group.snapshot();
    const holds = this.holders.reduce((sum, { holds }) => sum + holds.size, 0);
    assertEquals([held, members], [holds, this.holders.length]);
    assertEquals(holds + waiting + this.free.length + this.settled.size, this.stored, "each is somewhere");
    for (const { holds, membership } of this.holders) {
      for (const sequence of holds) {
        assert(membership!.holdsAll("#d.a", { from: sequence, end: sequence + 1 }));
      }
    }
  }

  /** As much is asked for as there is room for, or all but a little, and no more: what was before may be. */
  #asks(asked: boolean): void {
    const rooms = this.holders.map(({ window, holds, full }) => full ? 0 : Math.max(0, window - holds.size));
    const room = rooms.reduce((sum, each) => sum + each, 0) - this.group.snapshot().waiting;
    assert(!asked || this.credit <= room, `${this.credit} of ${room}`);
    const missing = room - this.credit;
    assert(missing <= 0 || (this.credit > 0 && 4 * missing < room), `${this.credit} of ${room}`);
  }

  #let(sequence: number, go: () => void): void {
    for (const { holds } of this.holders) holds.delete(sequence);
    go();
  }
}

Deno.test("whoever works, rests, comes and goes, each message is held by one or by nobody until it is settled (G6, N11)", () => {
  const one = fc.nat(3);
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ store: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 4, arbitrary: fc.record({ deliver: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 1, arbitrary: fc.record({ enter: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 1, arbitrary: fc.record({ leave: one }) },
    { weight: 4, arbitrary: fc.record({ ack: one, span: fc.integer({ min: 1, max: 3 }) }) },
    {
      weight: 2,
      arbitrary: fc.record({ nack: one, span: fc.integer({ min: 1, max: 3 }), unused: fc.boolean() }),
    },
    { weight: 1, arbitrary: fc.record({ extend: one }) },
    { weight: 1, arbitrary: fc.record({ widen: one }) },
    { weight: 1, arbitrary: fc.record({ fill: one }) },
    { weight: 1, arbitrary: fc.record({ opens: one }) },
    { weight: 1, arbitrary: fc.record({ passes: fc.constantFrom(1, ACK_TIMEOUT / 2, ACK_TIMEOUT) }) },
  );
  fc.assert(fc.property(fc.array(step, { minLength: 40, maxLength: 100 }), (steps) => {
    const world = new World();
    for (const window of [2, 3]) world.enter(window);
    world.check();
    /** Who is meant, and the first it holds. */
    const of = (at: number): readonly [Holder, number] | undefined => {
      const holder = world.holders[at];
      const [first] = holder?.holds ?? [];
      return first === undefined ? undefined : [holder!, first];
    };
    for (const each of steps) {
      if ("store" in each) { for (let at = 0; at < each.store; at++) world.store(); }
      else if ("deliver" in each) world.deliver(each.deliver);
      else if ("enter" in each) { if (world.holders.length < 4) world.enter(each.enter); }
      else if ("leave" in each) { if (world.holders.length > 1) world.leave(each.leave); }
      else if ("passes" in each) {
        world.passes(each.passes);
        world.beats();
      } else if ("ack" in each) {
        const [holder, from] = of(each.ack) ?? [];
        holder?.ack("#d.a", from!, from! + each.span - 1);
      } else if ("nack" in each) {
        const [holder, from] = of(each.nack) ?? [];
        holder?.membership?.giveBack("#d.a", { from: from!, end: from! + each.span }, {
          delay: 0,
          unused: each.unused,
        });
      } else if ("extend" in each) {
        const [holder, from] = of(each.extend) ?? [];
        holder?.extend("#d.a", from!);
      } else if ("widen" in each) {
        const holder = world.holders[each.widen];
        if (holder !== undefined) holder.membership!.resize(++holder.window);
      } else if ("fill" in each) {
        const holder = world.holders[each.fill];
        if (holder !== undefined) holder.full = true;
      } else {
        world.holders[each.opens]?.opens();
      }
      world.check();
    }
    while (world.holders.length > 0) {
      world.leave(0);
      world.check();
    }
    assertEquals(
      [...world.free, ...world.settled].sort((a, b) => a - b),
      Array.from({ length: world.stored }, (_, at) => at + 1),
    );
    assertEquals([world.pool.bytesOut, world.group.isEmpty], [0, true]);
  }));
});
