import { assertEquals, assertRejects } from "@std/assert";
import { Broker, listenersOn } from "../../lib/broker/mod.ts";
import { MemoryEngine } from "../../lib/engine/memory.ts";
import type { EngineSource } from "../../lib/engine/source.ts";
import { RunError } from "../../lib/errors.ts";
import { MemoryStore } from "../../lib/store/memory.ts";

const AWAY = "NATS at 10.0.0.7:4222 cannot be reached";

Deno.test("an engine that is given is made of the broker's parts, asked for everything, and closed with it", async () => {
  const opened: MemoryEngine[] = [];
  let closed = 0;
  const engine: EngineSource = {
    open: (parts) => {
      const made = Object.assign(new MemoryEngine(parts), {
        trouble: () => AWAY,
        close: (done: () => void) => {
          closed++;
          done();
        },
      });
      opened.push(made);
      return made;
    },
  };
  const broker = await Broker.open({ engine, measures: true });
  broker.listen(listenersOn({ subPort: 0, pubPort: 0 }));
  assertEquals([opened.length, opened[0]?.countsTopics], [1, true]);
  assertEquals(broker.health(), { live: true, ready: false, reason: AWAY });
  await broker.close();
  assertEquals(closed, 1);
});

Deno.test("an engine knows itself what it stores: whoever tells the broker as well is refused", async () => {
  const engine: EngineSource = { open: (parts) => new MemoryEngine(parts) };
  const store = new MemoryStore({ now: () => 0 });
  for (const options of [{ durable: ["#a"] }, { data: "./data" }, { store }]) {
    await assertRejects(
      () => Broker.open({ ...options, engine }),
      RunError,
      `an engine knows itself what it stores, and how: give it or \`${Object.keys(options)[0]}\``,
    );
  }
});
