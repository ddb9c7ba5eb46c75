import { assert, assertEquals } from "@std/assert";
import { Interest, type Wanted } from "../../../lib/engine/nats/interest.ts";
import { Subjects } from "../../../lib/engine/nats/subjects.ts";
import { ChunkPool } from "../../../lib/buffers.ts";
import { HeldMemory } from "../../../lib/held_memory.ts";
import { FlushList } from "../../../lib/flush_list.ts";
import { FakeLink } from "../../support/fake_link.ts";

function made(): {
  link: FakeLink;
  flushes: FlushList;
  interest: Interest;
  came: Wanted[];
  memory: HeldMemory;
} {
  const [link, flushes, came] = [new FakeLink(), new FlushList(), [] as Wanted[]];
  const memory = new HeldMemory({ most: 1e9, pool: new ChunkPool() });
  const interest = new Interest({
    link,
    flushes,
    subjects: new Subjects("p"),
    memory,
    seed: 1,
    onMessage: (_, by) => came.push(by),
  });
  return { link, flushes, interest, came, memory };
}

Deno.test("a pattern is subscribed to once, and given up with the next tick where nobody came back", () => {
  const { link, interest, memory } = made();
  interest.add("#a");
  assert(memory.held > 1000);
  interest.remove("#a");
  interest.add("#a");
  interest.tick();
  assertEquals(link.takeAsked(), ["sub p.memory.*.a"]);
  interest.remove("#a");
  assertEquals(link.takeAsked(), []);
  interest.tick();
  assertEquals(link.takeAsked(), ["unsub p.memory.*.a"]);
  assertEquals([interest.subscriptions, memory.held], [0, 0]);
});

Deno.test("what another covers is not subscribed to; what takes its place is there before it goes", () => {
  const { link, interest } = made();
  for (const pattern of ["#a.b", "#a.*.c", "#a.>", "#a.d", "#b"]) interest.add(pattern);
  interest.tick();
  assertEquals(link.takeAsked(), [
    "sub p.memory.*.a.b",
    "sub p.memory.*.a.*.c",
    "sub p.memory.*.a.>",
    "sub p.memory.*.b",
    "unsub p.memory.*.a.b",
    "unsub p.memory.*.a.*.c",
  ]);
  interest.remove("#a.>");
  interest.tick();
  assertEquals(link.takeAsked(), [
    "sub p.memory.*.a.b",
    "sub p.memory.*.a.*.c",
    "sub p.memory.*.a.d",
    "unsub p.memory.*.a.>",
  ]);
});

Deno.test("of patterns that overlap the one that was there first takes what does not say who sent it", () => {
  const { link, interest, came } = made();
  interest.add("#a.*");
  interest.add("#*.b");
  link.comes("p.memory.*.a.*", "x", "p.memory.one.a.b");
  link.comes("p.memory.*.*.b", "x", "p.memory.one.a.b");
  assertEquals(came.map((by) => [by.pattern, interest.isFirst("#a.b", by)]), [["#a.*", true], [
    "#*.b",
    false,
  ]]);
  assert(interest.isFirst("#c.b", came[1]!));
});

Deno.test("what is subscribed to is in force when NATS has answered behind it, and again when it is back (N2)", () => {
  const { link, flushes, interest } = made();
  const told: string[] = [];
  assert(interest.subscribed(() => told.push("nothing was asked for")));
  interest.add("#a");
  assert(!interest.subscribed(() => told.push("a")));
  flushes.flush();
  interest.add("#b");
  assert(!interest.subscribed(() => told.push("b")));
  flushes.flush();
  assertEquals(link.takeAsked(), ["sub p.memory.*.a", "ping", "sub p.memory.*.b", "ping"]);
  link.pong();
  assertEquals(told, ["a"]);
  link.goDown();
  assert(!interest.subscribed(() => told.push("c")));
  flushes.flush();
  assertEquals([told, link.takeAsked()], [["a"], []]);
  link.goUp();
  link.pong();
  assertEquals(told, ["a", "b", "c"]);
  assert(interest.subscribed(() => {}));
});

Deno.test("what covers many is followed some at a time, and what it covered is there before it goes", () => {
  const { link, interest } = made();
  const count = 10_000;
  const names = Array.from({ length: count }, (_, at) => `#a.${at}`);
  for (const name of names) interest.add(name);
  link.takeAsked();
  interest.add("#a.*");
  assertEquals(link.takeAsked(), ["sub p.memory.*.a.*"]);
  interest.tick();
  const some = link.takeAsked().length;
  assert(some > 0 && some < count, `${some}`);
  for (let ticks = 0; ticks < 10; ticks++) interest.tick();
  assertEquals([interest.subscriptions, link.takeAsked().length], [1, count - some]);
  interest.remove("#a.*");
  interest.tick();
  interest.add("#a.*");
  for (let ticks = 0; ticks < 10; ticks++) interest.tick();
  assertEquals(interest.subscriptions, 1, "it came back in between");
  link.takeAsked();
  interest.remove("#a.*");
  for (let ticks = 0; ticks < 10; ticks++) interest.tick();
  const asked = link.takeAsked();
  assertEquals([asked.length, asked.at(-1)], [count + 1, "unsub p.memory.*.a.*"]);
  assertEquals(interest.subscriptions, count);
});
