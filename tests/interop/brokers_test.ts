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
      await using program = broker.start([framing]);
      const { pubPort, subPort } = await brokerPorts(program);
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
    name: `requests published without waiting reach a broker ${kind} one a recv, in order`,
    fn: async () => {
      await using program = broker.start([framing]);
      const { pubPort } = await brokerPorts(program);
      await using publisher = await connectPublisher({ id: "p1", port: pubPort });
      for (let n = 0; n < 100; n++) publisher.publish("#n", `message ${n}`);
      await publisher.drained();
      for (let n = 0; n < 100; n++) assertEquals(await program.line(), `received [p1 pub #n message ${n}]`);
    },
  });

  testWith([broker], {
    name: `one client after the other is served by a broker ${kind}`,
    fn: async () => {
      await using program = broker.start([framing]);
      const { pubPort } = await brokerPorts(program);
      for (let round = 0; round < 3; round++) {
        const publisher = await connectPublisher({ id: "p1", port: pubPort });
        await publisher.publish("#n", `${round}`);
        await publisher.close();
      }
      await program.text.see(/received \[p1 pub #n 2\]/);
    },
  });
}
