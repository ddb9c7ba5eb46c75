import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Chunk, ChunkPool } from "../../../lib/buffers.ts";
import { WaitingRoom } from "../../../lib/engine/nats/waiting_room.ts";
import type { Gate } from "../../../lib/engine/types.ts";
import { HeldMemory } from "../../../lib/held_memory.ts";
import { ENGINE_ROOM_BYTES, ENGINE_ROOM_RUN_BYTES } from "../../../lib/limits.ts";
import { runOf } from "../case_parts.ts";

/** Is full until it is freed. */
class Door implements Gate {
  full = false;
  #waiting: Array<() => void> = [];

  whenNotFull(callback: () => void): void {
    this.#waiting.push(callback);
  }

  /** How many wait for it. */
  get waiting(): number {
    return this.#waiting.length;
  }

  free(): void {
    this.full = false;
    for (const callback of this.#waiting.splice(0)) callback();
  }
}

class Bench {
  readonly doors: readonly Door[];
  readonly got: string[] = [];
  readonly overflown: string[] = [];
  readonly memory: HeldMemory;
  readonly room: WaitingRoom;
  /** What is done behind each that is handed on. */
  then: () => void = () => {};
  changes = 0;
  flushes = 0;

  /** By topic, which doors it has to go through. */
  constructor(
    readonly topics: Readonly<Record<string, readonly number[]>>,
    { most = 1e12 }: { readonly most?: number } = {},
  ) {
    this.doors = Array.from({ length: 3 }, () => new Door());
    this.memory = new HeldMemory({ most, pool: new ChunkPool() });
    this.room = new WaitingRoom({
      memory: this.memory,
      gateOf: ({ route: { topic } }) => this.#doorsOf(topic).find(({ full }) => full),
      deliver: ({ route: { topic }, records }) => {
        assert(this.#doorsOf(topic).every(({ full }) => !full), "nobody is full");
        this.got.push(`${topic} ${new TextDecoder().decode(records.view).split("\n")[1]}`);
        this.then();
      },
      overflows: ({ route: { topic } }) => void this.overflown.push(topic),
      changed: () => void this.changes++,
      flush: () => void this.flushes++,
    });
  }

  #doorsOf(topic: string): Door[] {
    return this.topics[topic]!.map((door) => this.doors[door]!);
  }

  /** The run's memory. */
  offer(topic: string, text: string): Chunk {
    const run = runOf({ topic, topicBytes: topic.length }, [text]);
    run.keep();
    this.room.offer(run);
    return run.records.chunk;
  }
}

const TOPICS = {
  "#a": [0],
  "#b": [1],
  "#ab": [0, 1],
  "#ba": [1, 0],
  "#abc": [0, 1, 2],
  "#free": [],
} as const;

Deno.test("whoever is full and free again, each topic's runs come in their order, and none waits for nobody (N4)", () => {
  const topic = fc.constantFrom(...Object.keys(TOPICS));
  const step = fc.oneof(
    fc.record({ offer: topic }),
    fc.record({ fill: fc.nat(2) }),
    fc.record({ free: fc.nat(2) }),
    fc.record({ refill: fc.nat(2) }),
  );
  fc.assert(fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
    const bench = new Bench(TOPICS);
    const offered: string[] = [];
    const chunks: Chunk[] = [];
    const waits = (): string[] =>
      [...bench.room.standing()].flatMap(({ gate, topics }) => {
        assert(gate.full, "what is free is waited for by nobody");
        return [...topics];
      });
    for (const each of steps) {
      if ("offer" in each) {
        offered.push(`${each.offer} ${offered.length}`);
        chunks.push(bench.offer(each.offer, `${offered.length - 1}`));
      } else if ("fill" in each) {
        bench.doors[each.fill]!.full = true;
      } else if ("refill" in each) {
        // it is full with the first that it gets
        const door = bench.doors[each.refill]!;
        bench.then = () => void (door.full = true);
        door.free();
        bench.then = () => {};
      } else {
        bench.doors[each.free]!.free();
      }
      const left = offered.filter((text) => !bench.got.includes(text));
      assertEquals(
        [...new Set(waits())].sort(),
        [...new Set(left.map((text) => text.split(" ")[0]!))].sort(),
      );
      const bytes = left.reduce((sum, text) => {
        const [topic, payload] = text.split(" ") as [string, string];
        return sum + `pub ${topic} 1\n${payload}\n`.length + ENGINE_ROOM_RUN_BYTES;
      }, 0);
      assertEquals([bench.room.bytes, bench.memory.held], [bytes, left.length * ENGINE_ROOM_RUN_BYTES]);
      for (const topic of Object.keys(TOPICS)) {
        const of = (all: readonly string[]): string[] => all.filter((text) => text.startsWith(`${topic} `));
        assertEquals(of(bench.got), of(offered).slice(0, of(bench.got).length));
      }
    }
    for (let round = 0; round < 3; round++) for (const door of bench.doors) door.free();
    assertEquals([...bench.got].sort(), [...offered].sort());
    assertEquals([bench.room.bytes, bench.memory.held, waits()], [0, 0, []]);
    assert(chunks.every(({ shared }) => !shared));
  }));
});

