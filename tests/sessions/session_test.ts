import { assertEquals } from "@std/assert";
import { UNLIMITED } from "../../lib/auth/grant.ts";
import { Chunk } from "../../lib/buffers.ts";
import type { Gate, Publisher, Receipt, Run } from "../../lib/engine/types.ts";
import { DEFAULT_LIMITS } from "../../lib/limits.ts";
import { CLASSIC } from "../../lib/protocols/mod.ts";
import type { Ticket } from "../../lib/sessions/ticket.ts";
import { ScriptedEngine } from "../support/scripted_engine.ts";
import { Bench } from "./session_bench.ts";

/** Somebody who is full until the test says otherwise. */
function fullOne(): Gate & { full: boolean } {
  return { full: true, whenNotFull: () => {} };
}

/** An engine that answers what is published when the test says so. */
class LateEngine extends ScriptedEngine {
  readonly tickets: Ticket[] = [];

  override goTogether(): boolean {
    return false;
  }

  override publish(run: Run, publisher?: Publisher): Receipt {
    this.tickets.push(publisher!.hold(run.count) as Ticket);
    run.release();
    // what is typed for an engine that answers at once
    return undefined as unknown as Receipt;
  }
}

const SYNCED = { reached: 0, level: "synced", last: undefined, topic: undefined } as const;

Deno.test("a turn counts four for a request, for a run one, its 4 KiB and whom it reaches, and one a refusal", () => {
  const bench = new Bench();
  const one = bench.connect();
  const two = bench.connect();
  for (const subscriber of [one, two]) assertEquals(subscriber.ask("sub #two\n"), "ok 1\n");
  assertEquals(one.ask("sub #one\n"), "ok 1\n");
  const publisher = bench.connect();
  publisher.send("ping\nping\n");
  assertEquals(bench.turns.told, [0, 4, 4]);
  // a run of two, which waits for what may go with it: whom it reaches is known behind the next
  publisher.send("pub #two 1\nx\npub #two 1\ny\nping\nping\n");
  assertEquals(bench.turns.told, [0, 1 + 26 / 4096, 4 + 2, 4]);
  publisher.send(`pub #one 4100\n${"x".repeat(4100)}\nping\nping\n`);
  assertEquals(bench.turns.told, [0, 1 + 4115 / 4096, 4 + 1, 4]);
  // a topic behind another that goes to others
  publisher.send("pub #two 1\nx\npub #none 1\ny\nping\n");
  assertEquals(bench.turns.told, [0, 1 + 13 / 4096, 1 + 14 / 4096 + 2, 4]);
  // what is refused: no topic, as often as it is sent, and what cannot wait
  publisher.send("pub #a* 1\nx\npub #a* 1\nx\npub #a* 1\nx\nping\n");
  assertEquals(bench.turns.told, [0, 1 + 36 / 4096 + 3, 4]);
  publisher.send("pub #none 1 delay=5\nx\nping\n");
  assertEquals(bench.turns.told, [0, 1 + 22 / 4096 + 1, 4]);
  // each read begins anew
  publisher.send("\n");
  assertEquals(bench.turns.told, [0]);
});

Deno.test("a turn that is over ends behind the request that was handled last, and goes on at the next", () => {
  const bench = new Bench();
  const peer = bench.connect();
  const requests = "ping\npub #a 1\nx\nping\nping\nping\n";
  bench.turns.most = 8;
  const chunk = peer.reads(requests);
  assertEquals([peer.taken(), peer.session.more], ["pong\nok 1 level=memory subs=0\npong\n", true]);
  assertEquals(peer.session.consumed, requests.length - 10);
  bench.turns.told = [];
  peer.session.goOn();
  assertEquals([peer.taken(), peer.session.more, bench.turns.told], ["pong\npong\n", true, [0, 4, 4]]);
  bench.turns.told = [];
  peer.session.goOn();
  assertEquals([peer.taken(), peer.session.more, bench.turns.told], ["", false, [0]]);
  chunk.release();
});

Deno.test("a session that is closed has nothing more to do, whatever it was about to", () => {
  const bench = new Bench();
  const peer = bench.connect();
  bench.turns.most = 4;
  const chunk = peer.reads("ping\nping\nping\n");
  assertEquals([peer.taken(), peer.session.more], ["pong\n", true]);
  peer.session.close({ gone: true });
  assertEquals(peer.session.more, false);
  peer.session.goOn();
  assertEquals(peer.taken(), "");
  chunk.release();
});

