/** How connections end. */
import { assertEquals, assertMatch } from "@std/assert";
import { PUBLISHERS } from "../../lib/broker/mod.ts";
import { FRAMES } from "../../lib/protocols/mod.ts";
import { Lobby } from "../../lib/sessions/admission/lobby.ts";
import { Connection } from "../../lib/sessions/connection.ts";
import { ReadBuffer } from "../../lib/sessions/read_buffer.ts";
import { settled } from "../support/handed_clock.ts";
import { within } from "../support/within.ts";
import { Line, Wire } from "./connection_bench.ts";
import { Bench } from "./session_bench.ts";

Deno.test("at the end of input what was asked is answered, and it is closed at once (C11)", async () => {
  const line = new Line();
  await line.wire.comes("pub #a 1\nx\nping\nhalf");
  await line.wire.comes(null);
  assertEquals(line.wire.written, "ok 1 level=memory subs=0\npong\n");
  assertEquals([line.wire.ends, line.wire.closes], [0, 1]);
  await line.isOver("end of input");
});

Deno.test("who quits has half a second to close, in which what still comes is thrown away (C12)", async () => {
  for (const closes of [true, false]) {
    const line = new Line();
    await line.wire.comes("ping\nquit\nping\n");
    assertEquals([line.wire.written, line.wire.ends], ["pong\nbye QUIT goodbye\n", 1]);
    await line.wire.ended();
    await line.wire.comes("pub #a 1\nx\n");
    line.clock.pass(499);
    await settled();
    assertEquals([line.wire.closes, line.wire.reads], [0, true]);
    if (closes) await line.wire.comes(null);
    else line.clock.pass(1);
    await line.isOver("quit");
    assertEquals(line.bench.counters.totals.published, 0);
    assertEquals(line.wire.written, "pong\nbye QUIT goodbye\n");
  }
});

Deno.test("who has quit and is cut off in that time is told nothing more, and is gone at once", async () => {
  const line = new Line();
  await line.wire.comes("quit\n");
  await line.wire.ended();
  line.connection.giveUp("disconnected");
  await settled();
  assertEquals(
    [line.wire.written, line.wire.ends, line.wire.closes],
    ["bye QUIT goodbye\n", 1, 1],
  );
  await line.isOver("quit");
});

Deno.test("what cannot be understood ends a connection behind a word on why, in the same way (V6)", async () => {
  const line = new Line();
  await line.wire.comes("pub #a x\nping\n");
  assertMatch(line.wire.written, /^bye BAD_LENGTH [^\n]*\n$/);
  assertEquals([line.wire.ends, line.wire.closes], [1, 0]);
  await line.wire.ended();
  await line.wire.comes(null);
  await line.isOver("protocol error");
});

Deno.test("a peer that is gone is no cause for alarm, whether reading, writing or ending tells", async () => {
  const gone = new Deno.errors.ConnectionReset("gone");
  for (const how of ["read", "write", "end"] as const) {
    const line = new Line();
    if (how === "write") line.wire.takes = false;
    if (how !== "read") await line.wire.comes(how === "write" ? "ping\n" : "quit\n");
    if (how === "read") await line.wire.comes(gone);
    else if (how === "write") await line.wire.wrote(gone);
    else await line.wire.ended(gone);
    await line.isOver(how === "end" ? "quit" : "connection lost");
    assertEquals(line.logged[0], ["debug", "connection error", {
      connection: 7,
      error: "ConnectionReset: gone",
    }], how);
  }
});

Deno.test("a defect ends one connection with a word, which is told in the log", async () => {
  const line = new Line();
  await line.wire.comes("ping\n");
  await line.wire.comes(new TypeError("a defect"));
  assertEquals(
    line.wire.written,
    "pong\nbye INTERNAL an error inside the broker ended this connection; its log says more\n",
  );
  assertEquals([line.wire.ends, line.wire.closes], [1, 0]);
  const [level, event, { connection, error }] = line.logged[0]!;
  assertEquals([level, event, connection], ["error", "internal error", 7]);
  assertEquals(String(error).split("\n")[0], "TypeError: a defect");
  line.clock.pass(499);
  await settled();
  assertEquals(line.wire.closes, 0);
  line.clock.pass(1);
  await line.isOver("internal error");
});

