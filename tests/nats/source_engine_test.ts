import { assert, assertEquals } from "@std/assert";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { ChunkPool } from "../../lib/buffers.ts";
import { SYSTEM_CLOCK } from "../../lib/clock.ts";
import { Counters } from "../../lib/counters.ts";
import type { EngineParts } from "../../lib/engine/source.ts";
import type { Engine, Subscriber } from "../../lib/engine/types.ts";
import { FlushList } from "../../lib/flush_list.ts";
import { HeldMemory } from "../../lib/held_memory.ts";
import { ACK_TIMEOUT_MS, ATTEMPTS_MOST, DEFAULT_LIMITS, SELDOM_MS } from "../../lib/limits.ts";
import { type LogFields, SILENT_LOG } from "../../lib/log.ts";
import { type NatsOptions, openNats } from "../../lib/nats/mod.ts";
import { Recorder, runOf } from "../engine/case_parts.ts";
import { NEEDS_NATS, startNats } from "../support/nats_server.ts";
import { within } from "../support/within.ts";

/** An engine of a source, and another program of its server. */
class Bench implements AsyncDisposable {
  readonly flushes = new FlushList();
  /** What the log was told of messages that were left out. */
  readonly logged: LogFields[];
  /** The broker's clock. */
  now = 0;
  readonly engine: Engine;
  readonly program: NatsConnection;

  private constructor(
    open: (parts: EngineParts) => Engine,
    { program, logged }: { readonly program: NatsConnection; readonly logged: LogFields[] },
  ) {
    const pool = new ChunkPool();
    this.program = program;
    this.logged = logged;
    this.engine = open({
      seed: 7,
      counters: new Counters(),
      flushes: this.flushes,
      memory: new HeldMemory({ most: 1024 ** 3, pool }),
      pool,
      countsTopics: false,
      limits: { ...DEFAULT_LIMITS, groups: 1 },
      clock: { ...SYSTEM_CLOCK, now: () => this.now },
      now: () => Date.now(),
      later: (callback) => void setTimeout(callback, 0),
    });
  }

  static async on(server: string, options: Partial<NatsOptions> = {}): Promise<Bench> {
    const logged: LogFields[] = [];
    const source = await openNats({
      servers: [server],
      prefix: "p",
      plain: ["#plain"],
      replicas: 1,
      connectTimeout: 5_000,
      name: "x",
      credentials: {},
      durable: [],
      log: { ...SILENT_LOG, warn: (_, fields = {}) => void logged.push(fields) },
      ...options,
    });
    const program = await connect({ servers: server });
    return new Bench((parts) => source.open(parts), { program, logged });
  }

  /** Subscribes to all topics, until NATS has that. */
  async subscribe(subscriber: Subscriber): Promise<void> {
    this.engine.subscribe("#>", subscriber);
    await within(
      "the subscription",
      new Promise<void>((resolve) => {
        if (this.engine.subscribed(resolve)) resolve();
        this.flushes.flush();
      }),
    );
  }

  publish(topic: string, text: string): void {
    const run = runOf(this.engine.routeOf(topic), [text]);
    const answer = { acknowledge: () => {}, refuse: () => {} };
    this.engine.publish(run, { hold: () => answer });
    this.flushes.flush();
    run.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await within("its end", new Promise<void>((resolve) => this.engine.close(resolve)));
    await this.program.close();
  }
}

Deno.test({
  name:
    "a broker's messages go below its prefix, plain ones as they are, and say by a name of its own who sent them (N6)",
  ...NEEDS_NATS,
  fn: async () => {
    await using nats = await startNats();
    await using bench = await Bench.on(nats.server, { prefix: "p.q" });
    const { program } = bench;
    const came: string[] = [];
    const both = new Promise<void>((resolve) => {
      program.subscribe("p.q.>", {
        callback: (_, message) => {
          const from = message.headers?.get("Hashbus-From") ?? "";
          if (came.push(`${message.subject} ${from} ${message.string()}`) === 2) resolve();
        },
      });
    });
    await program.flush();
    bench.publish("#plain", "x");
    bench.publish("#packed", "y");
    await within(() => JSON.stringify(came), both);
    const [, name] = /^p\.q\.memory\.one\.plain ([0-9a-f]{12})\.0 1 x$/.exec(came[0]!) ?? [];
    assert(name !== undefined, came[0]);
    assertEquals(came[1], `p.q.memory.run.packed  ${name}.0 2\npub #packed 1\ny\n`);
    await using other = await Bench.on(nats.server);
    const recorder = new Recorder();
    await other.subscribe(recorder);
    other.publish("#a", "1");
    assertEquals(recorder.got, ["1"]);
  },
});

Deno.test({
  name: "messages that cannot be read are told in the log, the first at once and the others now and then",
  ...NEEDS_NATS,
  fn: async () => {
    await using nats = await startNats();
    await using bench = await Bench.on(nats.server);
    const recorder = new Recorder();
    await bench.subscribe(recorder);
    const junk = async (count: number): Promise<void> => {
      for (let at = 0; at < count; at++) bench.program.publish("p.memory.run.a", "no stamp");
      bench.program.publish("p.memory.one.a", "good");
      await within("what is good", recorder.has(recorder.got.length + 1));
    };
    await junk(3);
    const reason = "what was packed to #a has no stamp";
    assertEquals(bench.logged, [{ reason, times: 1 }]);
    bench.now = SELDOM_MS - 1;
    await junk(1);
    assertEquals(bench.logged.length, 1);
    bench.now = SELDOM_MS;
    await junk(1);
    assertEquals(bench.logged.slice(1), [{ reason, times: 4 }]);
  },
});

Deno.test({
  name:
    "durable topics have dead letters beside them, and what a broker with a store has where nothing is said (G9, G11)",
  ...NEEDS_NATS,
  fn: async () => {
    await using nats = await startNats({ jetstream: true });
    await using bench = await Bench.on(nats.server, { durable: ["#d"] });
    assertEquals(bench.engine.durable, ["#d", "#dead.>"]);
    assertEquals([bench.engine.ackTimeout, bench.engine.maxAttempts], [ACK_TIMEOUT_MS, ATTEMPTS_MOST]);
    await using other = await Bench.on(nats.server, { durable: ["#d"], ackTimeout: 7_000, maxAttempts: 2 });
    assertEquals([other.engine.ackTimeout, other.engine.maxAttempts], [7_000, 2]);
    const outcomes: string[] = [];
    for (const name of ["one", "more"]) {
      await within(
        `what becomes of group ${name}`,
        new Promise<void>((resolve) => {
          const member = {
            full: false,
            whenNotFull: () => {},
            give: () => {},
            missed: () => {},
            failed: () => {},
          };
          bench.engine.join({
            name,
            pattern: "#d",
            window: 1,
            blocks: true,
            settling: "auto",
            from: undefined,
            joined: (outcome) => {
              outcomes.push(outcome.kind === "refused" ? outcome.code : outcome.kind);
              resolve();
            },
          }, member);
          bench.flushes.flush();
        }),
      );
    }
    assertEquals(outcomes, ["joined", "TOO_MANY_GROUPS"], "as many as the broker's limit says");
  },
});
