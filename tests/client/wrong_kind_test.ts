import { assertEquals } from "@std/assert";
import { Gap } from "../../lib/client/gap.ts";
import { inTime, inWords, LATE, waitAtMost } from "../../lib/client/promises.ts";
import { nameOf, wrongKind } from "../../lib/client/wrong_kind.ts";
import { HandedClock } from "../support/handed_clock.ts";

Deno.test("what is of the wrong kind is named as a person would", () => {
  class Order {}
  const table: [value: unknown, name: string][] = [
    ["x", '"x"'],
    [7, "the number 7"],
    [7n, "the number 7"],
    [true, "true"],
    [undefined, "undefined"],
    [null, "null"],
    [{}, "an object"],
    [Object.create(null), "an object"],
    [{ constructor: "x" }, "an object"],
    [new (class {})(), "an object"],
    [new Order(), "an object of the class Order"],
    [[], "an array"],
    [Promise.resolve(), "a Promise"],
    [{ then: () => {} }, "a Promise"],
    [{ then: 7 }, "an object"],
    [Symbol("x"), "a symbol"],
    [() => {}, "a function"],
  ];
  for (const [value, name] of table) assertEquals(nameOf(value), name);
});

Deno.test("what may have been meant is asked, where text could be made of it, too", () => {
  const said = (value: unknown, asText: boolean): string =>
    wrongKind("it is text", value, { asText }).message;
  for (const asText of [true, false]) {
    assertEquals(said(Promise.resolve(), asText), "it is text, a Promise is not: did you forget await?");
    assertEquals(said(() => {}, asText), "it is text, a function is not: did you forget to call it?");
    for (
      const [value, name] of [[null, "null"], [undefined, "undefined"], [Symbol("x"), "a symbol"]] as const
    ) {
      assertEquals(said(value, asText), `it is text, ${name} is not`);
    }
  }
  assertEquals(said({}, true), "it is text, an object is not: JSON.stringify(…) makes text of it");
  assertEquals(said(7, true), "it is text, the number 7 is not: String(…) makes text of it");
  assertEquals([said({}, false), said(7, false)], [
    "it is text, an object is not",
    "it is text, the number 7 is not",
  ]);
  assertEquals(wrongKind("it is text", 7).message, "it is text, the number 7 is not");
});

Deno.test("a gap is shown on one line, with what could move a cursor written out", () => {
  assertEquals(Deno.inspect(new Gap("#a", 7)), "Gap(#a missed=7)");
  assertEquals(Deno.inspect([new Gap("#\x1b", 1, "g\x1b")]), "[ Gap(#\\x1b group=g\\x1b missed=1) ]");
});

Deno.test("how long something took is told in seconds from a second on, where that is short", () => {
  const told = [0, 0.4, 1.5, 500, 999, 1000, 1100, 1250, 1234.5, 10_000, 90_000].map(inWords);
  assertEquals(told, [
    "0 ms",
    "0 ms",
    "2 ms",
    "500 ms",
    "999 ms",
    "1 s",
    "1.1 s",
    "1250 ms",
    "1235 ms",
    "10 s",
    "90 s",
  ]);
});

Deno.test("who waits for a promise in its time is given what it gives, or that it is late", async () => {
  const clock = new HandedClock();
  assertEquals([await inTime({ clock, ms: 5 }, Promise.resolve(7)), clock.set], [7, []]);
  const never = new Promise<number>(() => {});
  const late = inTime({ clock, ms: 5 }, never);
  assertEquals(clock.set, [5]);
  await clock.pass(5);
  assertEquals([await late, clock.set], [LATE, []]);
  const waited = waitAtMost({ clock, ms: 7 }, never);
  let over = false;
  void waited.then(() => over = true);
  await clock.pass(6);
  assertEquals(over, false);
  await clock.pass(1);
  assertEquals([over, clock.set], [true, []]);
});
