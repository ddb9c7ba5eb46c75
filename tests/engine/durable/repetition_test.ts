import { assert, assertEquals } from "@std/assert";
import { COMMIT_NEW_TOPICS_MOST, COMMIT_PIECES_MOST } from "../../../lib/limits.ts";
import { Bench, named, settled } from "./commit_bench.ts";

/** How many steps iterators over maps and sets take meanwhile. */
async function stepsOf(work: () => Promise<void>): Promise<number> {
  let steps = 0;
  const prototypes = [new Map().values(), new Set().values()].map((iterator) =>
    Object.getPrototypeOf(iterator)
  );
  const originals = prototypes.map(({ next }) => next);
  for (const [at, prototype] of prototypes.entries()) {
    prototype.next = function (): unknown {
      steps++;
      return originals[at].call(this);
    };
  }
  try {
    await work();
  } finally {
    for (const [at, prototype] of prototypes.entries()) prototype.next = originals[at];
  }
  return steps;
}

Deno.test("what repeats a message that waits is not answered before that one is stored (D6)", async () => {
  const bench = new Bench();
  const order: string[] = [];
  // more than a commit takes stands before the message that is repeated
  const one = named("one", order);
  for (let at = 0; at < COMMIT_PIECES_MOST; at++) bench.publish("#t", "x", one);
  bench.publishWithId("#t", "i-1", one);
  bench.publishWithId("#t", "i-1", named("again", order));
  bench.publish("#t", "y", named("quiet", order));
  bench.flushes.flush();
  await bench.commit();
  assert(!order.includes("again"), "it waits");
  await bench.takeTurns();
  assert(order.includes("quiet"));
  await bench.commit();
  await bench.takeTurns();
  if (!order.includes("again")) await settled();
  assertEquals(order.filter((name) => name === "one").length, COMMIT_PIECES_MOST + 1);
  assertEquals(order.indexOf("again") > order.lastIndexOf("one"), true);
  await bench.close();
});

Deno.test("what is stored already is answered in the next commit, whatever others have waiting (D6)", async () => {
  const bench = new Bench();
  bench.publishWithId("#t", "i-1", bench.publisher);
  bench.flushes.flush();
  await bench.commit();
  for (let at = 0; at < 1000; at++) bench.publish(`#new.${at}`, "x");
  const order: string[] = [];
  bench.publishWithId("#t", "i-1", named("again", order));
  bench.flushes.flush();
  await bench.commit();
  assertEquals(order, ["again"]);
  await bench.close();
});

Deno.test("what repeats a message that waits goes with that one, whatever others have waiting (D6)", async () => {
  const bench = new Bench();
  for (let at = 0; at < 1000; at++) bench.publish(`#new.${at}`, "x");
  const order: string[] = [];
  // it came before the message that it stands behind, by the turns of the publishers
  bench.publishWithId("#t", "i-1", named("first", order));
  bench.publishWithId("#t", "i-1", named("again", order));
  bench.flushes.flush();
  await bench.commit();
  assertEquals(order, ["first", "again"]);
  await bench.close();
});

Deno.test("what comes behind a repetition is not stored before what that repeats (D1)", async () => {
  const bench = new Bench();
  const order: string[] = [];
  const first = named("first", order);
  for (let at = 0; at < COMMIT_NEW_TOPICS_MOST; at++) bench.publish(`#new.${at}`, "x", first);
  bench.publishWithId("#t", "i-1", first);
  const again = named("again", order);
  bench.publishWithId("#t", "i-1", again);
  bench.publishWithId("#t", "i-2", again);
  bench.flushes.flush();
  const commit = await bench.store.next();
  assert(commit.appends.every(({ topic }) => topic !== "#t"), "it is not first's turn, nor again's");
  commit.end();
  await settled();
  const next = await bench.store.next();
  assertEquals(next.appends.map(({ topic, ids }) => [topic, ids]), [["#t", "1 1 i-"], ["#t", "2 2 i-"]]);
  next.end();
  await settled();
  for (const turn of bench.turns.splice(0)) turn();
  assertEquals(order.slice(-3), ["first", "again", "again"]);
  await bench.close();
});

Deno.test("who repeats what is refused is refused, and so is who repeats what came with that (D7)", async () => {
  const bench = new Bench();
  const order: string[] = [];
  bench.publishWithId("#t", "i-1", named("first", order));
  bench.flushes.flush();
  const commit = await bench.store.next();
  bench.publishRun("#t", ["i-1", "i-2"], named("second", order));
  bench.publishRun("#t", ["i-2", "i-3"], named("third", order));
  bench.publishRun("#t", ["i-3", "i-3", "i-4"], named("fourth", order));
  bench.publishRun("#t", ["i-5", "i-5"], named("other", order));
  bench.flushes.flush();
  commit.end({ kind: "refused", reason: "disk full" });
  await settled();
  assertEquals(
    order,
    ["first", "second", "second", "third", "third", "fourth", "fourth"].map((name) => `${name} STORE`),
  );
  await bench.commit();
  assertEquals(order.slice(7), ["other", "other"]);
  for (const id of ["i-1", "i-2", "i-3", "i-4"]) bench.publishWithId("#t", id, named(id, order));
  bench.flushes.flush();
  assertEquals(await bench.commit(), 4, "none of them is known");
  assertEquals(bench.memory.held, 0);
  await bench.close();
});

Deno.test("that many publishers repeat what waits takes no longer for each of them", async () => {
  const steps: number[] = [];
  for (const publishers of [256, 2048]) {
    const bench = new Bench();
    const order: string[] = [];
    for (let at = 0; at < publishers; at++) bench.publishWithId("#t", `i${at}-1`, named("first", order));
    for (let at = 0; at < publishers; at++) bench.publishWithId("#t", `i${at}-1`, named("again", order));
    steps.push(
      await stepsOf(async () => {
        bench.flushes.flush();
        while (order.length < 2 * publishers) {
          if (bench.turns.length === 0) await bench.commit();
          bench.turns.shift()?.();
        }
      }) / publishers,
    );
    await bench.close();
  }
  const [few, many] = steps as [number, number];
  assert(many < 2 * few + 10, `${few} and ${many} steps for each`);
});

Deno.test("what is stored already is acknowledged, though the commit it waited for is refused; what repeats that is refused (D6, D7)", async () => {
  const bench = new Bench();
  const answers: string[] = [];
  bench.publishWithId("#a", "one", named("first", answers));
  bench.flushes.flush();
  await bench.commit();
  bench.publishWithId("#a", "two", named("new", answers));
  bench.publishWithId("#a", "one", named("again", answers));
  bench.publishWithId("#a", "two", named("copy", answers));
  bench.flushes.flush();
  (await bench.store.next()).end({ kind: "refused", reason: "disk full" });
  await settled();
  assertEquals(answers.sort(), ["again", "copy STORE", "first", "new STORE"]);
  assertEquals(bench.memory.held, 0);
  await bench.close();
});
