import { assert, assertEquals } from "@std/assert";
import { Chunk, ChunkPool, Slice } from "../../../lib/buffers.ts";
import { Replay } from "../../../lib/engine/durable/replay.ts";
import type { Receiving, ReplayRange, Run } from "../../../lib/engine/types.ts";
import { CLASSIC_LINES } from "../../../lib/protocols/classic/encoding.ts";
import type { Cursor, Had, Trimmed } from "../../../lib/store/types.ts";
import { RECORDS } from "../../../lib/wire/encoding.ts";
import { Run as RunOf } from "../../../lib/wire/run.ts";
import { encoder, Recorder } from "../case_parts.ts";

type Bounds = Partial<Pick<Cursor, "after" | "sequence" | "time" | "to">>;

const pool = new ChunkPool();

/** Five messages, their payloads being their numbers. */
function run(
  stored: { readonly first: number; readonly batch: number; readonly time: number } | undefined,
): Run {
  const numbers = [0, 1, 2, 3, 4].map((at) => `${(stored?.first ?? 0) + at}`);
  const bytes = encoder.encode(numbers.map((text) => `pub #t ${text.length}\n${text}\n`).join(""));
  const of = { encoding: RECORDS, pool, hasFields: false, ttl: undefined, expires: undefined };
  const made = new RunOf(new Slice(new Chunk(bytes)), {
    ...of,
    route: { topic: "#t", topicBytes: 2 },
    count: 5,
  });
  made.stored = stored;
  return made;
}

const STORED = { first: 10, batch: 7, time: 100 };

class Bench {
  readonly subscriber: Recorder & { grant?: Receiving | undefined };
  readonly replay: Replay;
  had: Had[] = [];
  /** How often it said that it cannot keep up, and that it is over. */
  behind = 0;
  ended = 0;

  constructor({ pattern = "#t", to }: { readonly pattern?: string; readonly to?: ReplayRange["to"] } = {}) {
    this.subscriber = new Recorder({}, 3);
    this.replay = new Replay({
      pattern,
      range: { from: { kind: "earliest" }, to },
      subscriber: this.subscriber,
      started: () => {},
      ended: () => void this.ended++,
      owner: { behind: () => void this.behind++, had: () => this.had },
    });
  }

  at({ after = 0, sequence = 0, time = 0, to }: Bounds): this {
    const cursor = { pattern: "#t", after, sequence, time, to };
    this.replay.reached(cursor, { deleted: 0, sought: true });
    return this;
  }
}

Deno.test("a replay that has not begun stands before all there is, and takes the place of its subscriber", () => {
  const to = { kind: "sequence", sequence: 9 } as const;
  const { replay, subscriber } = new Bench({ to });
  assertEquals(replay.cursor, { pattern: "#t", after: 0, sequence: 0, time: 0, to });
  assertEquals([replay.state, replay.since, replay.asked, replay.full], ["seeking", 0, false, false]);
  assertEquals([replay.connection === subscriber.connection, replay.rank, replay.leavesOut], [
    true,
    3,
    false,
  ]);
  let told = 0;
  replay.whenNotFull(() => told++);
  assertEquals(told, 1);
});

Deno.test("of a live run a replay wants what lies within its bounds, and has it where it has read its batch (D3)", () => {
  const wanted = (bounds: Bounds): unknown[] => {
    const { part, has } = new Bench().at(bounds).replay.wanted(run(STORED));
    return [part.from, part.end, has];
  };
  const table: [Bounds, unknown[]][] = [
    [{}, [0, 5, false]],
    [{ after: 6 }, [0, 5, false]],
    [{ after: 7 }, [0, 5, true]],
    [{ after: 8 }, [0, 5, true]],
    [{ sequence: 10 }, [0, 5, false]],
    [{ sequence: 11 }, [1, 5, false]],
    [{ sequence: 14 }, [4, 5, false]],
    [{ sequence: 15 }, [0, 0, false]],
    [{ time: 100 }, [0, 5, false]],
    [{ time: 101 }, [0, 0, false]],
    [{ to: { kind: "time", time: 100 } }, [0, 5, false]],
    [{ to: { kind: "time", time: 99 } }, [0, 0, false]],
    [{ to: { kind: "sequence", sequence: 9 } }, [0, 0, false]],
    [{ to: { kind: "sequence", sequence: 10 } }, [0, 1, false]],
    [{ to: { kind: "sequence", sequence: 13 } }, [0, 4, false]],
    [{ to: { kind: "sequence", sequence: 14 } }, [0, 5, false]],
    [{ to: { kind: "sequence", sequence: 99 } }, [0, 5, false]],
    [{ sequence: 12, to: { kind: "sequence", sequence: 12 } }, [2, 3, false]],
  ];
  for (const [bounds, parts] of table) assertEquals(wanted(bounds), parts, JSON.stringify(bounds));
  assertEquals(new Bench().replay.wanted(run(undefined)), { part: { from: 0, end: 0 }, has: false });
});

