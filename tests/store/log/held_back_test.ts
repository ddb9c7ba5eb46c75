import { assertEquals } from "@std/assert";
import { HeldBack } from "../../../lib/store/log/held_back.ts";

function batch(
  topic: number,
  first: number,
  size = 10,
): { id: number; topic: number; first: number; count: number; size: number } {
  return { id: 10 * topic + first, topic, first, count: 2, size };
}

Deno.test("what is held back is counted once, by topic, from its first batch on", () => {
  const back = new HeldBack();
  assertEquals([back.bytes, back.has(1), back.isDue(Infinity)], [0, false, false]);
  for (const each of [batch(1, 5), batch(1, 7, 20), batch(1, 5), batch(2, 1)]) back.add(each);
  assertEquals([back.bytes, back.has(1), back.has(2), back.has(3)], [40, true, true, false]);
  assertEquals(back.look(0), [{ id: 1, from: 5, end: 9, bytes: 30 }, { id: 2, from: 1, end: 3, bytes: 10 }]);
});

Deno.test("it is looked at once a second, each topic once, and again at once where there was more", () => {
  const back = new HeldBack();
  back.add(batch(1, 1));
  back.add(batch(1, 3));
  back.add(batch(2, 1));
  assertEquals(back.isDue(0), true);
  const [one, two] = back.look(100);
  back.trimmed(one!, { upTo: 3, bytes: 10, more: true });
  assertEquals([back.bytes, back.isDue(100)], [20, true], "it is to be looked at again");
  back.trimmed(two!, { upTo: 1, bytes: 0, more: false });
  assertEquals(back.look(100), [{ id: 1, from: 3, end: 5, bytes: 10 }]);
  back.trimmed(back.look(100)[0]!, { upTo: 3, bytes: 0, more: false });
  assertEquals([back.isDue(1099), back.isDue(1100)], [false, true]);
  assertEquals(back.look(1100).map(({ id }) => id), [1, 2]);
  const [first, second] = back.look(1100);
  back.trimmed(second!, { upTo: 3, bytes: 10, more: true });
  assertEquals([back.has(2), back.bytes], [false, 10], "all of it has gone, whatever more there may be");
  back.trimmed(first!, { upTo: 5, bytes: 4, more: false });
  assertEquals(
    [back.has(1), back.bytes, back.isDue(Infinity)],
    [false, 0, false],
    "what was not counted is, too",
  );
});

Deno.test("64 topics are looked at at a time, the others after them", () => {
  const back = new HeldBack();
  for (let topic = 1; topic <= 100; topic++) back.add(batch(topic, 1));
  const first = back.look(0);
  assertEquals([first.length, first[0]!.id, first.at(-1)!.id], [64, 1, 64]);
  for (const each of first) back.trimmed(each, { upTo: 1, bytes: 0, more: false });
  assertEquals(back.isDue(0), true);
  assertEquals(back.look(0).map(({ id }) => id), Array.from({ length: 36 }, (_, at) => 65 + at));
});