Deno.test("a defect in what is written ends the connection at once, though nothing can be said any more", async () => {
  const line = new Line();
  line.wire.takes = false;
  await line.wire.comes("ping\n");
  await line.wire.wrote(new TypeError("a defect"));
  await line.isOver("internal error");
  assertEquals(line.wire.closes, 1);
});

Deno.test("a classic client that is given up is cut off at once, for it cannot be told anything", async () => {
  const line = new Line({ classic: true });
  await line.wire.comes("p pub #a x\n");
  line.connection.giveUp("disconnected");
  assertEquals([line.wire.written, line.wire.ends, line.wire.closes], ["OK\n", 0, 1]);
  await line.isOver("disconnected");
});

Deno.test("who is given up is told why, and has half a second to close, in which nothing it says is done", async () => {
  for (const closes of [true, false]) {
    const line = new Line();
    await line.wire.comes("ping\n");
    line.connection.giveUp("disconnected");
    line.connection.giveUp("account gone");
    await settled();
    assertEquals(
      line.wire.written,
      "pong\nbye DISCONNECTED who runs the broker has ended this connection\n",
    );
    assertEquals([line.wire.ends, line.clock.alarms], [1, 1]);
    await line.wire.ended();
    await line.wire.comes("pub #a 1\nx\nping\n");
    line.clock.pass(499);
    await settled();
    assertEquals(line.wire.closes, 0);
    if (closes) await line.wire.comes(null);
    else line.clock.pass(1);
    await line.isOver("disconnected");
    assertEquals(line.bench.counters.totals.published, 0);
  }
});

Deno.test("last words wait half a second for what is being written, and no longer (V11)", async () => {
  for (const ends of [true, false]) {
    const line = new Line();
    line.wire.takes = false;
    await line.wire.comes("ping\n");
    line.connection.giveUp("disconnected");
    await settled();
    assertEquals(line.wire.written, "pong\n");
    line.clock.pass(499);
    await settled();
    assertEquals(line.wire.closes, 0);
    if (ends) {
      await line.wire.wrote(5);
      assertMatch(line.wire.written, /^pong\nbye DISCONNECTED /);
      // the words themselves are being written
      line.clock.pass(1);
    } else line.clock.pass(1);
    await settled();
    await line.isOver("disconnected");
  }
});

Deno.test("what was being written is finished before the last words, however little goes at a time", async () => {
  const line = new Line();
  line.wire.takes = false;
  await line.wire.comes("ping\n");
  line.connection.giveUp("disconnected");
  await line.wire.wrote(2);
  assertEquals(line.wire.written, "pong\nng\n");
  line.wire.takes = true;
  await line.wire.wrote(3);
  assertEquals(
    line.wire.written,
    "pong\nng\nbye DISCONNECTED who runs the broker has ended this connection\n",
  );
  assertEquals([line.wire.ends, line.wire.closes], [1, 0]);
  await line.wire.ended();
  await line.wire.comes(null);
  await line.isOver("disconnected");
});

Deno.test("who is drained is told so, then why it ends, and has half a second to close", async () => {
  const line = new Line({ to: "subscribers" });
  await line.wire.comes("sub #a\n");
  const drained = line.connection.drain();
  await settled();
  const said = 'ok 1\ninfo {"draining":true}\nbye DRAINING the broker is stopping\n';
  assertEquals([line.wire.written, line.wire.ends, line.wire.closes], [said, 1, 0]);
  await line.wire.ended();
  await line.wire.comes("ping\nsub #b\n");
  assertEquals(line.wire.written, said, "nothing is taken in any more");
  await line.wire.comes(null);
  await within("the drain", drained);
  await line.isOver("drained");
});