Deno.test("a live run is given as far as it is wanted, whole where it all is, and what was made of a part is let go", () => {
  const delivered = (bounds: Bounds): string[] => {
    const bench = new Bench().at(bounds);
    const given = run(STORED);
    const deliver = bench.subscriber.deliver.bind(bench.subscriber);
    bench.subscriber.deliver = (one) => {
      one.as(CLASSIC_LINES);
      deliver(one);
      if (one === given) bench.subscriber.got.push("whole");
    };
    bench.replay.deliver(given);
    const made = pool.bytesOut > 0;
    given.release();
    assertEquals([pool.bytesOut, made], [0, bench.subscriber.got.includes("whole")]);
    return bench.subscriber.got;
  };
  assertEquals(delivered({}), ["10", "11", "12", "13", "14", "whole"]);
  assertEquals(delivered({ sequence: 13 }), ["13", "14"]);
  assertEquals(delivered({ sequence: 15 }), []);
  assertEquals(delivered({ after: 6 }), ["10", "11", "12", "13", "14", "whole"]);
  assertEquals(delivered({ after: 7 }), []);
  const bench = new Bench();
  bench.replay.deliver(run(undefined));
  bench.subscriber.full = true;
  bench.replay.deliver(run(undefined));
  assertEquals([bench.subscriber.got, bench.behind], [[], 0], "what is not stored is not its own");
  bench.replay.take(run(STORED));
  assertEquals(bench.subscriber.got.length, 5);
});

Deno.test("a replay whose end lies between two numbers, or is another topic's, looks whether that is past, once (D4, N7)", () => {
  const bench = new Bench().at({ to: { kind: "sequence", sequence: 9 } });
  for (const behind of [1, 1, 1]) {
    bench.replay.passed(run(STORED));
    assertEquals(bench.behind, behind);
    bench.replay.fallBack(14);
    bench.replay.becomeLive();
  }
  bench.replay.passed(run({ ...STORED, first: 8 }));
  assertEquals(bench.behind, 2, "of another topic, whose numbers are its own");
});

Deno.test("a replay reads again where its subscriber is full, or a run may be its last, and says so once (D5)", () => {
  const behind = (to: ReplayRange["to"], { full = false } = {}): number => {
    const bench = new Bench().at({ to });
    bench.subscriber.full = full;
    for (let times = 0; times < 2; times++) bench.replay.passed(run(STORED));
    return bench.behind;
  };
  const at = (sequence: number): number => behind({ kind: "sequence", sequence });
  assertEquals([behind(undefined), behind(undefined, { full: true })], [0, 1]);
  assertEquals([9, 10, 14, 15].map(at), [1, 1, 1, 0]);
  const by = (time: number): number => behind({ kind: "time", time });
  assertEquals([99, 100].map(by), [1, 0]);
  const bench = new Bench().at({ to: { kind: "time", time: 1 } });
  bench.replay.passed(run(undefined));
  assertEquals(bench.behind, 0);
  // from where it has come to, or to where all was handed on to it
  bench.at({ after: 7 }).replay.fallBack(5);
  assertEquals([bench.replay.state, bench.replay.cursor.after], ["reading", 7]);
  bench.replay.fallBack(9);
  assertEquals(bench.replay.cursor.after, 9);
});

Deno.test("a live one ends by a time when that is past, unless it reads again already", () => {
  const bench = new Bench({ to: { kind: "time", time: 50 } });
  assertEquals(bench.replay.endsBy(51), false, "it is not live");
  bench.replay.becomeLive();
  assertEquals([bench.subscriber.said, [49, 50, 51].map((now) => bench.replay.endsBy(now))], [[], [
    false,
    false,
    true,
  ]]);
  bench.subscriber.full = true;
  bench.replay.passed(run(STORED));
  assertEquals(bench.replay.endsBy(51), false);
  const numbered = new Bench({ to: { kind: "sequence", sequence: 5 } });
  numbered.replay.becomeLive();
  assertEquals(numbered.replay.endsBy(1e15), false);
  const endless = new Bench();
  endless.replay.becomeLive();
  assertEquals([endless.replay.endsBy(1e15), endless.subscriber.said], [false, ["live after 0"]]);
});

/** Messages 1 to 3 of a topic, in the batch of that number. */
function trimmed(batch: number, topic = "#t", deleted = 1): Trimmed {
  return { batches: [{ batch, topic, first: 1, count: 3, time: 10 }], deleted };
}

