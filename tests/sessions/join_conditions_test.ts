/** What is joined with what came before it, condition by condition, with an engine that is asked no more than it has to. */
import { assertEquals, assertThrows } from "@std/assert";
import { Chunk, ChunkPool } from "../../lib/buffers.ts";
import { Counters } from "../../lib/counters.ts";
import type { Route } from "../../lib/engine/types.ts";
import { FlushList } from "../../lib/flush_list.ts";
import { CLASSIC } from "../../lib/protocols/mod.ts";
import { JoinedRun, type Publishes } from "../../lib/sessions/joined_run.ts";
import { RECORDS } from "../../lib/wire/encoding.ts";
import { ScriptedEngine } from "../support/scripted_engine.ts";

/** Says what the test says, and notes what it was asked and told. */
class AskedEngine extends ScriptedEngine {
  readonly asked: string[] = [];
  together = true;
  joined = true;
  counts = false;

  override get countsTopics(): boolean {
    return this.counts;
  }
  override goTogether(one: Route, other: Route): boolean {
    this.asked.push(`together ${one.topic} ${other.topic}`);
    return this.together;
  }
  override joins({ topic }: Route): boolean {
    this.asked.push(`joins ${topic}`);
    return this.joined;
  }
  override countJoined({ topic }: Route, messages: number, bytes: number): void {
    this.asked.push(`count ${topic} ${messages} ${bytes}`);
  }
}

const [A, B, C] = ["#a", "#b", "#c"].map((topic): Route => ({ topic, topicBytes: 2 })) as [
  Route,
  Route,
  Route,
];

function publishes(start: number, end: number, of: Partial<Publishes> = {}): Publishes {
  return { start, end, count: 1, encoding: RECORDS, hasFields: false, ttl: undefined, ...of };
}

function bench(of: { readonly counts?: boolean } = {}): { joined: JoinedRun; engine: AskedEngine } {
  const engine = new AskedEngine({ seed: 1, counters: new Counters(), flushes: new FlushList() });
  engine.counts = of.counts === true;
  return { joined: new JoinedRun(), engine };
}

const OPTIONS = { pool: new ChunkPool(), now: () => 1000 };
const CHUNK = new Chunk(new Uint8Array(100));

Deno.test("what lies right behind, is written alike and has no time to live of its own goes along", () => {
  const cases: ReadonlyArray<readonly [what: string, first: Publishes, next: Publishes, goes: boolean]> = [
    ["right behind", publishes(0, 10), publishes(10, 20), true],
    ["with something between", publishes(0, 10), publishes(11, 20), false],
    ["a time to live, of the first", publishes(0, 10, { ttl: 5 }), publishes(10, 20), false],
    ["a time to live, of the second", publishes(0, 10), publishes(10, 20, { ttl: 5 }), false],
    ["the same time to live", publishes(0, 10, { ttl: 5 }), publishes(10, 20, { ttl: 5 }), false],
    ["written in another way", publishes(0, 10), publishes(10, 20, { encoding: CLASSIC.encoding }), false],
  ];
  for (const [what, first, next, goes] of cases) {
    const { joined, engine } = bench();
    assertEquals(
      [joined.empty, joined.join(A, next, engine)],
      [true, false],
      "there is nothing to go along with",
    );
    joined.begin(A, first);
    assertEquals([joined.empty, joined.join(B, next, engine)], [false, goes], what);
    assertEquals(engine.asked, goes ? ["together #a #b", "joins #a"] : [], what);
    const run = joined.take(CHUNK, OPTIONS);
    assertEquals([joined.empty, run.count, run.bytes, run.severalTopics], [
      true,
      goes ? 2 : 1,
      goes ? 20 : 10,
      goes,
    ]);
    assertEquals(run.expires, first.ttl === undefined ? undefined : 1005);
    assertThrows(() => joined.take(CHUNK, OPTIONS), TypeError, "there is nothing to be handed on");
  }
});

Deno.test("whether subscribers take several topics is asked once, and not again where they do not", () => {
  const { joined, engine } = bench();
  engine.joined = false;
  joined.begin(A, publishes(0, 10));
  assertEquals([joined.join(B, publishes(10, 20), engine), joined.join(B, publishes(10, 20), engine)], [
    false,
    false,
  ]);
  assertEquals(engine.asked.splice(0), ["together #a #b", "joins #a"]);
  engine.joined = true;
  engine.together = false;
  joined.begin(A, publishes(0, 10));
  assertEquals(joined.join(B, publishes(10, 20), engine), false);
  assertEquals(engine.asked.splice(0), ["together #a #b"]);
  engine.together = true;
  assertEquals(joined.join(B, publishes(10, 20), engine), true);
  assertEquals(joined.join(C, publishes(20, 30), engine), true);
  assertEquals(engine.asked, ["together #a #b", "joins #a", "together #a #c"]);
});

Deno.test("of what is joined each topic is counted, from when there are several, and none where nobody counts", () => {
  const { joined, engine } = bench({ counts: true });
  const counted = (): string[] => engine.asked.splice(0).filter((each) => each.startsWith("count"));
  joined.begin(A, publishes(0, 10, { count: 2 }));
  joined.join(A, publishes(10, 25, { count: 3 }), engine);
  assertEquals(counted(), [], "it is one topic");
  joined.join(B, publishes(25, 30), engine);
  assertEquals(counted(), ["count #a 5 25", "count #b 1 5"]);
  joined.join(A, publishes(30, 37), engine);
  assertEquals(counted(), ["count #a 1 7"]);
  assertEquals(joined.take(CHUNK, OPTIONS).count, 7);
  joined.begin(B, publishes(40, 50));
  joined.join(B, publishes(50, 60), engine);
  assertEquals(counted(), [], "it begins anew");
  assertEquals(joined.take(CHUNK, OPTIONS).severalTopics, false);
  const nobody = bench();
  nobody.joined.begin(A, publishes(0, 10));
  nobody.joined.join(B, publishes(10, 20), nobody.engine);
  assertEquals(nobody.engine.asked, ["together #a #b", "joins #a"]);
});

Deno.test("where any has fields, what is joined has", () => {
  for (const [first, next, has] of [[false, false, 0], [true, false, 2], [false, true, 2]] as const) {
    const text = "pub #a 1 id=a-1\nx\npub #a 1 id=b-1\nx\n";
    const chunk = new Chunk(new TextEncoder().encode(text));
    const { joined, engine } = bench();
    joined.begin(A, publishes(0, 18, { hasFields: first }));
    joined.join(A, publishes(18, 36, { hasFields: next }), engine);
    assertEquals(joined.take(chunk, OPTIONS).ids.length, has);
  }
});
