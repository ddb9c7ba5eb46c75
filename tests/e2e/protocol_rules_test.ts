/** Rules of docs/protocol.md that no other test is about. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { startBroker } from "../support/broker.ts";
import { RawClient } from "../support/raw_client.ts";
import { TestServer } from "../support/server.ts";
import { upgrade } from "../support/v2.ts";

Deno.test("verbs are lower case (C1)", async () => {
  await using broker = new TestServer();
  using publisher = broker.connect("publishers");
  using subscriber = broker.connect("subscribers");
  for (const verb of ["PUB", "Pub", "QUIT"]) {
    assertEquals(await publisher.ask(`p1 ${verb} #a x`), "ERR_UNKNOWN_COMMAND", verb);
  }
  for (const verb of ["SUB", "Unsub"]) {
    assertEquals(await subscriber.ask(`s1 ${verb} #a`), "ERR_UNKNOWN_COMMAND", verb);
  }
  assertEquals(await publisher.ask("p1 pub #a x"), "OK");
});

Deno.test("when OK is heard, the message waits for every current subscriber, however slow (C4)", async () => {
  await using broker = new TestServer();
  const subscribers = Array.from({ length: 20 }, () => broker.connect("subscribers", 64));
  for (const subscriber of subscribers) await subscriber.ask("s sub #a");
  using publisher = broker.connect("publishers");
  const message = `${"x".repeat(500)}`;
  for (let at = 0; at < 10; at++) {
    assertEquals(await publisher.ask(`p1 pub #a ${at}${message}`), "OK");
    const waits = broker.broker.snapshot().connections.filter(({ listener }) => listener === "subscribers");
    assertEquals(waits.length, subscribers.length);
    // all but what lies between the broker and the subscriber
    assert(waits.every(({ queued }) => queued >= (at + 1) * message.length - 64));
  }
  // the publisher is gone: what was acknowledged comes all the same
  publisher.close();
  for (const subscriber of subscribers) {
    assertEquals(
      (await subscriber.lines(10)).map((line) => line.slice(0, 4)),
      [...Array(10).keys()].map((at) => `#a ${at}`),
    );
    subscriber.close();
  }
});

Deno.test("an id is any word, need not be the same twice nor anybody's own, and allows nothing (C7) (F47)", async () => {
  await using broker = new TestServer();
  using subscriber = broker.connect("subscribers");
  using twin = broker.connect("publishers");
  using publisher = broker.connect("publishers");
  const ids = ["p1", "#a", "pub", "größe", "*", ">", "0", "__proto__", "x".repeat(1000)];
  for (const id of ids) assertEquals(await subscriber.ask(`${id} sub #a`), "OK", id);
  for (const [at, id] of ids.entries()) {
    assertEquals(await publisher.ask(`${id} pub #a ${at}`), "OK", id);
    assertEquals(await twin.ask(`${id} pub #a again`), "OK", id);
    assertEquals(await subscriber.lines(2), [`#a ${at}`, "#a again"]);
  }
  assertEquals(await subscriber.ask("somebody_else unsub #a"), "OK");
});

Deno.test("a subscriber that ends its input has left (C11)", async () => {
  await using broker = new TestServer();
  using leaver = broker.connect("subscribers");
  using stayer = broker.connect("subscribers");
  for (const subscriber of [leaver, stayer]) assertEquals(await subscriber.ask("s sub #a"), "OK");
  assertEquals(broker.subscriptions, 2);
  await leaver.endInput();
  assertEquals(await leaver.rest(), "", "the broker has closed");
  assertEquals(broker.subscriptions, 1);
  using publisher = await upgrade(broker.connect("publishers"));
  assertEquals(await publisher.ask("pub #a 1\nx"), "ok 1 level=memory subs=1");
  assertEquals(await stayer.line(), "#a x");
});

Deno.test("err and pong keep their places among the requests that one ok answers (V2)", async () => {
  await using broker = new TestServer();
  using publisher = await upgrade(broker.connect("publishers"));
  const good = "pub #a 1\nx\n";
  await publisher.send(`${good}${good}pub #a* 1\nx\n${good}ping\n${good}${good}${good}`);
  const answers: string[] = [];
  while (answers.length < 8) {
    const [word = "end", count] = (await publisher.line() ?? "").split(" ");
    // the broker may have read it in pieces, and answers each
    answers.push(...Array(word === "ok" ? Number(count) : 1).fill(word));
  }
  assertEquals(answers, ["ok", "ok", "err", "ok", "pong", "ok", "ok", "ok"]);
});

Deno.test("a durable message is answered level=synced, under --sync interval level=memory (D1)", async () => {
  for (const [sync, level] of [["commit", "synced"], ["interval", "memory"]] as const) {
    const data = await Deno.makeTempDir({ prefix: "hashbus-rules-" });
    await using broker = await startBroker(["--data", data, "--sync", sync], {
      after: () => Deno.remove(data, { recursive: true }),
    });
    using publisher = await upgrade(await RawClient.connect(broker.pubPort));
    assertEquals(await publisher.ask("pub #a 1\nx"), `ok 1 seq=1 level=${level} subs=0`);
  }
});

Deno.test("a topic's numbers go on without a gap after kill -9, and an id is known behind it (D2, D6, F48)", async () => {
  const data = await Deno.makeTempDir({ prefix: "hashbus-rules-" });
  try {
    for (let round = 0; round < 3; round++) {
      await using broker = await startBroker(["--data", data]);
      using publisher = await upgrade(await RawClient.connect(broker.pubPort));
      assertEquals(
        await publisher.ask(`pub #a 1 id=r${round}\nx`),
        `ok 1 seq=${round + 1} level=synced subs=0`,
      );
      for (let earlier = 0; earlier <= round; earlier++) {
        const again = await publisher.ask(`pub #a 5 id=r${earlier}\nother`) ?? "";
        assertMatch(again, /^ok 1 (?!seq)/, "acknowledged and not stored again");
      }
      using subscriber = await upgrade(await RawClient.connect(broker.subPort));
      assertEquals(await subscriber.ask("sub #a from=earliest to=1"), "ok 1");
      assertMatch(await subscriber.line() ?? "", /^batch #a 1 \d+ seq=1 ts=\d+$/);
      const { signal } = await broker.stop("SIGKILL");
      assert(signal === "SIGKILL");
    }
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});
