import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Chunk, ChunkPool, Slice } from "../../lib/buffers.ts";
import { onePerConnection, type Part, type PartialSubscriber } from "../../lib/engine/one_per_connection.ts";
import { inMemory } from "../../lib/engine/receipts.ts";
import type { Run, Subscriber } from "../../lib/engine/types.ts";
import { CLASSIC_LINES } from "../../lib/protocols/classic/encoding.ts";
import { RECORDS } from "../../lib/wire/encoding.ts";
import { Run as RunOf } from "../../lib/wire/run.ts";
import { encoder, runOf } from "./case_parts.ts";

const ROUTE = { topic: "#a", topicBytes: 2 };

/** Notes the messages it is given, by their numbers. */
class Plain implements Subscriber {
  readonly leavesOut = false;
  readonly connection: object;
  readonly rank: number;
  readonly got: number[] = [];
  full = false;
  readonly waiting: Array<() => void> = [];

  constructor(connection: object, rank: number) {
    this.connection = connection;
    this.rank = rank;
  }

  deliver(run: Run): void {
    const { view } = run.records;
    const text = new TextDecoder().decode(view);
    this.got.push(...[...text.matchAll(/^(\d+)$/gm)].map(([number]) => Number(number)));
  }

  whenNotFull(callback: () => void): void {
    this.waiting.push(callback);
  }
}

/** Wants some of a run only, and may have that already. */
class Partial extends Plain implements PartialSubscriber {
  readonly partial = true;
  readonly part: Part;
  readonly has: boolean;
  seen = 0;

  constructor(
    connection: object,
    rank: number,
    { part, has }: { readonly part: Part; readonly has: boolean },
  ) {
    super(connection, rank);
    this.part = part;
    this.has = has;
  }

  wanted(): { readonly part: Part; readonly has: boolean } {
    return this;
  }

  take(run: Run): void {
    this.deliver(run);
  }

  passed(): void {
    this.seen++;
  }
}

const NUMBERS = [0, 1, 2, 3, 4];

function run(): Run {
  return runOf(ROUTE, NUMBERS.map((number) => `${number}`));
}

