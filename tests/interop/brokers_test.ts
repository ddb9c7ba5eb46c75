/** This library against brokers written as the exercise's are: one publisher, one subscriber, `OK` to everything. */
import { assertEquals } from "@std/assert";
import { connectPublisher, connectSubscriber, type Subscriber } from "../../lib/mod.ts";
import { brokerPorts, python, testWith } from "./programs.ts";

const broker = await python("broker.py");

async function next(subscriber: Subscriber): Promise<string> {
  for await (const { topic, text } of subscriber) return `${topic} <- ${text}`;
  throw new Error("the subscriber ended");
}

for (const framing of ["lines", "bare"] as const) {
  const kind = framing === "lines" ? "that ends lines" : "that ends nothing";

  testWith([broker], {
    name: `publisher and subscriber work with a broker ${kind}`,
    fn: async () => {
      await using theirs = broker.start([framing]);
      const { pubPort, subPort } = await brokerPorts(theirs);
      await using subscriber = await connectSubscriber({ id: "s1", port: subPort });
      await using publisher = await connectPublisher({ id: "p1", port: pubPort });
      await subscriber.subscribe("#hello");
      await subscriber.subscribe("#other");
      for (const message of ["hi", "a few words", "OK", "größe", ""]) {
        await publisher.publish("#hello", message);
        assertEquals(await next(subscriber), `#hello <- ${message}`);
      }
      await subscriber.unsubscribe("#hello");
      await publisher.publish("#hello", "unheard");
      await publisher.publish("#other", "heard");
      assertEquals(await next(subscriber), "#other <- heard");
    },
  });

  testWith([broker], {
    name: `requests published without waiting reach a broker ${kind} one a recv, in order (C10)`,
    fn: async () => {
      await using theirs = broker.start([framing]);
      const { pubPort } = await brokerPorts(theirs);
      await using publisher = await connectPublisher({ id: "p1", port: pubPort });
      for (let n = 0; n < 100; n++) publisher.publish("#n", `message ${n}`);
      await publisher.drained();
      assertEquals(await theirs.line(), "received [p1 hello 2]");
      for (let n = 0; n < 100; n++) assertEquals(await theirs.line(), `received [p1 pub #n message ${n}]`);
    },
  });

  testWith([broker], {
    name: `one client after the other is served by a broker ${kind}`,
    fn: async () => {
      await using theirs = broker.start([framing]);
      const { pubPort } = await brokerPorts(theirs);
      for (let round = 0; round < 3; round++) {
        const publisher = await connectPublisher({ id: "p1", port: pubPort });
        await publisher.publish("#n", `${round}`);
        await publisher.close();
      }
      await theirs.program.see(/received \[p1 pub #n 2\]/);
    },
  });
}

testWith([broker], {
  name: "a broker that drops who says hello is spoken to without it",
  fn: async () => {
    await using theirs = broker.start(["picky"]);
    const { pubPort, subPort } = await brokerPorts(theirs);
    await using subscriber = await connectSubscriber({ id: "s1", port: subPort });
    await using publisher = await connectPublisher({ id: "p1", port: pubPort });
    await subscriber.subscribe("#hello");
    await publisher.publish("#hello", "hi");
    assertEquals(await next(subscriber), "#hello <- hi");
  },
});

testWith([broker], {
  name:
    "a client that waits for its turn longer than for an answer to hello gets it, and harms nobody behind it",
  fn: async () => {
    await using theirs = broker.start(["bare"]);
    const { pubPort } = await brokerPorts(theirs);
    const first = await connectPublisher({ id: "p1", port: pubPort });
    await first.publish("#n", "first");
    const silent = Promise.withResolvers<void>();
    const second = await connectPublisher({
      id: "p2",
      port: pubPort,
      onEvent: ({ type }) => {
        if (type === "silent") silent.resolve();
      },
    });
    const published = second.publish("#n", "second");
    await silent.promise;
    await first.close();
    await published;
    await second.close();
    await using third = await connectPublisher({ id: "p3", port: pubPort });
    await third.publish("#n", "third");
    await theirs.program.see(/received \[p3 pub #n third\]/);
  },
});
