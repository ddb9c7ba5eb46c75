/** When a connection reads, how much, and whose turn it is to handle that. */
import { assertEquals, assertMatch } from "@std/assert";
import { UNLIMITED } from "../../lib/auth/grant.ts";
import { settled } from "../support/handed_clock.ts";
import { Line } from "./connection_bench.ts";
import { Bench } from "./session_bench.ts";

Deno.test("where others wait what was read waits for its turn, of those who have little or much to do", async () => {
  const line = new Line();
  const { turns } = line.bench;
  turns.busy = true;
  const blank = (bytes: number): string => "\n".repeat(bytes - 5) + "ping\n";
  // its room grows with what fills it
  for (const bytes of [63, 255, 1023, 4095, 4096]) {
    await line.wire.comes(blank(bytes));
    assertEquals([line.wire.written, line.wire.reads], ["", false], `${bytes}`);
    const [{ turn, little } = { turn: () => {}, little: undefined }, ...more] = turns.queued.splice(0);
    assertEquals([little, more], [bytes < 4096, []], `${bytes}`);
    turn();
    await settled();
    assertEquals([line.wire.written, line.wire.reads], ["pong\n", true], `${bytes}`);
    line.wire.written = "";
  }
  assertEquals(turns.cameIn, [63, 255, 1023, 4095, 4096]);
  await line.wire.comes(null);
  assertEquals(turns.cameIn.at(-1), 0, "an end brings nothing");
  await line.isOver("end of input");
});

Deno.test("what is left when a turn is over is handled in another, of those who have much, before more is read", async () => {
  const line = new Line();
  const { turns } = line.bench;
  turns.most = 4;
  turns.busy = true;
  await line.wire.comes("ping\nping\nping\n");
  const seen: (readonly [little: boolean | undefined, written: string])[] = [];
  while (turns.queued.length > 0) {
    const [next] = turns.queued.splice(0);
    turns.told = [];
    next!.turn();
    await settled();
    seen.push([next!.little, line.wire.written]);
    assertEquals(line.wire.reads, turns.queued.length === 0);
  }
  assertEquals(seen, [
    [true, "pong\n"],
    [false, "pong\npong\n"],
    [false, "pong\npong\npong\n"],
    [false, "pong\npong\npong\n"],
  ]);
  await line.wire.comes(null);
  await line.isOver("end of input");
});

Deno.test("a defect in a turn that was waited for ends its connection alone", async () => {
  const line = new Line();
  const { turns, engine } = line.bench;
  turns.busy = true;
  engine.gateOf = () => {
    throw new TypeError("a defect");
  };
  await line.wire.comes("pub #a 1\nx\n");
  turns.queued[0]!.turn();
  await settled();
  assertMatch(line.wire.written, /^bye INTERNAL /);
  line.clock.pass(500);
  await line.isOver("internal error");
});

Deno.test("who was served reads more when it is its turn to, where others wait for that", async () => {
  const line = new Line();
  const { turns } = line.bench;
  turns.full = true;
  await line.wire.comes("ping\n");
  assertEquals([line.wire.written, line.wire.reads, turns.readers.length], ["pong\n", false, 1]);
  turns.readers[0]!();
  await settled();
  assertEquals(line.wire.reads, true);
  turns.full = false;
  await line.wire.comes("ping\n");
  assertEquals([line.wire.reads, turns.readers.length], [true, 1]);
  await line.wire.comes(null);
  await line.isOver("end of input");
});

Deno.test("who is being drained is read from as others have their turns, and nothing of that is handled", async () => {
  const line = new Line();
  const { turns } = line.bench;
  const drained = line.connection.drain();
  await settled();
  await line.wire.ended();
  turns.busy = true;
  let reads = 0;
  for (let at = 0; at < 3; at++) {
    await line.wire.comes("pub #a 1\nx\n");
    await settled();
    if (line.wire.reads) reads++;
  }
  assertEquals([reads, turns.queued, turns.cameIn], [3, [], [11, 11, 11]]);
  assertEquals(line.bench.counters.totals.published, 0);
  await line.wire.comes(null);
  await drained;
  await line.isOver("drained");
});

Deno.test("a drain waits for what is being handled, and for what is unanswered", async () => {
  const line = new Line();
  const { turns } = line.bench;
  turns.busy = true;
  await line.wire.comes("pub #a 1\nx\nping\n");
  const drained = line.connection.drain();
  await settled();
  assertEquals([line.wire.written, line.wire.ends], ['info {"draining":true}\n', 0]);
  turns.queued[0]!.turn();
  await settled();
  assertEquals(line.wire.written.split("\n"), [
    'info {"draining":true}',
    "ok 1 level=memory subs=0",
    "pong",
    "bye DRAINING the broker is stopping",
    "",
  ]);
  assertEquals([line.wire.ends, line.bench.counters.totals.published], [1, 1]);
  await line.wire.ended();
  await line.wire.comes(null);
  await drained;
  await line.isOver("drained");
});

Deno.test("who has a rate is read by a quarter of a second's worth at a time, and others by as much as comes", async () => {
  for (
    const [limits, rooms] of [
      [{}, [63, 255, 1023, 4095, 16_383]],
      [{ messageRate: 40 }, [63, 63, 63, 63, 63]],
      [{ byteRate: 4000 }, [63, 255, 1023, 1023, 1023]],
    ] as const
  ) {
    const line = new Line({ grant: { ...UNLIMITED, account: "a", limits } });
    for (let at = 0; at < 4; at++) await line.wire.comes("\n".repeat(line.wire.rooms.at(-1)!));
    assertEquals(line.wire.rooms, [...rooms], JSON.stringify(limits));
    await line.wire.comes(null);
    await line.isOver("end of input");
  }
});

Deno.test("who is one too many of its account is told so and ended", async () => {
  const bench = new Bench();
  const grant = { ...UNLIMITED, account: "a", limits: { connections: 1 } };
  const first = new Line({ bench, grant });
  const second = new Line({ bench, grant });
  await settled();
  assertEquals([first.wire.written, first.wire.ends], ["", 0]);
  assertMatch(second.wire.written, /^bye TOO_MANY_CONNECTIONS [^\n]*\n$/);
  assertEquals(second.wire.ends, 1);
  await second.wire.ended();
  await second.wire.comes(null);
  await second.over;
  assertEquals(second.reason, "account full");
  first.connection.cut("closed");
  await first.over;
  const third = new Line({ bench, grant });
  await settled();
  assertEquals(third.wire.written, "");
  third.connection.cut("closed");
  await third.over;
});