Deno.test("who stands still at a full subscriber is told what came before, and lets go of all when it is gone", () => {
  for (const fields of ["", " ttl=60"]) {
    const bench = new Bench();
    const peer = bench.connect();
    bench.turns.crowd = true;
    const gate = fullOne();
    bench.engine.gate = gate;
    const chunk = peer.reads(`ping\npub #a 1${fields}\nx\nping\n`);
    assertEquals([peer.taken(), peer.session.waitsFor], ["pong\n", gate]);
    assertEquals(bench.counters.totals.published, 0);
    peer.session.resume();
    assertEquals([peer.taken(), peer.session.waitsFor], ["", gate], "it is full yet");
    chunk.release();
    peer.close();
    // as whoever gives a connection up does behind that
    peer.session.close({ gone: true });
    assertEquals([peer.session.waitsFor, bench.pool.bytesOut, bench.memory.held], [undefined, 0, 0]);
  }
});

Deno.test("who stood still goes on with what it held, and then with what is behind it", () => {
  const bench = new Bench();
  const peer = bench.connect();
  const gate = fullOne();
  bench.engine.gate = gate;
  const chunk = peer.reads("pub #a 1\nx\nping\npub #a 1\ny\nping\n");
  assertEquals([peer.taken(), peer.session.waitsFor], ["", gate]);
  bench.engine.gate = undefined;
  peer.session.resume();
  assertEquals(peer.taken(), "ok 1 level=memory subs=0\npong\nok 1 level=memory subs=0\npong\n");
  assertEquals([peer.session.waitsFor, bench.counters.totals.published], [undefined, 2]);
  chunk.release();
  peer.close();
  assertEquals([bench.pool.bytesOut, bench.memory.held], [0, 0]);
});

Deno.test("in a crowd who is about to stand still has had all it is owed", () => {
  const bench = new Bench();
  const peer = bench.connect();
  bench.turns.crowd = true;
  bench.engine.publish = (run) => {
    bench.engine.gate = fullOne();
    return ScriptedEngine.prototype.publish.call(bench.engine, run);
  };
  const chunk = peer.reads("pub #a 1\nx\npub #b 1 ttl=60\ny\n");
  assertEquals(peer.taken(), "ok 1 level=memory subs=0\n");
  assertEquals(bench.turns.heldBack, []);
  chunk.release();
  peer.close();
});

Deno.test("who has too much unanswered asks nothing more until some of it is", () => {
  const bench = new Bench({}, LateEngine);
  const engine = bench.engine as LateEngine;
  const peer = bench.connect();
  const requests = Array.from({ length: 9000 }, (_, at) => `pub #${at} 1\nx\n`).join("");
  const chunk = peer.reads(requests);
  const { length } = engine.tickets;
  // 1 MiB, at 128 bytes a reply, and the one that was in its hand
  assertEquals([length, peer.session.waitsFor?.full], [8193, true]);
  assertEquals(bench.memory.held - bench.pool.bytesOut, 1024 * 1024 + 128);
  for (const [at, full] of [[0, true], [1, false]] as const) {
    engine.tickets[at]!.acknowledge(SYNCED);
    assertEquals(peer.taken(), "ok 1 level=synced subs=0\n");
    assertEquals(peer.session.waitsFor?.full, full);
  }
  peer.session.resume();
  assertEquals([engine.tickets.length, peer.session.waitsFor?.full], [8195, true]);
  chunk.release();
  peer.close();
  assertEquals([bench.pool.bytesOut, bench.memory.held], [0, 0]);
});

Deno.test("what is stored later counts for a turn by its ids, for each of them was looked at", () => {
  class IdEngine extends LateEngine {
    override publish(run: Run, publisher?: Publisher): Receipt {
      assertEquals(run.ids.length > 0, true);
      return super.publish(run, publisher);
    }
  }
  const bench = new Bench({}, IdEngine);
  const peer = bench.connect();
  peer.send("pub #a 1 id=x-1\nx\npub #a 1 id=y-7\nx\npub #a 1 id=z-4\nx\nping\nping\n");
  assertEquals(bench.turns.told, [0, 1 + 54 / 4096, 4 + 3, 4]);
});

Deno.test("who a client is it says with its first request, whatever that is, and never again", () => {
  const bench = new Bench();
  for (const first of ["pub #a x", "sub #a", "nothing"]) {
    const peer = bench.connect({ protocol: CLASSIC });
    assertEquals(peer.session.id, "");
    peer.send(`one ${first}\n`);
    assertEquals(peer.session.id, "one", first);
    peer.send("two pub #a x\nthree sub #a\n");
    assertEquals(peer.session.id, "one", first);
  }
});

