import { assert, assertEquals, assertRejects } from "@std/assert";
import { jetstreamManager, type StreamConfig } from "@nats-io/jetstream";
import { RunError } from "../../lib/errors.ts";
import { NatsConnectionLink } from "../../lib/nats/link.ts";
import { openStream, type StreamOptions } from "../../lib/nats/open_stream.ts";
import { type NatsServers, NEEDS_NATS, startNats } from "../support/nats_server.ts";
import { within } from "../support/within.ts";

const NANOS = 1_000_000;
const OPTIONS: StreamOptions = {
  prefix: "p.q",
  replicas: 1,
  connectTimeout: 5_000,
  durable: ["#b.>", "#a"],
};

async function linkTo(nats: NatsServers): Promise<NatsConnectionLink & AsyncDisposable> {
  const options = { servers: nats.servers, name: "x", credentials: {}, echo: true, timeout: 5_000 };
  const link = await NatsConnectionLink.open(options);
  const close = (): Promise<void> => new Promise((resolve) => link.close(resolve));
  return Object.assign(link, { [Symbol.asyncDispose]: close });
}

async function configOf(link: NatsConnectionLink, stream: string): Promise<StreamConfig> {
  const manager = await jetstreamManager(link.connection);
  return (await manager.streams.info(stream)).config;
}

Deno.test({
  name: "a stream is made for the durable topics of a prefix, kept in files for as long as is said (N8)",
  ...NEEDS_NATS,
  fn: async () => {
    await using nats = await startNats({ jetstream: true });
    await using link = await linkTo(nats);
    const opened = await openStream(link, OPTIONS);
    assertEquals([opened.stream, opened.api, opened.filtersMost], ["p_q", "$JS.API", 1]);
    const made = await configOf(link, "p_q");
    assertEquals([made.subjects, made.description], [["p.q.stored.>"], "hashbus, durable: #a #b.>"]);
    assertEquals([made.storage, made.retention, made.discard], ["file", "limits", "old"]);
    assertEquals([made.num_replicas, made.max_age, made.max_bytes], [1, 0, -1]);
    assertEquals([made.duplicate_window, made.allow_direct], [120_000 * NANOS, true]);
    assertEquals(
      (await openStream(link, { ...OPTIONS, durable: ["#a", "#b.>"] })).stream,
      "p_q",
      "it is there",
    );

    await openStream(link, { ...OPTIONS, prefix: "long", retain: { age: 300_000, bytes: 5_000_000 } });
    const long = await configOf(link, "long");
    assertEquals([long.max_age, long.max_bytes, long.duplicate_window], [
      300_000 * NANOS,
      5_000_000,
      120_000 * NANOS,
    ]);
    await openStream(link, { ...OPTIONS, prefix: "short", retain: { age: 60_000 }, dedupWindow: 90_000 });
    assertEquals(
      (await configOf(link, "short")).duplicate_window,
      60_000 * NANOS,
      "no longer than it is kept",
    );
    await openStream(link, { ...OPTIONS, prefix: "window", retain: { age: 0 }, dedupWindow: 90_000 });
    assertEquals((await configOf(link, "window")).duplicate_window, 90_000 * NANOS);
  },
});

Deno.test({
  name: "a stream that another broker made with other options is said to have them, and which option it is",
  ...NEEDS_NATS,
  fn: async () => {
    await using nats = await startNats({ jetstream: true });
    await using link = await linkTo(nats);
    await openStream(link, OPTIONS);
    const others: readonly (readonly [Partial<StreamOptions>, has: string, wanted: string])[] = [
      [{ prefix: "p_q" }, `subjects ["p.q.stored.>"]`, `["p_q.stored.>"] (--engine-prefix)`],
      [{ replicas: 3 }, "num_replicas 1", "3 (--engine-replicas)"],
      [{ retain: { age: 300_000 } }, "max_age 0", "300000000000 (--retain)"],
      [{ retain: { bytes: 4096 } }, "max_bytes -1", "4096 (--retain-bytes)"],
      [{ dedupWindow: 50_000 }, "duplicate_window 120000000000", "50000000000 (--dedup-window)"],
      [{ durable: ["#a"] }, `description "hashbus, durable: #a #b.>"`, `"hashbus, durable: #a" (--durable)`],
    ];
    for (const [other, has, wanted] of others) {
      const error = await assertRejects(() => openStream(link, { ...OPTIONS, ...other }), RunError);
      assertEquals(
        error.message,
        `the stream "p_q" of NATS has ${has}, and this broker asks for ${wanted}: start all brokers with the ` +
          "same, or change the stream first (nats stream edit)",
      );
    }
  },
});

