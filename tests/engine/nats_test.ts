import { natsEngine, newPrefix } from "../support/nats_engine.ts";
import { HAS_NATS, type NatsServers, startNats } from "../support/nats_server.ts";
import { engineCases } from "./cases.ts";
import { StoredOnNats } from "./nats/stored_bench.ts";

// one for all of them: each case has a prefix of its own
let nats: NatsServers | undefined;

if (HAS_NATS) {
  Deno.test.beforeAll(async () => {
    nats = await startNats({ jetstream: true });
  });
  Deno.test.afterAll(() => nats![Symbol.asyncDispose]());
  engineCases("NATS core", () => natsEngine(nats!.servers, { prefix: newPrefix() }));
  engineCases("JetStream", () => StoredOnNats.open(nats!.server, { prefix: newPrefix() }));
} else {
  Deno.test.ignore("NATS: there is no nats-server here", () => {});
}