Deno.test("each publish of a read is published once and answered in its place, whatever comes between (C2)", () => {
  const bench = new Bench();
  const peer = bench.connect();
  const got = bench.connect();
  got.send("sub #>\n");
  got.taken();
  const said = peer.ask(
    "pub #a 1\n1\npub #b 1\n2\npub #a* 1\nx\npub #a 1\n3\npub #b 1 ttl=60\n4\nping\npub #c 1\n5\npub * 1\nx\n",
  );
  assertEquals(said.split("\n").map((line) => line.split(" ").slice(0, 2).join(" ")), [
    ...["ok 2", "err BAD_TOPIC", "ok 2", "pong", "ok 1", "err BAD_TOPIC", ""],
  ]);
  assertEquals(got.taken(), "pub #a 1\n1\npub #b 1\n2\npub #a 1\n3\npub #b 1 ttl=60\n4\npub #c 1\n5\n");
  const { published, publishedBytes, refused } = bench.counters.totals;
  assertEquals({ published, publishedBytes, refused }, {
    published: 5,
    publishedBytes: 4 * 11 + 18,
    refused: 2,
  });
});

Deno.test("for what there is no memory for it is refused at once, and counted, though nothing follows", () => {
  const bench = new Bench();
  const peer = bench.connect();
  const chunk = peer.reads("ping\npub #a 100\nxx");
  assertEquals([peer.taken(), peer.session.consumed, peer.session.awaited], ["pong\n", 5, 112]);
  peer.session.passOver();
  assertEquals(bench.counters.totals.refused, 1);
  assertEquals(peer.taken().replace(/ [^\n]*/, ""), "err\n");
  assertEquals(peer.session.consumed, 18);
  chunk.release();
  peer.close();
});

Deno.test("what cannot be understood ends a session, behind a bye that says why, and is counted once", () => {
  const bench = new Bench();
  const peer = bench.connect();
  assertEquals(peer.ask("ping\npub #a x\nping\n").replace(/(bye \S+) .*/, "$1"), "pong\nbye BAD_LENGTH\n");
  assertEquals([peer.session.ended, bench.counters.totals.refused], ["protocol error", 1]);
  assertEquals(peer.ask("ping\n"), "");
  const tls = bench.connect({ protocol: CLASSIC });
  tls.reads(String.fromCharCode(0x16, 0x03, 0x01, 0x02, 0x00, 0x01)).release();
  assertEquals([tls.session.ended, bench.counters.totals.refused], ["TLS on a port without", 2]);
});

Deno.test("requests of the wrong role are refused and counted each", () => {
  const bench = new Bench();
  const publisher = bench.connect({ roles: new Set(["publisher"]) });
  const subscriber = bench.connect({ roles: new Set(["subscriber"]) });
  const said = (text: string): string[] => text.split("\n").map((line) => line.split(" ", 2).join(" "));
  const acks = "ack g #a 1\nack g #a 2\nack g #a 3\n";
  assertEquals(said(publisher.ask(acks)), [...Array(3).fill("err WRONG_PORT"), ""]);
  assertEquals([bench.counters.totals.refused, bench.turns.told], [3, [0, 4]]);
  assertEquals(said(subscriber.ask("pub #a 1\nx\npub #a 1\nx\n")), [...Array(2).fill("err WRONG_PORT"), ""]);
  assertEquals(bench.counters.totals.refused, 5);
  assertEquals(said(subscriber.ask(acks)), [...Array(3).fill("err NOT_HELD"), ""]);
  assertEquals(bench.counters.totals.refused, 8);
  assertEquals(subscriber.session.publishes, false);
});

Deno.test("who has said goodbye is told so and nothing else, and is not told that the broker stops", () => {
  const bench = new Bench();
  const peer = bench.connect();
  assertEquals(peer.ask("quit\nping\n"), "bye QUIT goodbye\n");
  assertEquals(peer.session.ended, "quit");
  peer.session.bye("DRAINING", "the broker is stopping");
  assertEquals(peer.taken(), "");
  const other = bench.connect();
  other.session.bye("DRAINING", "the broker is stopping");
  assertEquals([other.taken(), other.session.ended], ["bye DRAINING the broker is stopping\n", undefined]);
});

Deno.test("a notice leaves at once where nothing is unanswered, and in its place where something is", () => {
  const bench = new Bench({}, LateEngine);
  const engine = bench.engine as LateEngine;
  const peer = bench.connect();
  peer.session.notify({ a: 1 });
  assertEquals(peer.taken(), 'info {"a":1}\n');
  peer.send("pub #a 1\nx\n");
  peer.session.notify({ a: 2 });
  let answered = 0;
  peer.session.answers.whenNotFull(() => answered++);
  assertEquals([peer.taken(), peer.session.answers.full, answered], ["", true, 0]);
  engine.tickets[0]!.acknowledge(SYNCED);
  assertEquals([peer.taken(), peer.session.answers.full, answered], [
    'ok 1 level=synced subs=0\ninfo {"a":2}\n',
    false,
    1,
  ]);
});

