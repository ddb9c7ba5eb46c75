/** What `sub` asks of an engine, and what each subscription counts for. */
import { assertEquals } from "@std/assert";
import { type Grant, UNLIMITED } from "../../lib/auth/grant.ts";
import type { ReplayOptions, ReplaySubscriber, Subscriber } from "../../lib/engine/types.ts";
import { CLASSIC, FRAMES, type Protocol } from "../../lib/protocols/mod.ts";
import type { SlowPolicy } from "../../lib/slow_policy.ts";
import { ScriptedEngine } from "../support/scripted_engine.ts";
import { Bench } from "./session_bench.ts";

/** Notes what it is asked for; begins replays, and passes them on, when the test says so. */
class NotingEngine extends ScriptedEngine {
  readonly asked: string[] = [];
  readonly begun: ReplayOptions[] = [];
  /** Whether replays go on with whoever comes in the place of another. */
  passesOn = false;
  /** Whether who subscribes is told later that others know of it. */
  isSlow = false;
  /** Who are to be told that. */
  readonly told: (() => void)[] = [];

  override subscribe(pattern: string, subscriber: Subscriber): boolean {
    this.asked.push(`sub ${pattern}`);
    return super.subscribe(pattern, subscriber);
  }

  override unsubscribe(pattern: string, subscriber: Subscriber): boolean {
    this.asked.push(`unsub ${pattern}`);
    return super.unsubscribe(pattern, subscriber);
  }

  override replay(pattern: string, _subscriber: ReplaySubscriber, options: ReplayOptions): void {
    const besides = [...options.besides].map(([each]) => each);
    this.asked.push(`replay ${pattern} besides ${besides.join(" ")}`);
    this.begun.push(options);
  }

  override replays(): boolean {
    return this.passesOn;
  }

  override replace(): boolean {
    if (this.passesOn) this.asked.push("goes on");
    return this.passesOn;
  }

  override subscribed(done?: () => void): boolean {
    if (this.isSlow) this.told.push(done!);
    return !this.isSlow;
  }
}

function benchOf(slowConsumer: SlowPolicy = "block"): { bench: Bench; engine: NotingEngine } {
  const bench = new Bench({ slowConsumer }, NotingEngine);
  return { bench, engine: bench.engine as NotingEngine };
}

/** What a pattern counts, a queue of its own, and each of its characters. */
const [PATTERN, OWN, CHARACTER] = [170, 180, 2];

Deno.test("a subscription has a queue of its own where it may leave something out and says so, or names a requester", () => {
  const grant: Grant = { ...UNLIMITED, account: "a", administrator: false };
  const cases: ReadonlyArray<
    readonly [by: Protocol, common: SlowPolicy, request: string, grant: Grant | undefined, own: boolean]
  > = [
    [FRAMES, "block", "sub #aaaa", undefined, false],
    [FRAMES, "block", "sub #aaaa slow=block", undefined, false],
    [FRAMES, "block", "sub #aaaa slow=latest", undefined, true],
    [FRAMES, "drop-new", "sub #aaaa", undefined, true],
    [FRAMES, "drop-new", "sub #aaaa slow=disconnect", undefined, true],
    [CLASSIC, "block", "s sub #aaaa", undefined, false],
    [CLASSIC, "drop-new", "s sub #aaaa", undefined, false],
    [FRAMES, "block", "sub #aaaa", grant, false],
    [FRAMES, "block", "sub #_reply.x.*", grant, true],
    [FRAMES, "block", "sub #_reply.x.*", UNLIMITED, false],
  ];
  for (const [protocol, common, request, may, own] of cases) {
    const { bench } = benchOf(common);
    const peer = bench.connect({ protocol, ...(may === undefined ? {} : { grant: may }) });
    const before = bench.memory.held;
    assertEquals(peer.ask(`${request}\n`), protocol === CLASSIC ? "OK\n" : "ok 1\n", request);
    const length = /#\S+/.exec(request)![0].length;
    const expected = PATTERN + (own ? OWN : 0) + CHARACTER * length;
    assertEquals(bench.memory.held - before, expected, `${common} ${request}`);
    peer.close();
    assertEquals(bench.memory.held, 0, `${common} ${request}`);
  }
});

Deno.test("one that is asked for again is the same, and takes another policy as another in its place (C5, V8)", () => {
  const { bench, engine } = benchOf();
  const peer = bench.connect();
  for (const request of ["sub #a", "sub a", "sub #a slow=block"]) {
    assertEquals(peer.ask(`${request}\n`), "ok 1\n", request);
    assertEquals(engine.asked.splice(0), request === "sub #a" ? ["sub #a"] : [], request);
  }
  assertEquals(peer.ask("sub #a slow=latest\n"), "ok 1\n");
  assertEquals(engine.asked.splice(0), ["unsub #a", "sub #a"]);
  const { subscriptions } = peer.session.snapshot();
  assertEquals(subscriptions, [{ pattern: "#a", slow: "latest" }]);
  assertEquals(bench.memory.held, PATTERN + OWN + 2 * CHARACTER);
  assertEquals(peer.ask("unsub #a\nunsub #a\n").split(" ").slice(0, 3), ["ok", "1\nerr", "NOT_SUBSCRIBED"]);
  assertEquals([engine.asked, bench.memory.held], [["unsub #a"], 0]);
});

