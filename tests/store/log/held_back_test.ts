import { assertEquals } from "@std/assert";
import { HeldBack } from "../../../lib/store/log/held_back.ts";

function batch(
  topic: number,
  first: number,
  size = 10,
): { id: number; topic: number; first: number; count: number; size: number } {
  return { id: 10 * topic + first, topic, first, count: 2, size };
}

const NEW = { changes: 1, isOver: false };
const NEWER = { changes: 2, isOver: false };

Deno.test("what is held back is counted once, by topic, from its first batch on", () => {
  const back = new HeldBack();
  assertEquals([back.bytes, back.has(1), back.isDue(Infinity, NEW)], [0, false, false]);
  for (const each of [batch(1, 5), batch(1, 7, 20), batch(1, 5), batch(2, 1)]) back.add(each);
  assertEquals([back.bytes, back.has(1), back.has(2), back.has(3)], [40, true, true, false]);
  assertEquals(back.look(0, NEW), [{ id: 1, from: 5, end: 9, bytes: 30 }, {
    id: 2,
    from: 1,
    end: 3,
    bytes: 10,
  }]);
});

Deno.test("it is looked at once a second, each topic once, and again at once where there was more", () => {
  const back = new HeldBack();
  back.add(batch(1, 1));
  back.add(batch(1, 3));
  back.add(batch(2, 1));
  assertEquals(back.isDue(0, NEW), true);
  const [one, two] = back.look(100, NEW);
  back.trimmed(one!, { upTo: 3, bytes: 10, more: true });
  assertEquals([back.bytes, back.isDue(100, NEW)], [20, true], "it is to be looked at again");
  back.trimmed(two!, { upTo: 1, bytes: 0, more: false });
  assertEquals(back.look(100, NEW), [{ id: 1, from: 3, end: 5, bytes: 10 }]);
  back.trimmed(back.look(100, NEW)[0]!, { upTo: 3, bytes: 0, more: false });
  assertEquals([back.isDue(1099, NEWER), back.isDue(1100, NEWER)], [false, true]);
  assertEquals(back.look(1100, NEWER).map(({ id }) => id), [1, 2]);
  const [first, second] = back.look(1100, NEWER);
  back.trimmed(second!, { upTo: 3, bytes: 10, more: true });
  assertEquals([back.has(2), back.bytes], [false, 10], "all of it has gone, whatever more there may be");
  back.trimmed(first!, { upTo: 5, bytes: 4, more: false });
  assertEquals(
    [back.has(1), back.bytes, back.isDue(Infinity, NEW)],
    [false, 0, false],
    "what was not counted is, too",
  );
});

Deno.test("64 topics are looked at at a time, the others after them", () => {
  const back = new HeldBack();
  for (let topic = 1; topic <= 100; topic++) back.add(batch(topic, 1));
  const first = back.look(0, NEW);
  assertEquals([first.length, first[0]!.id, first.at(-1)!.id], [64, 1, 64]);
  for (const each of first) back.trimmed(each, { upTo: 1, bytes: 0, more: false });
  assertEquals(back.isDue(0, NEW), true);
  assertEquals(back.look(0, NEW).map(({ id }) => id), Array.from({ length: 36 }, (_, at) => 65 + at));
});

Deno.test("it is looked at again when something has changed since a round began, or what no group holds would go", () => {
  const back = new HeldBack();
  back.add(batch(1, 1));
  back.add(batch(2, 1));
  const round = (now: number, changes: number, ...tooOld: (number | undefined)[]): void => {
    for (const [at, each] of back.look(now, { changes }).entries()) {
      back.trimmed(each, { upTo: 1, bytes: 0, more: false, tooOld: tooOld[at] });
    }
  };
  const due = (now: number, changes: number, isOver = false): boolean => back.isDue(now, { changes, isOver });
  round(0, 1);
  assertEquals([due(1e9, 1), due(1e9, 1, true), due(1000, 2)], [false, false, true], "groups hold all of it");
  round(1000, 2, 9000, 7000);
  assertEquals([due(6999, 2), due(7000, 2), due(1999, 2, true), due(2000, 2, true)], [
    false,
    true,
    false,
    true,
  ]);
  round(7000, 2, undefined, Infinity);
  assertEquals([due(1e9, 2), due(8000, 2, true)], [false, true], "it goes for want of room alone");
  round(8000, 2);
  assertEquals([due(1e9, 2), due(1e9, 2, true)], [false, false], "what was found before does not count");
});

Deno.test("it is left alone for ten times as long as a round took, ten seconds at most", () => {
  for (const [took, due] of [[700, 12_700], [5000, 20_000]] as const) {
    const back = new HeldBack();
    for (let topic = 1; topic <= 100; topic++) back.add(batch(topic, 1));
    for (const now of [5000, 5000 + took]) {
      for (const each of back.look(now, NEW)) back.trimmed(each, { upTo: 1, bytes: 0, more: false });
    }
    assertEquals([back.isDue(due - 1, NEWER), back.isDue(due, NEWER)], [false, true]);
  }
});
