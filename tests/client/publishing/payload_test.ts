import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { connectPublisher, connectSubscriber, type Publisher, RefusedError } from "../../../lib/mod.ts";
import { startBroker } from "../../support/broker.ts";
import { startExerciseBroker } from "../exercise_broker.ts";
import { take } from "../take.ts";

/** A publisher as a program without types has it. */
type Untyped = { [Method in "publish" | "send"]: (...args: readonly unknown[]) => unknown };

function untyped(publisher: Publisher): Untyped {
  return {
    publish: (...args) => Reflect.apply(publisher.publish, publisher, [...args]),
    send: (...args) => Reflect.apply(publisher.send, publisher, [...args]),
  };
}

/** What is of the wrong kind, and how the error names it. */
const WRONG: readonly (readonly [args: readonly unknown[], wanted: string])[] = [
  [["#a", 42], "the number 42 is not"],
  [["#a", 42n], "the number 42 is not"],
  [["#a", true], "true is not"],
  [["#a", null], "null is not"],
  [["#a", {}], "an object is not: JSON.stringify"],
  [["#a", ["x"]], "an array is not"],
  [["#a", new Date(0)], "an object of the class Date is not"],
  [["#a", Symbol("x")], "a symbol is not"],
  [["#a", (): string => "x"], "did you forget to call it?"],
  [["#a", Promise.resolve("x")], "a Promise is not: did you forget await?"],
  [[42, "x"], "a topic is a string, the number 42 is not"],
  [[undefined, "x"], "a topic is a string, undefined is not"],
  [[null, "x"], "a topic is a string, null is not"],
  [[Promise.resolve("#a"), "x"], "did you forget await?"],
  [["#a", "x", null], "the options of a message are an object, null is not"],
  [["#a", "x", "ttl"], 'the options of a message are an object, "ttl" is not'],
  [["#a", "x", { headers: "lang=en" }], 'headers are an object or a Map of strings, "lang=en" is not'],
  [["#a", "x", { headers: null }], "headers are an object or a Map of strings, null is not"],
  [["#a", "x", { headers: new Headers({ a: "b" }) }], "Object.fromEntries"],
  [["#a", "x", { headers: { n: 1 } }], 'the header "n" is a string, the number 1 is not'],
  [["#a", "x", { headers: { n: undefined } }], 'the header "n" is a string, undefined is not'],
  [["#a", "x", { headers: new Map([[1, "x"]]) }], "the name of a header is a string, the number 1 is not"],
  [["#a", "x", { ttl: "5" }], 'ttl is a number of seconds, "5" is not'],
  [["#a", "x", { delay: "5" }], 'delay is a number of milliseconds, "5" is not'],
  [["#a", "x", { at: 1_700_000_000_000 }], "at is a Date, the number 1700000000000 is not"],
  [["#a", "x", { key: 1 }], "key is a string, the number 1 is not"],
  [["#a", "x", { id: 1 }], "id is a string, the number 1 is not"],
  [["#a", "x", { id: null }], "id is a string, null is not"],
  [["#a", "x", { reply: ["#b"] }], "reply is a string, an array is not"],
  [["#a", "x", { timeout: "1s" }], 'timeout is a number, "1s" is not'],
  [["#a", "x", { minSubs: true }], "minSubs is a number, true is not"],
  [["#a", "x", { signal: {} }], "signal is an AbortSignal, an object is not"],
];

for (const protocol of ["2", "classic"] as const) {
  Deno.test(`what is of the wrong kind is a TypeError that names it, at once, and nothing of it is queued (${protocol})`, async () => {
    await using broker = await startBroker();
    await using subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
    await subscriber.subscribe("#>");
    await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort, protocol });
    const { publish, send } = untyped(publisher);
    for (const [args, wanted] of WRONG) {
      assertThrows(() => send(...args), TypeError, wanted);
      await assertRejects(async () => await publish(...args), TypeError, wanted);
      assertEquals(publisher.pending, 0, wanted);
    }
    await publisher.publish("#a", "what follows is published");
    assertEquals((await take(subscriber, 1)).map(({ text }) => text), ["what follows is published"]);
  });
}

Deno.test("an empty topic is refused, as the first that is published and after others", async () => {
  await using broker = startExerciseBroker();
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  assertThrows(() => publisher.send("", "x"), RefusedError, "the topic is missing");
  assertEquals((await assertRejects(() => publisher.publish("", "x"), RefusedError)).code, "BAD_TOPIC");
  await publisher.publish("#a", "x");
  await assertRejects(() => publisher.publish("", "x"), RefusedError);
  assertEquals(broker.reads, ["p1 pub #a x\n"]);
});

Deno.test("buffers and views of any kind arrive as their bytes, as they were at the call", async () => {
  await using broker = await startBroker();
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
  await subscriber.subscribe("#a");
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  const buffer = Uint8Array.of(0, 1, 2, 3, 4, 5, 254, 255).buffer;
  const shared = new SharedArrayBuffer(8);
  new Uint8Array(shared).set(new Uint8Array(buffer));
  const payloads = [
    buffer,
    shared,
    new Uint8Array(buffer, 2, 3),
    new Uint16Array(buffer, 2, 3),
    new Float64Array(buffer),
    new BigInt64Array(shared),
    new DataView(buffer, 6),
    new Uint8ClampedArray(buffer, 6),
    new Uint8Array(0),
    new ArrayBuffer(0),
  ];
  for (const payload of payloads) publisher.send("#a", payload);
  new Uint8Array(buffer).fill(7);
  new Uint8Array(shared).fill(7);
  const all = [0, 1, 2, 3, 4, 5, 254, 255];
  assertEquals((await take(subscriber, payloads.length)).map(({ payload }) => [...payload]), [
    all,
    all,
    all.slice(2, 5),
    all.slice(2),
    all,
    all,
    all.slice(6),
    all.slice(6),
    [],
    [],
  ]);
});

Deno.test("a view of a buffer that was handed on is a TypeError, not an empty message", async () => {
  await using broker = startExerciseBroker();
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  const bytes = new Uint8Array(8);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  assertThrows(() => publisher.send("#a", bytes), TypeError, "its bytes are gone");
  assertEquals(publisher.pending, 0);
});
