import { assertEquals } from "@std/assert";
import { ChunkPool } from "../../../lib/buffers.ts";
import { ReadingTurns, type Turn } from "../../../lib/engine/durable/reading_turns.ts";
import { HeldMemory } from "../../../lib/held_memory.ts";
import { REPLAY_PAGE_LEAST } from "../../../lib/limits.ts";

Deno.test("where no memory is left what frees some is asked for all the same, one at a time, and nothing else", () => {
  const most = 256 * 1024;
  const memory = new HeldMemory({ most, pool: new ChunkPool() });
  const turns = new ReadingTurns(memory);
  const asked: string[] = [];
  const answers: Array<() => void> = [];
  const turn = (name: string, frees: boolean): Turn => ({
    wants: 1024 * 1024,
    frees,
    ask: (bytes, answered) => {
      asked.push(`${name} ${bytes / 1024}`);
      answers.push(answered);
    },
  });
  memory.hold(most);
  turns.add(turn("page", false));
  turns.add(turn("first", true));
  turns.add(turn("second", true));
  assertEquals(asked, ["first 64"]);
  answers.shift()!();
  assertEquals(asked, ["first 64", "second 64"]);
  // who has its answer keeps nothing any more
  memory.letGo(most);
  answers.shift()!();
  assertEquals(asked, ["first 64", "second 64", "page 128"]);
});

Deno.test("who has nothing to ask for when its turn comes is passed, and has none until it is added again", () => {
  const turns = new ReadingTurns(new HeldMemory({ most: 1024 ** 3, pool: new ChunkPool() }));
  const asked: string[] = [];
  const answers: Array<() => void> = [];
  const turn = (name: string): { wants: number | undefined; ask: Turn["ask"] } => ({
    wants: 1024,
    ask: (_, answered) => {
      asked.push(name);
      answers.push(answered);
    },
  });
  const [a, b, c, d] = [turn("a"), turn("b"), turn("c"), turn("d")];
  for (const each of [a, b, c, d]) turns.add(each);
  assertEquals(asked, ["a", "b"], "two at a time");
  c.wants = undefined;
  answers.shift()!();
  assertEquals(asked, ["a", "b", "d"]);
  c.wants = 1024;
  answers.shift()!();
  assertEquals(asked, ["a", "b", "d"]);
  turns.add(c);
  assertEquals(asked, ["a", "b", "d", "c"]);
  turns.add(a);
  turns.remove(a);
  for (const answer of answers.splice(0)) answer();
  assertEquals(asked, ["a", "b", "d", "c"], "who was taken out is not asked");
});

Deno.test("what is asked for counts as kept until its answer, at most half of what is free, and no more than is wanted", () => {
  const memory = new HeldMemory({ most: 1024 * 1024, pool: new ChunkPool() });
  const turns = new ReadingTurns(memory);
  const asked: number[] = [];
  const answers: Array<() => void> = [];
  const turn = (wants: number): Turn => ({
    wants,
    ask: (most, answered) => {
      asked.push(most / 1024);
      answers.push(answered);
    },
  });
  turns.add(turn(100 * 1024));
  turns.add(turn(10_000 * 1024));
  assertEquals([asked, memory.held / 1024], [[100, 462], 562]);
  for (const answer of answers) answer();
  assertEquals(memory.held, 0);
});

Deno.test("where two pages are not free one is asked for, and where not even one is, none", () => {
  const asked = (free: number): number[] => {
    const memory = new HeldMemory({ most: free, pool: new ChunkPool() });
    const sizes: number[] = [];
    new ReadingTurns(memory).add({ wants: 1024 * 1024, ask: (most) => void sizes.push(most) });
    return sizes;
  };
  assertEquals(asked(2 * REPLAY_PAGE_LEAST), [REPLAY_PAGE_LEAST]);
  assertEquals(asked(2 * REPLAY_PAGE_LEAST - 1), [REPLAY_PAGE_LEAST]);
  assertEquals(asked(REPLAY_PAGE_LEAST), [REPLAY_PAGE_LEAST]);
  assertEquals(asked(REPLAY_PAGE_LEAST - 1), []);
});

Deno.test("where two pages are not free all the same have their turns, one after the other", () => {
  const memory = new HeldMemory({ most: 256 * 1024, pool: new ChunkPool() });
  const turns = new ReadingTurns(memory);
  const asked: string[] = [];
  const answers: Array<() => void> = [];
  const turn = (name: string): Turn => ({
    wants: 1024 * 1024,
    ask: (bytes, answered) => {
      asked.push(`${name} ${bytes / 1024}`);
      answers.push(answered);
    },
  });
  // for good, as what is connected is
  memory.hold(160 * 1024);
  for (const name of ["one", "other", "third"]) turns.add(turn(name));
  assertEquals(asked, ["one 64"]);
  answers.shift()!();
  assertEquals(asked, ["one 64", "other 64"]);
  // what came is kept
  memory.hold(40 * 1024);
  answers.shift()!();
  assertEquals(asked, ["one 64", "other 64"]);
  memory.letGo(40 * 1024);
  turns.go();
  assertEquals(asked, ["one 64", "other 64", "third 64"]);
});

Deno.test("who wants more while it is read for has its next turn behind the answer, and keeps nobody else waiting", () => {
  const turns = new ReadingTurns(new HeldMemory({ most: 1024 ** 3, pool: new ChunkPool() }));
  const asked: string[] = [];
  const answers: Array<() => void> = [];
  const turn = (name: string): Turn => ({
    wants: 1024,
    ask: (_, answered) => {
      asked.push(name);
      answers.push(answered);
    },
  });
  const [a, b] = [turn("a"), turn("b")];
  turns.add(a);
  turns.add(a);
  assertEquals(asked, ["a"], "one request at a time");
  turns.add(b);
  assertEquals(asked, ["a", "b"]);
  answers.shift()!();
  assertEquals(asked, ["a", "b", "a"]);
});
