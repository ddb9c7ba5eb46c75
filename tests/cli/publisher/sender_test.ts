import { assert, assertEquals, assertRejects } from "@std/assert";
import { RefusedError, RunError } from "../../../lib/errors.ts";
import { within } from "../../support/within.ts";
import { bench, put } from "./sender_bench.ts";

Deno.test("a refusal is told with its line, far into an endless pipe as with all of it on its way", () => {
  const { sender, publisher, told } = bench();
  // every third line is blank, so lines and numbers are apart
  let line = 0;
  for (let n = 0; n < 300_000; n++) {
    put(sender, line += n % 3 === 0 ? 2 : 1);
    if (n >= 1000) publisher.acknowledge(1);
  }
  assertEquals(publisher.asked, 1, "what is answered is looked for once in a while: it takes its time");
  publisher.refuse(new RefusedError("DENIED", "no"));
  assertEquals(told, [`publisher: stdin:${lineOf(299_000)}: no\n`]);
  assertEquals([sender.published, sender.refused], [299_000, 1]);
});

Deno.test("where nothing is answered, it is not looked for again with every message", () => {
  const { sender, publisher } = bench();
  for (let n = 1; n <= 66_000; n++) put(sender, 2 * n);
  assertEquals(publisher.asked, 1);
});

Deno.test("where a message stands is known, though the one before it on the next line is answered and forgotten", () => {
  const { sender, publisher, told } = bench();
  // two lines, a blank one, and so on
  const lineOf = (number: number): number => number + Math.floor((number - 1) / 2);
  let number = 1;
  while (number <= 131_070) put(sender, lineOf(number++));
  publisher.acknowledge(130_071);
  // so many stretches are there now that those which are answered are forgotten
  put(sender, lineOf(number));
  publisher.refuse(new RefusedError("DENIED", "no"));
  assertEquals(told, [`publisher: stdin:${lineOf(130_072)}: no\n`]);
});

/** The line of a message, both counted from 0 and 1 as above. */
function lineOf(message: number): number {
  return message + 1 + Math.ceil((message + 1) / 3);
}

Deno.test("without keep-going the first refusal is what settling rejects with, at once", async () => {
  const { sender, publisher, told } = bench({ keepGoing: false });
  for (let line = 1; line <= 3; line++) put(sender, line);
  const settled = sender.settle();
  publisher.acknowledge(1);
  publisher.refuse(new RefusedError("DENIED", "no"));
  await assertRejects(() => within("the refusal", settled), RunError, "stdin:2: no");
  assertEquals([told, sender.published, sender.refused], [[], 1, 1]);
});

Deno.test("a message whose time is over counts as refused, one that is given up with the connection as neither", async () => {
  let closing = false;
  const { sender, publisher, told } = bench({ verbose: true, closing: () => closing });
  for (let line = 1; line <= 3; line++) put(sender, line);
  publisher.acknowledge(1);
  publisher.refuse(new RunError("not acknowledged within 1 s", "TIMEOUT"));
  await new Promise((resolve) => setTimeout(resolve, 0));
  closing = true;
  publisher.refuse(new RunError("3 messages not acknowledged", "TIMEOUT"));
  await within("all answers", sender.settle());
  assertEquals(told, ["publisher: stdin:2: not acknowledged within 1 s\n"]);
  assertEquals([sender.published, sender.refused], [1, 1]);
  assert(sender.left, "not all is published");
  assertEquals(sender.summary, "level memory, at least 0 subscribers each");
});
