import { assert, assertEquals } from "@std/assert";
import { MemoryStore } from "../../../lib/store/mod.ts";
import type { Cursor, ReadExtent, ReadOutcome } from "../../../lib/store/types.ts";
import { HeldStore } from "../../support/held_store.ts";
import { TestServer } from "../../support/server.ts";
import { upgrade } from "../../support/v2.ts";

/** Counts what is read of it; answers to reads wait while they are held. */
class WatchedStore extends HeldStore {
  bytes = 0;
  underWay = 0;
  most = 0;
  seeks = 0;
  held: Array<() => void> | undefined;
  readonly patterns: string[] = [];

  override seek(...[pattern, range, done]: Parameters<HeldStore["seek"]>): void {
    this.seeks++;
    super.seek(pattern, range, done);
  }

  override read(cursors: readonly Cursor[], extent: ReadExtent, done: (outcome: ReadOutcome) => void): void {
    this.most = Math.max(this.most, ++this.underWay);
    this.patterns.push(cursors[0]!.pattern);
    super.read(cursors, extent, (outcome) => {
      const answer = (): void => {
        this.underWay--;
        if (outcome.kind === "page") this.bytes += outcome.page.bytes.length;
        done(outcome);
      };
      if (this.held === undefined) answer();
      else this.held.push(answer);
    });
  }
}

async function filled(store: WatchedStore, topics: readonly string[]): Promise<TestServer> {
  const broker = new TestServer({ durable: { store, patterns: ["#>"] } });
  using publisher = await upgrade(broker.connect("publishers"));
  const text = "x".repeat(10_000);
  for (const topic of topics) {
    await publisher.send(`pub ${topic} 10000\n${text}\n`.repeat(400));
    for (let done = 0; done < 400;) done += Number((await publisher.line())?.split(" ")[1]);
  }
  return broker;
}

const pause = (milliseconds: number): Promise<void> => new Promise((go) => setTimeout(go, milliseconds));

Deno.test("a silent connection is read for no further than its outbox goes, however many replays it has (D5)", async () => {
  const store = new WatchedStore(new MemoryStore({ now: () => Date.now() }));
  await using broker = await filled(store, ["#d.a", "#d.b", "#e.a"]);
  using silent = await upgrade(broker.connect("subscribers", 1024));
  const patterns = ["#>", "#d.>", "#d.*", "#*.a", "#d.a", "#d.b", "#e.a", "#e.>", "#*.*", "#e.*"];
  await silent.send(patterns.map((pattern) => `sub ${pattern} from=earliest\n`).join(""));
  await pause(100);
  assert(store.bytes < 3 * 1024 * 1024, `${store.bytes} bytes were read`);
  assertEquals(store.most, 1, "one page at a time");
});

Deno.test("replays of different connections take turns, and who asks for little waits for a round at most", async () => {
  const store = new WatchedStore(new MemoryStore({ now: () => Date.now() }));
  await using broker = await filled(store, ["#d.a", "#small"]);
  store.held = [];
  const hungry = [];
  for (let at = 0; at < 3; at++) {
    const client = await upgrade(broker.connect("subscribers", 8 * 1024 * 1024));
    for (const pattern of ["#d.a", "#d.*", "#*.a"]) await client.send(`sub ${pattern} from=earliest\n`);
    hungry.push(client);
  }
  await pause(20);
  using small = await upgrade(broker.connect("subscribers", 8 * 1024 * 1024));
  await small.send("sub #small from=399\n");
  await pause(20);
  const before = store.patterns.length;
  for (let turns = 0; turns < 6; turns++) {
    store.held.shift()?.();
    await pause(2);
  }
  assert(store.most <= 2, `${store.most} reads are under way together`);
  const turn = store.patterns.slice(before).indexOf("#small");
  assert(turn >= 0 && turn <= 4, `its turn was the ${turn}th`);
  for (const client of hungry) client.close();
});

Deno.test("of a replay that begins again and again only the last is looked for (D3)", async () => {
  const store = new WatchedStore(new MemoryStore({ now: () => Date.now() }));
  await using broker = await filled(store, ["#d.a"]);
  store.held = [];
  using first = await upgrade(broker.connect("subscribers"));
  using second = await upgrade(broker.connect("subscribers"));
  using third = await upgrade(broker.connect("subscribers"));
  // all turns are taken
  for (const client of [first, second]) await client.send("sub #d.a from=1\n");
  await pause(10);
  await third.send("sub #d.a from=1\n".repeat(1000));
  await pause(10);
  const release = store.held;
  store.held = undefined;
  for (const answer of release) answer();
  let answered = 0;
  for (let line = await third.line(); answered < 1000; line = await third.line()) {
    if (line?.startsWith("ok")) answered += Number(line.split(" ")[1]);
    if (answered >= 1000) break;
  }
  // of those that wait for an answer at the same time, which a connection has a bounded number of
  assert(store.seeks < 100, `${store.seeks} beginnings were looked for`);
});