Deno.test("what brings what is stored waits until all before it is answered, so that its answer comes first (D4)", () => {
  const bench = new Bench({}, LateEngine);
  const engine = bench.engine as LateEngine;
  const peer = bench.connect();
  peer.send("pub #b 1\nx\nsub #b\nsub #c group=g\nsub #a from=1\nping\n");
  const { waitsFor } = peer.session;
  assertEquals(
    [peer.taken(), waitsFor?.full, engine.memberships.length],
    ["", true, 1],
    "what does not begin",
  );
  let free = 0;
  waitsFor!.whenNotFull(() => free++);
  engine.tickets[0]!.acknowledge(SYNCED);
  assertEquals(
    [peer.taken(), free],
    ["ok 1 level=synced subs=0\nok 1\n", 0],
    "the place in the group is another",
  );
  engine.memberships[0]!.joining.joined({ kind: "joined" });
  assertEquals([peer.taken(), free], ["ok 1\n", 1]);
  peer.session.resume();
  assertEquals([peer.taken().split(" ", 2), peer.session.waitsFor], [["err", "STORE"], undefined]);
  assertEquals(peer.ask("ping\n"), "pong\n", "each is answered once");
  const other = bench.connect();
  other.send("pub #b 1\nx\nsub #a from=1\n");
  other.session.close({ gone: true });
  other.session.resume();
  assertEquals([other.taken(), other.session.waitsFor], ["", undefined], "and not when it is gone");
});

Deno.test("in a crowd the answer to a `sub` waits for no other", () => {
  const bench = new Bench();
  bench.turns.crowd = true;
  const peer = bench.connect();
  assertEquals(peer.ask("sub #a\n"), "ok 1\n");
  peer.send("unsub #a\n");
  assertEquals(peer.taken(), "", "as others do");
});

Deno.test("what is to be done later is done behind what is being handled", () => {
  const bench = new Bench();
  const peer = bench.connect();
  const done: string[] = [];
  bench.flushes.hold();
  peer.session.later(() => done.push("later"));
  bench.flushes.flush();
  done.push("handled");
  bench.flushes.release();
  bench.flushes.flush();
  assertEquals(done, ["handled", "later"]);
});

Deno.test("where there are no accounts who comes may do everything, and else nothing but what it was given", () => {
  const gatekeeper = { admit: () => {}, admitClassic: () => undefined, renew: () => undefined };
  const grant = { ...UNLIMITED, account: "a" };
  assertEquals(new Bench().connect().session.grant, UNLIMITED);
  assertEquals(new Bench().connect({ grant }).session.grant, grant);
  assertEquals(new Bench().connect().session.entrance, undefined);
  const bench = new Bench({ gatekeeper });
  const stranger = bench.connect();
  assertEquals([stranger.session.grant, stranger.session.entrance?.full], [undefined, false]);
  assertEquals(bench.connect({ grant }).session.entrance, undefined);
});

Deno.test("hello in the middle of a read changes what follows it, and nothing before it", () => {
  const bench = new Bench();
  const peer = bench.connect({ protocol: CLASSIC });
  const said = peer.ask("c pub #a x\nc hello 2\npub #a 1\nx\nping\n").split("\n");
  assertEquals(said.map((line) => line.replace(/^info .*/, "info")), [
    "OK",
    "OK_2",
    "info",
    "ok 1 level=memory subs=0",
    "pong",
    "",
  ]);
});

Deno.test("who says hello is told what may be sent, by which port it came, what is stored, and whose it is", () => {
  const { line, payload, topic, patterns } = DEFAULT_LIMITS;
  const max = { line, payload, topic, patterns };
  const limits = { payload: 1000, patterns: 5 };
  for (
    const [grant, more] of [[undefined, { max }], [{ ...UNLIMITED, account: "shop", limits }, {
      account: "shop",
      max: { ...max, ...limits },
    }]] as const
  ) {
    const bench = new Bench();
    const peer = bench.connect({ protocol: CLASSIC, ...(grant === undefined ? {} : { grant }) });
    const info = peer.ask("c hello 2\n").split("\n")[1]!;
    assertEquals(JSON.parse(info.slice("info ".length)), {
      version: "0",
      port: "test",
      durable: ["#d.>"],
      ...more,
    });
  }
});

Deno.test("what a session does not read is not kept: the chunk of its last read is the reader's again", () => {
  const bench = new Bench();
  const peer = bench.connect();
  const bytes = new TextEncoder().encode("pub #a 1\nx\n\0\0\0\0\0");
  const chunk = new Chunk(bytes);
  peer.session.receive(chunk, 0, 11);
  assertEquals(chunk.shared, false);
  peer.close();
  assertEquals(peer.session.waitsFor, undefined);
});
