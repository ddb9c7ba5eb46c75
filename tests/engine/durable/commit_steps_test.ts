import { assert, assertEquals } from "@std/assert";
import { Piece, Repetition } from "../../../lib/engine/durable/piece.ts";
import type { Publisher } from "../../../lib/engine/types.ts";
import { HAND_ON_WORK, PIECE_BYTES } from "../../../lib/limits.ts";
import { LogBench } from "./log_bench.ts";

function publisher(): Publisher {
  return { hold: () => ({ acknowledge: () => {}, refuse: () => {} }) };
}

Deno.test("a run is stored, handed on, answered and let go, in this order; then what is behind it is told (D1)", () => {
  const bench = new LogBench({ last: 4 });
  bench.reached = 3;
  bench.onDeliver = (run) => {
    assertEquals(run.stored?.batch, run.route.topic === "#a" ? 5 : 6);
    bench.told.push(`hand on ${run.route.topic}`);
  };
  assertEquals([bench.log.delivered, bench.log.begun, bench.log.idle], [4, 4, true]);
  bench.append(1, { topic: "#a", count: 2 });
  assertEquals([bench.told, bench.log.idle], [[], false]);
  assertEquals(bench.commit(), 1);
  assertEquals(bench.told.splice(0), ["hand on #a", "stored #a", "let go #a", "through to 1 5 1005"]);
  bench.append(1, { topic: "#b" });
  bench.commit();
  assertEquals(bench.told.splice(0), ["hand on #b", "stored #b", "let go #b", "through to 1 6 1006"]);
  assertEquals(bench.receipts, [
    { reached: 3, level: "synced", last: 2, topic: "#a" },
    { reached: 3, level: "synced", last: 1, topic: "#b" },
  ]);
  assertEquals([bench.log.delivered, bench.log.begun, bench.log.idle], [6, 6, true]);
  assertEquals(bench.log.commits.messages, 3, "messages, not runs");
});

Deno.test("what is handed on, answered or refused is written with it, in whatever turn that is", () => {
  const bench = new LogBench();
  let written = 0;
  const write = (): void => bench.flushes.add({ ready: () => void written++ });
  bench.onDeliver = write;
  bench.append(HAND_ON_WORK + 1);
  bench.commit();
  assertEquals(written, HAND_ON_WORK);
  bench.takeTurns();
  assertEquals(written, HAND_ON_WORK + 1);
  const acknowledgement = { acknowledge: write, refuse: write };
  bench.add(bench.piece({ acknowledgement }));
  bench.flushes.flush();
  bench.asked.shift()!.end({ kind: "refused", reason: "full" });
  assertEquals(written, HAND_ON_WORK + 2);
});

Deno.test("the last run of a commit is what it is through to, of those in one batch as of others", () => {
  const bench = new LogBench();
  bench.append(1, { topic: "#first" });
  bench.append(3);
  bench.commit();
  bench.told.length = 0;
  const places = [{ first: 1, batch: 7, time: 9 }, { first: 2, batch: 7, time: 9 }, {
    first: 3,
    batch: 6,
    time: 9,
  }];
  bench.asked.shift()!.end({ kind: "stored", stored: places });
  assertEquals(bench.told.at(-1), "through to 2 7 9");
  assertEquals(bench.log.delivered, 7);
});

Deno.test("it is set going once a read, however many runs that brings, and not while a commit runs", () => {
  const bench = new LogBench();
  for (let at = 0; at < 10; at++) bench.add(bench.piece());
  assertEquals(bench.flushes.added, 1);
  bench.flushes.flush();
  bench.append(10);
  assertEquals([bench.flushes.added, bench.asked.length], [1, 1]);
  assertEquals(bench.commit(), 10);
  assertEquals(bench.commit(), 10);
  bench.append(1);
  assertEquals(bench.flushes.added, 2);
});

Deno.test("a commit that runs is waited for, also by what comes when another has been handed on", () => {
  const bench = new LogBench();
  bench.append(2 * HAND_ON_WORK);
  const [running] = bench.asked;
  bench.append(1);
  bench.commit();
  assertEquals(bench.asked.length, 1, "the next");
  bench.append(1);
  bench.takeTurns();
  assert(bench.log.commits.messages === 2 * HAND_ON_WORK && running !== bench.asked[0]);
  assertEquals(bench.asked.length, 1, "nothing is asked for beside it");
  assertEquals([bench.commit(), bench.commit()], [1, 1]);
});

Deno.test("of what is stored one commit waits behind the one that is handed on, and the next is asked for when that is through", () => {
  const bench = new LogBench();
  const order: string[] = [];
  bench.append(HAND_ON_WORK + 10, { topic: "#1" });
  bench.append(1, { topic: "#2" });
  bench.commit();
  bench.append(1, { topic: "#3" });
  bench.commit();
  assertEquals([bench.asked.length, bench.turns.length], [0, 1], "with more of them it would pile up");
  bench.onDeliver = ({ route }) => {
    if (route.topic === "#2") order.push(`#2 is handed on, ${bench.asked.length} asked for`);
  };
  bench.takeTurns();
  assertEquals(order, ["#2 is handed on, 1 asked for"]);
  bench.commit();
  assert(bench.log.idle);
});

