/** What a publish with a delay becomes on its way to an engine (D9). */
import { assertEquals } from "@std/assert";
import type { Run } from "../../lib/engine/types.ts";
import { DELAY_MOST_MS } from "../../lib/limits.ts";
import { decodeText } from "../../lib/text.ts";
import { ScriptedEngine } from "../support/scripted_engine.ts";
import { Bench } from "./session_bench.ts";

/** Stores everything, and notes what it is given. */
class StoringEngine extends ScriptedEngine {
  readonly given: unknown[] = [];
  storesAll = true;

  override stores(): boolean {
    return this.storesAll;
  }

  override publish(run: Run): ReturnType<ScriptedEngine["publish"]> {
    const { route, count, due, ttl, expires } = run;
    this.given.push([route.topic, count, decodeText(run.records.view), { due, ttl, expires }]);
    return super.publish(run);
  }
}

const NOW = Date.UTC(2026, 0, 1);
const NONE = { due: undefined, ttl: undefined, expires: undefined };

function benchOf(): { bench: Bench; engine: StoringEngine } {
  const bench = new Bench({}, StoringEngine);
  bench.now = NOW;
  return { bench, engine: bench.engine as StoringEngine };
}

Deno.test("what is to wait has when it is due, and its time to live is counted from then", () => {
  const { bench, engine } = benchOf();
  const peer = bench.connect();
  const cases: ReadonlyArray<readonly [fields: string, left: string, times: typeof NONE | object]> = [
    ["delay=5", "", { ...NONE, due: NOW + 5000 }],
    ["delay=0.001", "", { ...NONE, due: NOW + 1 }],
    ["delay=0", "", NONE],
    ["at=2026-01-01T00:00:00.001Z", "", { ...NONE, due: NOW + 1 }],
    ["at=2026-01-01T00:00:00Z", "", NONE],
    ["at=2001-01-01T00:00:00Z", "", NONE],
    [`delay=${DELAY_MOST_MS / 1000}`, "", { ...NONE, due: NOW + DELAY_MOST_MS }],
    ["at=2027-01-01T00:00:00Z", "", { ...NONE, due: NOW + DELAY_MOST_MS }],
    ["k=v delay=5 h.x=y", " k=v h.x=y", { ...NONE, due: NOW + 5000 }],
    ["delay=5 ttl=7", " ttl=7", { due: NOW + 5000, ttl: 7000, expires: undefined }],
    ["delay=0 ttl=7", " ttl=7", { due: undefined, ttl: 7000, expires: NOW + 7000 }],
  ];
  for (const [fields, left, times] of cases) {
    assertEquals(peer.ask(`pub #d.a 1 ${fields}\nx\n`), "ok 1 level=memory subs=0\n", fields);
    assertEquals(engine.given.splice(0), [["#d.a", 1, `pub #d.a 1${left}\nx\n`, times]], fields);
  }
  peer.close();
  assertEquals([bench.pool.bytesOut, bench.memory.held], [0, 0]);
});

Deno.test("those of one delay that follow one another are one run, behind what came before and before what follows", () => {
  const { bench, engine } = benchOf();
  const peer = bench.connect();
  peer.send(
    "pub #d.a 1\n1\npub #d.a 2 delay=5\n22\npub #d.a 3 delay=5 k=v\n333\npub #d.a 1 delay=6\n4\npub #d.a 1\n5\n",
  );
  const later = (ms: number): typeof NONE | object => ({ ...NONE, due: NOW + ms });
  assertEquals(engine.given, [
    ["#d.a", 1, "pub #d.a 1\n1\n", NONE],
    ["#d.a", 2, "pub #d.a 2\n22\npub #d.a 3 k=v\n333\n", later(5000)],
    ["#d.a", 1, "pub #d.a 1\n4\n", later(6000)],
    ["#d.a", 1, "pub #d.a 1\n5\n", NONE],
  ]);
  peer.close();
  assertEquals([bench.pool.bytesOut, bench.memory.held], [0, 0]);
});

Deno.test("what would wait for more than a year, or is not stored, is refused, each of it, and nothing is kept", () => {
  const { bench, engine } = benchOf();
  const peer = bench.connect();
  const year = "err BAD_FIELD at= is at most a year from now\n";
  assertEquals(peer.ask("pub #d.a 1 at=2027-01-01T00:00:00.001Z\nx\n"), year);
  engine.storesAll = false;
  const stored = "err BAD_FIELD delay= and at= are for durable topics: what is not stored cannot wait\n";
  for (const fields of ["delay=5", "delay=0", "at=2001-01-01T00:00:00Z"]) {
    assertEquals(peer.ask(`pub #d.a 1 ${fields}\nx\n`.repeat(2)), stored.repeat(2), fields);
  }
  assertEquals(bench.counters.totals.refused, 7);
  peer.close();
  assertEquals([engine.given, bench.pool.bytesOut, bench.memory.held], [[], 0, 0]);
});

Deno.test("what is to wait stands still at who is full as anything does, in memory of its own", () => {
  const { bench, engine } = benchOf();
  const peer = bench.connect();
  engine.gate = { full: true, whenNotFull: () => {} };
  const chunk = peer.reads("pub #d.a 1 delay=5\nx\nping\n");
  assertEquals([peer.taken(), peer.session.waitsFor], ["", engine.gate]);
  // as when the read buffer is filled anew
  chunk.bytes.fill(0);
  engine.gate = undefined;
  peer.session.resume();
  assertEquals(engine.given, [["#d.a", 1, "pub #d.a 1\nx\n", { ...NONE, due: NOW + 5000 }]]);
  chunk.release();
  peer.close();
  assertEquals([bench.pool.bytesOut, bench.memory.held], [0, 0]);
});
