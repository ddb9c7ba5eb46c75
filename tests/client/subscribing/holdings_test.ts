/** Messages that are to be settled: which are, how often each may be, and what becomes of those that are left. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Delivery, SharedBytes, SharedDelivery } from "../../../lib/client/links/delivery.ts";
import { LeasedDelivery } from "../../../lib/client/links/leased_delivery.ts";
import { Settlements } from "../../../lib/client/links/settlements.ts";
import { Holdings } from "../../../lib/client/subscribing/holdings.ts";
import { nameOf } from "../../../lib/client/subscribing/subscription_name.ts";
import { settled } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";

const JOBS = nameOf("#jobs.>", "g");

/** What is held over one connection, and what was asked of it. */
class Bench {
  readonly holdings = new Holdings();
  readonly settlements = this.connection();
  readonly lines: string[] = [];

  /** A connection that does as it is asked, or not. */
  connection({ refuses }: { readonly refuses?: string } = {}): Settlements {
    return new Settlements({
      send: (settlements) => {
        for (const each of settlements) {
          this.lines.push(each.line.trimEnd());
          each.answered(refuses === undefined ? "ok" : { code: refuses, text: "why" });
        }
        return Promise.resolve();
      },
    });
  }

  take(seq: number, { topic = "#jobs.a", group = "g", settlements = this.settlements } = {}): SharedDelivery {
    const where = { bytes: new Uint8Array(0), payloadStart: 0, payloadEnd: 0, fieldsStart: 0, fieldsEnd: 0 };
    const bytes: SharedBytes = { ...where, group, seq, time: 5, attempt: 2 };
    return this.holdings.take(topic, bytes, settlements);
  }

  /** One that is to be settled. */
  leased(seq: number, settlements = this.settlements): LeasedDelivery {
    const message = this.take(seq, { settlements });
    assert(message instanceof LeasedDelivery);
    return message;
  }

  /** What was asked since the last time. */
  async asked(): Promise<string[]> {
    await settled();
    return this.lines.splice(0);
  }
}

/** `ok`, or the code of why not. */
async function outcome(call: Promise<void>): Promise<string> {
  const end = call.then(() => "ok", (error) => `${error.code ?? error.name}: ${error.message}`);
  return await within("what became of it", end);
}

const nobody = (): void => {};

Deno.test("messages of a group are to be settled from when it is asked for, and of no other", () => {
  const bench = new Bench();
  const isLeased = (more: { topic?: string; group?: string } = {}): boolean =>
    bench.take(1, more) instanceof LeasedDelivery;
  assertEquals(isLeased(), false);
  bench.holdings.ask(JOBS);
  assertEquals([isLeased(), isLeased({ topic: "#mail" }), isLeased({ group: "h" })], [true, false, false]);
  bench.holdings.refused(JOBS);
  assertEquals(isLeased(), false);
  bench.holdings.ask(JOBS);
  bench.holdings.open(JOBS);
  assertEquals(isLeased(), true);
  bench.holdings.refused(JOBS);
  assertEquals(isLeased(), true, "it was granted");
  bench.holdings.close(JOBS);
  assertEquals(isLeased(), true, "it was not left");
  bench.holdings.leave(JOBS, nobody);
  bench.holdings.close(JOBS);
  assertEquals(isLeased(), false);
  bench.holdings.open(JOBS);
  assertEquals(isLeased(), true, "also where nobody had asked");
});

Deno.test("a message is settled once, and its time may be extended until then", async () => {
  const bench = new Bench();
  bench.holdings.open(JOBS);
  const message = bench.leased(1);
  assertEquals([message.attempt, message.seq, message.lapsed], [2, 1, false]);
  assertEquals([await outcome(message.extend()), await outcome(message.extend())], ["ok", "ok"]);
  assertEquals(await outcome(message.ack()), "ok");
  const before = 'NOT_HELD: message 1 of "#jobs.a" was settled or given back before';
  for (const again of [message.ack(), message.nack(), message.extend()]) {
    assertEquals(await outcome(again), before);
  }
  assertEquals(await bench.asked(), ["extend g #jobs.a 1", "extend g #jobs.a 1", "ack g #jobs.a 1"]);
});

Deno.test("a message is given back now or after a time of up to a day, as used or as not", async () => {
  const bench = new Bench();
  bench.holdings.open(JOBS);
  const day = 86_400_000;
  assertEquals(await outcome(bench.leased(1).nack()), "ok");
  assertEquals(await outcome(bench.leased(2).nack({ delay: day })), "ok");
  assertEquals(await outcome(bench.leased(3).nack({ delay: 0.4, unused: true })), "ok");
  assertEquals(await outcome(bench.leased(4).nack({ unused: false })), "ok");
  assertEquals(await bench.asked(), [
    "nack g #jobs.a 1",
    `nack g #jobs.a 2 delay=${day / 1000}`,
    "nack g #jobs.a 3 unused",
    "nack g #jobs.a 4",
  ]);
  const message = bench.leased(5);
  for (const delay of [-1, day + 1, NaN, "1" as unknown as number]) {
    assertEquals((await outcome(message.nack({ delay }))).startsWith("BAD_FIELD: delay: "), true, `${delay}`);
  }
  for (const odd of [null, 5] as unknown as undefined[]) {
    await assertRejects(() => message.nack(odd === undefined ? {} : odd), TypeError, "options of nack");
  }
  assertEquals(
    [await outcome(message.ack()), await bench.asked()],
    ["ok", ["ack g #jobs.a 5"]],
    "held still",
  );
});