Deno.test("a slice is so much work, a run and those it goes to each, to the last bit", () => {
  const bench = new LogBench();
  bench.append(2 * HAND_ON_WORK);
  bench.commit();
  const answered = (): number => bench.receipts.length;
  assertEquals([answered(), bench.turns.length, bench.log.idle], [HAND_ON_WORK, 1, false]);
  assertEquals([bench.log.delivered, bench.log.begun], [0, 2 * HAND_ON_WORK]);
  bench.append(10);
  bench.commit();
  bench.turns.shift()!();
  assertEquals([answered(), bench.turns.length, bench.log.idle], [2 * HAND_ON_WORK, 1, false]);
  assertEquals(
    [bench.log.delivered, bench.log.begun],
    [2 * HAND_ON_WORK, 2 * HAND_ON_WORK],
    "no more has begun",
  );
  bench.log.finish();
  assertEquals(answered(), 2 * HAND_ON_WORK, "what has not begun is not finished");
  let idle = 0;
  bench.log.whenIdle(() => idle++);
  assertEquals(idle, 0);
  bench.turns.shift()!();
  assertEquals([answered(), bench.turns.length, idle], [2 * HAND_ON_WORK + 10, 0, 1]);
  bench.reached = HAND_ON_WORK - 1;
  bench.append(2);
  bench.commit();
  assertEquals([bench.turns.length, answered()], [1, 2 * HAND_ON_WORK + 11]);
  bench.takeTurns();
  assert(bench.log.idle);
});

Deno.test("what is left of a commit is handed on at once where that is asked for, each run once, whoever asks meanwhile", () => {
  const bench = new LogBench();
  const order: number[] = [];
  bench.onDeliver = ({ stored }) => {
    order.push(stored!.first);
    // who is given something may leave, or begin a replay
    bench.log.finish();
  };
  const count = 2 * HAND_ON_WORK;
  bench.append(count);
  bench.commit();
  assertEquals(order.length, HAND_ON_WORK, "not from within");
  bench.append(1);
  bench.commit();
  bench.log.finish();
  assertEquals(order, Array.from({ length: count }, (_, at) => at + 1));
  assertEquals(bench.log.delivered, count);
  bench.append(1);
  bench.takeTurns();
  bench.commit();
  assertEquals([order.length, bench.log.delivered, bench.log.idle], [count + 2, count + 2, true]);
});

Deno.test("after a loss nothing is stored or answered any more, whoever waits is let go, and why is known", () => {
  const bench = new LogBench();
  const told: string[] = [];
  bench.append(1);
  bench.log.whenIdle(() => told.push("idle"));
  bench.asked.shift()!.end({ kind: "lost", reason: "no fsync" });
  assertEquals([bench.told, told], [["lost: no fsync"], ["idle"]]);
  assertEquals([bench.log.trouble, bench.log.idle], ["no fsync", true]);
  bench.append(1);
  bench.log.whenIdle(() => told.push("idle"));
  assertEquals([bench.asked.length, told.length, bench.told.length], [0, 2, 1]);
});

Deno.test("what is wrong is forgotten when something new is stored, and not for what is stored already", () => {
  const bench = new LogBench();
  const refuse = (): void => {
    bench.append(1);
    bench.asked.shift()!.end({ kind: "refused", reason: "full" });
  };
  refuse();
  assertEquals(bench.log.trouble, "full");
  bench.add(new Piece({ part: undefined, acknowledgement: bench.answer("known") }));
  bench.flushes.flush();
  assertEquals([bench.told.at(-1), bench.log.trouble], ["stored known", "full"]);
  bench.add(new Piece({ part: undefined, acknowledgement: bench.answer("known") }));
  bench.append(1);
  bench.commit();
  assertEquals(bench.log.trouble, undefined);
  refuse();
  bench.news.next = { pieces: [], marks: [], forget: [], stored: () => {}, refused: () => {} };
  bench.news.due = true;
  bench.log.announce();
  bench.flushes.flush();
  assertEquals([bench.commit(), bench.log.trouble], [0, undefined]);
});

Deno.test("what repeats a message whose commit is stored is acknowledged, though its own is refused (D6)", () => {
  const bench = new LogBench();
  const [claimant] = bench.append(HAND_ON_WORK + 1, { topic: "#new" }).slice(-1);
  const repetition = new Repetition();
  repetition.repeats(claimant!);
  const known = new Piece({ part: undefined, acknowledgement: bench.answer("known"), repetition, claimant });
  const fresh = bench.piece({ topic: "#fresh", repetition });
  repetition.consistsOf([known, fresh]);
  const other = publisher();
  for (const piece of [known, fresh]) bench.add(piece, other);
  bench.commit();
  // it is stored, and has not been handed on: that is still to come
  bench.told.length = 0;
  bench.asked.shift()!.end({ kind: "refused", reason: "full" });
  assertEquals(bench.told, [
    "refused: full",
    "stored known",
    "forget ids of #fresh",
    "refused #fresh: STORE full",
    "let go #fresh",
  ]);
});

