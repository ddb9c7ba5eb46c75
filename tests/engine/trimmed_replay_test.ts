import { assert, assertEquals } from "@std/assert";
import { MemoryStore, openSqliteStore, type RetentionRules, type Store } from "../../lib/store/mod.ts";
import { TestServer } from "../support/server.ts";
import { upgrade } from "../support/v2.ts";

/** Its next answer to a read waits. */
class HeldReads extends MemoryStore {
  #held: { asked: () => void; released: Promise<void> } | undefined;

  hold(): { readonly asked: Promise<void>; release(): void } {
    const asked = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    this.#held = { asked: asked.resolve, released: released.promise };
    return { asked: asked.promise, release: released.resolve };
  }

  override read(...[cursors, extent, done]: Parameters<MemoryStore["read"]>): void {
    const held = this.#held;
    this.#held = undefined;
    super.read(cursors, extent, (outcome) => {
      if (held === undefined) return done(outcome);
      held.asked();
      void held.released.then(() => done(outcome));
    });
  }
}

const RETAIN: RetentionRules = { bytes: 4_000_000 };
const directory = Deno.makeTempDirSync();
let made = 0;
globalThis.addEventListener("unload", () => Deno.removeSync(directory, { recursive: true }));

const STORES: Readonly<Record<string, () => Promise<Store>>> = {
  memory: () => Promise.resolve(new MemoryStore({ now: () => Date.now(), retain: RETAIN })),
  SQLite: () => openSqliteStore(`${directory}/${++made}`, { retain: RETAIN }),
};

for (const [name, open] of Object.entries(STORES)) {
  for (const patterns of [["#a"], ["#*"], ["#a", "#*"]]) {
    const claim = "what retention takes from a slow replay is counted where it would have come (D3, V9)";
    Deno.test(`${claim}: ${patterns.join(" and ")} over ${name}`, async () => {
      const store = await open();
      await using broker = new TestServer({ durable: { store, patterns: ["#>"] } });
      using publisher = await upgrade(broker.connect("publishers"));
      const text = "x".repeat(10_000);
      const stored: Record<string, number> = { "#a": 0, "#b": 0 };
      const publish = async (rounds: number): Promise<void> => {
        const frame = (topic: string): string => `pub ${topic} 10000\n${text}\n`;
        for (let at = 0; at < rounds; at += 4) {
          await publisher.send(`${frame("#a")}${frame("#a")}${frame("#b")}`.repeat(4));
          for (let done = 0; done < 12;) done += Number((await publisher.line())?.split(" ")[1]);
        }
        stored["#a"]! += 2 * rounds;
        stored["#b"]! += rounds;
      };
      await publish(100);
      using slow = await upgrade(broker.connect("subscribers", 1024));
      await slow.send(patterns.map((pattern) => `sub ${pattern} from=earliest\n`).join(""));
      // several times as much as is kept, while it reads a little now and then
      const next = new Map<string, number>();
      const counted = new Map<string, number>();
      const received = new Set<string>();
      const read = async (): Promise<string> => {
        const line = await slow.line() ?? "end";
        const [, topic = "", count, seq] = /^batch (\S+) (\d+) \d+ seq=(\d+)/.exec(line) ?? [];
        if (line.startsWith("gap ")) {
          const [, pattern = "", missed] = line.split(" ");
          counted.set(pattern, (counted.get(pattern) ?? 0) + Number(missed));
        } else if (count !== undefined) {
          for (let at = 0; at < Number(count); at++) {
            received.add(`${topic} ${Number(seq) + at}`);
            await slow.lines(2);
          }
          const first = next.get(topic) ?? 1;
          // one that begins later brings again what came before
          if (patterns.length === 1) assert(Number(seq) >= first, "in order, and once");
          if (Number(seq) > first) {
            assert(
              [...counted.values()].some((missed) => missed >= Number(seq) - first),
              "the gap comes first",
            );
          }
          next.set(topic, Math.max(first, Number(seq) + Number(count)));
        }
        return line;
      };
      for (let begun = 0; begun < patterns.length;) {
        begun += Number(/^ok (\d+)$/.exec(await read())?.[1] ?? 0);
      }
      for (let some = 0; some < 12; some++) {
        await publish(40);
        for (let at = 0; at < 3; at++) await read();
      }
      await slow.send("ping\n");
      const all = patterns[0] === "#a" && patterns.length === 1
        ? stored["#a"]!
        : stored["#a"]! + stored["#b"]!;
      const sum = (pattern: string): number => received.size + (counted.get(pattern) ?? 0);
      for (let line = ""; sum(patterns.at(-1)!) < all && line !== "end";) line = await read();
      assertEquals(sum(patterns.at(-1)!), all);
      assert((counted.get(patterns.at(-1)!) ?? 0) > 0, "something was missed");
      assertEquals(next.get("#a"), stored["#a"]! + 1);
      await broker.broker.close();
    });
  }
}

Deno.test("a page comes before the gap of what retention took behind it while it was on its way (D3)", async () => {
  const store = new HeldReads({ now: () => Date.now(), retain: { bytes: 400_000 } });
  await using broker = new TestServer({ durable: { store, patterns: ["#>"] } });
  using publisher = await upgrade(broker.connect("publishers"));
  const publish = async (count: number): Promise<void> => {
    await publisher.send(`pub #a 10000\n${"x".repeat(10_000)}\n`.repeat(count));
    for (let done = 0; done < count;) done += Number((await publisher.line())?.split(" ")[1]);
  };
  // a batch each
  for (let one = 0; one < 30; one++) await publish(1);
  using reader = await upgrade(broker.connect("subscribers"));
  const held = store.hold();
  await reader.send("sub #a from=earliest\n");
  assertEquals(await reader.line(), "ok 1");
  await held.asked;
  for (let one = 0; one < 30; one++) await publish(1);
  held.release();
  const lines: string[] = [];
  let next = 1;
  while (next <= 60) {
    const line = await reader.line() ?? "end";
    const [, count, seq] = /^batch #a (\d+) \d+ seq=(\d+)/.exec(line) ?? [];
    const missed = /^gap #a (\d+)$/.exec(line)?.[1];
    if (count === undefined && missed === undefined) lines.push(line);
    if (seq !== undefined) assertEquals(Number(seq), next, "what is missing was counted before, and no more");
    next += Number(count ?? missed ?? 0);
    if (missed !== undefined) lines.push("gap");
    for (let left = 2 * Number(count ?? 0); left > 0; left--) await reader.line();
  }
  assertEquals(lines, ["gap"]);
});
