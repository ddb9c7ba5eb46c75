import { assert, assertEquals } from "@std/assert";
import { Reading } from "../../../../lib/engine/nats/stored/reading.ts";
import { FAILED, NONE } from "../../../support/scripted_streams.ts";
import { ReadingBench } from "./reading_bench.ts";

const START = { kind: "sequence", sequence: 4 } as const;
/** Silence after which a reader is lost, milliseconds. */
const SILENCE_MS = 5_000;

/** A reader of `#d` and what it says: messages by their numbers, `-3` of one that cannot be read. */
class Bench extends ReadingBench {
  readonly reading = new Reading(this.parts);
  readonly told: (string | number)[] = [];
  /** The first message that is not wanted yet. */
  end = Infinity;
  bytes = 1e6;

  open(): void {
    this.reading.open(["#d", "#e"], START, () => void this.told.push("open"));
  }

  read(most: number): void {
    this.reading.read({
      most,
      bytes: this.bytes,
      take: ({ sequence }) => {
        if (sequence >= this.end) return false;
        this.told.push(sequence);
        return true;
      },
      skip: (sequence) => void this.told.push(-sequence),
      done: (read) => void this.told.push(read.kind === "read" ? `through ${read.through}` : read.kind),
    });
  }

  /** All that was told since the last call. */
  said(): (string | number)[] {
    return this.told.splice(0);
  }
}

/** One whose consumer there is. */
function opened(): Bench {
  const bench = new Bench();
  bench.open();
  assertEquals(bench.asked(), ["reader p.stored.d p.stored.e from 4"]);
  bench.opens();
  assertEquals(bench.said(), ["open"]);
  return bench;
}

Deno.test("a reader whose consumer cannot be made is over", () => {
  for (const answer of [FAILED, NONE]) {
    const bench = new Bench();
    bench.open();
    bench.streams.readers.shift()!(answer);
    assertEquals([bench.said(), bench.reading.over], [["open"], true]);
    bench.read(3);
    assertEquals([bench.said(), bench.asked().length], [["lost"], 1]);
  }
});

Deno.test("a turn asks for as many as it may, and ends when they have come; it goes on where it stands", () => {
  const bench = opened();
  bench.read(3);
  assertEquals(bench.link.asked.at(-1), "ping", "it is written");
  assertEquals([bench.asked(), bench.said()], [["c asks 3"], []]);
  for (const sequence of [4, 5]) bench.comes(sequence, { pending: 9 });
  assertEquals(bench.said(), [4, 5]);
  bench.comes(8, { pending: 1 });
  assertEquals(bench.said(), [8, "through false"]);
  bench.read(1);
  bench.comes(9);
  assertEquals([bench.said(), bench.asked()], [[9, "through true"], ["c asks 1"]], "it has no more");
  bench.read(1_000_000);
  assertEquals(bench.asked(), ["c asks 512"]);
  bench.comes(10);
  assertEquals(bench.said(), [10], "NATS says when there is no more, for more was asked for");
  bench.hasNoMore();
  assertEquals([bench.said(), bench.reading.over], [["through true"], false]);
});

Deno.test("a turn ends when it has brought its bytes, and one message comes however large it is (D5)", () => {
  const bench = opened();
  bench.bytes = 64;
  bench.read(3);
  assert(bench.link.asked.some((each) => each.includes('{"batch":3,"max_bytes":128,')));
  bench.comes(4, { pending: 9 });
  bench.hasTooLarge();
  assertEquals([bench.said(), bench.reading.over], [[4, "through false"], false]);
  bench.asked();
  bench.read(3);
  bench.hasTooLarge();
  assertEquals([bench.asked(), bench.said()], [["c asks 3", "c asks 1"], []]);
  assertEquals(bench.link.asked, []);
  bench.comes(5, { pending: 8 });
  assertEquals(bench.said(), [5, "through false"]);
  bench.hasTooLarge();
  assertEquals([bench.said(), bench.asked()], [[], []], "nobody has asked for anything");
});