Deno.test("what goes along with a commit is held with it, stored or refused with it, and answered", () => {
  for (const outcome of ["stored", "refused"] as const) {
    const bench = new LogBench();
    const dead = bench.piece({ topic: "#dead", bytes: 100 });
    bench.news.next = {
      pieces: [dead],
      marks: [],
      forget: [],
      stored: () => void bench.told.push("news are stored"),
      refused: (reason) => void bench.told.push(`news are refused: ${reason}`),
    };
    bench.append(1);
    assertEquals(bench.asked[0]!.commit.appends.map(({ topic }) => topic), ["#a", "#dead"]);
    bench.append(1, { topic: "#next" });
    if (outcome === "stored") bench.commit();
    else bench.asked.shift()!.end({ kind: "refused", reason: "full" });
    assertEquals(bench.memory.held, PIECE_BYTES, "what comes next waits");
    const told = outcome === "stored"
      ? ["news are stored", "stored #a", "let go #a", "stored #dead", "let go #dead", "through to 1 2 1002"]
      : [
        "refused: full",
        "forget ids of #a",
        "refused #a: STORE full",
        "let go #a",
        "let go #dead",
        "news are refused: full",
      ];
    assertEquals(bench.told.splice(0), told);
    bench.commit();
    assertEquals([bench.memory.held, bench.log.idle], [0, true]);
  }
});

Deno.test("a topic that might not begin is refused with what repeats that, and the rest of the commit is stored", () => {
  const bench = new LogBench();
  const first = bench.piece({ topic: "#there", name: "first" });
  const unbegun = bench.piece({ topic: "#new", name: "unbegun" });
  const repetition = new Repetition();
  repetition.repeats(unbegun);
  const again = new Piece({
    part: undefined,
    acknowledgement: bench.answer("again"),
    claimant: unbegun,
    repetition,
  });
  const last = bench.piece({ topic: "#there", name: "last" });
  for (const piece of [first, unbegun, again, last]) bench.add(piece);
  bench.flushes.flush();
  const stored = [bench.place("#there", 1), bench.place("#there", 1)];
  bench.asked.shift()!.end({ kind: "stored", stored, unbegun: { appends: [1], delayed: [] } });
  assertEquals(bench.told, [
    "unbegun: no room for #new",
    "forget ids of #new",
    "refused unbegun: TOO_MANY_TOPICS no room for #new",
    "refused again: TOO_MANY_TOPICS no room for #new",
    "let go unbegun",
    "stored first",
    "let go first",
    "stored last",
    "let go last",
    "through to 2 2 1002",
  ]);
  assertEquals(bench.receipts.map(({ last }) => last), [1, 2]);
  assertEquals(bench.log.commits.messages, 2);
});

Deno.test("what is to come later is told, answered, and not handed on; a topic may begin with it", () => {
  const bench = new LogBench();
  const newTopics = {
    take: () => true,
    began: (topic: string) => void bench.told.push(`began ${topic}`),
    giveBack: (topic: string) => void bench.told.push(`give back ${topic}`),
  };
  const later = bench.piece({ topic: "#later", due: 5, newTopics });
  const unbegun = bench.piece({ topic: "#unbegun", due: 6 });
  for (const piece of [later, unbegun]) bench.add(piece);
  bench.flushes.flush();
  bench.onDeliver = () => void bench.told.push("handed on");
  bench.asked.shift()!.end({
    kind: "stored",
    stored: [],
    begun: [0],
    unbegun: { appends: [], delayed: [1] },
  });
  assertEquals(bench.told, [
    "began #later",
    "unbegun: no room for #unbegun",
    "forget ids of #unbegun",
    "refused #unbegun: TOO_MANY_TOPICS no room for #unbegun",
    "let go #unbegun",
    "due at 5",
    "stored #later",
    "give back #later",
    "let go #later",
  ]);
  assertEquals(bench.receipts, [{ reached: undefined, level: "synced", last: undefined, topic: undefined }]);
});

Deno.test("what is answered brings no ids any more", () => {
  const bench = new LogBench();
  const piece = bench.piece();
  Object.assign(piece.part!, { ids: [{ at: 0, count: 1, prefix: "p-", first: 1 }] });
  bench.claims.add(piece);
  bench.add(piece);
  bench.flushes.flush();
  assertEquals(bench.claims.size, 1);
  bench.commit();
  assertEquals(bench.claims.size, 0);
});
