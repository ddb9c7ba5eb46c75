import { assert, assertEquals, assertRejects } from "@std/assert";
import { Notices } from "../../../lib/cli/client/notices.ts";
import { Output } from "../../../lib/cli/output/output.ts";
import { Sender, type SenderContext } from "../../../lib/cli/publisher/sender.ts";
import { type Answer, type MessagePublisher, Refusals } from "../../../lib/cli/publisher/types.ts";
import { RefusedError, RunError } from "../../../lib/errors.ts";

/** A publisher that answers when it is told to, the oldest first. */
class Fake implements MessagePublisher {
  readonly protocol = "2";
  readonly full = false;
  readonly refusals = new Refusals();
  #sent = 0;
  #done = 0;
  readonly #waiting: PromiseWithResolvers<Answer>[] = [];

  /** How often it was asked what is pending. */
  asked = 0;

  get pending(): number {
    this.asked++;
    return this.#sent - this.#done;
  }

  send(): number {
    return ++this.#sent;
  }

  publish(): Promise<Answer> {
    this.#sent++;
    const waiter = Promise.withResolvers<Answer>();
    this.#waiting.push(waiter);
    return waiter.promise;
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  drained(): Promise<void> {
    return this.pending === 0 ? Promise.resolve() : new Promise(() => {});
  }

  acknowledge(count: number): void {
    for (let n = 0; n < count; n++) this.#waiting.shift()?.resolve({ level: "memory", subs: n });
    this.#done += count;
  }

  refuse(error: Error): void {
    const waiter = this.#waiting.shift();
    this.#done++;
    if (waiter === undefined) this.refusals.listener(this.#done, error);
    else waiter.reject(error);
  }
}

function bench(changes: Partial<SenderContext> = {}): {
  readonly sender: Sender;
  readonly publisher: Fake;
  readonly told: string[];
} {
  const told: string[] = [];
  const notices = new Notices("publisher", "verbose");
  notices.above = (text) => told.push(text);
  const publisher = new Fake();
  const out = new Output({ write: (bytes) => Promise.resolve(bytes.length) });
  const sender = new Sender({
    publisher,
    refusals: publisher.refusals,
    notices,
    out,
    json: false,
    verbose: false,
    keepGoing: true,
    options: undefined,
    stamp: undefined,
    acknowledged: undefined,
    closing: () => false,
    ...changes,
  });
  return { sender, publisher, told };
}

function put(sender: Sender, place: number): void {
  sender.put({ topic: "#a", payload: "x", options: undefined, place });
}

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
  await assertRejects(() => settled, RunError, "stdin:2: no");
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
  await sender.settle();
  assertEquals(told, ["publisher: stdin:2: not acknowledged within 1 s\n"]);
  assertEquals([sender.published, sender.refused], [1, 1]);
  assert(sender.left, "not all is published");
  assertEquals(sender.summary, "level memory, at least 0 subscribers each");
});
