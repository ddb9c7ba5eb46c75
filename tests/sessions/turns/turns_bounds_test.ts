/** The bounds of turns and rounds, each at the last that is within and the first that is not. */
import { assertEquals } from "@std/assert";
import { collectHeap } from "../../../lib/collect.ts";
import { CROWD, HOLD_CROWD_MOST, ROUND_PLACES } from "../../../lib/limits.ts";
import { type EventLoop, Turns } from "../../../lib/sessions/turns/turns.ts";
import { settled } from "../../support/handed_clock.ts";

/** A loop that turns when it is told to, and knows how often it was asked what. */
class CountedLoop implements EventLoop {
  time = 0;
  /** How often the clock was looked at. */
  looks = 0;
  readonly rounds: (() => void)[] = [];
  readonly settling: (() => void)[] = [];

  now(): number {
    this.looks++;
    return this.time;
  }
  later(callback: () => void): void {
    this.rounds.push(callback);
  }
  settled(callback: () => void): void {
    this.settling.push(callback);
  }

  turn(): void {
    for (const callback of this.rounds.splice(0)) callback();
    for (const callback of this.settling.splice(0)) callback();
  }
}

/** So many connections. */
function turnsOf(players: number): { loop: CountedLoop; turns: Turns; flushed: () => Promise<number> } {
  const loop = new CountedLoop();
  let flushes = 0;
  const turns = new Turns(loop, () => flushes++);
  for (let at = 0; at < players; at++) turns.joined();
  const flushed = async (): Promise<number> => {
    await null;
    return flushes;
  };
  return { loop, turns, flushed };
}

Deno.test("the clock is looked at with each sixteenth unit of work, and at once where there is so much of it", () => {
  const { loop, turns } = turnsOf(1);
  turns.begin();
  assertEquals(loop.looks, 1);
  const looks = (...works: readonly number[]): number => {
    const before = loop.looks;
    for (const work of works) assertEquals(turns.over(work), false);
    return loop.looks - before;
  };
  assertEquals(looks(...Array(15).fill(1)), 0);
  assertEquals(looks(1), 1);
  assertEquals(looks(15), 0);
  assertEquals(looks(0.5), 0);
  assertEquals(looks(0.5), 1);
  assertEquals(looks(100), 1);
  assertEquals(looks(16, 16), 2);
});

Deno.test("a turn is over with 8,192 units of work, or a millisecond, and in a crowd a quarter of one", () => {
  for (const [work, over] of [[8191, false], [8192, true]] as const) {
    const { turns } = turnsOf(1);
    turns.begin();
    assertEquals(turns.over(work), over, `${work}`);
  }
  for (const [players, ms] of [[CROWD, 1], [CROWD + 1, 0.25]] as const) {
    const { loop, turns } = turnsOf(players);
    turns.begin();
    loop.time = ms - 0.001;
    assertEquals(turns.over(16), false, `${players}`);
    loop.time = ms;
    assertEquals(turns.over(16), true, `${players}`);
    // what was before is not of this turn
    turns.begin();
    assertEquals(turns.over(16), false, `${players}`);
  }
  const { turns } = turnsOf(1);
  turns.begin();
  assertEquals([turns.over(5000), turns.over(3191), turns.over(1)], [false, false, false]);
  assertEquals(turns.over(16), true, "what was done is summed up");
  turns.begin();
  assertEquals(turns.over(8191), false, "and of a turn alone");
});

Deno.test("what will not take long is not timed, unless it takes long all the same: then from that on", () => {
  const { loop, turns } = turnsOf(1);
  turns.begin({ little: true });
  turns.over(15);
  turns.end();
  assertEquals([loop.looks, turns.free], [0, true]);
  loop.time = 50;
  turns.begin({ little: true });
  assertEquals(turns.over(16), false, "it begins now");
  loop.time = 51;
  assertEquals(turns.over(16), true);
  loop.time = 51.9;
  turns.end();
  assertEquals(turns.free, true);
  turns.begin();
  loop.time = 52.1;
  turns.end();
  assertEquals(turns.free, false, "0.2 ms on top of 1.9");
});

