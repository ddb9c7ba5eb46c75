import { natsEngine, newPrefix } from "../support/nats_engine.ts";
import { HAS_NATS, type NatsServers, startNats } from "../support/nats_server.ts";
import { engineCases } from "./cases.ts";

// one for all of them: each case has a prefix of its own
let nats: NatsServers | undefined;

if (HAS_NATS) {
  Deno.test.beforeAll(async () => {
    nats = await startNats();
  });
  Deno.test.afterAll(() => nats![Symbol.asyncDispose]());
  engineCases("NATS core", () => natsEngine(nats!.servers, { prefix: newPrefix() }));
} else {
  Deno.test.ignore("NATS core: there is no nats-server here", () => {});
}
