import { assertEquals } from "@std/assert";
import type { Reply } from "../../../lib/client/links/request.ts";
import { type Held, type Settlement, Settlements } from "../../../lib/client/links/settlements.ts";
import { RefusedError, RunError } from "../../../lib/errors.ts";
import { settled } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";

/** Settlements whose writes end, and are answered, when the test says so. */
class Bench {
  readonly settlements: Settlements;
  /** What was sent and has no answer yet. */
  readonly sent: Settlement[] = [];
  readonly stillHeld: number[] = [];
  readonly #outcomes: string[] = [];
  #writing = Promise.withResolvers<void>();
  #lines: string[][] = [];

  constructor() {
    this.settlements = new Settlements({
      send: (settlements) => {
        this.sent.push(...settlements);
        this.#lines.push(settlements.map(({ line }) => line.trimEnd()));
        return this.#writing.promise;
      },
    });
  }

  held(seq: number, topic = "#t", group = "g"): Held {
    return { group, topic, seq, stillHeld: () => void this.stillHeld.push(seq) };
  }

  /** Notes how a call ends. */
  note(name: string | number, call: Promise<void>): void {
    call.then(
      () => this.#outcomes.push(`${name} ok`),
      (error) => this.#outcomes.push(`${name} ${error.code}`),
    );
  }

  ack(...seqs: readonly number[]): void {
    for (const seq of seqs) this.note(seq, this.settlements.ack(this.held(seq)));
  }

  /** The requests of each write since the last time. */
  async writes(): Promise<string[][]> {
    await settled();
    return this.#lines.splice(0);
  }

  /** The write that is on its way ends, and those after it at once. */
  written(): void {
    this.#writing.resolve();
  }

  answer(...replies: readonly (Reply | undefined)[]): void {
    for (const reply of replies) this.sent.shift()!.answered(reply);
  }

  async outcomes(): Promise<string[]> {
    await settled();
    return this.#outcomes.splice(0);
  }
}

const refusal = (code: string): Reply => ({ code, text: "why" });

Deno.test("acknowledgements of numbers that count up are one request, and any other is another", async () => {
  const bench = new Bench();
  bench.ack(1, 2, 3);
  bench.ack(5);
  bench.note("topic", bench.settlements.ack(bench.held(6, "#other")));
  bench.note("group", bench.settlements.ack(bench.held(7, "#other", "h")));
  bench.note("back", bench.settlements.ack(bench.held(7, "#other", "h")));
  bench.note("elsewhere", bench.settlements.ack(bench.held(8, "#t", "h")));
  assertEquals(await bench.writes(), [[
    "ack g #t 1-3 all",
    "ack g #t 5",
    "ack g #other 6",
    "ack h #other 7",
    "ack h #other 7",
    "ack h #t 8",
  ]]);
});

Deno.test("what is given back or held longer is a request each, with its delay in seconds", async () => {
  const bench = new Bench();
  const nack = (seq: number, delay: number, unused: boolean): void =>
    bench.note(seq, bench.settlements.nack(bench.held(seq), { delay, unused }));
  nack(1, 0, false);
  nack(2, 1500, false);
  nack(3, 0, true);
  nack(4, 20, true);
  bench.note(5, bench.settlements.extend(bench.held(5)));
  bench.ack(6);
  bench.note(7, bench.settlements.extend(bench.held(7)));
  assertEquals(await bench.writes(), [[
    "nack g #t 1",
    "nack g #t 2 delay=1.5",
    "nack g #t 3 unused",
    "nack g #t 4 delay=0.02 unused",
    "extend g #t 5",
    "ack g #t 6",
    "extend g #t 7",
  ]]);
  bench.answer(...Array<Reply>(7).fill("ok"));
  assertEquals((await bench.outcomes()).length, 7);
});

Deno.test("what nobody has looked at is given back together, and nobody waits for the answer", async () => {
  const bench = new Bench();
  for (const seq of [1, 2, 4]) bench.settlements.release(bench.held(seq));
  bench.note(5, bench.settlements.nack(bench.held(5), { delay: 0, unused: true }));
  for (const seq of [6, 7]) bench.settlements.release(bench.held(seq));
  bench.ack(8);
  bench.settlements.release(bench.held(9));
  assertEquals(await bench.writes(), [[
    "nack g #t 1-2 unused",
    "nack g #t 4 unused",
    "nack g #t 5 unused",
    "nack g #t 6-7 unused",
    "ack g #t 8",
    "nack g #t 9 unused",
  ]]);
  bench.answer(...Array<Reply>(6).fill(refusal("NOT_HELD")));
  assertEquals(await bench.outcomes(), ["5 NOT_HELD", "8 NOT_HELD"]);
  assertEquals(await bench.writes(), []);
});

