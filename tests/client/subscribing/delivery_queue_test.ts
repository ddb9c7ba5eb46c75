import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Gap } from "../../../lib/client/gap.ts";
import { Delivery } from "../../../lib/client/links/delivery.ts";
import { DeliveryQueue } from "../../../lib/client/subscribing/delivery_queue.ts";
import { QueuedNotice } from "../../../lib/client/subscribing/queued_notice.ts";
import { settled } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";

/** A queue, and what was told of it. */
class Bench {
  readonly told: string[] = [];
  readonly queue = new DeliveryQueue("this one", {
    onReached: (item) => void this.told.push(item instanceof Gap ? "gap" : item.notice.kind),
    onLeft: () => void this.told.push("left"),
  });

  add(...texts: readonly string[]): void {
    for (const text of texts) this.queue.add(message(text));
  }

  /** The next of a reader in words; undefined: the end. */
  async next(reader: AsyncIterator<Delivery | Gap, undefined>): Promise<string | undefined> {
    const { value } = await within("what is given next, or the end", reader.next());
    return value instanceof Delivery ? value.text : value instanceof Gap ? `gap ${value.missed}` : value;
  }
}

/** Weighs as many bytes as it has in its text. */
function message(text: string): Delivery {
  return Delivery.plain("", new TextEncoder().encode(text));
}

function live(pattern = "#a", reason = ""): QueuedNotice {
  return new QueuedNotice({ kind: "live", pattern, group: undefined, reason }, Promise.withResolvers());
}

const MIB = 1024 * 1024;

Deno.test("messages are given in their order, at once where somebody waits, each once", async () => {
  const bench = new Bench();
  const reader = bench.queue.reader();
  bench.add("1", "2");
  assertEquals([await bench.next(reader), await bench.next(reader)], ["1", "2"]);
  const [third, fourth] = [bench.next(reader), bench.next(reader)];
  bench.add("3", "4", "5");
  assertEquals([await third, await fourth, await bench.next(reader)], ["3", "4", "5"]);
  assertEquals(bench.told, []);
});

Deno.test("a gap is given to who wants gaps, and told once to whoever reads; a notice is only told", async () => {
  for (const wants of [false, true]) {
    const bench = new Bench();
    const reader = wants ? bench.queue.gapReader() : bench.queue.reader();
    bench.add("1");
    bench.queue.add(new Gap("#a", 3));
    bench.queue.add(live());
    bench.add("2");
    assertEquals([await bench.next(reader), bench.told], ["1", []]);
    if (wants) assertEquals([await bench.next(reader), bench.told], ["gap 3", ["gap"]]);
    assertEquals([await bench.next(reader), bench.told], ["2", ["gap", "live"]]);
    const waiting = bench.next(reader);
    bench.queue.add(live());
    bench.queue.add(new Gap("#a", 4));
    bench.add("3");
    assertEquals([await waiting, bench.told.length], [wants ? "gap 4" : "3", 4]);
    if (wants) assertEquals(await bench.next(reader), "3");
  }
});

Deno.test("there is one reader at a time, and who was left gives nothing any more", async () => {
  const bench = new Bench();
  const reader = bench.queue.reader();
  const error = assertThrows(() => bench.queue.gapReader(), TypeError);
  assertEquals(
    error.message,
    "this one is being iterated already: one consumer at a time, hand messages on from there",
  );
  const waiting = [bench.next(reader), bench.next(reader)];
  await reader.return?.();
  assertEquals([await Promise.all(waiting), bench.told], [[undefined, undefined], ["left"]]);
  const other = bench.queue.reader();
  bench.add("1");
  assertEquals(await bench.next(reader), undefined);
  await reader.return?.();
  assertEquals([await bench.next(other), bench.told], ["1", ["left"]], "the other one goes on");
});

Deno.test("an end comes behind what waits, and is the end of the reader; nothing is taken in any more", async () => {
  const bench = new Bench();
  const reader = bench.queue.reader();
  bench.add("1");
  bench.queue.end();
  bench.add("2");
  assertEquals([await bench.next(reader), bench.told], ["1", []]);
  assertEquals([await bench.next(reader), bench.told], [undefined, ["left"]]);
  bench.queue.putBack(message("given back"));
  const other = bench.queue.reader();
  assertEquals([await bench.next(other), await bench.next(other)], ["given back", undefined]);
  const waited = new Bench();
  const waiting = waited.next(waited.queue.reader());
  waited.queue.end();
  assertEquals([await waiting, waited.told], [undefined, ["left"]]);
});