Deno.test("what moves counts for time by its bytes: 4 MiB are a millisecond, and the operation a little", () => {
  // two milliseconds without the operation's own
  const most = Math.floor((2 - 0.004) * 4 * 1024 * 1024);
  for (const how of ["came", "wrote"] as const) {
    for (const [bytes, free] of [[most, true], [most + 1, false]] as const) {
      const { turns, loop } = turnsOf(1);
      turns[how](bytes);
      assertEquals([turns.free, loop.rounds.length], [free, 0], `${how} ${bytes}`);
    }
  }
  const { turns } = turnsOf(1);
  for (let at = 0; at < 499; at++) turns.wrote(0);
  assertEquals(turns.free, true);
  for (let at = 0; at < 2; at++) turns.wrote(0);
  assertEquals(turns.free, false);
});

Deno.test("in a crowd a round begins with the forty-fifth read, and else with none", () => {
  const { loop, turns } = turnsOf(CROWD + 1);
  for (let at = 0; at < 44; at++) turns.came(0);
  assertEquals(loop.rounds.length, 0);
  turns.came(0);
  turns.came(0);
  assertEquals(loop.rounds.length, 1);
  const few = turnsOf(CROWD);
  for (let at = 0; at < 200; at++) few.turns.came(0);
  assertEquals([few.loop.rounds.length, few.turns.mayWrite, few.turns.holdsReads], [0, true, false]);
  turns.left();
  assertEquals([turns.holdsReads, turns.mayWrite], [false, true], "it is no crowd any more");
});

Deno.test("in a crowd half of the places are for those who ask at once, and others wait until there are more", () => {
  const { loop, turns } = turnsOf(CROWD + 1);
  for (let at = 0; at < ROUND_PLACES / 2; at++) turns.came(0);
  assertEquals(turns.holdsReads, false);
  turns.came(0);
  assertEquals(turns.holdsReads, true);
  const log: string[] = [];
  turns.whenReadable(() => log.push("read"));
  loop.turn();
  assertEquals([log, turns.holdsReads], [["read"], false], "places are there again");
  turns.whenReadable(() => log.push("read"));
  assertEquals(turns.holdsReads, true, "behind who waits");
  loop.turn();
  turns.whenWritable(() => log.push("write"));
  assertEquals([turns.holdsReads, turns.mayWrite], [true, false], "and behind who waits to write");
  loop.turn();
  assertEquals([log, turns.holdsReads, turns.mayWrite], [["read", "read", "write"], false, true]);
});

Deno.test("of the places that are left in a round each third is a reader's, and one at least while there is one", () => {
  for (
    const [taken, readers] of [[0, 40], [1, 40], [2, 40], [3, 39], [117, 1], [119, 1], [120, 0]] as const
  ) {
    const { loop, turns } = turnsOf(CROWD + 1);
    for (let at = 0; at < taken; at++) turns.came(0);
    let read = 0;
    for (let at = 0; at < 100; at++) turns.whenReadable(() => read++);
    loop.turn();
    assertEquals(read, readers, `${taken} are taken`);
    for (let at = 0; at < 10; at++) loop.turn();
    assertEquals([read, loop.rounds.length], [100, 0]);
  }
});

Deno.test("writers have the places of a round before readers do", () => {
  const { loop, turns } = turnsOf(CROWD + 1);
  let [read, written] = [0, 0];
  for (let at = 0; at < 60; at++) turns.whenReadable(() => read++);
  for (let at = 0; at < 110; at++) turns.whenWritable(() => written++);
  loop.turn();
  assertEquals([read, written], [4, 110]);
  for (let at = 0; at < 5; at++) turns.came(0);
  for (let at = 0; at < 200; at++) turns.whenWritable(() => written++);
  loop.turn();
  assertEquals([read, written], [4, 110 + 115]);
});

Deno.test("replies may wait in a crowd that is not too large for it", () => {
  for (
    const [players, holds] of [
      [CROWD, false],
      [CROWD + 1, true],
      [HOLD_CROWD_MOST, true],
      [HOLD_CROWD_MOST + 1, false],
    ] as const
  ) {
    assertEquals(turnsOf(players).turns.holds, holds, `${players}`);
  }
});

Deno.test("who is held back is asked at the end of each round until it has to leave, which is then written", async () => {
  const { loop, turns, flushed } = turnsOf(CROWD + 1);
  const asked: string[] = [];
  const held = (name: string, until: number): void =>
    turns.holdBack({
      staysIn: (rounds) => {
        asked.push(`${name} in ${rounds}`);
        return rounds < until;
      },
    });
  held("a", 2);
  held("b", 3);
  assertEquals([turns.rounds, loop.rounds.length], [0, 1]);
  loop.turn();
  assertEquals([asked.splice(0), turns.rounds, await flushed()], [["a in 1", "b in 1"], 1, 0]);
  loop.turn();
  assertEquals([asked.splice(0), await flushed()], [["a in 2", "b in 2"], 1]);
  loop.turn();
  assertEquals([asked.splice(0), await flushed(), loop.rounds.length], [["b in 3"], 2, 0]);
});

