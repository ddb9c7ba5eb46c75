import { assert, assertEquals } from "@std/assert";
import {
  FEW_COMPLETIONS,
  HELD_ROUNDS_MOST,
  LITTLE_BYTES,
  SLICE_MS,
  TURN_MS,
  TURN_WORK_MOST,
} from "../../../lib/limits.ts";
import { type EventLoop, Turns } from "../../../lib/sessions/turns/turns.ts";

/** A loop that turns when it is told to, and a clock that stands still in between. */
class TestLoop implements EventLoop {
  time = 0;
  #callbacks: Array<() => void> = [];

  now(): number {
    return this.time;
  }
  later(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  get waits(): boolean {
    return this.#callbacks.length > 0;
  }

  turn(): void {
    assert(this.#callbacks.length <= 1, "it is asked for one round at a time");
    for (const callback of this.#callbacks.splice(0)) callback();
  }
}

/** Someone with so many turns' work, each of which takes so long. */
function player(
  turns: Turns,
  loop: TestLoop,
  of: { name: string; turns: number; ms: number; log: string[] },
): () => void {
  let left = of.turns;
  const turn = (): void => {
    turns.begin();
    loop.time += of.ms;
    turns.end();
    of.log.push(of.name);
    if (--left > 0) turns.queue(turn, { little: false });
  };
  return turn;
}

Deno.test("where nobody waits there is time at once, and the event loop is left alone", () => {
  const loop = new TestLoop();
  const turns = new Turns(loop);
  for (let at = 0; at < 2 * FEW_COMPLETIONS; at++) {
    assert(turns.free);
    turns.came(100);
    turns.begin();
    turns.over(1);
    turns.end();
    turns.came(3);
  }
  assertEquals([turns.free, turns.holdsReads, loop.waits], [true, false, false]);
});

Deno.test("after a slice of work the event loop turns before there is more", () => {
  const loop = new TestLoop();
  const turns = new Turns(loop);
  turns.begin();
  loop.time += SLICE_MS;
  turns.end();
  assert(!turns.free);
  const log: string[] = [];
  turns.queue(player(turns, loop, { name: "a", turns: 1, ms: 0.1, log }), { little: false });
  assertEquals(log, []);
  loop.turn();
  assertEquals([log, turns.free], [["a"], true]);
});

Deno.test("everybody who waits is served once before anybody is served twice", () => {
  const loop = new TestLoop();
  const turns = new Turns(loop);
  const log: string[] = [];
  const names = Array.from({ length: 200 }, (_, at) => `p${at}`);
  for (const name of names) {
    turns.queue(player(turns, loop, { name, turns: 3, ms: TURN_MS, log }), { little: false });
  }
  let rounds = 0;
  for (; loop.waits; rounds++) {
    const before = log.length;
    loop.turn();
    assert((log.length - before) * TURN_MS <= SLICE_MS + TURN_MS, "a round is bounded");
  }
  assertEquals(log, [...names, ...names, ...names]);
  assert(rounds >= 600 * TURN_MS / (SLICE_MS + TURN_MS));
});

Deno.test("who has little to do waits for one turn of those who have much, however many these are", () => {
  const loop = new TestLoop();
  const turns = new Turns(loop);
  const log: string[] = [];
  for (let at = 0; at < 500; at++) {
    turns.queue(player(turns, loop, { name: "flood", turns: 9, ms: TURN_MS, log }), { little: false });
  }
  loop.turn();
  log.length = 0;
  turns.queue(player(turns, loop, { name: "quiet", turns: 1, ms: 0.01, log }), { little: true });
  loop.turn();
  assert(log.indexOf("quiet") <= 1, String(log));
  // and many of those who have little do not keep the others from their turn
  for (let at = 0; at < 100; at++) {
    turns.queue(player(turns, loop, { name: "quiet", turns: 1, ms: TURN_MS, log }), { little: true });
  }
  log.length = 0;
  for (let rounds = 0; rounds < 10; rounds++) loop.turn();
  const floods = log.filter((name) => name === "flood").length;
  assert(Math.abs(2 * floods - log.length) <= 2, `${floods} of ${log.length}`);
  assert(LITTLE_BYTES > 0);
});

Deno.test("a turn ends after so much work, or so much time", () => {
  const loop = new TestLoop();
  const turns = new Turns(loop);
  turns.begin();
  let done = 0;
  while (!turns.over(1)) done++;
  assert(done < TURN_WORK_MOST && done > TURN_WORK_MOST / 2, String(done));
  turns.end();
  turns.begin();
  for (done = 0; !turns.over(1); done++) loop.time += TURN_MS / 100;
  assert(done < 150, String(done));
  // what is much work is looked at on its own
  turns.begin();
  loop.time += TURN_MS;
  assert(turns.over(1000));
});

Deno.test("in a crowd who was served asks for more when the others have been, and at last in any case", () => {
  const loop = new TestLoop();
  const turns = new Turns(loop);
  const crowd = 2 * FEW_COMPLETIONS;
  for (let at = 0; at < crowd; at++) turns.joined();
  let asked = 0;
  const round = (completions: number): void => {
    for (let at = 0; at < completions; at++) turns.came(100);
    if (turns.holdsReads) turns.whenReadable(() => asked++);
    loop.turn();
  };
  round(128);
  round(128);
  assertEquals(asked, 0);
  round(FEW_COMPLETIONS);
  assertEquals(asked, 2);
  for (let rounds = 0; rounds <= HELD_ROUNDS_MOST; rounds++) round(128);
  assert(asked > 2, "full rounds do not hold anybody for ever");
  // few connections cannot starve one another
  for (let at = 0; at < crowd; at++) turns.left();
  for (let at = 0; at < 128; at++) turns.came(100);
  assert(!turns.holdsReads);
});
