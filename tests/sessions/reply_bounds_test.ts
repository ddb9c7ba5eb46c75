/** The bounds of what waits to be answered, and of what is kept back. */
import { assertEquals } from "@std/assert";
import { DONE, type Success } from "../../lib/protocols/types.ts";
import { refusal } from "../../lib/sessions/refusal.ts";
import { ReplyHold } from "../../lib/sessions/reply_hold.ts";
import { Bench, STORED } from "./reply_bench.ts";

const MIB = 1024 * 1024;

Deno.test("a reply waits for three rounds, and then those behind it leave at once, four, eight, and up to 256 of them", () => {
  const hold = new ReplyHold();
  /** How many leave at once before one waits; it waits for nothing. */
  const atOnce = (): number => {
    let count = 0;
    for (; !hold.begins(10); count++);
    assertEquals([hold.holds, hold.begins(10)], [true, false], "one waits at a time");
    assertEquals([hold.isOver(12), hold.holds, hold.isOver(13), hold.holds], [false, true, true, false]);
    return count;
  };
  assertEquals(Array.from({ length: 9 }, atOnce), [0, 4, 8, 16, 32, 64, 128, 256, 256]);
  assertEquals(hold.isOver(100), false, "none waits");
});

Deno.test("what two of them left with together was worth it: it is tried again as at first", () => {
  const hold = new ReplyHold();
  const waitsInVain = (): number => {
    let count = 0;
    for (; !hold.begins(0); count++);
    hold.isOver(3);
    return count;
  };
  assertEquals([waitsInVain(), waitsInVain(), waitsInVain()], [0, 4, 8]);
  for (let count = 0; count < 16; count++) hold.begins(0);
  assertEquals(hold.begins(0), true);
  hold.ends(2);
  assertEquals([hold.holds, hold.begins(0)], [false, true], "the next may at once");
  hold.ends(1);
  assertEquals([hold.begins(0), hold.isOver(3)], [true, true]);
  assertEquals(waitsInVain(), 4, "and its pause is the first one again");
  hold.ends(2);
  assertEquals(waitsInVain(), 8, "what left while none waited changes nothing");
});

Deno.test("up to sixteen successes wait in a crowd, and none where something is unanswered or there is no crowd", () => {
  const held = (count: number, of: { readonly crowd?: boolean; readonly asks?: boolean } = {}): boolean => {
    const { queue, turns, said } = new Bench();
    turns.holds = of.crowd !== false;
    queue.ok(count, DONE);
    if (of.asks === true) queue.hold(1);
    queue.flushOrHold();
    return said.length === 0;
  };
  assertEquals([held(1), held(16), held(17)], [true, true, false]);
  assertEquals([held(1, { crowd: false }), held(1, { asks: true })], [false, false]);
  const bench = new Bench();
  bench.turns.holds = true;
  bench.queue.flushOrHold();
  assertEquals([bench.asked, bench.flushed], [0, 1], "nothing is to wait");
  bench.queue.ok(1, DONE);
  bench.queue.flushOrHold();
  assertEquals([bench.asked, bench.flushed], [1, 2], "what else was said leaves");
});

Deno.test("a success that waits when its connection is gone is not told, and is asked for no more", () => {
  const { queue, turns, said } = new Bench();
  turns.holds = true;
  queue.ok(1, DONE);
  queue.flushOrHold();
  queue.close();
  turns.rounds = 100;
  assertEquals([queue.staysIn(100), said], [false, []]);
});

Deno.test("one that was asked to leave and waits again is in the list again", () => {
  const bench = new Bench();
  const { queue, turns, said } = bench;
  turns.holds = true;
  queue.ok(1, DONE);
  queue.flushOrHold();
  queue.ok(1, DONE);
  queue.flush();
  assertEquals([said, queue.staysIn(0), bench.asked], [["ok 2"], false, 1]);
  queue.ok(1, DONE);
  queue.flushOrHold();
  assertEquals(bench.asked, 2);
});

Deno.test("a queue is full with 1 MiB that is unanswered, or with as much as is free, and with its outlet", () => {
  const bench = new Bench();
  for (let count = 0; count < 8191; count++) bench.queue.hold(1);
  assertEquals([bench.queue.full, bench.memory.held], [false, MIB - 128]);
  bench.queue.say(() => {});
  assertEquals([bench.queue.full, bench.memory.held], [true, MIB]);
  for (const [free, full] of [[128, true], [129, false]] as const) {
    const { queue, memory } = new Bench();
    queue.hold(1);
    memory.hold(memory.share - free);
    assertEquals(queue.full, full, `${free}`);
  }
  const { queue, outlet, room, memory } = new Bench();
  memory.hold(memory.share);
  assertEquals(queue.full, false, "it keeps nothing");
  outlet.aboveHighWater = true;
  let called = 0;
  queue.whenNotFull(() => called++);
  assertEquals([queue.full, room.length, called], [true, 1, 0]);
  room[0]!();
  assertEquals(called, 1);
});

