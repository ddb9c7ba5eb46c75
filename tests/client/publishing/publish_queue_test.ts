/** Room, answers and what is given up, with brokers that answer at awkward moments. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  connectPublisher,
  connectSubscriber,
  type Publisher,
  RefusedError,
  RunError,
} from "../../../lib/mod.ts";
import { startBroker } from "../../support/broker.ts";
import { startExerciseBroker } from "../exercise_broker.ts";
import { acceptHello, startScriptedBroker } from "../scripted_broker.ts";
import { take } from "../take.ts";

const TOO_LARGE = 9_000_000;

async function outcomes(promises: readonly Promise<unknown>[]): Promise<string[]> {
  return (await Promise.allSettled(promises)).map((result) =>
    result.status === "fulfilled" ? "fine" : `${result.reason.code ?? result.reason.message}`
  );
}

/** Sends, and waits for room as its documentation says. */
async function sendAll(publisher: Publisher, payloads: readonly Uint8Array[]): Promise<void> {
  for (const payload of payloads) {
    publisher.send("#a", payload);
    if (publisher.full) await publisher.ready();
  }
  await publisher.drained();
}

for (const protocol of ["2", "classic"] as const) {
  Deno.test(`messages over the broker's limit leave room for those behind them (${protocol})`, async () => {
    await using broker = await startBroker(["--max-payload", "1MiB"]);
    const refused: number[] = [];
    await using publisher = await connectPublisher({
      id: "p1",
      port: broker.pubPort,
      protocol,
      onEvent: (event) => {
        if (event.type === "refused") refused.push(event.number);
      },
    });
    const large = new Uint8Array(TOO_LARGE).fill(120);
    const small = Uint8Array.of(120);
    await sendAll(publisher, [large, small, large, large, small]);
    assertEquals([refused, publisher.full, publisher.pending], [[1, 3, 4], false, 0]);
  });
}

for (const answer of ["err PAYLOAD_TOO_LARGE no\n", "ok 1\n"]) {
  Deno.test(`there is room when a message was answered with ${JSON.stringify(answer)} before it was read`, async () => {
    const answered = Promise.withResolvers<void>();
    await using broker = startScriptedBroker(async (conn) => {
      await acceptHello(conn);
      await conn.line();
      await conn.send(answer);
      await answered.promise;
      while ((await conn.line()) !== undefined); // only now is the rest of it taken
    });
    await using publisher = await connectPublisher({ id: "p1", port: broker.port });
    publisher.send("#a", new Uint8Array(TOO_LARGE).fill(10));
    const ready = publisher.ready();
    await publisher.drained();
    answered.resolve();
    await ready;
    assertEquals([publisher.full, publisher.pending], [false, 0]);
  });
}

Deno.test("a message that is on its way when its connection ends is sent whole on the next, and there is room", async () => {
  let received = 0;
  await using broker = startScriptedBroker(async (conn, number) => {
    await acceptHello(conn);
    if (number === 1) return void await conn.line();
    assertEquals(await conn.line(), `pub #a ${TOO_LARGE}`);
    received = (await conn.line())?.length ?? 0;
    await conn.send("ok 1\n");
    await conn.line();
  });
  await using publisher = await connectPublisher({ id: "p1", port: broker.port });
  await sendAll(publisher, [new Uint8Array(TOO_LARGE).fill(120)]);
  assertEquals([received, publisher.full], [TOO_LARGE, false]);
});

Deno.test("when all is given up while a message is on its way, who waits for room is told", async () => {
  await using broker = startScriptedBroker(async (conn) => {
    await acceptHello(conn);
    await conn.line();
    await new Promise((resolve) => setTimeout(resolve, 50)); // the write of it has begun and cannot end
  });
  const publisher = await connectPublisher({ id: "p1", port: broker.port, reconnect: false });
  await sendAll(publisher, [new Uint8Array(TOO_LARGE)]);
  assertEquals([publisher.full, publisher.pending], [false, 0]);
  await assertRejects(() => publisher.closed, RunError, "1 message not acknowledged");
});

