import { assert, assertEquals } from "@std/assert";
import { Backlog } from "../../../lib/engine/nats/backlog.ts";
import { FullBrokers } from "../../../lib/engine/nats/full_brokers.ts";
import { Senders } from "../../../lib/engine/nats/senders.ts";
import { Subjects } from "../../../lib/engine/nats/subjects.ts";
import { FlushList } from "../../../lib/flush_list.ts";
import {
  ENGINE_BEHIND_ASK,
  ENGINE_BEHIND_MOST,
  ENGINE_FULL_AGAIN_MS,
  ENGINE_FULL_KEPT_MS,
  ENGINE_FULL_PATTERNS_MOST,
} from "../../../lib/limits.ts";
import { FakeLink } from "../../support/fake_link.ts";

function made(): { link: FakeLink; own: string[]; full: FullBrokers } {
  const [link, own] = [new FakeLink(), [] as string[]];
  const full = new FullBrokers({
    link,
    subjects: new Subjects("p"),
    id: "me",
    own: () => own,
    flush: () => {},
  }, 0);
  link.takeAsked();
  return { link, own, full };
}

Deno.test("what our subscribers are full for is told when it changes, again while it is so, and when it is over (N4)", () => {
  const { link, own, full } = made();
  full.tell();
  assertEquals(link.takeAsked(), []);
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