Deno.test("requests that take work count so much that sixty-four of them fill a queue", () => {
  const { queue, memory } = new Bench();
  for (let count = 0; count < 63; count++) queue.ask();
  assertEquals([queue.full, memory.held], [false, MIB - 16_384]);
  queue.ask();
  assertEquals([queue.full, memory.held], [true, MIB]);
});

Deno.test("who waits for room is called when so much is answered that there is some, and not before", () => {
  const { queue, memory, flushes } = new Bench();
  const tickets = Array.from({ length: 70 }, () => queue.ask());
  let called = 0;
  queue.whenNotFull(() => called++);
  queue.whenNotFull(() => called++);
  for (const ticket of tickets.slice(0, 6)) ticket.succeed(DONE);
  assertEquals([called, queue.full, memory.held], [0, true, MIB]);
  tickets[6]!.succeed(DONE);
  assertEquals([called, queue.full], [2, false]);
  tickets[7]!.succeed(DONE);
  flushes.flush();
  assertEquals(called, 2, "each once");
});

Deno.test("what is told at once is, with what is known behind it, and what is told soon with the others of its flush", () => {
  const { queue, said, flushes } = new Bench();
  const [one, two, three, four] = [queue.ask(), queue.ask(), queue.hold(1), queue.hold(1)];
  two.succeed(DONE);
  assertEquals(said, []);
  one.succeed({ ...DONE, from: 3 });
  assertEquals(said.splice(0), ["ok 1", "ok 1"]);
  three.acknowledge({ ...STORED, last: 1 });
  four.refuse("STORE", "no");
  assertEquals(said, []);
  flushes.flush();
  assertEquals(said, ["ok 1 seq=1", "err STORE 1"]);
});

Deno.test("thousands that are answered one by one keep their order, whatever is said between them", () => {
  const { queue, said, flushes, memory } = new Bench();
  const tickets = [];
  const expected: string[] = [];
  for (let at = 0; at < 5000; at++) {
    tickets.push(queue.hold(1));
    expected.push(`ok 1 seq=${2 * at}`);
    if (at % 3 === 0) {
      queue.say((replies) => replies.pong());
      expected.push("pong");
    }
  }
  for (const [at, ticket] of tickets.entries()) {
    ticket.acknowledge({ ...STORED, last: 2 * at });
    if (at % 7 === 0) flushes.flush();
  }
  flushes.flush();
  assertEquals(said, expected);
  assertEquals([memory.held, !queue.answers.full], [0, true]);
});

Deno.test("many refusals leave by the 256, as long as there is room, and the rest behind a ticket when there is again", () => {
  const { queue, said, outlet, room, flushes, memory } = new Bench();
  queue.refuse(refusal("BAD_TOPIC"), 600);
  assertEquals(said.splice(0), ["err BAD_TOPIC 256", "err BAD_TOPIC 256", "err BAD_TOPIC 88"]);
  const ticket = queue.hold(1);
  queue.refuse(refusal("BAD_TOPIC"), 300);
  outlet.aboveHighWater = true;
  ticket.refuse("DENIED");
  flushes.flush();
  assertEquals([said, room.length], [[], 1], "there is no room");
  outlet.aboveHighWater = false;
  room.shift()!();
  assertEquals(said, ["err DENIED 1", "err BAD_TOPIC 256", "err BAD_TOPIC 44"]);
  assertEquals([memory.held, !queue.answers.full], [0, true]);
});

Deno.test("successes that differ in any of what is said of them are told apart, and those that do not together", () => {
  const told = (one: Partial<Success>, other: Partial<Success>): number => {
    const { queue, said } = new Bench();
    queue.ok(1, { ...STORED, last: 4, ...one } as Success);
    queue.ok(2, { ...STORED, last: 6, ...other } as Success);
    queue.flush();
    return said.length;
  };
  assertEquals(told({}, {}), 1);
  assertEquals(told({}, { last: 7 }), 2);
  assertEquals(told({}, { last: 5 }), 2);
  assertEquals(told({}, { topic: "#b" }), 2);
  assertEquals(told({}, { level: "memory" }), 2);
  assertEquals(told({}, { reached: 1 }), 2);
  assertEquals(told({ last: undefined }, {}), 2);
  assertEquals(told({}, { last: undefined }), 2);
  assertEquals(told({ last: undefined }, { last: undefined }), 1);
  for (const alone of [{ from: 1 }, { newest: 1 }]) {
    assertEquals(told(alone, {}), 2);
    assertEquals(told({}, alone), 2);
    assertEquals(told(alone, alone), 2);
  }
});