Deno.test("a turn asks for no more messages than have its bytes, by those that came", () => {
  const bench = opened();
  bench.bytes = 100_000;
  bench.read(100);
  assertEquals(bench.asked(), ["c asks 100"]);
  for (let sequence = 4; sequence < 104; sequence++) bench.comes(sequence, { size: 10_000, pending: 1 });
  bench.read(100);
  assertEquals(bench.asked(), ["c asks 10"]);
});

Deno.test("what cannot be read counts as read", () => {
  const bench = opened();
  bench.read(2);
  bench.comes(4, { topic: "#d..d" });
  assertEquals([bench.said(), bench.unreadable.length], [[-4], 1]);
  bench.comes(5, { topic: "#d..d", pending: 2 });
  assertEquals(bench.said(), [-5, "through false"]);
});

Deno.test("a reader is over behind a message that is not wanted yet", () => {
  const bench = opened();
  bench.read(3);
  bench.end = 5;
  bench.asked();
  for (const sequence of [4, 5, 6]) bench.comes(sequence);
  assertEquals([bench.said(), bench.reading.over], [[4, "through false"], true]);
  assertEquals(bench.asked(), ["remove c", "unsub in.1"]);
  bench.read(1);
  bench.reading.end();
  assertEquals([bench.said(), bench.asked()], [["lost"], []]);
});

Deno.test("a reader that misses a message, or whose consumer has gone, is lost, and a turn of it is answered once", () => {
  const gap = opened();
  gap.read(3);
  gap.comes(4);
  gap.asked();
  gap.comes(6, { given: 3 });
  gap.comes(7);
  gap.hasNoMore();
  assertEquals([gap.said(), gap.reading.over, gap.asked()], [[4, "lost"], true, ["remove c", "unsub in.1"]]);
  for (const status of [409, 503]) {
    const gone = opened();
    gone.read(3);
    gone.hasNoMore(status);
    assertEquals([gone.said(), gone.reading.over], [["lost"], true]);
  }
  const idle = opened();
  idle.hasNoMore(409);
  assertEquals([idle.said(), idle.reading.over], [[], false], "nobody has asked for anything");
  idle.read(1);
  assertEquals(idle.asked(), ["c asks 1"]);
});

Deno.test("what comes when nobody has asked for anything is nobody's", () => {
  const bench = opened();
  bench.read(1);
  bench.comes(4);
  bench.said();
  bench.comes(5);
  assertEquals([bench.said(), bench.reading.over], [[], false]);
});

Deno.test("a reader that is silent for five seconds while it is asked for something is lost", () => {
  const bench = opened();
  bench.read(3);
  bench.reading.tick(SILENCE_MS - 1);
  bench.comes(4);
  bench.reading.tick(SILENCE_MS - 1);
  assertEquals(bench.said(), [4]);
  bench.reading.tick(1);
  assertEquals([bench.said(), bench.reading.over], [["lost"], true]);
  const next = opened();
  next.read(1);
  next.reading.tick(SILENCE_MS - 1);
  next.comes(4);
  next.reading.tick(SILENCE_MS);
  next.read(1);
  next.reading.tick(SILENCE_MS - 1);
  assertEquals([next.said(), next.reading.over], [[4, "through true"], false]);
});

Deno.test("how long nobody has asked for anything is known, and begins anew with each turn", () => {
  const bench = opened();
  bench.reading.tick(7);
  bench.reading.tick(8);
  assertEquals(bench.reading.idle, 15);
  bench.read(1);
  bench.reading.tick(9);
  assertEquals(bench.reading.idle, 0, "it is being used");
  bench.comes(4);
  bench.reading.tick(3);
  assertEquals(bench.reading.idle, 3);
});

Deno.test("while the link is lost nothing can be read, and no consumer can be removed", () => {
  const bench = opened();
  bench.link.goDown();
  bench.read(1);
  assertEquals([bench.said(), bench.asked()], [["lost"], ["unsub in.1"]]);
  const ended = opened();
  ended.read(2);
  ended.asked();
  ended.reading.end();
  assertEquals([ended.said(), ended.asked()], [["lost"], ["remove c", "unsub in.1"]]);
  assert(ended.reading.over);
});
