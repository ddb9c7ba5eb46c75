/** How where messages stand is kept until they are answered, and how much of that. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { RefusedError } from "../../../lib/errors.ts";
import { bench, put } from "./sender_bench.ts";

const DENIED = new RefusedError("DENIED", "no");
const MOST = 64 * 1024;

Deno.test("lines that follow one another are kept as one, however many: nothing is looked for", () => {
  const { sender, publisher, told } = bench();
  for (let line = 5; line < 5 + 3 * MOST; line++) put(sender, line);
  assertEquals(publisher.asked, 0);
  publisher.acknowledge(MOST);
  publisher.refuse(DENIED);
  assertEquals(told, [`publisher: stdin:${5 + MOST}: no\n`]);
});

Deno.test("what is answered is looked for at 65,536 that stand apart, and then at twice what is left and as many", () => {
  for (const answered of [0, 1000, MOST - 1, MOST]) {
    const { sender, publisher } = bench();
    let line = 0;
    const apart = (many: number): void => {
      for (let n = 0; n < many; n++) put(sender, line += 2);
    };
    apart(MOST - 1);
    publisher.acknowledge(Math.min(answered, MOST - 1));
    assertEquals(publisher.asked, 0);
    apart(1);
    assertEquals(publisher.asked, 1);
    // the last one stays in any case
    const left = MOST - Math.min(answered, MOST - 1);
    apart(2 * left + MOST - left - 1);
    assertEquals(publisher.asked, 1, `${answered} were answered`);
    apart(1);
    assertEquals(publisher.asked, 2, `${answered} were answered`);
  }
});

Deno.test("where a message stands is told, whatever lines are left out and whatever numbers are", () => {
  const step = fc.record({
    /** How far behind the line before. */
    line: fc.constantFrom(1, 1, 1, 2, 5),
    skipped: fc.constantFrom(0, 0, 0, 3),
    words: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), fc.nat(29), (steps, nth) => {
    const { sender, publisher, told } = bench();
    const places: [number: number, place: string][] = [];
    let line = 0;
    for (const [at, { line: further, skipped, words }] of steps.entries()) {
      publisher.skipped += skipped;
      line += further;
      const place = words ? `x.cmd:${line}` : line;
      places.push([at + 1 + publisher.skipped, words ? `x.cmd:${line}` : `stdin:${line}`]);
      put(sender, place);
    }
    const [number, place] = places[nth % places.length]!;
    publisher.refusals.listener(number, DENIED);
    assertEquals(told, [`publisher: ${place}: no\n`]);
  }));
});

Deno.test("of a message that nobody has sent it is not said where it stands", () => {
  const { sender, publisher, told } = bench();
  publisher.skipped = 4;
  put(sender, 1);
  publisher.refusals.listener(4, DENIED);
  publisher.refusals.listener(5, DENIED);
  assertEquals(told, ["publisher: no\n", "publisher: stdin:1: no\n"]);
  const none = bench();
  none.publisher.refusals.listener(1, DENIED);
  assertEquals(none.told, ["publisher: no\n"]);
});
