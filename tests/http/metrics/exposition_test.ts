import { assertEquals, assertRejects } from "@std/assert";
import { UNLIMITED } from "../../../lib/auth/grant.ts";
import { Broker, type BrokerSnapshot, type GroupListing } from "../../../lib/broker/mod.ts";
import { RunError } from "../../../lib/errors.ts";
import { expositionOf } from "../../../lib/http/metrics/exposition.ts";
import { GroupsReader, type Reading, seenBy } from "../../../lib/http/metrics/reading.ts";

/** What is read of a broker that is as it begins, but for this. */
async function reading(
  { snapshot: more = {}, ...others }: Partial<Omit<Reading, "snapshot">> & {
    readonly snapshot?: Partial<BrokerSnapshot>;
  },
): Promise<Reading> {
  await using broker = new Broker();
  return { snapshot: { ...broker.snapshot(), ...more }, topics: [], groups: [], resident: 1, ...others };
}

/** The samples whose names begin with this, as they are written. */
function samples(of: Reading, name: string): string[] {
  return expositionOf(of).split("\n").filter((line) => line.startsWith(`hashbus_${name}`));
}

function group(name: string, more: Partial<GroupListing> = {}): GroupListing {
  return {
    name,
    pattern: "#a",
    lag: 0,
    outstanding: 0,
    members: 0,
    settling: undefined,
    oldest: undefined,
    ...more,
  };
}

Deno.test("topics without a label of their own are counted together, and never below nothing", async () => {
  const { snapshot } = await reading({});
  const totals = { ...snapshot.totals, published: 10, publishedBytes: 1000 };
  const topics = [{ topic: "#a", messages: 3, bytes: 200 }, { topic: "#b", messages: 4, bytes: 300 }];
  const some = await reading({ topics, snapshot: { totals } });
  assertEquals(samples(some, "topic_messages_total"), [
    'hashbus_topic_messages_total{topic="#a"} 3',
    'hashbus_topic_messages_total{topic="#b"} 4',
    'hashbus_topic_messages_total{topic="other"} 3',
  ]);
  assertEquals(samples(some, "topic_bytes_total").at(-1), 'hashbus_topic_bytes_total{topic="other"} 500');
  const none = await reading({ snapshot: { totals } });
  assertEquals(samples(none, "topic_messages_total"), ['hashbus_topic_messages_total{topic="other"} 10']);
  const less = await reading({ topics, snapshot: { totals: { ...totals, published: 6 } } });
  assertEquals(samples(less, "topic_messages_total").at(-1), 'hashbus_topic_messages_total{topic="other"} 0');
});

Deno.test("connections are counted by what they came in by, and what waits for them in all and at most", async () => {
  const connection = (
    listener: string,
    queued: number,
    more = {},
  ): BrokerSnapshot["connections"][number] => ({
    number: 1,
    listener,
    id: "",
    account: undefined,
    address: "memory",
    protocol: "classic",
    queued,
    held: 0,
    dropped: 0,
    full: false,
    waits: false,
    subscriptions: [],
    groups: [],
    ...more,
  });
  const address = { transport: "tcp", hostname: "127.0.0.1", port: 1 } as const;
  const shown = await reading({
    snapshot: {
      listeners: [
        { name: "subscribers", address },
        { name: "publishers", address, certificate: { names: "", notBefore: 0, notAfter: 5_500 } },
      ],
      connections: [
        connection("subscribers", 5, { full: true, waits: true }),
        connection("subscribers", 7, { waits: true }),
        connection("memory", 3),
      ],
    },
  });
  for (
    const [name, lines] of [
      ["connections", ['{listener="subscribers"} 2', '{listener="publishers"} 0', '{listener="memory"} 1']],
      ["slow_connections", [" 1"]],
      ["waiting_connections", [" 2"]],
      ["outbox_bytes", [" 15"]],
      ["outbox_largest_bytes", [" 7"]],
      ["certificate_expiry_seconds", ['{listener="publishers"} 5.5']],
    ] as const
  ) {
    assertEquals(samples(shown, name), lines.map((line) => `hashbus_${name}${line}`));
  }
});

