import { assertEquals, assertMatch } from "@std/assert";
import { SYSTEM_CLOCK } from "../../lib/clock.ts";
import { ChunkPool } from "../../lib/buffers.ts";
import { Counters } from "../../lib/counters.ts";
import { MemoryEngine } from "../../lib/engine/mod.ts";
import { FlushList } from "../../lib/flush_list.ts";
import { HeldMemory } from "../../lib/held_memory.ts";
import { PUBLISHERS } from "../../lib/broker/mod.ts";
import { DEFAULT_LIMITS, REQUEST_MS } from "../../lib/limits.ts";
import { SILENT_LOG } from "../../lib/log.ts";
import { AccountUses } from "../../lib/sessions/admission/account_uses.ts";
import { Lobby } from "../../lib/sessions/admission/lobby.ts";
import { Connection } from "../../lib/sessions/connection.ts";
import { ProcessLoop } from "../../lib/sessions/turns/event_loop.ts";
import { PatternBudget } from "../../lib/topics/pattern_budget.ts";
import { Turns } from "../../lib/sessions/turns/turns.ts";
import { memoryPair } from "../support/memory_pair.ts";
import { RawClient } from "../support/raw_client.ts";

/** A connection whose time passes when it is told so. */
function connect(): { connection: Connection; client: RawClient; over: Promise<string>; pool: ChunkPool } {
  const [mine, theirs] = memoryPair();
  const counters = new Counters();
  const pool = new ChunkPool();
  const memory = new HeldMemory({ most: DEFAULT_LIMITS.memory, pool });
  const flushes = new FlushList();
  const { promise: over, resolve: ended } = Promise.withResolvers<string>();
  const connection = new Connection({
    engine: new MemoryEngine({ seed: 1, counters, flushes: new FlushList() }),
    counters,
    version: "1.2.3",
    limits: DEFAULT_LIMITS,
    slowConsumer: "block",
    stallTimeout: 5000,
    now: () => 0,
    clock: SYSTEM_CLOCK,
    log: SILENT_LOG,
    pool,
    memory,
    patterns: new PatternBudget(memory),
    flushes,
    lobby: new Lobby(10_000),
    accounts: new AccountUses(),
    turns: new Turns(new ProcessLoop(), () => flushes.flush()),
  }, {
    number: 1,
    listener: PUBLISHERS,
    address: "memory",
    transport: theirs,
  }, { ended: (_, reason) => ended(reason) });
  void connection.run();
  return { connection, client: new RawClient(mine), over, pool };
}

/** What was sent has been read. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 50));
}

Deno.test("a payload that is not whole in time ends its connection with a bye, and nothing of it is kept (V11) (F27)", async () => {
  const { connection, client, over, pool } = connect();
  assertEquals(await client.ask("p hello 2"), "OK_2");
  assertMatch(await client.line() ?? "", /^info /);
  await client.send("pub #a 1000000\n");
  for (let at = 0; at < 3; at++) {
    await client.send("x".repeat(1000));
    await settled();
    connection.tick(REQUEST_MS / 3 - 1);
  }
  connection.tick(100);
  assertMatch(await client.rest(), /^bye TIMEOUT a request began and is not whole: .*30 s/);
  client.close();
  assertEquals(await over, "unfinished request");
  assertEquals(pool.bytesOut, 0);
});

Deno.test("a classic line that dribbles in ends its connection, silence between requests does not (F27)", async () => {
  const { connection, client, over } = connect();
  connection.tick(10 * REQUEST_MS);
  assertEquals(await client.ask("p pub #a one"), "OK");
  connection.tick(10 * REQUEST_MS);
  // each request has its own time, however the bytes are split
  for (let at = 0; at < 5; at++) {
    await client.send(at === 0 ? "p pub" : " #a x\np pub");
    await settled();
    connection.tick(0.9 * REQUEST_MS);
  }
  assertEquals(await client.lines(4), ["OK", "OK", "OK", "OK"]);
  await client.send(" #a");
  await settled();
  connection.tick(REQUEST_MS);
  assertEquals(await client.rest(), "");
  client.close();
  assertEquals(await over, "unfinished request");
});