Deno.test("others are told when something begins to wait for one, and when nothing does any more; who goes on is set going", () => {
  const bench = new Bench(TOPICS);
  const [door] = bench.doors;
  bench.offer("#a", "1");
  assertEquals([bench.changes, bench.flushes], [0, 0]);
  door!.full = true;
  bench.offer("#a", "2");
  bench.offer("#a", "3");
  bench.offer("#ab", "4");
  assertEquals([bench.changes, door!.waiting], [1, 1]);
  bench.then = () => void (door!.full = true);
  door!.free();
  assertEquals([bench.got, bench.changes, bench.flushes, door!.waiting], [["#a 1", "#a 2"], 1, 1, 1]);
  bench.then = () => {};
  door!.free();
  assertEquals([bench.got.length, bench.changes, bench.flushes, door!.waiting], [4, 2, 2, 0]);
});

Deno.test("what is let go of waits for nobody, and what waits from then on is told anew", () => {
  const bench = new Bench(TOPICS);
  const [door] = bench.doors;
  door!.full = true;
  const chunk = bench.offer("#a", "1");
  bench.room.clear();
  assertEquals([bench.room.bytes, bench.memory.held, [...bench.room.standing()], chunk.shared], [
    0,
    0,
    [],
    false,
  ]);
  bench.offer("#a", "2");
  assertEquals(bench.changes, 2);
  // who was asked for before calls back for both
  door!.free();
  assertEquals([bench.got, bench.changes, bench.flushes], [["#a 2"], 3, 1]);
});

Deno.test("so many bytes may wait, or a quarter of what memory has left, and what comes then overflows", () => {
  const text = "x".repeat(1_000_000);
  const each = `pub #a ${text.length}\n${text}\n`.length + ENGINE_ROOM_RUN_BYTES;
  const bench = new Bench(TOPICS);
  bench.doors[0]!.full = true;
  for (let at = 0; at < Math.ceil(ENGINE_ROOM_BYTES / each); at++) bench.offer("#a", text);
  assertEquals(bench.overflown, []);
  const over = bench.offer("#a", "1");
  assertEquals([bench.overflown, over.shared], [["#a"], false]);
  bench.offer("#b", "1");
  assertEquals(bench.got, ["#b 1"], "who is not full gets it all the same");

  const small = new Bench(TOPICS, { most: 4 * 2 * ENGINE_ROOM_RUN_BYTES });
  small.doors[0]!.full = true;
  let waiting = 0;
  while (small.overflown.length === 0) {
    const { bytes } = small.room;
    const most = small.memory.share / 4;
    small.offer("#a", "1");
    assertEquals(small.overflown.length === 0, bytes < most);
    waiting++;
  }
  assert(waiting > 1);
  const exact = new Bench(TOPICS, { most: 1e9 });
  exact.doors[0]!.full = true;
  exact.offer("#a", "1");
  const run = exact.room.bytes;
  exact.memory.hold(exact.memory.share - 4 * run);
  assertEquals(exact.memory.share, 4 * run);
  exact.offer("#a", "2");
  assertEquals(exact.overflown, ["#a"], "as many as may are there");
});
