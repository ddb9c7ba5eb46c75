import { assert, assertEquals } from "@std/assert";
import type { Subscriber } from "../../../lib/engine/types.ts";
import { confirmed, type NatsBench, natsEngine, newPrefix } from "../../support/nats_engine.ts";
import { type NatsServers, NEEDS_NATS, startNats } from "../../support/nats_server.ts";
import { become } from "../../support/within.ts";
import { Recorder, runOf, Sender } from "../case_parts.ts";
import { Worker } from "../groups/stored_bench.ts";

let nats: NatsServers;
Deno.test.beforeAll(async () => {
  if (!NEEDS_NATS.ignore) nats = await startNats();
});
Deno.test.afterAll(async () => await nats?.[Symbol.asyncDispose]());

/** A test with so many brokers' engines on one server; it needs one. */
function test(claim: string, count: number, body: (benches: NatsBench[]) => Promise<void>): void {
  Deno.test({
    name: claim,
    ...NEEDS_NATS,
    fn: async () => {
      const prefix = newPrefix();
      const benches = await Promise.all(
        Array.from({ length: count }, () => natsEngine(nats.servers, { prefix })),
      );
      try {
        await body(benches);
      } finally {
        for (const bench of benches) await bench[Symbol.asyncDispose]();
      }
    },
  });
}

test(
  "what any broker takes reaches the subscribers of all, once each, each publisher's in its order (N1)",
  3,
  async (benches) => {
    const recorders = await Promise.all(benches.map(async (bench) => {
      const recorder = new Recorder();
      await subscribe(bench, "#a.>", recorder);
      return recorder;
    }));
    const each = 200;
    await Promise.all(benches.map(async (bench, at) => {
      const sender = new Sender(bench);
      for (let n = 1; n < each; n += 2) sender.send(`#a.${n % 3}`, `${at} ${n}`, `${at} ${n + 1}`);
      await sender.publish("#a.x", `${at} last`);
    }));
    for (const recorder of recorders) {
      await recorder.has(3 * (each + 1));
      for (const at of benches.keys()) {
        const own = recorder.got.filter((text) => text.startsWith(`${at} `));
        assertEquals(own, [...Array.from({ length: each }, (_, n) => `${at} ${n + 1}`), `${at} last`]);
      }
      assertEquals(recorder.got.length, 3 * (each + 1));
    }
  },
);

test(
  "a message comes once however its broker's patterns overlap, also while they come and go",
  2,
  async ([a, b]) => {
    const sender = new Sender(a!);
    const [all, some, others] = [new Recorder(), new Recorder(), new Recorder()];
    const connection = {};
    for (const pattern of ["#a.*", "#*.b"]) await subscribe(b!, pattern, all);
    await subscribe(b!, "#a.b", some);
    const count = 100;
    for (let n = 0; n < count; n++) {
      sender.send("#a.b", `${n}`);
      const churning = n % 5 === 0 ? "#>" : n % 5 === 1 ? "#a.>" : undefined;
      if (churning === undefined) continue;
      const other = new Recorder(connection);
      b!.engine.subscribe(churning, other);
      b!.flush();
      await new Promise((resolve) => setTimeout(resolve, n % 3));
      b!.engine.unsubscribe(churning, other);
      b!.engine.tick(Date.now());
    }
    await sender.publish("#a.b", "last");
    for (const recorder of [all, some]) {
      await recorder.has(count + 1);
      assertEquals(recorder.got, [...Array.from({ length: count }, (_, n) => `${n}`), "last"]);
    }
    assertEquals(others.got, []);
  },
);

test("NATS has one subscription a pattern, and none for those that another covers", 2, async ([a, b]) => {
  const sender = new Sender(a!);
  const recorders = Array.from({ length: 1000 }, () => new Recorder());
  for (const recorder of recorders) b!.engine.subscribe("#a.b", recorder);
  await confirmed(b!);
  await subscribe(b!, "#a.>", new Recorder());
  b!.engine.tick(Date.now());
  await b!.link.connection.flush();
  const before = b!.link.state.inMessages;
  await sender.publish("#a.b", "x");
  await recorders.at(-1)!.has(1);
  assertEquals(b!.link.state.inMessages - before, 1, "a thousand subscribers cost NATS one delivery");
  assert(recorders.every(({ got }) => got.length === 1));
});