Deno.test("what is asked for again is not refused for want of room, however little is left", () => {
  const { bench } = benchOf();
  const peer = bench.connect();
  assertEquals(peer.ask("sub #a\nsub #b slow=latest\n"), "ok 2\n");
  bench.memory.hold(bench.memory.share);
  assertEquals(peer.ask("sub #a\n"), "ok 1\n");
  assertEquals(peer.ask("sub #b slow=drop-old\n"), "ok 1\n");
  assertEquals(peer.ask("sub #c\n").slice(0, 9), "err BUSY ");
  assertEquals(peer.session.subscriptions.size, 2);
});

Deno.test("as much has to be free as the connection has with the pattern and a queue of its own", () => {
  const { bench } = benchOf();
  const peer = bench.connect();
  assertEquals(peer.ask("sub #aa\n"), "ok 1\n");
  // what it has, what it asks for, and the read that comes in
  const needed = PATTERN + 3 * CHARACTER + PATTERN + OWN + 3 * CHARACTER + 64;
  bench.memory.hold(bench.memory.share - needed + 1);
  assertEquals(peer.ask("sub #bb\n").slice(0, 9), "err BUSY ");
  bench.memory.letGo(1);
  assertEquals(peer.ask("sub #bb\n"), "ok 1\n");
});

Deno.test("a replay is asked for with what is subscribed to besides, and is answered when it has begun (D4)", () => {
  const { bench, engine } = benchOf();
  const peer = bench.connect();
  bench.now = Date.UTC(2026, 0, 2);
  assertEquals(peer.ask("sub #a\n"), "ok 1\n");
  peer.send("sub #d.a from=7 to=9\nsub #d.b from=earliest\nsub #d.c from=-10\nping\n");
  assertEquals(engine.asked, [
    "sub #a",
    "replay #d.a besides #a #d.a",
    "replay #d.b besides #a #d.a #d.b",
    "replay #d.c besides #a #d.a #d.b #d.c",
  ]);
  assertEquals(engine.begun.map(({ range }) => range), [
    { from: { kind: "sequence", sequence: 7 }, to: { kind: "sequence", sequence: 9 } },
    { from: { kind: "earliest" }, to: undefined },
    { from: { kind: "last", count: 10, asOf: undefined }, to: undefined },
  ] as ReplayOptions["range"][]);
  assertEquals(peer.taken(), "");
  const [one, two, three] = engine.begun;
  one!.started({ kind: "started", trimmedTo: 8, ahead: undefined });
  assertEquals(peer.taken(), "ok 1 from=8\n");
  three!.started({ kind: "started", trimmedTo: undefined, ahead: 5 });
  assertEquals(peer.taken(), "", "in its place");
  two!.started({ kind: "failed", reason: "the disk is gone" });
  assertEquals(peer.taken(), "err STORE the disk is gone\nok 1 last=5\npong\n");
  assertEquals(peer.session.snapshot().subscriptions.map(({ pattern }) => pattern), ["#a", "#d.a", "#d.c"]);
  one!.ended();
  assertEquals(peer.session.snapshot().subscriptions.map(({ pattern }) => pattern), ["#a", "#d.c"]);
  assertEquals(engine.asked.slice(4), ["unsub #d.b", "unsub #d.a"]);
});

Deno.test("a replay has a queue of its own, and who follows keeps nobody waiting (D5)", () => {
  const { bench } = benchOf();
  const peer = bench.connect();
  assertEquals(peer.outbox.watchesStalls, true, "who is subscribed to nothing waits for its own replies");
  const before = bench.memory.held;
  peer.send("sub #d.a from=1\n");
  // with the place of its answer, a 64th of what may be unanswered
  assertEquals(bench.memory.held - before, PATTERN + OWN + 4 * CHARACTER + 16_384);
  assertEquals(peer.outbox.watchesStalls, false);
  assertEquals(peer.taken(), "");
  peer.close();
  assertEquals(bench.memory.held, 0);
});

Deno.test("a replay goes on under another policy, where it is, and is no other subscription (V8, D4)", () => {
  const { bench, engine } = benchOf();
  const peer = bench.connect();
  peer.send("sub #d.a from=1\n");
  engine.begun[0]!.started({ kind: "started", trimmedTo: undefined, ahead: undefined });
  assertEquals(peer.taken(), "ok 1\n");
  engine.asked.length = 0;
  engine.passesOn = true;
  assertEquals(peer.ask("sub #d.a slow=latest\n"), "ok 1\n");
  assertEquals(engine.asked.splice(0), ["goes on"]);
  assertEquals(bench.memory.held, PATTERN + OWN + 4 * CHARACTER);
  assertEquals(peer.ask("sub #d.a slow=block\n"), "ok 1\n");
  assertEquals(engine.asked.splice(0), ["goes on"]);
  assertEquals([bench.memory.held, peer.outbox.watchesStalls], [PATTERN + OWN + 4 * CHARACTER, false]);
  engine.passesOn = false;
  assertEquals(peer.ask("sub #d.a slow=drop-old\n"), "ok 1\n");
  assertEquals(engine.asked.splice(0), ["unsub #d.a", "sub #d.a"], "where it does not, it is begun anew");
  assertEquals(peer.session.subscriptions.size, 1);
});

Deno.test("a subscription is answered when others know of it, in its place (N2)", () => {
  const { bench, engine } = benchOf();
  engine.isSlow = true;
  const peer = bench.connect();
  assertEquals(peer.ask("sub #a\nping\n"), "");
  assertEquals(engine.asked, ["sub #a"]);
  engine.told[0]!();
  assertEquals(peer.taken(), "ok 1\npong\n");
  engine.isSlow = false;
  assertEquals(peer.ask("sub #b\n"), "ok 1\n");
});
