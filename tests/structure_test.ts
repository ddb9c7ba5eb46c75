import { assert, assertEquals } from "@std/assert";
import { tableOf, wrongImports } from "./structure/imports.ts";
import { document, isIn, PROGRAMS, type Source, sources } from "./structure/sources.ts";
import { besideThePort, keyedByPeers, longFiles, notOfTheCore } from "./structure/text.ts";

/** Who may import whom, besides itself and the ground floor (`lib/*.ts`). docs/architecture.md has the same table in words. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "lib/topics": [],
  "lib/wire": ["lib/topics"],
  "lib/protocols": ["lib/topics", "lib/wire"],
  "lib/store": ["lib/topics", "lib/wire"],
  "lib/engine": ["lib/topics", "lib/wire", "lib/store/types.ts", "lib/store/wanted.ts"],
  "lib/nats": ["lib/topics", "lib/wire", "lib/store/types.ts", "lib/engine"],
  "lib/auth": ["lib/topics"],
  "lib/http": ["lib/topics", "lib/auth", "lib/broker", "lib/client"],
  "lib/sessions": ["lib/topics", "lib/wire", "lib/protocols", "lib/auth", "lib/engine/types.ts"],
  "lib/broker": ["lib/topics", "lib/auth", "lib/protocols", "lib/store", "lib/engine", "lib/sessions"],
  "lib/client": ["lib/topics", "lib/wire", "lib/protocols"],
  "lib/cli": ["lib/topics", "lib/std"],
  "lib/cli/broker": [
    "lib/cli",
    "lib/topics",
    "lib/std",
    "lib/auth",
    "lib/store",
    "lib/broker",
    "lib/http",
    "lib/nats",
    "lib/protocols",
  ],
  "lib/std": [],
  "broker.ts": ["lib/cli", "lib/store"],
  "publisher.ts": ["lib/cli", "lib/client"],
  "subscriber.ts": ["lib/cli", "lib/client"],
  "lib/mod.ts": ["lib/client"],
};

/** Code that decides and does no I/O: it is told what happened. */
const CORE = [
  "lib/protocols",
  "lib/wire",
  "lib/topics",
  "lib/engine",
  "lib/sessions",
  "lib/buffers.ts",
  "lib/counters.ts",
  "lib/errors.ts",
  "lib/flush_list.ts",
  "lib/held_memory.ts",
  "lib/histogram.ts",
  "lib/limits.ts",
  "lib/log.ts",
  "lib/positions.ts",
  "lib/slow_policy.ts",
  "lib/small_map.ts",
];
/** What carries bytes and time to that code and back. */
const AROUND_THE_CORE = [
  "lib/sessions/connection.ts",
  "lib/sessions/connection_errors.ts",
  "lib/sessions/entrance.ts",
  "lib/sessions/listener.ts",
  "lib/sessions/process_heap.ts",
  "lib/sessions/send_queues.ts",
  "lib/sessions/silent_guest.ts",
  "lib/sessions/spare_descriptor.ts",
  "lib/sessions/server.ts",
  "lib/sessions/tls/carrier.ts",
  "lib/sessions/tls/certificates.ts",
  "lib/sessions/tls/handshakes.ts",
  "lib/sessions/tls/tls_transport.ts",
  "lib/sessions/tls/types.ts",
  "lib/sessions/transport.ts",
  "lib/sessions/turns/event_loop.ts",
];
/** Code that runs under a simulation as it is: time, chance and the network are given to it. */
const UNDER_SIMULATION = ["lib/broker", "lib/client", "lib/sessions"];
/** What gives it those of this machine. */
const GIVERS = [
  "lib/broker/machine.ts",
  "lib/client/host.ts",
  "lib/client/sockets/any_port_socket.ts",
  "lib/sessions/process_heap.ts",
  "lib/sessions/turns/event_loop.ts",
];
const LINES_MOST = 400;

/** The sources of the core, but for what is around it. */
async function core(): Promise<Source[]> {
  return (await sources()).filter(({ path }) =>
    CORE.some((place) => isIn(path, place)) && !AROUND_THE_CORE.includes(path)
  );
}

Deno.test("imports go one way, as docs/architecture.md says", async () => {
  const all = await sources();
  assert(all.length > 30, "the walk found the tree");
  assertEquals(wrongImports(all, MAY_IMPORT), []);
});

Deno.test("docs/architecture.md has the same table of imports", async () => {
  const sorted = (table: Readonly<Record<string, readonly string[]>>): Record<string, string[]> =>
    Object.fromEntries(Object.keys(table).sort().map((who) => [who, [...table[who]!].sort()]));
  const inWords = tableOf(await document("docs/architecture.md"), PROGRAMS);
  assertEquals(sorted(inWords), sorted(MAY_IMPORT));
});

Deno.test("the core does no I/O, reads no clock, draws no number and waits for nothing", async () => {
  const all = await core();
  assert(all.length > 15, "the core was found");
  assertEquals(notOfTheCore(all), []);
});

Deno.test("brokers and clients go by the clock, the chance and the network they are given", async () => {
  const all = (await sources()).filter(({ path }) =>
    UNDER_SIMULATION.some((place) => isIn(path, place)) && !GIVERS.includes(path)
  );
  assert(all.length > 60, "they were found");
  assertEquals(besideThePort(all), []);
});

Deno.test("what peers name is never the key of an object", async () => {
  assertEquals(keyedByPeers(await core()), []);
});

Deno.test(`no file is longer than ${LINES_MOST} lines`, async () => {
  assertEquals(longFiles(await sources(), LINES_MOST), []);
});
