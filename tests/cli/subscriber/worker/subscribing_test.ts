import { assertEquals, assertRejects } from "@std/assert";
import { RefusedError } from "../../../../lib/errors.ts";
import { WorkerSubscriber } from "../../../../lib/cli/subscriber/worker/subscribing.ts";

interface Terms {
  readonly group?: string;
  readonly from?: "earliest";
  readonly ack?: "explicit";
}

/** A worker's subscriber at a broker that refuses with `code` what is to be acknowledged, if it is given. */
function worker(code?: "NOT_DURABLE" | "DENIED"): {
  readonly subscriber: WorkerSubscriber<Terms>;
  readonly asked: string[];
  readonly said: string[];
} {
  const asked: string[] = [];
  const said: string[] = [];
  const subscriber = new WorkerSubscriber<Terms>({
    subscribe: (pattern, { ack, ...rest } = {}) => {
      asked.push(`${pattern} ${JSON.stringify(rest)}${ack === undefined ? "" : ` ack=${ack}`}`);
      if (ack === undefined || code === undefined) return Promise.resolve();
      return Promise.reject(new RefusedError(code, "no"));
    },
    unsubscribe: () => Promise.resolve(),
    async *[Symbol.asyncIterator](): AsyncGenerator<never> {},
  }, { notice: (text) => void said.push(text) });
  return { subscriber, asked, said };
}

Deno.test("what a worker subscribes to is to be acknowledged", async () => {
  const { subscriber, asked, said } = worker();
  await subscriber.subscribe("#jobs", { group: "g", from: "earliest" });
  assertEquals(asked, ['#jobs {"group":"g","from":"earliest"} ack=explicit']);
  assertEquals(said, []);
});

Deno.test("where the broker keeps nothing of it there is nothing to acknowledge, which is told once", async () => {
  const { subscriber, asked, said } = worker("NOT_DURABLE");
  await subscriber.subscribe("#jobs", { group: "g" });
  await subscriber.subscribe("#jobs", { group: "g" });
  assertEquals(asked, ['#jobs {"group":"g"} ack=explicit', '#jobs {"group":"g"}', '#jobs {"group":"g"}']);
  assertEquals(said, ['the broker keeps nothing of "#jobs": a message whose command fails is lost']);
});

Deno.test("that nothing is kept is told once it is subscribed to, and one that is refused is tried anew", async () => {
  const log: string[] = [];
  let refuse = true;
  const subscriber = new WorkerSubscriber<Terms>({
    subscribe: async (_, { ack = "none" } = {}) => {
      log.push(ack);
      await new Promise((resolve) => setTimeout(resolve));
      if (ack === "explicit") throw new RefusedError("NOT_DURABLE", "no");
      if (refuse) throw new RefusedError("TOO_MANY_PATTERNS", "no");
      log.push("subscribed");
      return "it";
    },
    unsubscribe: () => Promise.resolve(),
    async *[Symbol.asyncIterator](): AsyncGenerator<never> {},
  }, { notice: () => void log.push("told") });
  const { code } = await assertRejects(() => subscriber.subscribe("#jobs"), RefusedError);
  assertEquals([code, log.splice(0)], ["TOO_MANY_PATTERNS", ["explicit", "none"]]);
  refuse = false;
  assertEquals(await subscriber.subscribe("#jobs"), "it");
  assertEquals(log.splice(0), ["explicit", "none", "subscribed", "told"]);
  assertEquals(await subscriber.subscribe("#jobs"), "it");
  assertEquals(log, ["none", "subscribed"]);
});

Deno.test("who asks for what is stored is told that nothing is, and another refusal is one", async () => {
  for (const [code, terms] of [["NOT_DURABLE", { from: "earliest" }], ["DENIED", {}]] as const) {
    const { subscriber, asked } = worker(code);
    const error = await assertRejects(() => subscriber.subscribe("#jobs", terms), RefusedError);
    assertEquals([error.code, asked.length], [code, 1]);
  }
});
