/** Responders that acknowledge requests, through the real broker. */
import { assertEquals, assertRejects } from "@std/assert";
import { type BrokerOptions, MemoryStore } from "../../../lib/broker/mod.ts";
import { type Answer, connectResponder, RefusedError, type Responder, RunError } from "../../../lib/mod.ts";
import { within } from "../../support/within.ts";
import { startGate } from "../gate.ts";
import { type Asking, startAsking } from "./asking.ts";

function start(options: BrokerOptions = {}): Promise<Asking> {
  return startAsking({ store: new MemoryStore({ now: Date.now }), durable: ["#d.>"], ...options });
}

function respond(
  { pubPort, subPort }: Pick<Asking, "pubPort" | "subPort">,
  answer: Answer,
  options: {
    readonly jobs?: number;
    readonly pattern?: string;
    readonly onError?: (error: unknown) => void;
  } = {},
): Promise<Responder> {
  return connectResponder(
    { id: "r", pattern: "#d.a", ack: "explicit", pubPort, subPort, ...options },
    answer,
  );
}

/** Resolves when it is so. */
async function eventually(what: string, isSo: () => boolean): Promise<void> {
  await within(
    what,
    (async () => {
      while (!isSo()) await new Promise((done) => setTimeout(done, 5));
    })(),
  );
}

/** Messages of the group that are not settled. */
function held({ broker }: Asking): number {
  return broker.snapshot().groups.reduce((sum, { held }) => sum + held, 0);
}

Deno.test("a request is acknowledged when the broker has its answer, not before (R4)", async () => {
  await using asking = await start();
  await using gate = startGate();
  gate.open(asking.pubPort);
  await using _responder = await respond({ ...asking, pubPort: gate.port }, ({ text }) => `${text}!`);
  const publisher = await asking.publisher();
  gate.mute();
  assertEquals((await publisher.request("#d.a", "hi")).text, "hi!");
  await new Promise((done) => setTimeout(done, 50));
  assertEquals(held(asking), 1, "it does not know yet that its answer has come");
  gate.shut();
  gate.open(asking.pubPort);
  await eventually("it is settled", () => held(asking) === 0);
});

Deno.test("what is thrown, and what is no answer, gives a request back, and who asked has that of a later attempt (R4)", async () => {
  await using asking = await start();
  const errors: unknown[] = [];
  const attempts = new Map<string, number>();
  await using _responder = await respond(asking, ({ text }) => {
    const attempt = (attempts.get(text) ?? 0) + 1;
    attempts.set(text, attempt);
    if (attempt > 1) return `${text} done`;
    if (text === "throws") throw new Error("not now");
    // not by the broker that is answered
    if (text === "is refused") throw new RefusedError("DENIED", "not there");
    // deno-lint-ignore no-explicit-any -- as a caller without a compiler
    return 7 as any;
  }, { onError: (error) => errors.push(error instanceof Error ? error.message : error) });
  const publisher = await asking.publisher();
  const texts = ["throws", "is refused", "is none"];
  const asked = texts.map((text) => publisher.request("#d.a", text, { timeout: 20_000 }));
  assertEquals((await Promise.all(asked)).map(({ text }) => text), texts.map((text) => `${text} done`));
  assertEquals([...attempts.values()], [2, 2, 2]);
  assertEquals(errors.map((error) => `${error}`.slice(0, 26)), [
    "not now",
    "not there",
    "a payload is text or bytes",
  ]);
});

Deno.test("who asked is told with the last attempt, and of what the broker refuses with the first (R4)", async () => {
  await using asking = await start({ maxAttempts: 1, limits: { payload: 1000 } });
  await using _responder = await respond(asking, ({ text }) => {
    if (text === "fails") throw new Error("never");
    return "x".repeat(2000);
  });
  const publisher = await asking.publisher();
  const ask = async (text: string, says: string): Promise<void> => {
    const error = await assertRejects(() => publisher.request("#d.a", text), RunError, says);
    assertEquals(error.code, "FAILED");
  };
  await ask("fails", "could not do it: never");
  await ask("large", "PAYLOAD_TOO_LARGE");
  await eventually("both are settled", () => held(asking) === 0);
  const dead = asking.broker.snapshot().store?.topics;
  assertEquals(dead, 2, "only what failed is a dead letter");
});

Deno.test("a responder that is closed answers what it works on, and another has the rest (R4)", async () => {
  await using asking = await start();
  const { promise: came, resolve } = Promise.withResolvers<void>();
  const { promise: may, resolve: goOn } = Promise.withResolvers<void>();
  const one = await respond(asking, async ({ text }) => {
    resolve();
    await may;
    return `one ${text}`;
  }, { jobs: 1 });
  const publisher = await asking.publisher();
  const asked = ["1", "2", "3"].map((text) => publisher.request("#d.a", text, { timeout: 20_000 }));
  await within("the first", came);
  const closing = one.close();
  await using _two = await respond(asking, ({ text }) => `two ${text}`);
  assertEquals([(await asked[1]!).text, (await asked[2]!).text], ["two 2", "two 3"]);
  goOn();
  assertEquals((await asked[0]!).text, "one 1");
  await closing;
  assertEquals(held(asking), 0);
});

Deno.test("a responder that is closed asks for no more than what it works on (R4)", async () => {
  await using asking = await start();
  const { promise: came, resolve } = Promise.withResolvers<void>();
  const { promise: may, resolve: goOn } = Promise.withResolvers<string>();
  const responder = await respond(asking, () => (resolve(), may), { jobs: 3 });
  const windows = (): number[] =>
    asking.broker.snapshot().connections.flatMap(({ groups }) => groups.map(({ window }) => window));
  const publisher = await asking.publisher();
  const asked = publisher.request("#d.a", "x", { timeout: 20_000 });
  await within("it", came);
  assertEquals(windows(), [3]);
  const closing = responder.close();
  // what comes meanwhile would have to be given back, again and again
  await eventually("it has no room", () => windows()[0] === 1);
  goOn("done");
  assertEquals((await asked).text, "done");
  await closing;
});

Deno.test("what a responder was working on when it had to end goes to another (R4)", async () => {
  await using asking = await start();
  const { promise: came, resolve } = Promise.withResolvers<void>();
  const one = await respond(asking, () => {
    resolve();
    return new Promise<string>(() => {});
  });
  const publisher = await asking.publisher();
  const asked = publisher.request("#d.a", "x", { timeout: 20_000 });
  await within("it", came);
  await using _two = await respond(asking, ({ text }) => `two ${text}`);
  await one.close({ timeout: 10 });
  assertEquals((await asked).text, "two x");
});

Deno.test("a request that takes longer than the broker waits is still its responder's", async () => {
  await using asking = await start({ ackTimeout: 3000 });
  let times = 0;
  await using _responder = await respond(asking, async () => {
    times++;
    await new Promise((done) => setTimeout(done, 4000));
    return "done";
  });
  const publisher = await asking.publisher();
  assertEquals((await publisher.request("#d.a", "x")).text, "done");
  assertEquals(times, 1);
});

Deno.test("what is kept nowhere cannot be acknowledged, and one in memory is answered beside those that are", async () => {
  await using asking = await start();
  const error = await assertRejects(() => respond(asking, () => "x", { pattern: "#m.a" }), RefusedError);
  assertEquals(error.code, "NOT_DURABLE");
  await using _responder = await respond(asking, ({ topic }) => topic, { pattern: "#>" });
  const publisher = await asking.publisher();
  assertEquals((await publisher.request("#m.a", "x")).text, "#m.a");
  assertEquals((await publisher.request("#d.a", "x")).text, "#d.a");
});
