import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { RunError } from "../../lib/errors.ts";
import { SILENT_LOG } from "../../lib/log.ts";
import { NatsConnectionLink } from "../../lib/nats/link.ts";
import { openNats } from "../../lib/nats/mod.ts";
import { NEEDS_NATS, startNats } from "../support/nats_server.ts";
import { freePort } from "../support/ports.ts";
import { become, within } from "../support/within.ts";

const OPTIONS = {
  prefix: "p",
  plain: [],
  replicas: 1,
  connectTimeout: 600,
  name: "link test",
  credentials: {},
  durable: [],
  log: SILENT_LOG,
};
const LINK = { name: "link test", credentials: {}, echo: false, timeout: 5_000 };

Deno.test({
  name: "a link that is closed takes what is asked of it, and nothing comes of it",
  ...NEEDS_NATS,
  fn: async () => {
    await using nats = await startNats();
    const link = await NatsConnectionLink.open({ ...LINK, servers: nats.servers });
    let downs = 0;
    link.watch({ down: () => downs++ });
    const before = link.subscribe("a", () => {});
    await new Promise<void>((resolve) => link.close(resolve));
    link.publish("a", new Uint8Array(1));
    link.subscribe("b", () => {}).unsubscribe();
    before.unsubscribe();
    assertEquals(await new Promise<boolean>((resolve) => link.flush(resolve)), false);
    assertEquals(downs, 0, "who closes it knows that it is");
  },
});

Deno.test({
  name: "a link says what NATS does not let it do, before what was asked behind it is answered",
  ...NEEDS_NATS,
  fn: async () => {
    const permissions = 'publish: { deny: ["no.*"] }, subscribe: { deny: ["not"] }';
    const config = `authorization { users = [{ user: u, password: p, permissions: { ${permissions} } }] }`;
    await using nats = await startNats({ config });
    const credentials = { user: "u", password: "p" };
    const link = await NatsConnectionLink.open({ ...LINK, servers: nats.servers, credentials });
    const told: string[] = [];
    link.watch({
      denied: ({ operation, subject, reason }) => told.push(`${operation} ${subject}: ${reason}`),
    });
    link.watch({});
    const asks: readonly (() => void)[] = [
      () => link.publish("yes", new Uint8Array(1)),
      () => link.publish("no.1", new Uint8Array(1)),
      () => link.subscribe("not", () => told.push("came")),
    ];
    for (const ask of asks) {
      ask();
      await new Promise<void>((resolve) =>
        link.flush((taken) => {
          told.push(`${taken}`);
          resolve();
        })
      );
    }
    assertEquals(told, [
      "true",
      'publish no.1: NATS: Permissions Violation for Publish to "no.1"',
      "true",
      'subscription not: NATS: Permissions Violation for Subscription to "not"',
      "true",
    ]);
    await new Promise<void>((resolve) => link.close(resolve));
  },
});

Deno.test({
  name: "a link says why the server cut it off, answers what it was asked, and is back by itself",
  ...NEEDS_NATS,
  fn: async () => {
    await using nats = await startNats();
    const link = await NatsConnectionLink.open({ ...LINK, servers: nats.servers });
    const told: string[] = [];
    link.watch({ down: (reason) => told.push(`down: ${reason}`), up: () => told.push("up") });
    const answers: boolean[] = [];
    link.flush((taken) => answers.push(taken));
    await become(() => answers.length === 1);
    await nats.nodes[0]!.stop();
    await become(() => !link.up);
    link.flush((taken) => answers.push(taken));
    await become(() => answers.length === 2);
    await nats.nodes[0]!.restart();
    await become(() => link.up);
    link.flush((taken) => answers.push(taken));
    await become(() => answers.length === 3);
    assertEquals(answers, [true, false, true]);
    assertEquals([told.length, told[1], link.state.reconnects], [2, "up", 1]);
    assertMatch(told[0]!, /^down: \S/);
    await new Promise<void>((resolve) => link.close(resolve));
  },
});

Deno.test("where NATS is not there it is tried for as long as was asked for, and then said in one line", async () => {
  const servers = [`127.0.0.1:${freePort()}`];
  const began = performance.now();
  const error = await assertRejects(() => openNats({ ...OPTIONS, servers }), RunError);
  assert(performance.now() - began >= 250, "tried again");
  assertMatch(error.message, /^NATS cannot be reached at 127\.0\.0\.1:\d+ within 0\.6 s: [^\n]+$/);
});

Deno.test("a name of NATS that nobody knows is tried again, and then said; one that is known will do (F33)", async () => {
  const servers = ["nats.invalid:4222"];
  const error = await assertRejects(() => openNats({ ...OPTIONS, servers }), RunError);
  assertMatch(error.message, /^NATS cannot be reached at nats\.invalid:4222 within 0\.6 s: [^\n]+$/);
  if (NEEDS_NATS.ignore) return;
  await using nats = await startNats();
  const link = await NatsConnectionLink.open({ ...LINK, servers: [...servers, ...nats.servers] });
  assertEquals(link.state.server, nats.server);
  await new Promise<void>((resolve) => link.close(resolve));
});

Deno.test({
  name: "wrong credentials are said at once",
  ...NEEDS_NATS,
  fn: async () => {
    await using nats = await startNats({ config: "authorization { token: secret }" });
    const { servers } = nats;
    const wrong = { ...OPTIONS, connectTimeout: 60_000, servers, credentials: { token: "guess" } };
    const error = await within("that it is wrong", assertRejects(() => openNats(wrong), RunError), 10_000);
    assertMatch(error.message, /^NATS at 127\.0\.0\.1:\d+ does not let this broker in: [^\n]+$/);
    assert(!error.message.includes("guess"));
    const right = await NatsConnectionLink.open({ ...LINK, servers, credentials: { token: "secret" } });
    await new Promise<void>((resolve) => right.close(resolve));
  },
});
