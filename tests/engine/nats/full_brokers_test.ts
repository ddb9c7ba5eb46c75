import { assert, assertEquals } from "@std/assert";
import { Backlog } from "../../../lib/engine/nats/backlog.ts";
import { FullBrokers } from "../../../lib/engine/nats/full_brokers.ts";
import { Senders } from "../../../lib/engine/nats/senders.ts";
import { Subjects } from "../../../lib/engine/nats/subjects.ts";
import { FlushList } from "../../../lib/flush_list.ts";
import {
  ENGINE_BEHIND_ASK,
  ENGINE_BEHIND_LEAST,
  ENGINE_BEHIND_MOST,
  ENGINE_FULL_AGAIN_MS,
  ENGINE_FULL_KEPT_MS,
  ENGINE_FULL_PATTERNS_MOST,
} from "../../../lib/limits.ts";
import { FakeLink } from "../../support/fake_link.ts";

/** `flushed`: how often who goes on was set going. */
function made(): { link: FakeLink; own: string[]; full: FullBrokers; flushed: () => number } {
  const [link, own] = [new FakeLink(), [] as string[]];
  let flushes = 0;
  const full = new FullBrokers({
    link,
    subjects: new Subjects("p"),
    id: "me",
    own: () => own,
    flush: () => void flushes++,
  }, 0);
  link.takeAsked();
  return { link, own, full, flushed: () => flushes };
}

Deno.test("what our subscribers are full for is told when it changes, again while it is so, and when it is over (N4)", () => {
  const { link, own, full } = made();
  full.tell();
  full.tick(ENGINE_FULL_AGAIN_MS);
  assertEquals(link.takeAsked(), [], "for nothing");
  full.tick(0);
  own.push("#b", "#a.x", "#a.>", "#b");
  full.tell();
  full.tell();
  assertEquals(
    link.takeAsked(),
    ["pub p.broker.full me\n#a.>\n#b\n", "ping"],
    "each once, and what another covers not",
  );
  full.tick(ENGINE_FULL_AGAIN_MS - 1);
  assertEquals(link.takeAsked(), []);
  full.tick(ENGINE_FULL_AGAIN_MS);
  assertEquals(link.takeAsked().length, 2);
  own.length = 0;
  full.tick(ENGINE_FULL_AGAIN_MS + 1);
  assertEquals(link.takeAsked(), ["pub p.broker.full me\n", "ping"]);
  for (let at = 0; at <= ENGINE_FULL_PATTERNS_MOST; at++) own.push(`#t.${at}`);
  full.tell();
  assertEquals(link.takeAsked()[0], "pub p.broker.full me\n#>\n", "too many to be told one by one");
});

Deno.test("who another is full for is waited for until it says otherwise, or says nothing any more", () => {
  const { link, full } = made();
  assertEquals(full.gateFor("#a.b"), undefined);
  link.comes("p.broker.full", "other\n#a.*\n#a.**\nno pattern\n");
  link.comes("p.broker.full", "me\n#>\n");
  const gate = full.gateFor("#a.b");
  assert(gate?.full);
  assertEquals([full.gateFor("#a"), full.gateFor("#b")], [undefined, undefined]);
  let told = 0;
  gate.whenNotFull(() => told++);
  link.comes("p.broker.full", "other\n");
  assertEquals([told, full.gateFor("#a.b")], [1, undefined]);
  link.comes("p.broker.full", "other\n#a.*\n");
  full.gateFor("#a.b")!.whenNotFull(() => told++);
  full.tick(ENGINE_FULL_KEPT_MS - 1);
  assertEquals(told, 1);
  full.tick(ENGINE_FULL_KEPT_MS);
  assertEquals([told, full.size], [2, 0]);
  link.comes("p.broker.full", "other\n#a.*\n");
  full.tick(-1_000_000);
  assertEquals(full.size, 0, "nor for as long as a clock was set back");
  full.tick(0);
  link.comes("p.broker.full", "other\n#a.*\n");
  full.tick(-ENGINE_FULL_KEPT_MS);
  assertEquals(full.size, 1);
  full.tick(-ENGINE_FULL_KEPT_MS - 1);
  assertEquals(full.size, 0);
});