Deno.test("each message goes to the one with the highest rank that wants it, and to nobody where one has it (C5, V8)", () => {
  const one = fc.record({
    rank: fc.integer({ min: 0, max: 2 }),
    part: fc.option(
      fc.record({ from: fc.nat(5), end: fc.nat(5), has: fc.boolean() }),
      { nil: undefined },
    ),
  });
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 5 }), (all) => {
      const connection = {};
      // of those that want all of it, each its own rank: which of two is no matter
      const ranks = new Set<number>();
      const subscribers: Plain[] = [];
      for (const { rank, part } of all) {
        if (part !== undefined) {
          subscribers.push(new Partial(connection, rank, { part, has: part.has }));
        } else if (!ranks.has(rank)) {
          ranks.add(rank);
          subscribers.push(new Plain(connection, rank));
        }
      }
      const chosen = onePerConnection(new Set(subscribers), true);
      assertEquals(chosen.length, 1);
      chosen[0]!.deliver(run());
      const isIn = ({ part: { from, end } }: Partial, number: number): boolean =>
        from <= number && number < end;
      for (const number of NUMBERS) {
        const partial = subscribers.filter((each) => each instanceof Partial);
        const had = subscribers.length > 1 && partial.some((each) => each.has && isIn(each, number));
        const takers = subscribers.filter(({ got }) => got.includes(number));
        // alone it decides for itself
        if (subscribers.length === 1) continue;
        const wanting = subscribers.filter((each) => !(each instanceof Partial) || isIn(each, number));
        assertEquals(takers.length, had || wanting.length === 0 ? 0 : 1, `${number}`);
        const [taker] = takers;
        if (taker === undefined) continue;
        assert(wanting.every(({ rank }) => rank <= taker.rank), "the highest rank");
        const alike = wanting.filter(({ rank }) => rank === taker.rank);
        if (alike.some((each) => each instanceof Partial)) assert(taker instanceof Partial, "a part first");
      }
      if (subscribers.length > 1 && subscribers.some((each) => each instanceof Partial)) {
        for (const each of subscribers) if (each instanceof Partial) assertEquals(each.seen, 1, "it is told");
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("several of one connection are full while one is, and wait for that one", () => {
  const connection = {};
  const low = new Plain(connection, 1);
  const high = new Partial(connection, 2, { part: { from: 0, end: 2 }, has: false });
  const [both] = onePerConnection(new Set([low, high]), true);
  assertEquals([both!.full, both!.connection === connection, both!.rank], [false, true, 2]);
  let told = 0;
  both!.whenNotFull(() => told++);
  assertEquals(told, 1, "at once");
  for (const each of [low, high]) {
    each.full = true;
    both!.whenNotFull(() => told++);
    assertEquals([both!.full, told, each.waiting.length], [true, 1, 1]);
    each.full = false;
  }
});

Deno.test("of what is not stored nothing is for who wants a part, and of what is nothing for who wants what is not", () => {
  const part = new Partial({}, 0, { part: { from: 0, end: 5 }, has: false });
  const unstored = Object.assign(new Plain({}, 0), { unstored: true as const });
  const plain = new Plain({}, 0);
  const all = new Set<Subscriber>([part, unstored, plain]);
  assertEquals(onePerConnection(all, true), [part, plain]);
  assertEquals(onePerConnection(all, false), [unstored, plain]);
});

Deno.test("receipts of what is in memory are one object where they say the same, for up to 1,023 subscribers", () => {
  for (const reached of [0, 1, 1023, 1024, 5000]) {
    const receipt = inMemory(reached);
    assertEquals(receipt, { reached, level: "memory", last: undefined, topic: undefined });
    assertEquals(inMemory(reached) === receipt, reached < 1024, `${reached}`);
  }
});

Deno.test("nobody is given an empty run, and what need not be cut is given whole", () => {
  const runs: [string, number, boolean][] = [];
  const given = run();
  const connection = {};
  const make = (name: string, rank: number, part?: Part): Plain => {
    const made = part === undefined
      ? new Plain(connection, rank)
      : new Partial(connection, rank, { part, has: false });
    made.deliver = (one) => void runs.push([name, one.count, one === given]);
    return made;
  };
  const deliver = (...all: readonly Plain[]): typeof runs => {
    onePerConnection(new Set(all), true)[0]!.deliver(given);
    return runs.splice(0);
  };
  assertEquals(deliver(make("none", 2, { from: 2, end: 2 }), make("rest", 1)), [["rest", 5, true]]);
  assertEquals(deliver(make("all", 2, { from: 0, end: 5 }), make("rest", 1)), [["all", 5, true]]);
  assertEquals(deliver(make("first", 2, { from: 0, end: 2 }), make("rest", 1)), [
    ["first", 2, false],
    ["rest", 3, false],
  ]);
  assertEquals(deliver(make("middle", 2, { from: 1, end: 3 }), make("rest", 1)), [
    ["middle", 2, false],
    ["rest", 1, false],
    ["rest", 2, false],
  ]);
  assertEquals(deliver(make("last", 2, { from: 3, end: 5 }), make("again", 1, { from: 4, end: 5 })), [
    ["last", 2, false],
  ]);
});

Deno.test("what was made of a part is let go with it, and what was made of the whole run stays until that is", () => {
  const connection = {};
  const pool = new ChunkPool();
  const bytes = encoder.encode("pub #a 1\nx\npub #a 1\ny\n");
  const of = { encoding: RECORDS, pool, hasFields: false, ttl: undefined, expires: undefined };
  const given = new RunOf(new Slice(new Chunk(bytes)), { ...of, route: ROUTE, count: 2 });
  const deliver = (one: Run): void => void one.as(CLASSIC_LINES);
  const part = Object.assign(new Partial(connection, 2, { part: { from: 0, end: 1 }, has: false }), {
    deliver,
  });
  const [both] = onePerConnection(
    new Set([part, Object.assign(new Plain(connection, 1), { deliver })]),
    true,
  );
  both!.deliver(given);
  assertEquals(pool.bytesOut, 0);
  const all = Object.assign(new Partial(connection, 2, { part: { from: 0, end: 2 }, has: false }), {
    deliver,
  });
  const [whole] = onePerConnection(new Set([all, new Plain(connection, 1)]), true);
  const made = given.as(CLASSIC_LINES);
  whole!.deliver(given);
  assert(given.as(CLASSIC_LINES) === made && pool.bytesOut > 0);
  given.release();
  assertEquals(pool.bytesOut, 0);
});