Deno.test("what comes while a write is on its way leaves in the next, all of it", async () => {
  const bench = new Bench();
  bench.ack(1);
  assertEquals(await bench.writes(), [["ack g #t 1"]]);
  bench.ack(2, 3);
  await settled();
  bench.ack(4);
  assertEquals(await bench.writes(), []);
  bench.written();
  assertEquals(await bench.writes(), [["ack g #t 2-4 all"]]);
  bench.ack(5);
  assertEquals(await bench.writes(), [["ack g #t 5"]]);
});

Deno.test("who writes something behind what is queued takes it, and it is not sent twice", async () => {
  const bench = new Bench();
  bench.ack(1, 2);
  assertEquals(bench.settlements.take().map(({ line }) => line), ["ack g #t 1-2 all\n"]);
  assertEquals([bench.settlements.take(), await bench.writes()], [[], []]);
});

Deno.test("each call has the answer of its request, and where some are not held each is asked for by itself", async () => {
  const bench = new Bench();
  bench.written();
  bench.ack(1, 2, 3);
  assertEquals(await bench.writes(), [["ack g #t 1-3 all"]]);
  bench.answer(refusal("NOT_HELD"));
  assertEquals([await bench.outcomes(), await bench.writes()], [[], [[
    "ack g #t 1",
    "ack g #t 2",
    "ack g #t 3",
  ]]]);
  bench.answer("ok", refusal("NOT_HELD"), refusal("STORE"));
  assertEquals(await bench.outcomes(), ["1 ok", "2 NOT_HELD", "3 STORE"]);
  assertEquals(bench.stillHeld, [3], "what could not be stored is held as before");
  bench.ack(6, 7);
  await bench.writes();
  bench.answer(refusal("NOT_HELD"));
  assertEquals(await bench.writes(), [["ack g #t 6", "ack g #t 7"]]);
  bench.answer("ok", "ok");
  assertEquals(await bench.outcomes(), ["6 ok", "7 ok"]);
  bench.ack(4, 5);
  await bench.writes();
  bench.answer(refusal("STORE"));
  assertEquals([await bench.outcomes(), bench.stillHeld], [["4 STORE", "5 STORE"], [3, 4, 5]]);
});

Deno.test("why a message could not be settled says what was asked", async () => {
  const bench = new Bench();
  const calls = [
    bench.settlements.ack(bench.held(1)),
    bench.settlements.nack(bench.held(2), { delay: 0, unused: false }),
    bench.settlements.extend(bench.held(3)),
  ];
  await bench.writes();
  bench.answer(refusal("NOT_HELD"), refusal("NOT_HELD"), refusal("NOT_HELD"));
  const said: string[] = [];
  for (const call of calls) {
    const error = await within("a refusal", call.then(() => undefined, (reason) => reason));
    if (error instanceof RefusedError) said.push(error.message);
  }
  assertEquals(said, [
    'the broker refused to acknowledge message 1 of "#t" (NOT_HELD): why',
    'the broker refused to take back message 2 of "#t" (NOT_HELD): why',
    'the broker refused to extend the time of message 3 of "#t" (NOT_HELD): why',
  ]);
});

Deno.test("when the connection has ended, what is queued and what comes fails, and nothing more leaves", async () => {
  const bench = new Bench();
  assertEquals(bench.settlements.over, false);
  bench.ack(1);
  await bench.writes();
  bench.ack(2);
  bench.settlements.release(bench.held(3));
  bench.settlements.end();
  bench.written();
  assertEquals(bench.settlements.over, true);
  bench.ack(4);
  bench.settlements.release(bench.held(5));
  assertEquals(await bench.outcomes(), ["2 LEASE_LOST", "4 LEASE_LOST"]);
  bench.answer(undefined);
  assertEquals([await bench.outcomes(), await bench.writes()], [["1 LEASE_LOST"], []]);
  const error = await within(
    "why it failed",
    bench.settlements.ack(bench.held(6)).then(() => undefined, (reason) => reason),
  );
  assertEquals(
    error instanceof RunError ? error.message : error,
    [
      'message 6 of "#t" is not known to be settled, for the connection it came over has ended: ',
      'if it is not, group "g" gives it out again',
    ].join(""),
  );
});

Deno.test("a failure that nobody looks at ends no process", async () => {
  const bench = new Bench();
  void bench.settlements.ack(bench.held(1));
  await bench.writes();
  bench.answer(refusal("NOT_HELD"));
  bench.settlements.end();
  void bench.settlements.ack(bench.held(2));
  await settled();
});
