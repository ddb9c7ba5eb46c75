import { assert, assertEquals, assertMatch } from "@std/assert";
import { AckPolicy, type ConsumerConfig, DeliverPolicy, jetstreamManager } from "@nats-io/jetstream";
import type { JetStreamManager } from "@nats-io/jetstream";
import type { Asked, ConsumerStart, GroupConsumer, GroupSpec } from "../../lib/engine/nats/streams_port.ts";
import { NatsConnectionLink } from "../../lib/nats/link.ts";
import { JetStreams } from "../../lib/nats/streams.ts";
import { type NatsServers, NEEDS_NATS, startNats } from "../support/nats_server.ts";
import { within } from "../support/within.ts";

const NANOS = 1_000_000;
const CREATED = new Date(0).toISOString();

/** A stream of a server of its own, with `s.>` in it, and another program's view of it. */
class Bench implements AsyncDisposable {
  readonly streams: JetStreams;
  readonly link: NatsConnectionLink;
  readonly manager: JetStreamManager;
  readonly #nats: NatsServers;

  constructor(nats: NatsServers, link: NatsConnectionLink, manager: JetStreamManager) {
    this.#nats = nats;
    this.link = link;
    this.manager = manager;
    this.streams = this.withVersion(link.connection.info!.version);
  }

  static async make(): Promise<Bench> {
    const nats = await startNats({ jetstream: true });
    const options = {
      servers: nats.servers,
      name: "streams test",
      credentials: {},
      echo: true,
      timeout: 5_000,
    };
    const link = await NatsConnectionLink.open(options);
    const manager = await jetstreamManager(link.connection);
    await manager.streams.add({ name: "S", subjects: ["s.>"], allow_direct: true });
    return new Bench(nats, link, manager);
  }

  withVersion(version: string): JetStreams {
    return new JetStreams(this.manager, { stream: "S", api: "$JS.API", version });
  }

  /** Stores messages, and waits until they are. */
  async store(...subjects: readonly string[]): Promise<void> {
    for (const subject of subjects) {
      await within(`the answer for ${subject}`, this.link.connection.request(subject, "x"));
    }
  }

  /** How JetStream has a consumer. */
  async config(consumer: string): Promise<ConsumerConfig> {
    return (await this.manager.consumers.info("S", consumer)).config;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.link.close(resolve));
    await this.#nats[Symbol.asyncDispose]();
  }
}

/** What is answered, once. */
function asked<Value>(call: (done: (asked: Asked<Value>) => void) => void): Promise<Asked<Value>> {
  return within(
    "an answer",
    new Promise((resolve) => {
      let answers = 0;
      call((answer) => {
        assertEquals(++answers, 1, "answered once");
        resolve(answer);
      });
    }),
  );
}

/** The same of what there is. */
async function done<Value>(call: (done: (asked: Asked<Value>) => void) => void): Promise<Value> {
  const answer = await asked(call);
  assert(answer.kind === "done", JSON.stringify(answer));
  return answer.value;
}

const GROUP: GroupSpec = {
  group: { name: "g", pattern: "#a.*" },
  filter: "s.a.*",
  settling: "explicit",
  start: { kind: "all" },
  ackWait: 45_000,
};

Deno.test({
  name: "the state of a stream is what it has: one that is empty begins behind its last",
  ...NEEDS_NATS,
  fn: async () => {
    await using bench = await Bench.make();
    const { streams } = bench;
    const state = () => done(streams.state.bind(streams));
    const { created, ...empty } = await state();
    assertEquals(empty, { first: 1, last: 0, messages: 0, bytes: 0, subjects: 0 });
    await bench.store("s.a", "s.b", "s.a");
    const { bytes, ...rest } = await state();
    assertEquals(rest, { created, first: 1, last: 3, messages: 3, subjects: 2 });
    assert(bytes > 0);
    await bench.manager.streams.purge("S", { seq: 3 });
    assertEquals((await state()).first, 3);
    await bench.manager.streams.purge("S");
    assertEquals(await state(), { created, first: 4, last: 3, messages: 0, bytes: 0, subjects: 0 });
  },
});

Deno.test({
  name: "a reader begins where it is asked to, acknowledges nothing, and goes by itself after a minute",
  ...NEEDS_NATS,
  fn: async () => {
    await using bench = await Bench.make();
    const { streams } = bench;
    const time = Date.UTC(2026, 0, 31);
    const starts: readonly (readonly [ConsumerStart, Partial<ConsumerConfig>])[] = [
      [{ kind: "all" }, { deliver_policy: DeliverPolicy.All }],
      [{ kind: "last of each" }, { deliver_policy: DeliverPolicy.LastPerSubject }],
      [{ kind: "sequence", sequence: 7 }, { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: 7 }],
      [{ kind: "time", time }, {
        deliver_policy: DeliverPolicy.StartTime,
        opt_start_time: "2026-01-31T00:00:00Z",
      }],
    ];
    for (const [start, expected] of starts) {
      const name = await done<string>((told) => streams.addReader({ filters: ["s.a.>"], start }, told));
      const { deliver_policy, opt_start_seq, opt_start_time, ...config } = await bench.config(name);
      const begins = { deliver_policy, opt_start_seq, opt_start_time };
      assertEquals(
        begins,
        { opt_start_seq: undefined, opt_start_time: undefined, ...expected } as typeof begins,
      );
      assertEquals([config.filter_subject, config.ack_policy, config.replay_policy], [
        "s.a.>",
        "none",
        "instant",
      ]);
      assertEquals([config.inactive_threshold, config.num_replicas, config.mem_storage], [
        60_000 * NANOS,
        1,
        true,
      ]);
      const remove = (): Promise<Asked<true>> => asked((told) => streams.remove(name, told));
      assertEquals(await remove(), { kind: "done", value: true });
      assertEquals(await remove(), { kind: "none" }, "it has gone");
    }
  },
});