Deno.test("what came before NATS's answer is how far we lie behind", () => {
  const [link, flushes] = [new FakeLink(), new FlushList()];
  let changes = 0;
  const backlog = new Backlog(link, flushes, () => changes++);
  backlog.received(ENGINE_BEHIND_ASK);
  assertEquals(link.takeAsked(), ["ping"]);
  backlog.received(ENGINE_BEHIND_MOST);
  assert(!backlog.behind);
  backlog.received(1);
  assert(backlog.behind);
  link.pong();
  assert(backlog.behind, "so much lay before the answer");
  assertEquals(link.takeAsked(), ["ping"], "it is asked again");
  backlog.received(100);
  let flushed = false;
  flushes.add({ ready: () => flushed = true });
  link.pong();
  assertEquals([backlog.behind, changes, flushed], [false, 2, true]);
});

Deno.test("a message is new once, whichever way it comes again, and each sender's by themselves", () => {
  const senders = new Senders();
  const isNew = (sender: string, number: number): boolean => senders.isNew({ sender, number });
  assertEquals([isNew("a.0", 1), isNew("a.0", 1), isNew("b.0", 1)], [true, false, true]);
  assertEquals([isNew("a.0", 3), isNew("a.0", 2), isNew("a.1", 1)], [true, false, true]);
  for (let at = 0; at < 10_000; at++) isNew(`made up ${at}`, 1);
  assert(isNew("a.0", 3), "who is forgotten begins anew");
});

Deno.test("as many patterns as may be are told one by one, and with one more all are told as one", () => {
  const { link, own, full } = made();
  for (let at = 0; at < ENGINE_FULL_PATTERNS_MOST; at++) own.push(`#t.${at}`);
  full.tell();
  assertEquals(link.takeAsked()[0]!.split("\n").length, ENGINE_FULL_PATTERNS_MOST + 2);
  own.push("#t.0");
  full.tell();
  assertEquals(link.takeAsked(), [], "it is the same");
  own.push("#u");
  full.tell();
  assertEquals(link.takeAsked(), ["pub p.broker.full me\n#>\n", "ping"]);
  own.splice(0, own.length, "#u");
  full.tell();
  own.splice(0, 1, "#v");
  full.tell();
  assertEquals(link.takeAsked().filter((each) => each !== "ping"), [
    "pub p.broker.full me\n#u\n",
    "pub p.broker.full me\n#v\n",
  ], "as many, and others");
});

Deno.test("while the link is lost nothing is told; when it is back what has changed, and all of it in a moment", () => {
  const { link, own, full } = made();
  own.push("#a");
  link.goDown();
  full.tell();
  assertEquals(link.takeAsked(), []);
  own.push("#b");
  link.goUp();
  assertEquals(link.takeAsked(), ["pub p.broker.full me\n#a\n#b\n", "ping"]);
  link.goDown();
  link.goUp();
  assertEquals(link.takeAsked(), [], "they know that for a while");
  full.tick(ENGINE_FULL_AGAIN_MS);
  assertEquals(link.takeAsked().length, 2);
  full.tick(-5 * ENGINE_FULL_AGAIN_MS);
  assertEquals(link.takeAsked().length, 2, "a clock that was set back keeps nobody waiting");
});

Deno.test("what is told in a tick is not told twice in it", () => {
  const { link, own, full } = made();
  own.push("#a");
  full.tick(10_000);
  assertEquals(link.takeAsked(), ["pub p.broker.full me\n#a\n", "ping"]);
  full.tick(10_000 + ENGINE_FULL_AGAIN_MS - 1);
  assertEquals(link.takeAsked(), []);
});

Deno.test("what another says is taken as far as it is patterns, as they are written, and of an id that may be one", () => {
  const { link, full } = made();
  const topics = ["#a", "#b", "#c"];
  const fullFor = (): string[] => topics.filter((topic) => full.gateFor(topic) !== undefined);
  for (
    const text of ["", "\n#a\n", `${"x".repeat(65)}\n#a\n`, "me\n#a\n", "other", "other\na\n", "other\n#a#\n"]
  ) {
    link.comes("p.broker.full", text);
    assertEquals([fullFor(), full.size], text.includes("#a#") ? [[], 1] : [[], 0], text);
    link.comes("p.broker.full", "other\n");
  }
  link.comes("p.broker.full", `${"x".repeat(64)}\n#a\n`);
  assertEquals(fullFor(), ["#a"]);
  const many = Array.from({ length: ENGINE_FULL_PATTERNS_MOST - 1 }, (_, at) => `#t.${at}`);
  link.comes("p.broker.full", `other\n${[...many, "#b", "#c"].join("\n")}\n`);
  assertEquals(fullFor(), ["#a", "#b"], "so many, and no more");
});