Deno.test("whoever waits for a turn, a place or a round has one that is asked for, once, and again while somebody waits", () => {
  const waits: ReadonlyArray<(turns: Turns, callback: () => void) => void> = [
    (turns, callback) => turns.queue(callback, { little: true }),
    (turns, callback) => turns.queue(callback, { little: false }),
    (turns, callback) => turns.whenWritable(callback),
    (turns, callback) => turns.whenReadable(callback),
    (turns, callback) => turns.whenTurned(callback),
  ];
  for (const [which, wait] of waits.entries()) {
    const { loop, turns } = turnsOf(CROWD + 1);
    let called = 0;
    // who is called comes again at once: that is for another round, but for a turn
    wait(turns, () => {
      if (++called < 3) wait(turns, () => called++);
    });
    wait(turns, () => called++);
    assertEquals([called, loop.rounds.length], [0, 1], `${which}`);
    loop.turn();
    assertEquals(called >= 2, true, `${which}`);
    while (loop.rounds.length > 0) {
      assertEquals(loop.rounds.length, 1);
      loop.turn();
    }
    assertEquals(called, 3, `${which}`);
  }
});

Deno.test("in a round turns are taken until a slice of time is over, of each lane by turns", () => {
  const { loop, turns } = turnsOf(1);
  const log: string[] = [];
  const add = (name: string, little: boolean): void =>
    turns.queue(() => {
      turns.begin();
      loop.time += 0.5;
      turns.end();
      log.push(name);
    }, { little });
  for (const name of ["l1", "l2", "l3", "l4"]) add(name, true);
  for (const name of ["m1", "m2", "m3"]) add(name, false);
  assertEquals(turns.free, false, "somebody waits");
  loop.turn();
  assertEquals(log.splice(0), ["l1", "m1", "l2", "m2"]);
  loop.turn();
  assertEquals(log.splice(0), ["l3", "m3", "l4"]);
  assertEquals([loop.rounds.length, turns.free], [0, true]);
});

Deno.test("thousands that wait are served in their order, however they come and go", () => {
  const { loop, turns } = turnsOf(1);
  const log: number[] = [];
  let next = 0;
  const add = (many: number): void => {
    for (let at = 0; at < many; at++) {
      const number = next++;
      turns.queue(() => {
        turns.begin();
        loop.time += 0.01;
        turns.end();
        log.push(number);
      }, { little: number % 5 === 0 });
    }
  };
  add(3000);
  while (loop.rounds.length > 0) {
    loop.turn();
    if (next < 9000) add(150);
  }
  for (const little of [true, false]) {
    const lane = log.filter((number) => (number % 5 === 0) === little);
    assertEquals(lane, lane.toSorted((one, other) => one - other));
  }
  assertEquals(log.length, next);
});

Deno.test("of turns that were taken nothing is kept once nobody waits", async () => {
  const { loop, turns } = turnsOf(1);
  const seen: WeakRef<() => void>[] = [];
  for (let at = 0; at < 50; at++) {
    const turn = (): void => void seen.length;
    seen.push(new WeakRef(turn));
    turns.queue(turn, { little: false });
    if (at % 5 === 0) loop.turn();
  }
  while (loop.rounds.length > 0) loop.turn();
  const kept = (): number => seen.filter((each) => each.deref() !== undefined).length;
  // what a weak reference was asked for lives until the turn ends
  for (let times = 0; times < 20 && kept() > 1; times++) {
    await settled();
    collectHeap();
  }
  // the one that was made last may lie on the stack yet
  assertEquals(kept() <= 1, true, `${kept()}`);
});

Deno.test("what is flushed soon is flushed once, behind what is under way, and again when it is asked again", async () => {
  const { turns, flushed } = turnsOf(1);
  turns.flushSoon();
  turns.flushSoon();
  assertEquals([await flushed(), await flushed()], [1, 1]);
  turns.flushSoon();
  assertEquals(await flushed(), 2);
});