Deno.test("an error is given once, to who waits or who reads what was there, and then comes the end", async () => {
  const bench = new Bench();
  const reader = bench.queue.reader();
  bench.add("1");
  bench.queue.fail(new Error("lost"));
  bench.queue.fail(new Error("another"));
  bench.add("2");
  assertEquals(await bench.next(reader), "1");
  await assertRejects(() => bench.next(reader), Error, "lost");
  assertEquals(bench.told, ["left"]);
  assertEquals(await bench.next(bench.queue.reader()), undefined);
  const waited = new Bench();
  const own = waited.queue.reader();
  const waiting = assertRejects(() => waited.next(own), Error, "lost");
  const behind = waited.next(own);
  waited.queue.fail(new Error("lost"));
  await waiting;
  assertEquals([await behind, waited.told], [undefined, ["left"]]);
  assertEquals(await waited.next(waited.queue.reader()), undefined, "it was told");
});

Deno.test("a MiB is too much to be read on, until no more than a quarter of it waits", async () => {
  const bench = new Bench();
  const reader = bench.queue.reader();
  const quarter = "x".repeat(MIB / 4);
  bench.add(quarter, quarter, quarter, quarter.slice(1));
  assertEquals(bench.queue.held(), undefined, "a byte less");
  bench.add("x");
  const held = bench.queue.held();
  assert(held !== undefined && bench.queue.held() === held);
  let room = false;
  void held.then(() => room = true);
  for (const left of [3, 2]) {
    await bench.next(reader);
    await settled();
    assertEquals(room, false, `${left} quarters wait`);
  }
  await bench.next(reader);
  await within("room", held);
  assertEquals(bench.queue.held(), undefined);
});

Deno.test("sixteen thousand messages are too many, until no more than a quarter of them wait", async () => {
  const bench = new Bench();
  const reader = bench.queue.reader();
  for (let at = 1; at < 16 * 1024; at++) bench.add("");
  assertEquals(bench.queue.held(), undefined);
  bench.add("");
  const held = bench.queue.held();
  assert(held !== undefined);
  let room = false;
  void held.then(() => room = true);
  for (let left = 16 * 1024 - 1; left > 4 * 1024; left--) await reader.next();
  await settled();
  assertEquals(room, false);
  await reader.next();
  await within("room", Promise.resolve(held));
});

Deno.test("what a gap or a notice names weighs as much as it is long", () => {
  for (const item of [new Gap("x".repeat(MIB), 1), live("x".repeat(MIB - 1), "y")]) {
    const bench = new Bench();
    bench.queue.add(item);
    assert(bench.queue.held() !== undefined);
    const lighter = new Bench();
    lighter.queue.add(item instanceof Gap ? new Gap("x".repeat(MIB - 1), 1) : live("x".repeat(MIB - 1)));
    assertEquals(lighter.queue.held(), undefined);
  }
});

Deno.test("who is to be given all that comes holds nothing back, until it does again; nor does who is over", async () => {
  const bench = new Bench();
  bench.add("x".repeat(MIB));
  const held = bench.queue.held();
  bench.queue.holdBack(false);
  await within("room", Promise.resolve(held));
  assertEquals(bench.queue.held(), undefined);
  bench.queue.holdBack(true);
  const again = bench.queue.held();
  assert(again !== undefined);
  bench.queue.end();
  await within("room", again);
  assertEquals(bench.queue.held(), undefined);
  const failed = new Bench();
  failed.add("x".repeat(MIB));
  const waiting = failed.queue.held();
  failed.queue.fail(new Error("lost"));
  await within("room", Promise.resolve(waiting));
});

Deno.test("what is taken out is asked for once each, from the front, and makes room", async () => {
  const bench = new Bench();
  bench.add("1", "x".repeat(MIB), "2", "3");
  const held = bench.queue.held();
  const asked: number[] = [];
  const taken = bench.queue.takeOut((item) => {
    assert(item instanceof Delivery);
    asked.push(item.length);
    return item.length > 1;
  });
  assertEquals([asked, taken.length], [[1, MIB, 1, 1], 1]);
  await within("room", Promise.resolve(held));
  const reader = bench.queue.reader();
  assertEquals([await bench.next(reader), await bench.next(reader), await bench.next(reader)], [
    "1",
    "2",
    "3",
  ]);
  bench.add("x".repeat(MIB - 1));
  assertEquals(bench.queue.held(), undefined, "what was taken out weighs nothing");
  bench.add("x");
  assert(bench.queue.held() !== undefined);
});

Deno.test("what is not this client's any more is stepped over", async () => {
  const bench = new Bench();
  const lapsed = message("lapsed");
  Object.defineProperty(lapsed, "lapsed", { value: true });
  bench.queue.add(lapsed);
  bench.add("1");
  const reader = bench.queue.reader();
  assertEquals(await bench.next(reader), "1");
  const waiting = bench.next(reader);
  bench.queue.add(lapsed);
  bench.add("2");
  assertEquals(await waiting, "2");
});
