import { assert, assertEquals } from "@std/assert";
import { done } from "../../../support/scripted_streams.ts";
import { Recorder } from "../../case_parts.ts";
import { followed, SideBench } from "./side_bench.ts";

Deno.test("a broker that ends waits for what was published, and for NATS to have what it gives back", () => {
  const { bench, inbox } = followed();
  const idle: string[] = [];
  bench.publish("x");
  bench.side.whenIdle(() => idle.push("idle"));
  bench.side.close(() => idle.push("closed"));
  assertEquals([bench.asked().slice(-1), idle], [[`unsub ${inbox}`], []]);
  bench.stores("1", 4);
  assertEquals([idle, bench.answers], [["idle"], ["4"]]);
  const pings = (): number => bench.link.takeAsked().filter((each) => each === "ping").length;
  pings();
  // the oldest are of what was published and asked for before
  while (idle.length === 1) bench.link.pong();
  assertEquals([idle, pings()], [["idle", "closed"], 1], "and once more, for what came until then");
});

Deno.test("a broker that ends leaves no reader behind in the stream", () => {
  const bench = new SideBench();
  bench.replay(new Recorder());
  bench.ends(2);
  bench.opens("f");
  bench.finds(2);
  bench.ends(2);
  bench.opens("r");
  bench.asked();
  bench.side.close(() => {});
  assertEquals(bench.asked().filter((each) => each.startsWith("remove")), ["remove r", "remove f"]);
});

Deno.test("a broker that ends while the link is lost waits for nothing, or no longer than until it is", () => {
  const { bench } = followed();
  const closed: string[] = [];
  bench.publish("x");
  bench.link.goDown();
  bench.side.close(() => closed.push("closed"));
  assertEquals([closed, bench.answers], [["closed"], ["STORE: the broker ends: it may have been stored"]]);
  const other = new SideBench();
  other.side.close(() => closed.push("other"));
  assertEquals(closed.length, 1);
  other.link.goDown();
  assertEquals(closed, ["closed", "other"]);
});

Deno.test("what a group of the broker had settled, and nobody knows, is told when it ends", () => {
  const bench = new SideBench();
  const worker = bench.join();
  const group = { name: "g", pattern: "#d.>" };
  const consumer = done(
    { group, settling: "explicit", consumer: "g", created: "1", lag: 0, outstanding: 0 } as const,
  );
  bench.streams.looks.shift()!(consumer);
  bench.streams.opens.shift()!.done(consumer);
  bench.comes("p.broker.inbox.me.3", [5, 6]);
  assert(worker.ack("#d.a", 5));
  bench.side.close(() => worker.answers.push("closed"));
  while (!worker.answers.includes("closed")) bench.link.pong();
  assertEquals(worker.answers, ["ack #d.a 5: STORE", "closed"]);
});