Deno.test({
  name: "what a stream of NATS cannot do is said before anything is asked of it",
  ...NEEDS_NATS,
  fn: async () => {
    await using nats = await startNats({ jetstream: true });
    await using link = await linkTo(nats);
    const overrides = [{ pattern: "#a", rule: { age: 1000 } }];
    const error = await assertRejects(
      () => openStream(link, { ...OPTIONS, retain: { overrides } }),
      RunError,
    );
    assert(
      error.message.startsWith("--retain for some topics alone is not for topics on NATS"),
      error.message,
    );
    assertEquals((await openStream(link, { ...OPTIONS, retain: { overrides: [] } })).stream, "p_q");
  },
});

Deno.test({
  name: "ids are remembered for longer than a message may be sent again, or the options are refused (N8, N9)",
  ...NEEDS_NATS,
  fn: async () => {
    await using nats = await startNats({ jetstream: true });
    await using link = await linkTo(nats);
    const short: readonly (readonly [Partial<StreamOptions>, option: string])[] = [
      [{ dedupWindow: 29_999 }, "--dedup-window"],
      [{ dedupWindow: 29_999, retain: { age: 30_000 } }, "--dedup-window"],
      [{ retain: { age: 29_999 } }, "--retain-age"],
    ];
    for (const [options, option] of short) {
      const error = await assertRejects(() => openStream(link, { ...OPTIONS, ...options }), RunError);
      assert(error.message.startsWith(`${option} is at least 30s for topics on NATS`), error.message);
    }
    await openStream(link, { ...OPTIONS, dedupWindow: 30_000, retain: { age: 30_000 } });
    assertEquals((await configOf(link, "p_q")).duplicate_window, 30_000 * NANOS);
  },
});

Deno.test({
  name: "where JetStream is off that is said at once",
  ...NEEDS_NATS,
  fn: async () => {
    await using nats = await startNats();
    await using link = await linkTo(nats);
    // it would be tried for longer than a test may take
    const options = { ...OPTIONS, connectTimeout: 3_600_000 };
    const error = await within(
      "that it is off",
      assertRejects(() => openStream(link, options), RunError),
      5_000,
    );
    assert(error.message.startsWith("JetStream is off in NATS, and --durable asks for it"), error.message);
  },
});

Deno.test({
  name:
    "a stream that NATS does not make is asked for again as long as there is time for it, and then it is said",
  ...NEEDS_NATS,
  fn: async () => {
    await using nats = await startNats({ jetstream: true });
    await using link = await linkTo(nats);
    let attempts = 0;
    link.subscribe("$JS.API.STREAM.CREATE.>", () => attempts++);
    const open = async (connectTimeout: number): Promise<number> => {
      attempts = 0;
      const error = await assertRejects(
        () => openStream(link, { ...OPTIONS, replicas: 3, connectTimeout }),
        RunError,
      );
      assert(error.message.startsWith("NATS does not keep the durable topics: replicas > 1"), error.message);
      await link.connection.flush();
      return attempts;
    };
    assertEquals(await open(0), 1);
    assertEquals(await open(240), 1, "there is no time for another");
    assert(await open(700) <= 3, "and a quarter of a second lies between two");
  },
});

Deno.test({
  name: "a stream that NATS can make by now is made at the next attempt",
  ...NEEDS_NATS,
  fn: async () => {
    await using nats = await startNats({ jetstream: true });
    await using link = await linkTo(nats);
    const manager = await jetstreamManager(link.connection);
    await manager.streams.add({ name: "other", subjects: ["p.>"] });
    let attempts = 0;
    link.subscribe("$JS.API.STREAM.CREATE.>", () => {
      if (++attempts === 2) void manager.streams.delete("other");
    });
    const opened = await within("the stream", openStream(link, OPTIONS));
    assertEquals(opened.stream, "p_q");
    assert(
      attempts >= 2,
      "the first cannot have made it; NATS may have done as it was told before the second",
    );
  },
});

Deno.test({
  name: "a server that has JetStream and does not serve it yet is asked again",
  ...NEEDS_NATS,
  fn: async () => {
    await using nats = await startNats({ jetstream: true });
    await using link = await linkTo(nats);
    await using other = await startNats();
    await using off = await linkTo(other);
    // what the one says of itself, and what the other answers
    const starting: NatsConnectionLink = Object.create(link, {
      connection: {
        value: new Proxy(off.connection, {
          get: (of, name) => {
            if (name === "info") return link.connection.info;
            if (name === "request") asked++;
            return Reflect.get(of, name, of);
          },
        }),
      },
    });
    let asked = 0;
    const error = await assertRejects(
      () => openStream(starting, { ...OPTIONS, connectTimeout: 2_000 }),
      RunError,
    );
    assert(error.message.startsWith("JetStream is off in NATS"), error.message);
    assert(asked > 1, "and said when the time is over");
  },
});
