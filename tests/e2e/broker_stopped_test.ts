import { assertEquals } from "@std/assert";
import { RawClient } from "../support/raw_client.ts";
import { startBroker } from "../support/broker.ts";

Deno.test({
  name: "a broker that was stopped for longer than the stall timeout evicts nobody",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using broker = await startBroker(["--stall-timeout", "5s", "-v"]);
    const subscribers = await Promise.all(
      Array.from({ length: 10 }, () => RawClient.connect(broker.subPort)),
    );
    for (const subscriber of subscribers) assertEquals(await subscriber.ask("s sub #>"), "OK");
    const publishers = await Promise.all(
      Array.from({ length: 10 }, () => RawClient.connect(broker.pubPort)),
    );
    const total = 10_000;
    const block = Array.from({ length: total }, (_, at) => `p pub #a ${at} ${"x".repeat(100)}\n`).join("");
    const sending = publishers.map((publisher) => publisher.send(block));
    await new Promise((resolve) => setTimeout(resolve, 100));
    Deno.kill(broker.pid, "SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, 7000));
    Deno.kill(broker.pid, "SIGCONT");
    // nobody has read anything meanwhile: now everybody does
    const got = await Promise.all([
      ...subscribers.map((subscriber) => subscriber.lines(10 * total)),
      ...publishers.map((publisher) => publisher.lines(total)),
    ]);
    await Promise.all(sending);
    assertEquals(got.map((lines) => lines.length), [...Array(10).fill(10 * total), ...Array(10).fill(total)]);
    for (const client of [...subscribers, ...publishers]) client.close();
  },
});
