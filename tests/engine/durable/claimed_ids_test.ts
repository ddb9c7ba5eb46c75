import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ClaimedIds } from "../../../lib/engine/durable/claimed_ids.ts";
import { Piece } from "../../../lib/engine/durable/piece.ts";
import type { Run } from "../../../lib/wire/run.ts";
import { spansOf } from "../../support/ids.ts";

/** A piece that brings messages with these ids; it is asked for nothing else. */
function piece(topic: string, ids: readonly string[]): Piece {
  const part = { route: { topic }, records: { start: 0, end: 0 }, ids: spansOf(ids), release: () => {} };
  return new Piece({
    part: part as unknown as Run,
    acknowledgement: { acknowledge: () => {}, refuse: () => {} },
  });
}

/** Who brings each of these. */
function brought(claims: ClaimedIds, topic: string, ids: readonly string[]): (Piece | undefined)[] {
  const find = claims.finder(topic, spansOf(ids));
  return ids.map((_, at) => find(at));
}

function counting(prefix: string, from: number, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${prefix}${from + at}`);
}

Deno.test("an id is brought by the piece that has it, until that has been answered", () => {
  const claims = new ClaimedIds(7);
  const all = [
    piece("#a", ["whole", ...counting("p-", 100, 200), "x-7"]),
    piece("#b", ["whole", "p-100"]),
    piece("#a", counting("p-", 300, 10)),
  ];
  for (const one of all) claims.add(one);
  const asked = ["whole", "p-99", "p-100", "p-299", "p-300", "p-309", "p-310", "x-7", "x-8", "who"];
  const [a, b, c] = all;
  assertEquals(brought(claims, "#a", asked).map((one) => all.indexOf(one!)), [
    0,
    -1,
    0,
    0,
    2,
    2,
    -1,
    0,
    -1,
    -1,
  ]);
  assertEquals(brought(claims, "#b", ["whole", "p-100", "p-101"]), [b, b, undefined]);
  claims.delete(a!);
  assertEquals(brought(claims, "#a", ["whole", "p-100", "p-300"]), [undefined, undefined, c]);
  claims.delete(a!);
  assertEquals(claims.size, 2, "it left once");
});

Deno.test("an id that was forgotten and claimed again is brought by the newest, then by who is left", () => {
  const claims = new ClaimedIds(7);
  const [first, second] = [piece("#a", ["p-1", "w"]), piece("#a", ["p-1", "w"])];
  claims.add(first);
  claims.add(second);
  assertEquals(brought(claims, "#a", ["p-1", "w"]), [second, second]);
  claims.delete(second);
  assertEquals(brought(claims, "#a", ["p-1", "w"]), [first, first]);
});

Deno.test("messages without an id stand between those with one, and are brought by nobody", () => {
  const claims = new ClaimedIds(7);
  const one = piece("#a", ["p-1", "p-2"]);
  claims.add(one);
  claims.add(piece("#a", []));
  assertEquals(claims.size, 1);
  const [first, second] = spansOf(["p-1", "w"]);
  const find = claims.finder("#a", [{ ...first!, at: 2 }, { ...second!, at: 5 }]);
  assertEquals([0, 1, 2, 3, 4, 5, 6].map(find), [
    undefined,
    undefined,
    one,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("pieces are found as a list of all ids finds them, in whatever order they come and leave", () => {
  const ids = fc.oneof(
    fc.tuple(fc.constantFrom("", "p-"), fc.nat(300), fc.constantFrom(1, 2, 70)).map(([of, from, count]) =>
      counting(of, from, count)
    ),
    fc.constantFrom(["w"], ["v", "w"]),
  );
  const step = fc.record({
    topic: fc.constantFrom("#a", "#b"),
    ids,
    leaves: fc.option(fc.nat(5)),
    asks: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const claims = new ClaimedIds(7);
      const live: { topic: string; ids: readonly string[]; one: Piece }[] = [];
      for (const { topic, ids, leaves, asks } of steps) {
        const one = piece(topic, ids);
        claims.add(one);
        live.push({ topic, ids, one });
        if (leaves !== null && leaves < live.length) claims.delete(live.splice(leaves, 1)[0]!.one);
        if (!asks) continue;
        for (const wanted of ["#a", "#b"]) {
          const asked = [...counting("p-", 0, 371), ...counting("", 0, 371), "v", "w"];
          const found = brought(claims, wanted, asked);
          for (const [at, id] of asked.entries()) {
            const who = live.findLast((each) => each.topic === wanted && each.ids.includes(id));
            assertEquals(found[at] === who?.one, true, id);
          }
        }
      }
      assertEquals(claims.size, live.length);
      for (const { one } of live) claims.delete(one);
      assertEquals(claims.size, 0);
    }),
    { numRuns: 30 },
  );
});

Deno.test("many pieces are found, and leave in another order than they came in", () => {
  const claims = new ClaimedIds(7);
  const all = counting("id", 0, 10_000).map((id) => piece("#a", [`${id}x`]));
  for (const one of all) claims.add(one);
  const asked = counting("id", 0, 10_000).map((id) => `${id}x`);
  assert(brought(claims, "#a", asked).every((one, at) => one === all[at]));
  for (const [at, one] of all.entries()) if (at % 3 !== 1) claims.delete(one);
  assert(brought(claims, "#a", asked).every((one, at) => one === (at % 3 === 1 ? all[at] : undefined)));
  assertEquals(claims.size, 3333);
  for (const one of all.slice(0, 5000)) claims.delete(one);
  const left = all.map((one, at) => at >= 5000 && at % 3 === 1 ? one : undefined);
  assert(brought(claims, "#a", asked).every((one, at) => one === left[at]), "who leaves takes nobody along");
});

Deno.test("what has left is not kept for long by what came with it, and what brings no id is not kept at all", () => {
  const claims = new ClaimedIds(7);
  claims.add(new Piece({ part: undefined, acknowledgement: { acknowledge: () => {}, refuse: () => {} } }));
  claims.add(piece("#a", []));
  assertEquals([claims.size, claims.places], [0, 0]);
  const live: Piece[] = [];
  let most = 0;
  for (let at = 0; at < 20_000; at++) {
    const one = piece("#a", [`${at}x`, `${at}y`]);
    claims.add(one);
    live.push(one);
    if (live.length > 100) claims.delete(live.shift()!);
    most = Math.max(most, claims.places);
  }
  assertEquals(claims.size, 100);
  // a section has 4,096 runs of ids
  assert(most >= 2048 && most <= 2048 + 100, `${most}`);
  for (const one of live) claims.delete(one);
  assertEquals([claims.size, claims.places], [0, 0]);
});