test(
  "who publishes waits for a subscriber of another broker that is full, and nothing is lost (N4)",
  2,
  async ([a, b]) => {
    const [slow, fast, other] = [new Slow(), new Recorder(), new Recorder()];
    await subscribe(b!, "#a.>", slow);
    await subscribe(b!, "#>", fast);
    await subscribe(b!, "#c", other);
    const sender = new Sender(a!);
    await sender.publish("#a.x", "1");
    await become(() => slow.got.length === 1);
    slow.full = true;
    await sender.publish("#a.x", "2");
    const route = a!.engine.routeOf("#a.y");
    await become(() => a!.engine.gateOf(route) !== undefined);
    assertEquals(slow.got, ["1"], "it waits at its broker");
    assertEquals(a!.engine.gateOf(a!.engine.routeOf("#b")), undefined, "only for what it takes in");
    await sender.publish("#a.x", "3");
    await sender.publish("#c", "c");
    await other.has(1);
    const free = new Promise<void>((resolve) => a!.engine.gateOf(route)!.whenNotFull(resolve));
    slow.free();
    await free;
    await become(() => slow.got.length === 3);
    assertEquals(slow.got, ["1", "2", "3"]);
    assertEquals(a!.engine.gateOf(route), undefined);
  },
);

test("a broker that was full and has died is waited for no longer than two seconds", 2, async ([a, b]) => {
  const slow = new Slow();
  await subscribe(b!, "#a", slow);
  slow.full = true;
  const sender = new Sender(a!);
  await sender.publish("#a", "1");
  const route = a!.engine.routeOf("#a");
  await become(() => a!.engine.gateOf(route) !== undefined);
  const now = Date.now();
  a!.engine.tick(now + 1000);
  assert(a!.engine.gateOf(route) !== undefined);
  a!.engine.tick(now + 4000);
  assertEquals(a!.engine.gateOf(route), undefined);
});

test(
  "a group gets each message once, whichever brokers its members and publishers are at (N5)",
  3,
  async (benches) => {
    const workers = await Promise.all(benches.flatMap((bench) => [join(bench), join(bench)]));
    const senders = benches.map((bench) => new Sender(bench));
    const count = 300;
    for (let n = 0; n < count; n++) senders[n % 3]!.send("#g.x", `${n}`);
    await Promise.all(senders.map((sender) => sender.publish("#g.y", "last")));
    const given = (): number => workers.reduce((sum, worker) => sum + worker.given.length, 0);
    await become(() => given() === count + 3);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assertEquals(given(), count + 3, "once each");
    assert(workers.filter((worker) => worker.given.length > 0).length > 3, "brokers share");
  },
);

test(
  "messages whose time to live is over elsewhere are known to be by where they wait",
  2,
  async ([a, b]) => {
    const slow = new Slow();
    await subscribe(b!, "#a", slow);
    const run = runOf(a!.engine.routeOf("#a"), [{ text: "x", id: "1 ttl=0.5" }]);
    const sender = new Sender(a!);
    assertEquals(a!.engine.publish(run, sender), undefined);
    a!.flush();
    await become(() => slow.got.length === 1);
    const left = slow.expires! - Date.now();
    assert(left > 0 && left <= 500, `${left}`);
  },
);

test("who asks is told where nobody is at any broker, and only then (R3)", 2, async ([a, b]) => {
  const sender = new Sender(a!);
  const ask = async (topic: string): Promise<number | undefined> => {
    const answer = await sender.publish(topic, { text: "?", id: "1 reply=#_reply.me.1" });
    assert(typeof answer === "object");
    return answer.reached;
  };
  assertEquals([await ask("#a"), await ask("#b")], [0, 0]);
  const answer = await sender.publish("#a", { text: "no question", id: "2" });
  assert(typeof answer === "object" && answer.reached === undefined);
  await subscribe(b!, "#a", new Recorder());
  assertEquals([await ask("#a"), await ask("#b")], [undefined, 0]);
  await subscribe(a!, "#b", new Recorder());
  assertEquals(await ask("#b"), undefined);
  await join(a!);
  assertEquals([await ask("#g.x"), await ask("#g")], [undefined, 0]);
});

/** Takes messages, unless it is full. */
class Slow implements Subscriber {
  readonly connection = {};
  readonly rank = 0;
  readonly leavesOut = false;
  full = false;
  readonly got: string[] = [];
  expires: number | undefined;
  #waiting: Array<() => void> = [];

  deliver(run: Parameters<Subscriber["deliver"]>[0]): void {
    const recorder = new Recorder();
    recorder.deliver(run);
    this.got.push(...recorder.got);
    this.expires = run.expires;
  }

  whenNotFull(callback: () => void): void {
    this.#waiting.push(callback);
  }

  free(): void {
    this.full = false;
    for (const callback of this.#waiting.splice(0)) callback();
  }
}

async function subscribe(bench: NatsBench, pattern: string, subscriber: Subscriber): Promise<void> {
  bench.engine.subscribe(pattern, subscriber);
  await confirmed(bench);
}

async function join({ engine, flush }: NatsBench): Promise<Worker> {
  const worker = new Worker();
  await new Promise<void>((resolve) => {
    worker.membership = engine.join({
      name: "g",
      pattern: "#g.*",
      window: 1000,
      blocks: true,
      settling: "auto",
      from: undefined,
      joined: (outcome) => {
        worker.outcome = outcome;
        resolve();
      },
    }, worker);
    flush();
  });
  return worker;
}
