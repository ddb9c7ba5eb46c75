import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { ChunkPool } from "../../lib/buffers.ts";
import { SYSTEM_CLOCK } from "../../lib/clock.ts";
import { Counters } from "../../lib/counters.ts";
import type { EngineParts } from "../../lib/engine/source.ts";
import { RunError } from "../../lib/errors.ts";
import { FlushList } from "../../lib/flush_list.ts";
import { HeldMemory } from "../../lib/held_memory.ts";
import { DEFAULT_LIMITS } from "../../lib/limits.ts";
import { type LogFields, SILENT_LOG } from "../../lib/log.ts";
import { type NatsOptions, openNats } from "../../lib/nats/mod.ts";
import { NEEDS_NATS, startNats } from "../support/nats_server.ts";
import { freePort } from "../support/ports.ts";
import { within } from "../support/within.ts";

const OPTIONS: Omit<NatsOptions, "servers"> = {
  prefix: "p",
  plain: [],
  replicas: 1,
  connectTimeout: 5_000,
  name: "source test",
  credentials: {},
  durable: [],
  log: SILENT_LOG,
};

function parts(): EngineParts {
  const pool = new ChunkPool();
  return {
    seed: 7,
    counters: new Counters(),
    flushes: new FlushList(),
    memory: new HeldMemory({ most: 1024 ** 3, pool }),
    pool,
    countsTopics: false,
    limits: DEFAULT_LIMITS,
    clock: SYSTEM_CLOCK,
    now: () => Date.now(),
    later: (callback) => void setTimeout(callback, 0),
  };
}

Deno.test({
  name: "a source says what it is connected to, and makes one engine",
  ...NEEDS_NATS,
  fn: async () => {
    for (const jetstream of [true, false]) {
      await using nats = await startNats({ jetstream });
      const source = await openNats({ ...OPTIONS, servers: nats.servers, durable: jetstream ? ["#d"] : [] });
      assertEquals([source.serverName, source.jetstream], ["n0", jetstream]);
      assertMatch(source.version, /^\d+\.\d+\.\d+/);
      const engine = source.open(parts());
      assertThrows(() => source.open(parts()), TypeError, "opened once");
      await within("its end", new Promise<void>((resolve) => engine.close(resolve)));
    }
  },
});

Deno.test({
  name: "where durable topics cannot be kept no connection is left",
  ...NEEDS_NATS,
  fn: async () => {
    const port = freePort();
    await using nats = await startNats({ config: `http: "127.0.0.1:${port}"` });
    const error = await assertRejects(
      () => openNats({ ...OPTIONS, servers: nats.servers, durable: ["#d"] }),
      RunError,
    );
    assert(error.message.startsWith("JetStream is off"), error.message);
    const connections = async (): Promise<number> =>
      (await (await fetch(`http://127.0.0.1:${port}/connz`)).json()).num_connections;
    await within(
      "that both are closed",
      (async () => {
        while (await connections() > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      })(),
    );
  },
});

Deno.test({
  name: "the log says when NATS is away, why, and when it is back",
  ...NEEDS_NATS,
  fn: async () => {
    await using nats = await startNats();
    const logged: [string, LogFields][] = [];
    let changed = (): void => {};
    const note = (event: string, fields: LogFields = {}): void => {
      logged.push([event, fields]);
      changed();
    };
    const count = (most: number): Promise<void> =>
      within(
        () => `more than ${JSON.stringify(logged)}`,
        new Promise((resolve) => {
          changed = () => logged.length >= most ? resolve() : undefined;
          changed();
        }),
      );
    const log = { ...SILENT_LOG, warn: note, info: note };
    const source = await openNats({ ...OPTIONS, servers: nats.servers, log });
    const engine = source.open(parts());
    await nats.nodes[0]!.stop();
    await count(1);
    await nats.nodes[0]!.restart();
    await count(2);
    const server = nats.server;
    assertEquals(logged, [
      ["NATS is away", { server, reason: "the connection was lost" }],
      ["NATS is back", { server }],
    ]);
    await within("its end", new Promise<void>((resolve) => engine.close(resolve)));
  },
});
