import { assertEquals, assertRejects } from "@std/assert";
import { RequestQueue } from "../../../lib/client/subscribing/request_queue.ts";
import { SYSTEM_CLOCK } from "../../../lib/clock.ts";

Deno.test("what is given up before there is a connection is withdrawn, and what is behind it stays", async () => {
  const queue = new RequestQueue(SYSTEM_CLOCK);
  const abort = new AbortController();
  const request = (pattern: string) => ({ verb: "sub", pattern, fields: "" }) as const;
  const first = queue.add(request("#a"), { what: "subscribe to #a", signal: abort.signal });
  const second = queue.add(request("#b"), { what: "subscribe to #b" });
  assertEquals([queue.size, queue.linked], [2, false]);
  abort.abort(new Error("given up"));
  await assertRejects(() => first, Error, "given up");
  assertEquals(queue.size, 1);
  queue.failAll(new Error("over"));
  await assertRejects(() => second, Error, "over");
  assertEquals(queue.size, 0);
  await queue.drained();
});

Deno.test("who asks with a signal that is over is told at once, and nothing is queued", async () => {
  const queue = new RequestQueue(SYSTEM_CLOCK);
  const signal = AbortSignal.abort(new Error("before"));
  const asked = queue.add({ verb: "sub", pattern: "#a", fields: "" }, { what: "subscribe to #a", signal });
  assertEquals(queue.size, 0);
  await assertRejects(() => asked, Error, "before");
});