Deno.test("a group's age is that of the oldest of its lag, and none where there is none or clocks differ", async () => {
  const { snapshot } = await reading({});
  const groups = [
    group("old", { oldest: snapshot.time - 1500 }),
    group("none"),
    group("ahead", { oldest: snapshot.time + 5000 }),
  ];
  assertEquals(
    samples(await reading({ groups, snapshot: { time: snapshot.time } }), "group_oldest_seconds"),
    [
      'hashbus_group_oldest_seconds{group="old",pattern="#a"} 1.5',
      'hashbus_group_oldest_seconds{group="none",pattern="#a"} 0',
      'hashbus_group_oldest_seconds{group="ahead",pattern="#a"} 0',
    ],
  );
});

Deno.test("how long things took is in buckets that add up, in seconds", async () => {
  const writes = { bounds: [1, 1000], counts: [2, 0, 3], sum: 4500 };
  assertEquals(samples(await reading({ snapshot: { writes } }), "write_seconds"), [
    'hashbus_write_seconds_bucket{le="0.001"} 2',
    'hashbus_write_seconds_bucket{le="1"} 2',
    'hashbus_write_seconds_bucket{le="+Inf"} 5',
    "hashbus_write_seconds_sum 4.5",
    "hashbus_write_seconds_count 5",
  ]);
});

Deno.test("what would end a label is escaped in it", async () => {
  const topics = [{ topic: '#a"\\\n', messages: 1, bytes: 1 }];
  assertEquals(
    samples(await reading({ topics }), "topic_messages_total")[0],
    'hashbus_topic_messages_total{topic="#a\\"\\\\\\n"} 1',
  );
});

Deno.test("who asks sees what it may receive and share, of groups the two hundred that are furthest behind", async () => {
  const topics = [{ topic: "#a", messages: 1, bytes: 1 }, { topic: "#b", messages: 1, bytes: 1 }];
  const groups = Array.from({ length: 202 }, (_, at) => group(`g${at}`, { lag: at }));
  const all = await reading({ topics, groups: [...groups, group("hidden", { pattern: "#b", lag: 1000 })] });
  const seen = seenBy({
    ...UNLIMITED,
    mayReceive: (topic) => topic === "#a",
    mayShare: (pattern) => pattern === "#a",
  }, all);
  assertEquals(seen.topics.map(({ topic }) => topic), ["#a"]);
  assertEquals([seen.groups.length, seen.groups[0]?.name, seen.groups.at(-1)?.name], [200, "g201", "g2"]);
  assertEquals([seen.snapshot, seen.resident], [all.snapshot, all.resident]);
});

Deno.test("groups are read anew when five seconds have passed, and not for each who asks before", async () => {
  let now = 100;
  let reads = 0;
  const broker = { groups: () => Promise.resolve([group(`${++reads}`)]) } as unknown as Broker;
  const reader = new GroupsReader(broker, () => now);
  const told: number[] = [];
  for (const at of [100, 5099, 5100, 10_099, 10_100]) {
    now = at;
    await reader.read();
    told.push(reads);
  }
  assertEquals(told, [1, 1, 2, 2, 3]);
});

Deno.test("groups are not read anew while they are being read: who asks waits for that, however it ends", async () => {
  let now = 100;
  const readings: PromiseWithResolvers<GroupListing[]>[] = [];
  const broker = {
    groups: () => {
      const reading = Promise.withResolvers<GroupListing[]>();
      readings.push(reading);
      return reading.promise;
    },
  } as unknown as Broker;
  const reader = new GroupsReader(broker, () => now);
  const first = reader.read();
  now = 60_000;
  const second = reader.read();
  assertEquals(readings.length, 1);
  readings[0]!.resolve([group("g")]);
  assertEquals([await first, await second], [[group("g")], [group("g")]]);
  const third = reader.read();
  assertEquals(readings.length, 2, "it is over, and five seconds have passed");
  now = 120_000;
  const fourth = reader.read();
  readings[1]!.reject(new RunError("no disk"));
  for (const read of [third, fourth]) await assertRejects(() => read, RunError, "no disk");
  void reader.read();
  assertEquals(readings.length, 3, "one that failed is over, too");
});

Deno.test("when the broker began is told in seconds, and of nobody nothing waits", async () => {
  const idle = await reading({ snapshot: { started: 1500 } });
  for (
    const [name, value] of [["start_time_seconds", 1.5], ["outbox_bytes", 0], [
      "outbox_largest_bytes",
      0,
    ]] as const
  ) assertEquals(samples(idle, name), [`hashbus_${name} ${value}`]);
});
