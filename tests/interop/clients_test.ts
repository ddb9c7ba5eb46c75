/** Clients written as the exercise's are, in other languages, against the real broker. */
import { assertEquals } from "@std/assert";
import { connectPublisher, connectSubscriber } from "../../lib/mod.ts";
import { startBroker } from "../support/broker.ts";
import { java, python, testWith } from "./programs.ts";

const clients = [await python("client.py"), await java("Client.java")];

for (const client of clients) {
  testWith([client], {
    name: `a publisher and a subscriber in ${client.name} talk through the broker, one recv a message`,
    fn: async () => {
      await using broker = await startBroker();
      await using subscriber = client.start(["s1", broker.host, `${broker.subPort}`]);
      await using publisher = client.start(["p1", broker.host, `${broker.pubPort}`]);
      assertEquals([await subscriber.line(), await publisher.line()], ["connected", "connected"]);
      assertEquals(await subscriber.ask("sub #hello"), "answer [OK]");
      assertEquals(await subscriber.ask("sub #größe"), "answer [OK]");
      await subscriber.tell("listen 4");
      for (const message of ["#hello hi", "#hello  two  spaces ", "#größe 1,5 m", "#hello OK"]) {
        assertEquals(await publisher.ask(`pub ${message}`), "answer [OK]");
        assertEquals(await subscriber.line(), `message [${message}]`);
      }
      assertEquals(await publisher.ask("pub #nobody listens"), "answer [OK]");
      assertEquals(await subscriber.ask("unsub #hello"), "answer [OK]");
      assertEquals(await publisher.ask("pub #hello unheard"), "answer [OK]");
      await subscriber.tell("listen 1");
      assertEquals(await publisher.ask("pub #größe heard"), "answer [OK]");
      assertEquals(await subscriber.line(), "message [#größe heard]");
    },
  });

  testWith([client], {
    name: `a client in ${client.name} gets each error as one answer and goes on`,
    fn: async () => {
      await using broker = await startBroker();
      await using publisher = client.start(["p1", broker.host, `${broker.pubPort}`]);
      assertEquals(await publisher.line(), "connected");
      assertEquals(await publisher.ask("sub #hello"), "answer [ERR_WRONG_PORT]");
      assertEquals(await publisher.ask("shout #hello"), "answer [ERR_UNKNOWN_COMMAND]");
      assertEquals(await publisher.ask("pub #a..b hi"), "answer [ERR_BAD_TOPIC]");
      assertEquals(await publisher.ask("pub #hello hi"), "answer [OK]");
    },
  });

  testWith([client], {
    name: `a publisher in ${client.name} reaches a subscriber of this library, and the other way round`,
    fn: async () => {
      await using broker = await startBroker();
      await using theirSubscriber = client.start(["s1", broker.host, `${broker.subPort}`]);
      await using theirPublisher = client.start(["p1", broker.host, `${broker.pubPort}`]);
      assertEquals(await theirSubscriber.line(), "connected");
      assertEquals(await theirPublisher.line(), "connected");
      await using ourSubscriber = await connectSubscriber({ id: "s2", port: broker.subPort });
      await using ourPublisher = await connectPublisher({ id: "p2", port: broker.pubPort });
      assertEquals(await theirSubscriber.ask("sub #mixed"), "answer [OK]");
      await ourSubscriber.subscribe("#mixed");
      await theirSubscriber.tell("listen 2");

      const heard: string[] = [];
      assertEquals(await theirPublisher.ask("pub #mixed from theirs"), "answer [OK]");
      assertEquals(await theirSubscriber.line(), "message [#mixed from theirs]");
      await ourPublisher.publish("#mixed", "from ours");
      assertEquals(await theirSubscriber.line(), "message [#mixed from ours]");
      for await (const { text } of ourSubscriber) {
        heard.push(text);
        if (heard.length === 2) break;
      }
      assertEquals(heard, ["from theirs", "from ours"]);
    },
  });
}

testWith(clients, {
  name: "ten clients in two languages at once: each message reaches each subscriber",
  fn: async () => {
    await using broker = await startBroker();
    await using stack = new AsyncDisposableStack();
    const [inPython, inJava] = clients;
    if (inPython === undefined || inJava === undefined) throw new Error("two languages are needed");
    const languages = [inPython, inPython, inPython, inPython, inJava];
    const subscribers = languages.map((client, n) =>
      stack.use(client.start([`s${n}`, broker.host, `${broker.subPort}`]))
    );
    const publishers = languages.map((client, n) =>
      stack.use(client.start([`p${n}`, broker.host, `${broker.pubPort}`]))
    );
    for (const program of [...subscribers, ...publishers]) assertEquals(await program.line(), "connected");
    for (const subscriber of subscribers) assertEquals(await subscriber.ask("sub #all"), "answer [OK]");
    for (const subscriber of subscribers) await subscriber.tell(`listen ${publishers.length}`);
    for (const [n, publisher] of publishers.entries()) {
      assertEquals(await publisher.ask(`pub #all from ${n}`), "answer [OK]");
      for (const subscriber of subscribers) {
        assertEquals(await subscriber.line(), `message [#all from ${n}]`);
      }
    }
  },
});