Deno.test("what could not be stored is held as before, and may be settled again", async () => {
  const bench = new Bench();
  bench.holdings.open(JOBS);
  const full = bench.connection({ refuses: "STORE" });
  const message = bench.leased(1, full);
  for (let times = 0; times < 2; times++) {
    assertEquals((await outcome(message.ack())).startsWith("STORE"), true);
  }
  const other = bench.leased(2, bench.connection({ refuses: "NOT_HELD" }));
  assertEquals((await outcome(other.ack())).startsWith("NOT_HELD: the broker refused"), true);
  assertEquals((await outcome(other.ack())).endsWith("was settled or given back before"), true);
});

Deno.test("a message that is in memory has been settled: it is acknowledged, and cannot be given back", async () => {
  const bench = new Bench();
  bench.holdings.open(JOBS);
  const message = bench.leased(-1);
  bench.settlements.ackTimeout = 5;
  bench.settlements.maxAttempts = 3;
  assertEquals([message.seq, message.ackTimeout, message.maxAttempts], [undefined, undefined, undefined]);
  assertEquals([await outcome(message.ack()), await outcome(message.ack())], ["ok", "ok"]);
  const no = 'NOT_HELD: a message of "#jobs.a", which is in memory, was settled when it was sent';
  assertEquals([await outcome(message.nack()), await outcome(message.extend())], [no, no]);
  bench.holdings.leave(JOBS, (look) => look(message));
  assertEquals([message.lapsed, await bench.asked()], [false, []]);
  const stored = bench.leased(1);
  assertEquals([stored.ackTimeout, stored.maxAttempts], [5, 3]);
});

Deno.test("when a group is left, what waits is given back as not used, and nothing of it is settled any more", async () => {
  const bench = new Bench();
  bench.holdings.open(JOBS);
  const [taken, done, waiting] = [bench.leased(1), bench.leased(2), bench.leased(3)];
  await outcome(done.ack());
  await bench.asked();
  const elsewhere = bench.leased(4, bench.connection());
  const again = bench.leased(5);
  bench.holdings.leave(JOBS, (look) => {
    for (const each of [done, waiting, elsewhere, again] as Delivery[]) look(each);
  });
  assertEquals(await bench.asked(), ["nack g #jobs.a 5 unused"], "of the connection that there is");
  assertEquals([again.lapsed, waiting.lapsed, elsewhere.lapsed], [true, false, false]);
  assertEquals(
    await outcome(again.ack()),
    'NOT_HELD: message 5 of "#jobs.a" was settled or given back before',
  );
  const late = bench.leased(6);
  assertEquals(late.lapsed, true, "what still comes of it is not given out");
  assertEquals((await outcome(late.ack())).includes("for its group was left"), true);
  bench.holdings.leave(JOBS, () => bench.lines.push("looked once more"));
  assertEquals([await bench.asked(), taken.lapsed], [[], false]);
});

Deno.test("a group that stays has a new holding, and so has one that is granted while it is left", () => {
  for (const how of ["stays", "opened"] as const) {
    const bench = new Bench();
    bench.holdings.open(JOBS);
    const before = bench.leased(1);
    bench.holdings.leave(JOBS, nobody);
    assertEquals(before.lapsed, true);
    if (how === "stays") bench.holdings.stays(JOBS);
    else bench.holdings.open(JOBS);
    assertEquals([bench.leased(2).lapsed, before.lapsed], [false, true], how);
    bench.holdings.close(JOBS);
    assertEquals(bench.leased(3).lapsed, false, "the end of the one before is not its own");
  }
  const bench = new Bench();
  bench.holdings.stays(JOBS);
  assertEquals(bench.take(1) instanceof LeasedDelivery, false, "there is none to stay");
});

Deno.test("what came over a connection that has ended is not held any more, and what comes over the next is", async () => {
  const bench = new Bench();
  bench.holdings.open(JOBS);
  const [before, same] = [bench.leased(1), bench.leased(2)];
  const next = bench.connection();
  bench.settlements.end();
  assertEquals([before.lapsed, same.lapsed, bench.leased(3, next).lapsed], [true, true, false]);
  const lost = await outcome(before.ack());
  assertEquals(lost.startsWith("LEASE_LOST: message 1 of"), true, lost);
  assertEquals(lost.includes("the connection it came over has ended"), true, lost);
});
