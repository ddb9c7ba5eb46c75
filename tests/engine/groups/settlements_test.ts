import { assertEquals } from "@std/assert";
import { type Part, Settlements } from "../../../lib/engine/groups/settlements.ts";

/** A group that says what became of its part. */
class One {
  readonly told: string[] = [];
  says = true;

  take(): Part | undefined {
    if (!this.says) return undefined;
    return {
      mark: { name: "g", pattern: "#a", sequence: 0, after: 1, topics: [] },
      forget: undefined,
      pieces: [],
      stored: () => void this.told.push("stored"),
      refused: (reason) => void this.told.push(reason),
    };
  }
}

Deno.test("what somebody waits for is announced at once, all else with the next tick, each once", () => {
  let announced = 0;
  const settlements = new Settlements(() => announced++);
  const [now, soon, both, silent] = [new One(), new One(), new One(), new One()];
  silent.says = false;
  settlements.changed(soon, "soon");
  settlements.changed(both, "soon");
  assertEquals([settlements.due, announced, settlements.take()], [false, 0, undefined]);
  settlements.changed(now, "now");
  settlements.changed(both, "now");
  settlements.changed(both, "now");
  settlements.changed(both, "soon");
  settlements.changed(silent, "now");
  assertEquals([settlements.due, announced], [true, 3]);
  const news = settlements.take()!;
  assertEquals([news.marks.length, news.pieces, news.forget, settlements.due], [2, [], [], false]);
  news.stored();
  assertEquals([now.told, both.told, soon.told], [["stored"], ["stored"], []]);
  settlements.tick();
  assertEquals([settlements.due, settlements.take()?.marks.length], [true, 1]);
  settlements.tick();
  assertEquals([settlements.due, settlements.take()], [false, undefined], "it was said");
});

Deno.test("256 groups are in one commit at most, the others in the next; what is refused waits for a tick", () => {
  const settlements = new Settlements(() => {});
  const groups = Array.from({ length: 300 }, () => new One());
  for (const each of groups) settlements.changed(each, "now");
  const news = settlements.take()!;
  assertEquals([news.marks.length, settlements.due], [256, true]);
  assertEquals(settlements.take()!.marks.length, 44);
  news.refused("full");
  assertEquals(groups.map(({ told }) => told.join()), groups.map((_, at) => at < 256 ? "full" : ""));
  assertEquals(settlements.due, false, "a disk that is full is full for a while");
  settlements.tick();
  assertEquals([settlements.due, settlements.take()!.marks.length], [true, 256]);
});