Deno.test({
  name: "several filters are asked of a server that has them, from 2.10 on",
  ...NEEDS_NATS,
  fn: async () => {
    await using bench = await Bench.make();
    const most = (version: string): number => bench.withVersion(version).filtersMost;
    for (const version of ["2.10.0", "2.10", "2.10.7-beta", "2.11.1", "3.0.0", "3"]) {
      assertEquals(most(version), 64, version);
    }
    for (const version of ["2.9.10", "2.9", "2", "1.11.0", "0.10.0"]) assertEquals(most(version), 1, version);
  },
});

Deno.test({
  name:
    "a group has a consumer that waits for acknowledgements, under the same name for all brokers, made once",
  ...NEEDS_NATS,
  fn: async () => {
    await using bench = await Bench.make();
    const { streams } = bench;
    await bench.store("s.a.x", "s.a.y", "s.b", "s.a.z");
    const open = (spec: GroupSpec) => done<GroupConsumer>((told) => streams.openGroup(spec, told));
    assertEquals(await asked((told) => streams.group(GROUP.group, told)), { kind: "none" });
    const made = await open(GROUP);
    const consumer = "group-BMkuR4xMdLhuGP3MWfcqOGoVDEo6UVYPPTqcMuf9DKo";
    const expected = { group: GROUP.group, settling: "explicit", consumer, lag: 3, outstanding: 0 };
    assertEquals({ ...made, created: CREATED }, { ...expected, created: CREATED } as GroupConsumer);
    const config = await bench.config(consumer);
    assertEquals([config.durable_name, config.filter_subject], [consumer, "s.a.*"]);
    assertEquals([config.ack_policy, config.deliver_policy, config.replay_policy], [
      "explicit",
      "all",
      "instant",
    ]);
    assertEquals([config.ack_wait, config.max_deliver, config.max_ack_pending], [
      45_000 * NANOS,
      -1,
      1_000_000,
    ]);
    assertEquals(JSON.parse(config.description!), { name: "g", pattern: "#a.*", ack: "explicit" });

    const inbox = "taken";
    const taken = Promise.withResolvers<void>();
    bench.link.subscribe(inbox, () => taken.resolve());
    const next = `$JS.API.CONSUMER.MSG.NEXT.S.${consumer}`;
    bench.link.publish(next, new TextEncoder().encode("1"), { reply: inbox });
    await within("a message of the group", taken.promise);
    const other = { ...GROUP, settling: "auto", start: undefined } as const;
    assertEquals(await open(other), { ...made, outstanding: 1 });
    assertEquals(await bench.config(consumer), config, "it is as it was");
    assertEquals(await open({ ...other, ackWait: 90_000 }), { ...made, outstanding: 1 });
    assertEquals(await done((told) => streams.group(GROUP.group, told)), { ...made, outstanding: 1 });
    const { ack_wait, ...rest } = await bench.config(consumer);
    assertEquals(ack_wait, 90_000 * NANOS, "but that it waits as long as is said now");
    assertEquals(await open(other), { ...made, outstanding: 1 });
    assertEquals((await bench.config(consumer)).ack_wait, ack_wait, "and no shorter: others count on it");
    const { ack_wait: _, ...before } = config;
    assertEquals(rest, before);
  },
});

Deno.test({
  name: "a group begins where it is asked to, with what is stored from now on where nobody says otherwise",
  ...NEEDS_NATS,
  fn: async () => {
    await using bench = await Bench.make();
    const { streams } = bench;
    await bench.store("s.a.x", "s.a.y");
    const lag = async (name: string, start: ConsumerStart | undefined): Promise<number> => {
      const spec = { ...GROUP, group: { name, pattern: "#a.*" }, settling: "auto", start } as const;
      return (await done<GroupConsumer>((told) => streams.openGroup(spec, told))).lag;
    };
    assertEquals(await lag("now", undefined), 0);
    assertEquals(await lag("all", { kind: "all" }), 2);
    assertEquals(await lag("second", { kind: "sequence", sequence: 2 }), 1);
    const all = await done<readonly GroupConsumer[]>((told) => streams.groups(told));
    const names = all.map(({ group, settling }) => `${group.name} ${group.pattern} ${settling}`).sort();
    assertEquals(names, ["all #a.* auto", "now #a.* auto", "second #a.* auto"]);
  },
});

