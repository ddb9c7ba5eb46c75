import { assertEquals } from "@std/assert";
import { openSqliteStore } from "../../lib/store/sqlite/open_store.ts";
import { HeldStore } from "../support/held_store.ts";
import { TestServer } from "../support/server.ts";
import { readBatches, upgrade } from "../support/v2.ts";

Deno.test("a message that is sent again with its id is acknowledged and stored once (D6)", async () => {
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
  assertEquals(await publisher.lines(4), [
    "ok 1 level=synced",
    "ok 2 seq=3 level=synced subs=1",
    "ok 1 level=synced",
    "ok 1 seq=4 level=synced subs=1",
  ], "of what was stored before nothing is said that is not known");
  assertEquals(await publisher.ask("pub #d 1 id=3\nd"), "ok 1 level=synced");
  assertEquals(await readBatches(subscriber, 1), ["#d 1 a"]);
  const rest: string[] = [];
  while (rest.length < 6) {
    const line = await subscriber.line() ?? "end";
    if (!line.startsWith("batch")) rest.push(line);
  }
  assertEquals(rest, ["pub #d 1 id=2", "b", "pub #d 1", "c", "pub #d 1 id=3", "d"]);
});

Deno.test("a message whose commit was refused is stored when it is sent again (D7)", async () => {
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

Deno.test("a repetition of what is refused meanwhile is refused too, and stored when it comes again", async () => {
  const store = new HeldStore();
  store.free = false;
  await using broker = new TestServer({ durable: { store, patterns: ["#d"] } });
  using publisher = await upgrade(broker.connect("publishers"));
  await publisher.send("pub #d 1 id=1\na\n");
  const commit = await store.next();
  using again = await upgrade(broker.connect("publishers"));
  await again.send("pub #d 1 id=1\na\npub #d 1 id=2\nb\npub #d 1\nc\nping\n");
  store.free = true;
  // what has no id is stored: nobody can have taken it for anything else
  await again.send("pub #m 1\nx\n");
  commit.end({ kind: "refused", reason: "disk full" });
  assertEquals(await publisher.line(), "err STORE disk full");
  const refused = new Set<string>();
  for (let line = await again.line(); line !== "pong"; line = await again.line()) refused.add(line ?? "end");
  assertEquals([...refused], ["err STORE disk full"], "a read is one run, refused as one");
  assertEquals(await again.line(), "ok 1 level=memory subs=0");
  assertEquals(await again.ask("pub #d 1 id=1\na"), "ok 1 seq=1 level=synced subs=0");
  assertEquals(await again.ask("pub #d 1 id=1\na"), "ok 1 level=synced");
});

Deno.test("a read that repeats what is refused is refused whole, though what is left of it has no ids", async () => {
  const store = new HeldStore();
  store.free = false;
  await using broker = new TestServer({ durable: { store, patterns: ["#d"] } });
  using publisher = await upgrade(broker.connect("publishers"));
  await publisher.send("pub #d 1 id=1\na\n");
  const commit = await store.next();
  using again = await upgrade(broker.connect("publishers"));
  using other = await upgrade(broker.connect("publishers"));
  await again.send("pub #d 1 id=1\na\npub #d 1\nb\n");
  await other.send("pub #d 1 id=9\nc\nping\n");
  // all three reads have been handled when a later one is answered
  using later = await upgrade(broker.connect("publishers"));
  await later.ask("pub #m 1\nx");
  store.free = true;
  commit.end({ kind: "refused", reason: "disk full" });
  for (let at = 0; at < 2; at++) assertEquals(await again.line(), "err STORE disk full");
  assertEquals(await other.line(), "ok 1 seq=1 level=synced subs=0", "what repeats nothing is stored");
});

Deno.test("what is stored already is acknowledged, though the message beside it repeats what is refused (D6)", async () => {
  const store = new HeldStore();
  await using broker = new TestServer({ durable: { store, patterns: ["#d"] } });
  using publisher = await upgrade(broker.connect("publishers"));
  assertEquals(await publisher.ask("pub #d 1 id=1\na"), "ok 1 seq=1 level=synced subs=0");
  store.free = false;
  await publisher.send("pub #d 1 id=2\nb\n");
  const commit = await store.next();
  using again = await upgrade(broker.connect("publishers"));
  await again.send("pub #d 1 id=2\nb\npub #d 1 id=1\na\npub #d 1 id=2\nb\npub #d 1 id=1\na\n");
  // that read has been handled when a later one is answered
  using later = await upgrade(broker.connect("publishers"));
  await later.ask("pub #m 1\nx");
  store.free = true;
  commit.end({ kind: "refused", reason: "disk full" });
  assertEquals(await again.lines(4), [
    "err STORE disk full",
    "ok 1 level=synced",
    "err STORE disk full",
    "ok 1 level=synced",
  ]);
});

Deno.test("what was stored before the broker was started is known by its id (D6)", async () => {
  const dir = await Deno.makeTempDir();
  try {
    for (const again of [false, true]) {
      const store = await openSqliteStore(`${dir}/data`);
      {
        await using broker = new TestServer({ durable: { store, patterns: ["#>"] } });
        using publisher = await upgrade(broker.connect("publishers"));
        const first = await publisher.ask(
          "pub #d 1 id=p-1\na\npub #d 1 id=p-2\nb\npub #d 1 id=whole%20id\nc",
        );
        assertEquals(first, again ? "ok 3 level=synced" : "ok 3 seq=3 level=synced subs=0");
        const other = await publisher.ask("pub #e 1 id=p-1\na");
        assertEquals(other, again ? "ok 1 level=synced" : "ok 1 seq=1 level=synced subs=0");
        if (again) assertEquals(await publisher.ask("pub #d 1 id=p-3\nd"), "ok 1 seq=4 level=synced subs=0");
      }
      await new Promise<void>((resolve) => store.close(resolve));
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
