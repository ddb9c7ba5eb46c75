/** What a broker is made of, each by itself: who is let in, what is complained of, when it wakes. */
import { assertEquals, assertThrows } from "@std/assert";
import type { Gatekeeper } from "../../lib/auth/gatekeeper.ts";
import { admissionOf } from "../../lib/broker/admission.ts";
import { Broker, listenersOn, PUBLISHERS, SUBSCRIBERS } from "../../lib/broker/mod.ts";
import { THIS_MACHINE } from "../../lib/broker/machine.ts";
import { memoryPair } from "../../lib/broker/memory_pair.ts";
import { requireNothingStored } from "../../lib/broker/nothing_stored.ts";
import { StoreComplaints } from "../../lib/broker/store_complaints.ts";
import { SYSTEM_CLOCK, type Timer } from "../../lib/clock.ts";
import { RunError } from "../../lib/errors.ts";
import { type LogFields, SILENT_LOG } from "../../lib/log.ts";
import { MemoryStore } from "../../lib/store/memory.ts";
import { HeldStore } from "../support/held_store.ts";
import { RawClient } from "../support/raw_client.ts";
import { StillClock } from "../support/still_clock.ts";
import { upgrade } from "../support/v2.ts";
import { within } from "../support/within.ts";

Deno.test("who is let in has ten seconds for it, and with accounts a thousand connections from one address", () => {
  const gatekeeper = { renew: () => undefined } as unknown as Gatekeeper;
  assertEquals(admissionOf({}), {
    gatekeeper: undefined,
    loginTimeout: 10_000,
    connectionsPerAddress: Infinity,
  });
  assertEquals(admissionOf({ gatekeeper }), {
    gatekeeper,
    loginTimeout: 10_000,
    connectionsPerAddress: 1000,
  });
  const own = { gatekeeper, loginTimeout: 5, connectionsPerAddress: 2 };
  assertEquals(admissionOf(own), own);
  assertEquals(admissionOf({ connectionsPerAddress: 3 }).connectionsPerAddress, 3);
});

Deno.test("that messages are not stored is said once a second, that a topic did not begin once in ten", () => {
  const clock = new StillClock();
  const said: [string, LogFields][] = [];
  const note = (event: string, fields: LogFields = {}): void => void said.push([event, fields]);
  const complaints = new StoreComplaints(clock, { ...SILENT_LOG, error: note, warn: note });
  for (
    const [pass, refused, unbegun] of [[0, 1, 1], [999, 0, 0], [1, 1, 0], [8999, 1, 0], [1, 0, 1]] as const
  ) {
    clock.pass(pass);
    complaints.refused("full");
    complaints.unbegun("too many");
    const events = said.splice(0).map(([event, { reason }]) => `${event}: ${reason}`);
    assertEquals(events, [
      ...Array(refused).fill("messages could not be stored: full"),
      ...Array(unbegun).fill("a topic did not begin: too many"),
    ]);
  }
  complaints.unbegun("too many");
  clock.pass(10_000);
  complaints.unbegun("too many");
  assertEquals(said, [["a topic did not begin", { reason: "too many", times: 2 }]]);
});

Deno.test("whatever is said about what is stored, where nothing is, is named, and all of it", () => {
  requireNothingStored({});
  requireNothingStored({ durable: [], retain: { overrides: [] } });
  const wrong = (options: Parameters<typeof requireNothingStored>[0]): string =>
    assertThrows(() => requireNothingStored(options), RunError).message;
  const all = { data: "d", durable: ["#a"], sync: "commit", dedupWindow: 0 } as const;
  assertEquals(
    wrong({ ...all, retain: { groups: "hold" } }),
    "nothing is stored without `data` or a store: give one, or no " +
      "`data`, `durable`, `sync`, `dedupWindow`, `retain`",
  );
  for (
    const retain of [{ age: 0 }, { bytes: 0 }, { groups: "ignore" }, {
      overrides: [{ pattern: "#a", age: 1 }],
    }] as const
  ) {
    assertEquals(wrong({ retain }).endsWith("or no `retain`"), true, JSON.stringify(retain));
  }
});

Deno.test("64 KiB fit between two ends in memory", async () => {
  const [one, other] = memoryPair();
  assertEquals(await within("room", one.write(new Uint8Array(65_537))), 65_536);
  const into = new Uint8Array(70_000);
  assertEquals(await within("what was written", other.read(into)), 65_536);
  const [small, end] = memoryPair(4);
  await small.write(new Uint8Array(4));
  let written: number | undefined;
  const writing = small.write(new Uint8Array(4)).then((count) => written = count);
  await end.read(new Uint8Array(1));
  await within("room for one", writing);
  assertEquals(written, 1);
});

Deno.test("subscribers and publishers have ports of their own, on loopback where nothing else is said", () => {
  const [sub, pub] = listenersOn({ subPort: 1, pubPort: 2 });
  assertEquals([sub.name, sub.hostname, sub.port, sub.flag, [...sub.roles]], [
    "subscribers",
    "127.0.0.1",
    1,
    "-s",
    ["subscriber"],
  ]);
  assertEquals([pub.name, pub.port, pub.flag, [...pub.roles]], ["publishers", 2, "-p", ["publisher"]]);
  assertEquals(listenersOn({ hostname: "::1", subPort: 1, pubPort: 2 }).map(({ hostname }) => hostname), [
    "::1",
    "::1",
  ]);
});