Deno.test("who waits for room with a classic broker is told when that is gone, for memory there is", async () => {
  const broker = startExerciseBroker({ answer: (_, count) => count < 2 ? "OK" : undefined });
  const publisher = await connectPublisher({ id: "p1", port: broker.pubPort, connectTimeout: 0 });
  for (let n = 0; n < 2000; n++) publisher.send("#n", `${n}`);
  assertEquals(publisher.full, true);
  const ready = publisher.ready();
  await broker.until((reads) => reads.length === 2);
  await broker[Symbol.asyncDispose]();
  await ready;
  assertEquals([publisher.full, publisher.pending], [false, 1999]);
  await assertRejects(() => publisher.close({ timeout: 0 }), RunError, "1,999 messages not acknowledged");
});

Deno.test("the sequence number of each message is known from that of the last one acknowledged with it", async () => {
  await using broker = startScriptedBroker(async (conn) => {
    await acceptHello(conn);
    await conn.lines(2 * 4);
    await conn.send("ok 3 seq=9 level=synced subs=2\nok 1 level=of-the-future subs=0\n");
    await conn.line();
  });
  await using publisher = await connectPublisher({ id: "p1", port: broker.port });
  const receipts = await Promise.all(["1", "2", "3", "4"].map((text) => publisher.publish("#a", text)));
  assertEquals(receipts, [
    { seq: 7, level: "synced", subs: 2 },
    { seq: 8, level: "synced", subs: 2 },
    { seq: 9, level: "synced", subs: 2 },
    { subs: 0 },
  ]);
});

