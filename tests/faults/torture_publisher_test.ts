import { assertEquals } from "@std/assert";
import { Counters } from "./torture/counters.ts";
import { History } from "./torture/history.ts";
import { delay, Publisher, type World } from "./torture/honest.ts";
import { judgeTimes } from "./torture/probe.ts";

const BUSY = "err BUSY the broker keeps as much for its clients as it may";

/** A broker by hand: what its connections are answered behind the greeting, one after the other. */
async function beside(
  answers: readonly (string | undefined)[],
  work: (publisher: Publisher, history: History) => Promise<void>,
): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serve = async (): Promise<void> => {
    for (const answer of answers) {
      using connection = await listener.accept();
      await connection.read(new Uint8Array(1024));
      await connection.write(new TextEncoder().encode("OK_2\n"));
      await connection.read(new Uint8Array(1024));
      if (answer === undefined) continue;
      await connection.write(new TextEncoder().encode(`${answer}\n`));
      await connection.read(new Uint8Array(1024));
    }
  };
  const served = serve();
  const history = new History();
  const { port } = listener.addr;
  const world: World = { history, counters: new Counters(), subPort: port, pubPort: port, policy: "block" };
  const publisher = new Publisher(world, true);
  await publisher.connect();
  await work(publisher, history);
  publisher.leave();
  await served;
}

Deno.test("a message that is refused was not taken", async () => {
  await beside([BUSY], async (publisher) => {
    const message = publisher.publish({ topic: "#d.h.a", bytes: 20, id: true });
    await publisher.answered(0, 10_000);
    assertEquals(message?.refused, BUSY);
  });
});

Deno.test("a message that is refused when it is sent again may have been taken the first time", async () => {
  await beside([undefined, BUSY], async (publisher) => {
    const message = publisher.publish({ topic: "#d.h.a", bytes: 20, id: true });
    while (publisher.connected) await delay(1);
    await publisher.connect();
    await publisher.answered(0, 10_000);
    assertEquals([message?.refused, message?.ackedAt], [undefined, undefined]);
  });
});

Deno.test("a quiet publisher may wait as much longer as there are hostile clients, and not for ever", () => {
  const judged = (p99: number, hostile: number, { worst = 100, count = 300 } = {}): string[] =>
    judgeTimes({ count, p50: 1, p99, worst }, { patience: { p99: 20, worst: 500 }, hostile });
  assertEquals(judged(19, 1), []);
  assertEquals(judged(21, 1), ["a quiet publisher waits 21.0 ms (p99)"]);
  assertEquals(judged(39, 2), []);
  assertEquals(judged(41, 2), ["a quiet publisher waits 41.0 ms (p99)"]);
  assertEquals(judged(41, 1, { count: 199 }), []);
  assertEquals(judged(19, 4, { worst: 501 }), ["a quiet publisher waited 501 ms"]);
});