async function connect(broker: Broker, listener: typeof PUBLISHERS): Promise<RawClient> {
  const [mine, theirs] = memoryPair();
  void broker.serve(theirs, { listener });
  return await upgrade(new RawClient(mine));
}

/** A clock whose alarms are looked at, and go off when the test says so. */
class Watched {
  now = 1_000_000;
  /** As the broker's clock does some times a second. */
  tick = (): void => {};
  readonly set = new Map<number, { readonly ms: number; readonly callback: () => void }>();
  #last = 0;

  readonly clock = {
    ...SYSTEM_CLOCK,
    wall: (): number => this.now,
    after: (ms: number, callback: () => void): Timer => {
      // those of the broker are whole milliseconds from a time that the test has set
      this.set.set(++this.#last, { ms, callback });
      return this.#last;
    },
    every: (_: number, callback: () => void): Timer => {
      this.tick = callback;
      return -1;
    },
    cancel: (timer: Timer | undefined): void => {
      if (!this.set.delete(Number(timer))) SYSTEM_CLOCK.cancel(timer);
    },
  };

  /** In how many milliseconds those go off that are set. */
  get due(): number[] {
    return [...this.set.values()].map(({ ms }) => ms).sort((one, other) => one - other);
  }
}

Deno.test("it wakes when what is to come later is due, sooner where something is due before that, and not behind its end", async () => {
  const watched = new Watched();
  const store = new MemoryStore({ now: () => watched.now });
  const broker = new Broker({ store, version: "1" }, { ...THIS_MACHINE, clock: watched.clock });
  using publisher = await connect(broker, PUBLISHERS);
  using subscriber = await connect(broker, SUBSCRIBERS);
  assertEquals(await subscriber.ask("sub #d"), "ok 1");
  watched.tick();
  const others = watched.due;
  const ours = (): number[] => {
    const left = [...watched.due];
    for (const each of others) if (left.includes(each)) left.splice(left.indexOf(each), 1);
    return left;
  };
  await publisher.ask("pub #d 1 delay=0.2\nx");
  assertEquals(ours(), [200]);
  await publisher.ask("pub #d 1 delay=0.1\ny");
  assertEquals(ours(), [100], "one alarm, for the first of them");
  watched.now += 100;
  for (const [id, { ms, callback }] of [...watched.set]) {
    if (ms !== 100) continue;
    watched.set.delete(id);
    callback();
  }
  const [line] = await subscriber.lines(1);
  assertEquals(line?.startsWith("batch #d 1 "), true, line);
  watched.tick();
  assertEquals(ours(), [100]);
  // who has not gone by then is cut off, by an alarm that does not go off here
  const drained = broker.drain(7777);
  assertEquals(ours().filter((ms) => ms === 100), []);
  await publisher.ask("pub #d 1 delay=0.1\nz");
  watched.tick();
  assertEquals(ours().filter((ms) => ms === 100), [], "and is not woken any more");
  await broker.close();
  await drained;
  assertEquals(broker.health(), { live: false, ready: false, reason: "it is closed" });
});

Deno.test("what became due while it was being stored is due at once", async () => {
  const watched = new Watched();
  const store = new HeldStore(new MemoryStore({ now: () => watched.now }));
  await using broker = new Broker({ store }, { ...THIS_MACHINE, clock: watched.clock });
  using publisher = await connect(broker, PUBLISHERS);
  watched.tick();
  store.free = false;
  await publisher.send("pub #d 1 delay=0.1\nx\n");
  const commit = await store.next();
  watched.now += 500;
  commit.end();
  assertEquals(await publisher.line(), "ok 1 level=synced");
  assertEquals(watched.due.filter((ms) => ms <= 1), [0]);
  store.free = true;
});

Deno.test("a broker that is disposed of has closed its store, behind all that was published", async () => {
  const log: string[] = [];
  class Closing extends HeldStore {
    override close(done: () => void): void {
      setTimeout(() => {
        log.push("closed");
        done();
      });
    }
  }
  {
    await using broker = new Broker({ store: new Closing() });
    using publisher = await connect(broker, PUBLISHERS);
    assertEquals(await publisher.ask("pub #d 1\nx"), "ok 1 seq=1 level=synced subs=0");
  }
  log.push("over");
  assertEquals(log, ["closed", "over"]);
});

Deno.test("what a broker is set up with is in its snapshot", async () => {
  let now = 7000;
  await using broker = new Broker({
    version: "1.2.3",
    limits: { topics: 9, memory: 64 * 1024 * 1024 },
    now: () => now,
    measures: true,
  });
  now += 5;
  const { version, time, started, topicsMost, heldMost, held, writes } = broker.snapshot();
  assertEquals([version, time, started, topicsMost, heldMost, held], [
    "1.2.3",
    7005,
    7000,
    9,
    64 * 1024 * 1024,
    0,
  ]);
  assertEquals(writes !== undefined, true);
  await using bare = new Broker();
  const snapshot = bare.snapshot();
  assertEquals([snapshot.version, snapshot.topicsMost, snapshot.writes], ["0.0.0", 1_000_000, undefined]);
});