Deno.test("what retention takes is missed by who reads, as far as it would have read it (D3)", () => {
  const missed = (
    what: Trimmed,
    bounds: Bounds = {},
    prepare: (bench: Bench) => void = () => {},
  ): string[] => {
    const bench = new Bench({ pattern: "#t" }).at(bounds);
    bench.replay.state = "reading";
    prepare(bench);
    bench.replay.trimmed(what);
    for (let times = 0; times < 2; times++) bench.replay.tellMissed();
    return bench.subscriber.said;
  };
  assertEquals(missed(trimmed(5)), ["missed 3"], "once");
  assertEquals(missed(trimmed(5), { sequence: 3 }), ["missed 1"]);
  assertEquals(missed(trimmed(5, "#u")), []);
  assertEquals([missed(trimmed(5), { after: 4 }), missed(trimmed(5), { after: 5 })], [["missed 3"], []]);
  for (const state of ["live", "over", "seeking"] as const) {
    assertEquals(missed(trimmed(5), {}, ({ replay }) => replay.state = state), [], state);
  }
  assertEquals(missed(trimmed(5), {}, ({ replay }) => replay.asked = true), [], "it may be in the answer");
  const had = { pattern: "#t", sequence: 2, time: 0, to: undefined, since: 0, until: 9 };
  assertEquals(
    missed(trimmed(5), {}, (bench) => bench.had = [had]),
    ["missed 1"],
    "what it had it misses not",
  );
  const grant = (may: boolean): Receiving => ({
    mayReceive: () => may,
    mayShare: () => may,
    reception: { allow: may ? ["#t"] : [], deny: [] },
  });
  assertEquals(missed(trimmed(5), {}, ({ subscriber }) => subscriber.grant = grant(false)), []);
  assertEquals(missed(trimmed(5), {}, ({ subscriber }) => subscriber.grant = grant(true)), ["missed 3"]);
});

Deno.test("what was missed is told before what comes then: that it is live, over, or cannot be read", () => {
  const said = (then: (bench: Bench) => void, to?: ReplayRange["to"]): string[] => {
    const bench = new Bench({ to });
    bench.replay.state = "reading";
    bench.replay.trimmed(trimmed(5));
    then(bench);
    // and nothing more of what was deleted while it was asked for
    bench.replay.tellMissed();
    return [...bench.subscriber.said, bench.replay.state, `ended ${bench.ended}`];
  };
  assertEquals(said(({ replay }) => replay.becomeLive()), ["missed 3", "live after 0", "live", "ended 0"]);
  assertEquals(said(({ replay }) => replay.end()), ["missed 3", "end after 0", "over", "ended 1"]);
  assertEquals(said(({ replay }) => replay.fail("why")), ["missed 3", "failed: why", "over", "ended 1"]);
  const to = { kind: "sequence", sequence: 9 } as const;
  assertEquals(said(({ replay }) => replay.becomeLive(), to), ["missed 3", "live", "ended 0"]);
});

Deno.test("what was deleted while a request was under way is looked at once, when its answer has come", () => {
  const bench = new Bench();
  bench.replay.state = "reading";
  bench.replay.asked = true;
  bench.replay.trimmed(trimmed(5, "#t", 1));
  const cursor = { pattern: "#t", after: 3, sequence: 0, time: 0, to: undefined };
  const had = { pattern: "#t", sequence: 0, time: 0, to: undefined, since: 0, until: 1 };
  bench.replay.reached({ ...cursor, had: [had], reception: { allow: [], deny: [] } }, {
    deleted: 1,
    sought: false,
  });
  assertEquals([bench.subscriber.said, bench.replay.asked], [["missed 3"], false]);
  assertEquals(bench.replay.cursor, cursor, "what goes along with a request is no part of the place");
  bench.replay.reached(cursor, { deleted: 1, sought: false });
  assertEquals(bench.subscriber.said, ["missed 3"]);
  bench.replay.trimmed(trimmed(9));
  bench.replay.tellMissed();
  assertEquals(bench.subscriber.said, ["missed 3", "missed 3"], "it is not asked for any more");
});

Deno.test("what may be received goes along where it is not all of the pattern (P8)", () => {
  const bench = new Bench();
  assertEquals(bench.replay.reception, undefined);
  const reception = { allow: ["#t.a"], deny: [] };
  const shared: string[] = [];
  const grant = (may: boolean): Receiving => ({
    mayReceive: () => may,
    mayShare: (pattern) => {
      shared.push(pattern);
      return may;
    },
    reception,
  });
  bench.subscriber.grant = grant(true);
  assertEquals(bench.replay.reception, undefined);
  bench.subscriber.grant = grant(false);
  assert(bench.replay.reception === reception && bench.replay.grant === bench.subscriber.grant);
  assertEquals(shared, ["#t", "#t"]);
});
