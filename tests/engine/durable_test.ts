import { assert, assertEquals, assertMatch } from "@std/assert";
import { MemoryStore } from "../../lib/store/memory.ts";
import type {
  Append,
  CommitOutcome,
  Cursor,
  ReadOutcome,
  SeekOutcome,
  Store,
  StoreState,
} from "../../lib/store/types.ts";
import type { RawClient } from "../support/raw_client.ts";
import { TestServer } from "../support/server.ts";

/** The reference store, whose commits end when the test says so, and as it says. */
class HeldStore implements Store {
  readonly #store: Store;
  readonly commits: { readonly appends: readonly Append[]; end(outcome?: CommitOutcome): void }[] = [];
  /** Commits end by themselves. */
  free = true;
  #arrived: Array<() => void> = [];

  constructor(store: Store = new MemoryStore({ now: () => Date.now() })) {
    this.#store = store;
  }

  get state(): StoreState {
    return this.#store.state;
  }

  commit(appends: readonly Append[], done: (outcome: CommitOutcome) => void): void {
    const end = (outcome?: CommitOutcome): void => {
      if (outcome !== undefined) done(outcome);
      else this.#store.commit(appends, done);
    };
    if (this.free) return end();
    this.commits.push({ appends, end });
    for (const arrived of this.#arrived.splice(0)) arrived();
  }

  seek(pattern: string, range: Parameters<Store["seek"]>[1], done: (outcome: SeekOutcome) => void): void {
    this.#store.seek(pattern, range, done);
  }

  read(cursor: Cursor, most: number, done: (outcome: ReadOutcome) => void): void {
    this.#store.read(cursor, most, done);
  }

  close(done: () => void): void {
    this.#store.close(done);
  }

  /** The next commit that is asked for. */
  async next(): Promise<(typeof this.commits)[number]> {
    while (this.commits.length === 0) await new Promise<void>((resolve) => this.#arrived.push(resolve));
    return this.commits.shift()!;
  }
}

async function upgrade(client: RawClient): Promise<RawClient> {
  assertEquals(await client.ask("c1 hello 2"), "OK_2");
  await client.line();
  return client;
}

/** Reads `count` messages with their sequence numbers, and what `info` and `gap` lines come between. */
async function readBatches(client: RawClient, count: number): Promise<string[]> {
  const got: string[] = [];
  while (got.filter((entry) => !entry.startsWith("info")).length < count) {
    const header = await client.line() ?? "end";
    const parts = /^batch (\S+) (\d+) (\d+) seq=(\d+) ts=\d+$/.exec(header);
    if (parts === null) {
      got.push(header);
      if (header === "end") break;
      continue;
    }
    for (let at = 0; at < Number(parts[2]); at++) {
      assertMatch(await client.line() ?? "", new RegExp(`^pub ${parts[1]} `));
      got.push(`${parts[1]} ${Number(parts[4]) + at} ${await client.line()}`);
    }
  }
  return got;
}

Deno.test("a durable message is acknowledged and delivered when it is stored, and not before", async () => {
  const store = new HeldStore();
  store.free = false;
  await using broker = new TestServer({ durable: { store, patterns: ["#d.>"] } });
  using classic = broker.connect("subscribers");
  await classic.ask("s1 sub #>");
  using subscriber = await upgrade(broker.connect("subscribers"));
  await subscriber.ask("sub #d.*");
  using publisher = await upgrade(broker.connect("publishers"));
  await publisher.send("pub #d.a 3\none\npub #m 1\nx\n");
  const commit = await store.next();
  assertEquals(await classic.line(), "#m x", "a topic in memory does not wait");
  commit.end();
  assertEquals(await publisher.line(), "ok 2 level=memory subs=1", "in their order, the last one's fields");
  assertEquals(await classic.line(), "#d.a one");
  assertEquals(await readBatches(subscriber, 1), ["#d.a 1 one"]);
  store.free = true;
  assertEquals(await publisher.ask("pub #d.a 3\ntwo"), "ok 1 seq=2 level=synced subs=2");
});

Deno.test("what comes while a commit runs goes into the next one, whoever sent it", async () => {
  const store = new HeldStore();
  store.free = false;
  await using broker = new TestServer({ durable: { store, patterns: ["#>"] } });
  using first = broker.connect("publishers");
  await first.send("p1 pub #a 1\n");
  const running = await store.next();
  const others = [1, 2, 3].map(() => broker.connect("publishers"));
  for (const other of others) await other.send("p pub #a x\np pub #b y\n");
  await first.send("p1 pub #a 2\n");
  for (let turns = 0; turns < 50; turns++) await Promise.resolve();
  running.end();
  assertEquals(await first.line(), "OK");
  const next = await store.next();
  assertEquals(next.appends.reduce((sum, append) => sum + append.count, 0), 7);
  next.end();
  for (const other of others) assertEquals(await other.lines(2), ["OK", "OK"]);
  assertEquals(await first.line(), "OK");
  for (const other of others) other.close();
});

Deno.test("a refused commit is answered ERR_STORE, nobody gets its messages, and the next may succeed", async () => {
  const store = new HeldStore();
  store.free = false;
  await using broker = new TestServer({ durable: { store, patterns: ["#>"] } });
  using subscriber = broker.connect("subscribers");
  await subscriber.ask("s1 sub #>");
  using publisher = broker.connect("publishers");
  await publisher.send("p1 pub #a 1\np1 pub #b 2\np1 nope\n");
  (await store.next()).end({ kind: "refused", reason: "disk full" });
  assertEquals(await publisher.lines(3), ["ERR_STORE", "ERR_STORE", "ERR_UNKNOWN_COMMAND"]);
  store.free = true;
  assertEquals(await publisher.ask("p1 pub #a 3"), "OK");
  assertEquals(await subscriber.line(), "#a 3");
  assertEquals(broker.logged.filter(({ event }) => event === "refused").length, 1);
});

Deno.test("when it is not known what is stored, nothing is acknowledged any more", async () => {
  const store = new HeldStore();
  store.free = false;
  await using broker = new TestServer({ durable: { store, patterns: ["#d"] } });
  using publisher = broker.connect("publishers");
  await publisher.send("p1 pub #d 1\n");
  (await store.next()).end({ kind: "lost", reason: "fsync failed" });
  assertEquals(broker.lost, "fsync failed");
  using other = broker.connect("publishers");
  assertEquals(await other.ask("p2 pub #m x"), "OK");
  publisher.close();
});

Deno.test("from= brings the past and then what is live, each message once, in order", async () => {
  const store = new MemoryStore({ now: () => Date.now() });
  await using broker = new TestServer({ durable: { store, patterns: ["#>"] } });
  using publisher = await upgrade(broker.connect("publishers"));
  for (let at = 1; at <= 50; at++) await publisher.ask(`pub #a.${at % 2} 2\n${at + 10}`);
  using subscriber = await upgrade(broker.connect("subscribers"));
  await subscriber.send("sub #a.> from=earliest\n");
  const publishing = (async () => {
    for (let at = 51; at <= 90; at++) await publisher.ask(`pub #a.${at % 2} 2\n${at + 9}`);
  })();
  assertEquals(await subscriber.line(), "ok 1");
  const got = await readBatches(subscriber, 90);
  await publishing;
  const messages = got.filter((entry) => !entry.startsWith("info"));
  assertEquals(got.filter((entry) => entry.startsWith("info")), ['info {"live":"#a.>"}']);
  assertEquals(messages.map((entry) => Number(entry.split(" ")[2])), [
    ...Array.from({ length: 50 }, (_, at) => at + 11),
    ...Array.from({ length: 40 }, (_, at) => at + 60),
  ]);
  for (const topic of ["#a.0", "#a.1"]) {
    const sequences = messages.filter((entry) => entry.startsWith(topic)).map((entry) =>
      Number(entry.split(" ")[1])
    );
    assertEquals(sequences, Array.from({ length: 45 }, (_, at) => at + 1));
  }
});

Deno.test("from= a sequence number, to= another, latest, and what cannot be read so", async () => {
  const store = new MemoryStore({ now: () => Date.now() });
  await using broker = new TestServer({ durable: { store, patterns: ["#d.>"] } });
  using publisher = await upgrade(broker.connect("publishers"));
  await publisher.send(Array.from({ length: 9 }, (_, at) => `pub #d.a 1\n${at + 1}\n`).join(""));
  await publisher.send("pub #d.b 1\nb\n");
  for (let acknowledged = 0; acknowledged < 10;) {
    acknowledged += Number((await publisher.line())?.split(" ")[1]);
  }
  using subscriber = await upgrade(broker.connect("subscribers"));
  assertEquals(await subscriber.ask("sub #d.a from=4 to=6"), "ok 1");
  assertEquals(await readBatches(subscriber, 3), ["#d.a 4 4", "#d.a 5 5", "#d.a 6 6"]);
  assertEquals(await subscriber.line(), 'info {"end":"#d.a"}');
  assertEquals((await subscriber.ask("unsub #d.a"))?.split(" ")[1], "NOT_SUBSCRIBED", "it is over");
  assertEquals(await subscriber.ask("sub #d.* from=latest"), "ok 1");
  const latest = (await readBatches(subscriber, 2)).filter((entry) => !entry.startsWith("info"));
  assertEquals(latest.sort(), ["#d.a 9 9", "#d.b 1 b"]);
  const wrong: [string, RegExp][] = [
    ["sub #d.a from=yesterday", /BAD_FIELD from= is now, earliest/],
    ["sub #d.a from=1 to=never", /BAD_FIELD to= is/],
    ["sub #d.a to=5", /BAD_FIELD .*give both/],
  ];
  for (const [request, reply] of wrong) {
    let line = await subscriber.ask(request) ?? "";
    if (line.startsWith("info")) line = await subscriber.line() ?? "";
    assertMatch(line, reply);
  }
  await using plain = new TestServer();
  using other = await upgrade(plain.connect("subscribers"));
  assertMatch(await other.ask("sub #a from=earliest") ?? "", /^err NOT_DURABLE .*--data/);
});

Deno.test("a reader that is slower than the publishers reads at its own pace and makes nobody wait", async () => {
  const store = new MemoryStore({ now: () => Date.now() });
  await using broker = new TestServer({ durable: { store, patterns: ["#>"] } });
  using slow = await upgrade(broker.connect("subscribers", 1024));
  assertEquals(await slow.ask("sub #a from=earliest"), "ok 1");
  assertEquals(await slow.line(), 'info {"live":"#a"}');
  using publisher = await upgrade(broker.connect("publishers"));
  const total = 4000;
  const payload = "x".repeat(1000);
  let acknowledged = 0;
  const replies = (async () => {
    while (acknowledged < total) acknowledged += Number((await publisher.line())?.split(" ")[1]);
  })();
  for (let at = 0; at < total; at++) {
    await publisher.send(`pub #a 1004\n${String(at).padStart(4, "0")}${payload}\n`);
  }
  await replies;
  assertEquals(acknowledged, total, "all is acknowledged while the reader has hardly begun");
  const messages = (await readBatches(slow, total)).filter((entry) => !entry.startsWith("info"));
  assertEquals(
    messages.map((entry) => Number(entry.split(" ")[1])),
    Array.from({ length: total }, (_, at) => at + 1),
  );
  assert(messages.every((entry, at) => entry.split(" ")[2]!.startsWith(String(at).padStart(4, "0"))));
  assertEquals(await publisher.ask("pub #a 3\nend"), `ok 1 seq=${total + 1} level=synced subs=1`);
  const last = await readBatches(slow, 1);
  assertMatch(last.join("|"), new RegExp(`#a ${total + 1} end$`));
});

Deno.test("drain waits for what is being stored, delivers and acknowledges it", async () => {
  const store = new HeldStore();
  store.free = false;
  const broker = new TestServer({ durable: { store, patterns: ["#>"] } });
  using subscriber = broker.connect("subscribers");
  await subscriber.ask("s1 sub #a");
  using publisher = broker.connect("publishers");
  await publisher.send("p1 pub #a 1\n");
  const commit = await store.next();
  const drained = broker.server.drain(5000);
  commit.end();
  assertEquals(await publisher.rest(), "OK\n");
  assertEquals(await subscriber.rest(), "#a 1\n");
  assertEquals(await drained, 0);
});

Deno.test("a message that is sent again with its id is acknowledged and stored once", async () => {
  const store = new HeldStore();
  await using broker = new TestServer({ durable: { store, patterns: ["#d"] } });
  using subscriber = await upgrade(broker.connect("subscribers"));
  await subscriber.ask("sub #d");
  using publisher = await upgrade(broker.connect("publishers"));
  assertEquals(await publisher.ask("pub #d 1 id=1\na"), "ok 1 seq=1 level=synced subs=1");
  store.free = false;
  await publisher.send(
    "pub #d 1 id=1\na\npub #d 1 id=2\nb\npub #d 1\nc\npub #d 1 id=2\nb\npub #d 1 id=3\nd\n",
  );
  (await store.next()).end();
  store.free = true;
  let [acknowledged, last] = [0, ""];
  while (acknowledged < 5) {
    last = await publisher.line() ?? "end";
    acknowledged += Number(last.split(" ")[1]);
  }
  assertEquals([acknowledged, last.split(" ")[2]], [5, "seq=4"]);
  assertEquals(await publisher.ask("pub #d 1 id=3\nd"), "ok 1 level=synced subs=0");
  assertEquals(await readBatches(subscriber, 1), ["#d 1 a"]);
  const rest: string[] = [];
  while (rest.length < 6) {
    const line = await subscriber.line() ?? "end";
    if (!line.startsWith("batch")) rest.push(line);
  }
  assertEquals(rest, ["pub #d 1 id=2", "b", "pub #d 1", "c", "pub #d 1 id=3", "d"]);
});

Deno.test("a message whose commit was refused is stored when it is sent again", async () => {
  const store = new HeldStore();
  store.free = false;
  await using broker = new TestServer({ durable: { store, patterns: ["#d"] } });
  using publisher = await upgrade(broker.connect("publishers"));
  await publisher.send("pub #d 1 id=1\na\n");
  (await store.next()).end({ kind: "refused", reason: "disk full" });
  assertEquals(await publisher.line(), "err STORE disk full");
  store.free = true;
  assertEquals(await publisher.ask("pub #d 1 id=1\na"), "ok 1 seq=1 level=synced subs=0");
});

Deno.test("an end that lies in the future ends there, and its pattern is free again", async () => {
  const store = new MemoryStore({ now: () => Date.now() });
  await using broker = new TestServer({ durable: { store, patterns: ["#a"] } });
  using publisher = await upgrade(broker.connect("publishers"));
  await publisher.ask("pub #a 1\n1");
  using subscriber = await upgrade(broker.connect("subscribers"));
  assertEquals(await subscriber.ask("sub #a from=5 to=3"), "err BAD_FIELD to=3 lies before from=5");
  assertEquals(await subscriber.ask("sub #a from=1 to=3"), "ok 1");
  assertEquals(await readBatches(subscriber, 1), ["#a 1 1"]);
  for (let at = 2; at <= 4; at++) await publisher.ask(`pub #a 1\n${at}`);
  assertEquals(await readBatches(subscriber, 2), ["#a 2 2", "#a 3 3"]);
  assertEquals(await subscriber.line(), 'info {"end":"#a"}');
  assertEquals(await subscriber.ask("sub #a"), "ok 1");
  await publisher.ask("pub #a 1\n5");
  assertEquals(await readBatches(subscriber, 1), ["#a 5 5"]);
});

Deno.test("a replay that is given up at once is answered all the same", async () => {
  const store = new MemoryStore({ now: () => Date.now() });
  await using broker = new TestServer({ durable: { store, patterns: ["#a"] } });
  using subscriber = await upgrade(broker.connect("subscribers"));
  await subscriber.send("sub #a from=1\nsub #a from=2\nunsub #a\nping\n");
  let acknowledged = 0;
  for (let line = await subscriber.line(); line !== "pong"; line = await subscriber.line()) {
    acknowledged += Number(/^ok (\d+)$/.exec(line ?? "")?.[1] ?? 0);
  }
  assertEquals(acknowledged, 3);
});
