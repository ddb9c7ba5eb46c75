/** How one ends who has said nothing yet, whose transport does what the test says. */
import { assertEquals } from "@std/assert";
import { PUBLISHERS } from "../../lib/broker/mod.ts";
import { Lobby } from "../../lib/sessions/admission/lobby.ts";
import type { CloseReason } from "../../lib/sessions/close_reason.ts";
import type { Connection } from "../../lib/sessions/connection.ts";
import type { ConnectionOptions } from "../../lib/sessions/connection_options.ts";
import { SilentGuest } from "../../lib/sessions/silent_guest.ts";
import { settled } from "../support/handed_clock.ts";
import { Wire } from "./connection_bench.ts";
import { Bench } from "./session_bench.ts";

/** A guest, and what its owner is told. */
class Visit {
  readonly bench = new Bench();
  readonly lobby = new Lobby<SilentGuest>(1000);
  readonly wire = new Wire();
  readonly began: ConnectionOptions[] = [];
  readonly left: CloseReason[] = [];
  /** What was asked of the connection that was made of it. */
  readonly asked: string[] = [];
  waitsFor: object | undefined;
  over = false;
  readonly guest: SilentGuest;

  constructor({ words = "go away\n" }: { readonly words?: string } = {}) {
    const connection = {
      isLate: (ms: number) => (this.asked.push(`late ${ms}`), true),
      giveUp: (reason: string) => void this.asked.push(`give up: ${reason}`),
      cut: (reason: string) => void this.asked.push(`cut: ${reason}`),
      session: this,
    } as unknown as Connection;
    this.guest = new SilentGuest({ ...this.bench.settings, lobby: this.lobby }, {
      number: 3,
      listener: PUBLISHERS,
      address: "10.0.0.1:5",
      transport: this.wire,
    }, {
      began: (_, options) => {
        this.began.push(options);
        return { connection, over: Promise.resolve() };
      },
      farewell: () => words === "" ? undefined : new TextEncoder().encode(words),
      left: (_, reason) => void this.left.push(reason),
    });
    void this.guest.over.then(() => this.over = true);
  }
}

Deno.test("a connection is made of it when something comes, the end too, and it is that one from then on", async () => {
  for (const what of ["p", null, new Deno.errors.ConnectionReset("gone")]) {
    const visit = new Visit();
    assertEquals([visit.lobby.size, visit.guest.isBeingAsked, visit.over], [1, false, false]);
    await visit.wire.comes(what);
    assertEquals([visit.began.length, visit.began[0]!.number, visit.left], [1, 3, []]);
    assertEquals([visit.over, visit.lobby.size], [true, 1], "its stay goes on");
    visit.began[0]!.beginning!.read.catch(() => {});
    visit.waitsFor = {};
    assertEquals(visit.guest.isBeingAsked, true);
    visit.waitsFor = undefined;
    assertEquals(visit.guest.isBeingAsked, false);
    assertEquals(visit.guest.isLate(5), true);
    visit.guest.giveUp("disconnected");
    visit.guest.cut("closed");
    assertEquals(visit.asked, ["late 5", "give up: disconnected", "cut: closed"]);
    assertEquals([visit.wire.closes, visit.left], [0, []]);
    visit.began[0]!.beginning!.input.close();
  }
});

Deno.test("who is given up is told why, in as many writes as it takes, and closed; its memory is back", async () => {
  const visit = new Visit();
  visit.wire.takes = false;
  visit.guest.giveUp("no login");
  visit.guest.giveUp("disconnected");
  assertEquals([visit.lobby.size, visit.wire.written], [0, "go away\n"]);
  await visit.wire.wrote(3);
  assertEquals([visit.wire.written, visit.wire.ends], ["go away\naway\n", 0]);
  await visit.wire.wrote(5);
  assertEquals([visit.wire.ends, visit.wire.closes, visit.left], [1, 0, []]);
  await visit.wire.ended();
  assertEquals([visit.wire.closes, visit.left, visit.over], [1, ["no login"], true]);
  assertEquals([visit.began, visit.bench.pool.bytesOut, visit.lobby.held], [[], 0, 0]);
});

Deno.test("who cannot be told anything is closed all the same, where there are no words and where it is gone", async () => {
  const silent = new Visit({ words: "" });
  silent.guest.giveUp("no login");
  assertEquals([silent.wire.written, silent.wire.ends], ["", 1]);
  await silent.wire.ended();
  assertEquals([silent.wire.closes, silent.left], [1, ["no login"]]);
  for (const how of ["write", "end"] as const) {
    const visit = new Visit();
    visit.wire.takes = how === "end";
    visit.guest.giveUp("no login");
    await settled();
    const gone = new Deno.errors.BrokenPipe("gone");
    if (how === "write") await visit.wire.wrote(gone);
    else await visit.wire.ended(gone);
    assertEquals([visit.wire.closes, visit.left], [1, ["no login"]], how);
  }
});

Deno.test("what comes while it is told why is not looked at, and it is over when that is read", async () => {
  const visit = new Visit();
  visit.wire.takes = false;
  visit.guest.giveUp("no login");
  await visit.wire.comes("p pub #a x\n");
  assertEquals([visit.began, visit.bench.pool.bytesOut, visit.over], [[], 0, true]);
  visit.guest.cut("closed");
  assertEquals([visit.wire.closes, visit.left], [1, ["no login"]], "the first reason holds");
  visit.guest.cut("closed");
  assertEquals([visit.wire.closes, visit.left.length], [1, 1]);
});

Deno.test("it is late when its time is over, and its last words when they take more than half a second", async () => {
  const visit = new Visit();
  assertEquals([visit.guest.isLate(999), visit.guest.isLate(1)], [false, true]);
  visit.wire.takes = false;
  visit.guest.giveUp("no login");
  assertEquals([visit.guest.isLate(300), visit.guest.isLate(200), visit.wire.closes], [false, false, 0]);
  assertEquals([visit.guest.isLate(1), visit.wire.closes, visit.left], [false, 1, ["no login"]]);
  await settled();
  assertEquals([visit.over, visit.bench.pool.bytesOut], [true, 0]);
});

Deno.test("it shows what is known of it", async () => {
  const visit = new Visit();
  assertEquals(visit.guest.snapshot(), {
    number: 3,
    listener: "publishers",
    id: "",
    account: undefined,
    address: "10.0.0.1:5",
    protocol: "classic",
    queued: 0,
    held: 0,
    dropped: 0,
    full: false,
    waits: false,
    subscriptions: [],
    groups: [],
  });
  assertEquals([visit.guest.address, visit.guest.listener], ["10.0.0.1:5", PUBLISHERS]);
  visit.guest.cut("closed");
  await settled();
  assertEquals([visit.over, visit.left], [true, ["closed"]]);
});
