/** Sessions of an account that publishes faster than it may (A9). */
import { assertEquals } from "@std/assert";
import { UNLIMITED } from "../../lib/auth/grant.ts";
import { Bench, type Peer } from "./session_bench.ts";

/** Each is a run of its own. */
function publishes(count: number): string {
  return Array.from({ length: count }, (_, at) => `pub #a 1 ttl=${at + 1}\nx\n`).join("");
}

/** Two of one account that may publish ten messages a second; what is called when it is their turn. */
function two(): { bench: Bench; peers: [Peer, Peer]; called: string[]; waits: (at: 0 | 1) => void } {
  const bench = new Bench();
  const grant = { ...UNLIMITED, account: "a", limits: { messageRate: 10 } };
  const peers: [Peer, Peer] = [bench.connect({ grant }), bench.connect({ grant })];
  const called: string[] = [];
  const waits = (at: 0 | 1): void => peers[at].session.waitsFor!.whenNotFull(() => called.push(`${at}`));
  return { bench, peers, called, waits };
}

Deno.test("who has published all that it read makes way for the account's next at once", () => {
  const { bench, peers: [one, other], called, waits } = two();
  const chunks = [one.reads(publishes(12)), other.reads(publishes(2))];
  assertEquals(bench.counters.totals.published, 11, "a second's worth, and one beyond");
  waits(0);
  waits(1);
  bench.settings.accounts.tick(200);
  assertEquals(called, ["0"]);
  one.session.resume();
  assertEquals([bench.counters.totals.published, called], [12, ["0", "1"]]);
  assertEquals([one.session.waitsFor, one.session.more], [undefined, false]);
  for (const chunk of chunks) chunk.release();
});

Deno.test("who has more in another turn keeps its turn, until it is too much again", () => {
  const { bench, peers: [one, other], called, waits } = two();
  const chunks = [one.reads(publishes(14)), other.reads(publishes(2))];
  waits(0);
  waits(1);
  bench.settings.accounts.tick(200);
  bench.turns.told = [];
  bench.turns.most = 0;
  one.session.resume();
  assertEquals(bench.counters.totals.published, 12);
  assertEquals([one.session.waitsFor, one.session.more, called], [undefined, true, ["0"]]);
  bench.turns.most = Infinity;
  one.session.goOn();
  assertEquals(bench.counters.totals.published, 13);
  for (const chunk of chunks) chunk.release();
});

Deno.test("who stands still at a full subscriber when it is its turn makes way for the account's next", () => {
  const { bench, peers: [one, other], called, waits } = two();
  const chunks = [one.reads(publishes(14)), other.reads(publishes(2))];
  waits(0);
  waits(1);
  bench.settings.accounts.tick(200);
  const gate = { full: true, whenNotFull: () => {} };
  bench.engine.gate = gate;
  one.session.resume();
  assertEquals([bench.counters.totals.published, one.session.waitsFor, called], [11, gate, ["0", "1"]]);
  bench.engine.gate = undefined;
  other.session.resume();
  assertEquals(bench.counters.totals.published, 13, "both of the other's");
  one.session.resume();
  assertEquals([bench.counters.totals.published, one.session.waitsFor?.full], [13, true], "it waits anew");
  waits(0);
  bench.settings.accounts.tick(200);
  one.session.resume();
  assertEquals([bench.counters.totals.published, called], [15, ["0", "1", "0"]]);
  for (const chunk of chunks) chunk.release();
});

Deno.test("what is published counts for its account's rate by its messages and its bytes", () => {
  const bench = new Bench();
  const grant = { ...UNLIMITED, account: "a", limits: { byteRate: 1000 } };
  const peer = bench.connect({ grant });
  // a run of twenty is 220 bytes
  const chunk = peer.reads(Array(6).fill(`${"pub #a 1\nx\n".repeat(20)}pub #a 1 ttl=1\nx\n`).join(""));
  // 5 times 220 and 17 are the first that are more than 1,000
  assertEquals([bench.counters.totals.published, peer.session.waitsFor?.full], [21 * 4 + 20, true]);
  chunk.release();
});