Deno.test({
  name: "another program's consumers are no groups, whatever they are called and say of themselves",
  ...NEEDS_NATS,
  fn: async () => {
    await using bench = await Bench.make();
    const { streams, manager } = bench;
    const { consumer } = await done<GroupConsumer>((told) => streams.openGroup(GROUP, told));
    const { description } = await bench.config(consumer);
    const add = (durable_name: string, description?: string): Promise<unknown> =>
      manager.consumers.add("S", {
        durable_name,
        ack_policy: AckPolicy.Explicit,
        ...(description === undefined ? {} : { description }),
      });
    await add("worker", description);
    await add("group-other", description);
    await add("group-none");
    const groups = async (): Promise<string[]> =>
      (await done<readonly GroupConsumer[]>((told) => streams.groups(told))).map(({ consumer }) => consumer);
    assertEquals(await groups(), [consumer]);
    const others = [
      undefined,
      "a description",
      "null",
      "7",
      `{"name":"g","pattern":"#a.*"}`,
      `{"name":"g","pattern":"#a.*","ack":"other"}`,
      `{"pattern":"#a.*","ack":"auto"}`,
      `{"name":"g","ack":"auto"}`,
      `{"name":"h","pattern":"#a.*","ack":"auto"}`,
    ];
    for (const other of others) {
      await manager.consumers.delete("S", consumer);
      await add(consumer, other);
      assertEquals(await groups(), [], other);
      const failed = { kind: "failed", reason: "another program's consumer has the group's name" };
      assertEquals(await asked((told) => streams.group(GROUP.group, told)), failed as Asked<never>);
      assertEquals(await asked((told) => streams.openGroup(GROUP, told)), failed as Asked<never>);
    }
    await manager.consumers.delete("S", consumer);
    await add(consumer, `{"name":"g","pattern":"#a.*","ack":"auto"}`);
    assertEquals(await groups(), [consumer], "but what says that it is one is one");
  },
});

Deno.test({
  name: "the messages at the edges of a subject have their numbers and times; of none there is none",
  ...NEEDS_NATS,
  fn: async () => {
    await using bench = await Bench.make();
    const { streams, manager } = bench;
    await bench.store("s.a", "s.b", "s.a", "s.b");
    const time = async (seq: number): Promise<number> =>
      (await manager.streams.getMessage("S", { seq }))!.time.getTime();
    const found = async (sequence: number): Promise<unknown> => ({
      kind: "done",
      value: { sequence, time: await time(sequence) },
    });
    const edge = (subject: string, which: "first" | "last"): Promise<unknown> =>
      asked((told) => streams.edge(subject, which, told));
    assertEquals(await edge("s.a", "first"), await found(1));
    assertEquals(await edge("s.b", "first"), await found(2));
    assertEquals(await edge("s.a", "last"), await found(3));
    assertEquals(await edge("s.b", "last"), await found(4));
    assertEquals([await edge("s.c", "first"), await edge("s.c", "last")], [{ kind: "none" }, {
      kind: "none",
    }]);
    const next = (subject: string, from: number): Promise<unknown> =>
      asked((told) => streams.next(subject, from, told));
    assertEquals(await next("s.>", 2), await found(2));
    assertEquals(await next("s.a", 2), await found(3));
    assertEquals(await next("s.a", 4), { kind: "none" });
    const subjects = await done<ReadonlyMap<string, number>>((told) => streams.subjects("s.*", told));
    assertEquals([...subjects].sort(), [["s.a", 2], ["s.b", 2]]);
    const one = await done<ReadonlyMap<string, number>>((told) => streams.subjects("s.b", told));
    assertEquals([...one], [["s.b", 2]]);
    const none = await done<ReadonlyMap<string, number>>((told) => streams.subjects("s.c", told));
    assertEquals(none.size, 0);
  },
});

Deno.test({
  name: "what JetStream cannot answer has failed, with its reason, and is not taken for what is not there",
  ...NEEDS_NATS,
  fn: async () => {
    await using bench = await Bench.make();
    const { streams } = bench;
    await bench.manager.streams.delete("S");
    const calls: readonly ((done: (asked: Asked<unknown>) => void) => void)[] = [
      (told) => streams.state(told),
      (told) => streams.group(GROUP.group, told),
      (told) => streams.groups(told),
      (told) => streams.openGroup(GROUP, told),
      (told) => streams.remove("x", told),
      (told) => streams.edge("s.a", "last", told),
      (told) => streams.subjects("s.a", told),
      (told) => streams.addReader({ filters: ["s.a"], start: { kind: "all" } }, told),
    ];
    for (const [at, call] of calls.entries()) {
      const answer = await asked(call);
      assert(answer.kind === "failed", `${at}: ${JSON.stringify(answer)}`);
      assertMatch(answer.reason, /stream/, `${at}`);
    }
  },
});