Deno.test("of thousands of messages that a broker acknowledges at once, each is told the number it is stored under", async () => {
  const data = await Deno.makeTempDir();
  try {
    await using broker = await startBroker(["--data", data, "--durable", "#d.>"]);
    await using subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
    await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
    const texts = Array.from({ length: 3000 }, (_, n) => `${n}`);
    const receipts = await Promise.all(texts.map((text) => publisher.publish("#d.a", text)));
    await subscriber.subscribe("#d.a", { from: "earliest" });
    const stored = new Map((await take(subscriber, texts.length)).map(({ text, seq }) => [text, seq]));
    assertEquals(receipts.map(({ seq }) => seq), texts.map((text) => stored.get(text)));
    assert(receipts.every(({ level }) => level === "synced"));
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});

Deno.test("a message that fewer have than minSubs counts as refused, with how many it reached", async () => {
  await using broker = await startBroker();
  const refused: [number, string | undefined][] = [];
  await using publisher = await connectPublisher({
    id: "p1",
    port: broker.pubPort,
    onEvent: (event) => {
      if (event.type === "refused") refused.push([event.number, event.error.code]);
    },
  });
  const error = await assertRejects(
    () => publisher.publish("#a", "x", { minSubs: 1 }),
    RefusedError,
    'the message to "#a" reached 0 subscribers, at least 1 was asked for',
  );
  assertEquals(error.code, "TOO_FEW_SUBS");
  await publisher.publish("#a", "x", { minSubs: 0 });
  publisher.send("#a", "x", { minSubs: 2 });
  publisher.send("#a", "x");
  await publisher.drained();
  assertEquals(refused, [[3, "TOO_FEW_SUBS"]]);
  for (const minSubs of [-1, 0.5, NaN]) {
    assertThrows(() => publisher.send("#a", "x", { minSubs }), RefusedError, `${minSubs}`);
  }
});

Deno.test("minSubs needs an answer that tells: a classic broker gives none, nor does every other", async () => {
  await using classic = startExerciseBroker();
  await using publisher = await connectPublisher({ id: "p1", port: classic.pubPort });
  const error = await assertRejects(() => publisher.publish("#a", "x", { minSubs: 1 }), RefusedError);
  assertEquals([error.code, classic.reads], ["NEEDS_V2", []]);
  await using silent = startScriptedBroker(async (conn) => {
    await acceptHello(conn);
    await conn.lines(2);
    await conn.send("ok 1\n");
    await conn.line();
  });
  await using other = await connectPublisher({ id: "p1", port: silent.port });
  await assertRejects(() => other.publish("#a", "x", { minSubs: 1 }), RefusedError, "does not say");
});

Deno.test("a message that cannot leave in its time is withdrawn; what is around it is published", async () => {
  const reads: string[] = [];
  const go = Promise.withResolvers<void>();
  await using broker = startScriptedBroker(async (conn, number) => {
    if (number === 1) return void await acceptHello(conn);
    await go.promise;
    await acceptHello(conn);
    for (let n = 0; n < 3; n++) reads.push((await conn.lines(2))[1] ?? "");
    await conn.send("ok 3 seq=3 level=memory subs=1\n");
    await conn.line();
  });
  const lost = Promise.withResolvers<void>();
  const sixRefused = Promise.withResolvers<void>();
  const refused: [number, string][] = [];
  await using publisher = await connectPublisher({
    id: "p1",
    port: broker.port,
    onEvent: (event) => {
      if (event.type === "lost") lost.resolve();
      if (event.type !== "refused") return;
      refused.push([event.number, event.error.message]);
      if (event.number === 6) sixRefused.resolve();
    },
  });
  await lost.promise;
  const stop = new AbortController();
  const kept = [publisher.publish("#a", "one")];
  const late = publisher.publish("#a", "two", { timeout: 1 });
  kept.push(publisher.publish("#a", "three"));
  const aborted = publisher.publish("#a", "four", { signal: stop.signal });
  kept.push(publisher.publish("#a", "five", { timeout: 60_000, signal: stop.signal }));
  assertEquals(publisher.send("#a", "six", { timeout: 1 }), 6);
  assertEquals(publisher.send("#a", "seven", { signal: stop.signal }), 7);
  const error = await assertRejects(
    () => late,
    RunError,
    'the message to "#a" was not acknowledged within 1 ms',
  );
  assertEquals(error.code, "TIMEOUT");
  assert(error.message.endsWith(": it was not published"));
  kept.pop()?.catch(() => {}); // it goes with the signal, too
  stop.abort(new Error("changed my mind"));
  await assertRejects(() => aborted, Error, "changed my mind");
  await sixRefused.promise;
  kept.push(publisher.publish("#a", "eight"));
  const all = publisher.drained();
  assertEquals(publisher.pending, 3);
  go.resolve();
  assertEquals((await Promise.all(kept)).map(({ seq }) => seq), [1, 2, 3]);
  await all;
  assertEquals(reads, ["one", "three", "eight"]);
  assertEquals(refused.map(([number]) => number).sort(), [6, 7]);
  assert(refused.every(([, message]) => message.endsWith(": it was not published")));
});

for (const protocol of ["2", "classic"] as const) {
  Deno.test(`a message that has left and is given up may still be published, and its error says so (${protocol})`, async () => {
    const given = Promise.withResolvers<void>();
    await using broker = startScriptedBroker(async (conn) => {
      if (protocol === "2") await acceptHello(conn);
      await conn.lines(protocol === "2" ? 4 : 1);
      await given.promise;
      await conn.send(protocol === "2" ? "ok 2\n" : "OK\n");
      if (protocol === "classic") await conn.line().then(() => conn.send("OK\n"));
      await conn.line();
    });
    await using publisher = await connectPublisher({ id: "p1", port: broker.port, protocol });
    const late = publisher.publish("#a", "one", { timeout: 30 });
    const second = publisher.publish("#a", "two");
    await assertRejects(() => late, RunError, "it may have been published, or may still be");
    assertEquals(publisher.pending, 2);
    given.resolve();
    await second;
    assertEquals(publisher.pending, 0);
  });
}

Deno.test("of a signal that is aborted already nothing is queued", async () => {
  await using broker = startExerciseBroker();
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  const signal = AbortSignal.abort(new Error("too late"));
  await assertRejects(() => publisher.publish("#a", "x", { signal }), Error, "too late");
  assertThrows(() => publisher.send("#a", "x", { signal }), Error, "too late");
  for (const timeout of [-1, NaN, 2 ** 31]) {
    await assertRejects(() => publisher.publish("#a", "x", { timeout }), RefusedError, `${timeout}`);
  }
  assertEquals([publisher.pending, broker.reads], [0, []]);
});

Deno.test("fifty thousand messages of one signal are given up together, and one that is acknowledged before is not", async () => {
  await using broker = startScriptedBroker(async (conn) => {
    await acceptHello(conn);
    await conn.lines(2);
    await conn.send("ok 1\n");
    await conn.rest();
  });
  const stop = new AbortController();
  const publisher = await connectPublisher({ id: "p1", port: broker.port });
  const { signal } = stop;
  const first = publisher.publish("#a", "x", { signal });
  await first;
  const rest = Array.from({ length: 50_000 }, () => publisher.publish("#a", "x".repeat(50), { signal }));
  stop.abort(new Error("enough"));
  assertEquals(new Set(await outcomes(rest)), new Set(["enough"]));
  assert(publisher.pending < 50_000, "what had not left is gone");
  await assertRejects(() => publisher.close({ timeout: 0 }), RunError);
});