Deno.test("a request that began has its time, of which only what is waited for counts, and then it ends it (V11)", async () => {
  const line = new Line();
  await line.wire.comes("ping\n");
  assertEquals(line.connection.tick(1_000_000), false, "nothing has begun");
  await line.wire.comes("pub #a 100\nxx");
  line.connection.tick(29_999);
  assertEquals(line.wire.written, "pong\n");
  await line.wire.comes("y".repeat(98));
  line.connection.tick(1);
  assertEquals(line.wire.written, "pong\n", "what has come gives it a little more");
  line.connection.tick(2);
  await settled();
  assertMatch(line.wire.written, /^pong\nbye TIMEOUT [^\n]*\n$/);
  await line.wire.ended();
  await line.wire.comes(null);
  await line.isOver("unfinished request");
});

Deno.test("each request has its own time", async () => {
  const line = new Line();
  await line.wire.comes("pi");
  for (let times = 0; times < 5; times++) {
    line.connection.tick(20_000);
    await line.wire.comes("ng\npi");
  }
  assertEquals(line.wire.written, "pong\n".repeat(5));
  await line.wire.comes(null);
  await line.isOver("end of input");
});

Deno.test("who has stalled is given up with the tick that reaches the timeout (V11)", async () => {
  const line = new Line({ to: "subscribers" });
  await line.wire.comes("sub #a\n");
  line.wire.takes = false;
  await line.wire.comes("ping\n");
  assertEquals([line.connection.tick(999), line.wire.closes], [false, 0]);
  line.connection.tick(1);
  line.clock.pass(500);
  await settled();
  await line.isOver("stalled");
});

Deno.test("a connection is cut off whatever it does, and what it had queued is lost and counted", async () => {
  const line = new Line({ to: "subscribers" });
  await line.wire.comes("sub #a\n");
  line.wire.takes = false;
  const publisher = line.bench.connect();
  publisher.send("pub #a 1\nx\n");
  await settled();
  publisher.send("pub #a 1\ny\n");
  line.bench.flushes.flush();
  line.connection.cut("closed");
  line.connection.cut("made room");
  publisher.close();
  await line.isOver("closed");
  assertEquals(line.bench.counters.totals.unsent, 1);
});

Deno.test("a connection shows what it is and does", async () => {
  const line = new Line({ to: "subscribers" });
  await line.wire.comes("sub #a slow=latest\nsub #b group=g window=3\n");
  line.bench.engine.memberships[0]!.joining.joined({ kind: "joined" });
  line.wire.takes = false;
  await line.wire.comes("ping\n");
  const { held, ...shown } = line.connection.snapshot();
  assertEquals(held > 5, true);
  assertEquals(shown, {
    number: 7,
    listener: "subscribers",
    id: "",
    account: undefined,
    address: "10.0.0.1:5",
    protocol: "2",
    queued: shown.queued,
    dropped: 0,
    full: false,
    waits: false,
    subscriptions: [{ pattern: "#a", slow: "latest" }],
    groups: [{ name: "g", pattern: "#b", window: 3, ack: "auto" }],
  });
  line.connection.cut("closed");
  await line.isOver("closed");
});

Deno.test("who is not let in is late when its time is over, of which only what it is waited for counts (A8)", async () => {
  const gatekeeper = { admit: () => {}, admitClassic: () => undefined, renew: () => undefined };
  const lobby = new Lobby(1000);
  const bench = new Bench({ gatekeeper, lobby });
  const wire = new Wire();
  const listener = { ...PUBLISHERS, protocol: FRAMES };
  const options = { number: 1, listener, address: "memory", transport: wire };
  const input = new ReadBuffer(bench.settings);
  const beginning = { input, read: wire.read(input.space()), stay: lobby.enter({ isBeingAsked: false }) };
  const connection = new Connection(bench.settings, { ...options, beginning }, { ended: () => {} });
  const over = connection.run();
  assertEquals([connection.isLate(999), connection.isLate(1)], [false, true]);
  assertEquals(lobby.size, 1);
  connection.cut("no login");
  await within("the end of the connection", over);
  assertEquals([lobby.size, lobby.held], [0, 0]);
});
