import { assertEquals } from "@std/assert";
import { ByTopic } from "../../lib/client/by_topic.ts";

Deno.test("ten thousand topics are remembered, and with one more all before it are forgotten", () => {
  const known = new ByTopic<number>();
  assertEquals(known.get("#0"), undefined);
  for (let at = 0; at < 10_000; at++) known.set(`#${at}`, at);
  assertEquals([known.get("#0"), known.get("#9999")], [0, 9999]);
  known.set("#more", 7);
  assertEquals([known.get("#0"), known.get("#9999"), known.get("#more")], [undefined, undefined, 7]);
  known.clear();
  assertEquals(known.get("#more"), undefined);
});

Deno.test("what is known of a topic is what was found out last", () => {
  const known = new ByTopic<number>();
  known.set("#a", 1);
  known.set("#a", 2);
  assertEquals(known.get("#a"), 2);
});

Deno.test("a topic that is longer than 1,024 characters is not remembered", () => {
  const known = new ByTopic<number>();
  for (const length of [1024, 1025]) known.set("x".repeat(length), length);
  assertEquals([known.get("x".repeat(1024)), known.get("x".repeat(1025))], [1024, undefined]);
});