Deno.test("so many brokers are remembered as full, those that are go on being known", () => {
  const { link, full } = made();
  for (let at = 0; at <= 1_024; at++) link.comes("p.broker.full", `b${at}\n#t.${at}\n`);
  assertEquals([full.size, full.gateFor("#t.1023") !== undefined, full.gateFor("#t.1024")], [
    1_024,
    true,
    undefined,
  ]);
  link.comes("p.broker.full", "b7\n#new\n");
  assertEquals([full.size, full.gateFor("#new") !== undefined, full.gateFor("#t.7")], [
    1_024,
    true,
    undefined,
  ]);
});

Deno.test("who waits is told, and set going, when what another is full for changes, and only then", () => {
  const { link, full, flushed } = made();
  let told = 0;
  const wait = (): void => full.gateFor("#a")!.whenNotFull(() => told++);
  link.comes("p.broker.full", "other\n#a\n");
  assertEquals(flushed(), 0, "nobody waits");
  wait();
  link.comes("p.broker.full", "another\n");
  full.tick(1);
  assertEquals([told, flushed()], [0, 0], "of that one nothing was known");
  link.comes("p.broker.full", "other\n#a\n#b\n");
  assertEquals([told, flushed()], [1, 1]);
  wait();
  full.tick(ENGINE_FULL_KEPT_MS);
  assertEquals([told, flushed()], [1, 1], "it was told at 1");
  full.tick(ENGINE_FULL_KEPT_MS + 1);
  assertEquals([told, flushed()], [2, 2]);
});

Deno.test("how far we lie behind is asked after so many bytes, and who has few left lies behind no more", () => {
  const [link, flushes] = [new FakeLink(), new FlushList()];
  let changes = 0;
  const backlog = new Backlog(link, flushes, () => changes++);
  backlog.received(ENGINE_BEHIND_ASK - 1);
  assertEquals(link.takeAsked(), []);
  backlog.received(1);
  link.pong();
  assertEquals(link.takeAsked(), ["ping"]);
  backlog.received(ENGINE_BEHIND_ASK - 1);
  assertEquals(link.takeAsked(), [], "as many more");
  backlog.received(1);
  backlog.received(ENGINE_BEHIND_ASK);
  assertEquals(link.takeAsked(), ["ping"], "one at a time");
  link.pong();
  assertEquals([link.takeAsked(), backlog.behind], [[], false]);
  backlog.received(0);
  assertEquals(link.takeAsked(), ["ping"], "so many have come since it was asked");
  backlog.received(ENGINE_BEHIND_MOST + 1);
  assertEquals([backlog.behind, changes], [true, 1]);
  link.pong();
  assertEquals(link.takeAsked(), ["ping"]);
  backlog.received(ENGINE_BEHIND_LEAST);
  link.pong();
  assertEquals([link.takeAsked(), backlog.behind], [["ping"], true]);
  backlog.received(ENGINE_BEHIND_LEAST - 1);
  link.pong();
  assertEquals([link.takeAsked(), backlog.behind, changes], [[], false, 2]);
});

Deno.test("who does not lie behind is not asked again for much that came before an answer", () => {
  const link = new FakeLink();
  const backlog = new Backlog(link, new FlushList(), () => {});
  backlog.received(ENGINE_BEHIND_ASK);
  backlog.received(ENGINE_BEHIND_LEAST);
  link.takeAsked();
  link.pong();
  assertEquals([link.takeAsked(), backlog.behind], [[], false]);
});

Deno.test("with the link all that lay behind it is lost, and it is asked anew when it is back", () => {
  const [link, flushes] = [new FakeLink(), new FlushList()];
  let changes = 0;
  const backlog = new Backlog(link, flushes, () => changes++);
  backlog.received(ENGINE_BEHIND_ASK);
  backlog.received(ENGINE_BEHIND_MOST + 1);
  let flushed = 0;
  flushes.add({ ready: () => flushed++ });
  link.takeAsked();
  link.goDown();
  assertEquals([backlog.behind, changes, flushed, link.takeAsked()], [false, 2, 0, []]);
  backlog.received(1);
  assertEquals(link.takeAsked(), ["ping"]);
  link.goDown();
  assertEquals(changes, 2, "nothing has changed");
});

Deno.test("of so many senders the last message is known, and of one more that came first is forgotten", () => {
  const senders = new Senders();
  const isNew = (at: number, number = 1): boolean => senders.isNew({ sender: `s${at}`, number });
  for (let at = 0; at < 4_096; at++) assert(isNew(at));
  assertEquals([isNew(0), isNew(4_095), isNew(0, 2), isNew(0, 2)], [false, false, true, false]);
  assert(isNew(4_096));
  assertEquals([isNew(1), isNew(4_096), isNew(0)], [false, false, true]);
});
