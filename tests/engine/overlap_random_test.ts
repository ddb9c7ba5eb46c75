import { assertEquals } from "@std/assert";
import { MemoryStore } from "../../lib/store/memory.ts";
import { matches } from "../../lib/topics/topic.ts";
import { seeded } from "../faults/random.ts";
import type { RawClient } from "../support/raw_client.ts";
import { TestServer } from "../support/server.ts";
import { upgrade } from "../support/v2.ts";

const TOPICS = ["#a.x", "#a.y", "#b.x"];
const PATTERNS = ["#>", "#a.*", "#*.x", "#a.x", "#b.x"];
const PAD_BYTES = 12_000;
const PAD = "x".repeat(PAD_BYTES);

interface Wish {
  readonly pattern: string;
  /** Where in what came its `ok` stands. */
  readonly begin: number;
  /** Where the answer to its end stands. */
  end: number;
  readonly replay: { readonly from: number; readonly to: number } | undefined;
  /** Messages that had been acknowledged by topic when it was asked for. */
  readonly before: ReadonlyMap<string, number>;
}

/** What a connection was given and answered, as it came. */
type Seen = { readonly topic: string; readonly seq: number } | { readonly line: string };

async function next(client: RawClient, seen: Seen[]): Promise<string> {
  const line = await client.line() ?? "end";
  const [, topic = "", count, seq] = /^batch (\S+) (\d+) \d+ seq=(\d+)/.exec(line) ?? [];
  if (count === undefined) {
    seen.push({ line });
    return line;
  }
  for (let at = 0; at < Number(count); at++) {
    await client.lines(2);
    seen.push({ topic, seq: Number(seq) + at });
  }
  return "";
}

async function answer(client: RawClient, seen: Seen[]): Promise<void> {
  while (!/^(ok|err|pong)/.test(await next(client, seen)));
}

async function scenario(seed: number): Promise<void> {
  const random = seeded(seed);
  const upTo = (most: number): number => Math.floor(random() * most);
  const pick = <T>(list: readonly T[]): T => list[upTo(list.length)]!;
  const store = new MemoryStore({ now: () => Date.now() });
  await using broker = new TestServer({ durable: { store, patterns: ["#>"] } });
  using publisher = await upgrade(broker.connect("publishers"));
  using subscriber = await upgrade(broker.connect("subscribers", 8 * 1024));
  const stored = new Map(TOPICS.map((topic) => [topic, 0]));
  const publish = async (count: number): Promise<void> => {
    const chosen = Array.from({ length: count }, () => pick(TOPICS));
    await publisher.send(chosen.map((topic) => `pub ${topic} ${PAD_BYTES}\n${PAD}\n`).join(""));
    for (let done = 0; done < count;) done += Number((await publisher.line())?.split(" ")[1]);
    for (const topic of chosen) stored.set(topic, stored.get(topic)! + 1);
  };
  await publish(150);
  const seen: Seen[] = [];
  const wishes: Wish[] = [];
  const current = new Map<string, Wish>();
  for (let step = 0; step < 25; step++) {
    const pattern = pick(PATTERNS);
    const act = upTo(10);
    const had = current.get(pattern);
    if (act < 4) {
      if (had === undefined || act < 2) {
        const from = pick([0, 1, 30, 70, 120]);
        const to = pick([Infinity, Infinity, from + 40]);
        const replay = from === 0 ? undefined : { from, to };
        if (replay === undefined && had !== undefined) continue;
        const fields = replay === undefined ? "" : ` from=${from}${to === Infinity ? "" : ` to=${to}`}`;
        const before = new Map(stored);
        await subscriber.send(`sub ${pattern}${fields}\n`);
        await answer(subscriber, seen);
        if (had !== undefined) had.end = seen.length;
        const wish = { pattern, begin: seen.length, end: Infinity, replay, before };
        wishes.push(wish);
        current.set(pattern, wish);
      } else {
        await subscriber.send(`unsub ${pattern}\n`);
        await answer(subscriber, seen);
        had.end = seen.length;
        current.delete(pattern);
      }
    } else if (act < 8) {
      // somebody who does not read makes the publisher wait
      let publishing = true;
      const published = publish(1 + upTo(20)).then(() => publishing = false);
      if (upTo(2) === 0) await new Promise((go) => setTimeout(go, 2));
      while (publishing) {
        await new Promise((go) => setTimeout(go, 0));
        await subscriber.send("ping\n");
        await answer(subscriber, seen);
      }
      await published;
    } else {
      await subscriber.send("ping\n");
      await answer(subscriber, seen);
    }
  }
  for (let quiet = 0; quiet < 3;) {
    await new Promise((go) => setTimeout(go, 4));
    const length = seen.length;
    await subscriber.send("ping\n");
    await answer(subscriber, seen);
    quiet = seen.length === length + 1 ? quiet + 1 : 0;
  }
  judge(seen, wishes, stored, `seed ${seed}`);
}

function wants({ pattern, replay, before }: Wish, topic: string, seq: number): boolean {
  if (!matches(pattern, topic)) return false;
  if (replay !== undefined) return seq >= replay.from && seq <= replay.to;
  return seq > before.get(topic)!;
}

function judge(
  seen: readonly Seen[],
  wishes: readonly Wish[],
  stored: ReadonlyMap<string, number>,
  what: string,
): void {
  const places = new Map<string, number[]>();
  for (const [at, entry] of seen.entries()) {
    if ("line" in entry) continue;
    const key = `${entry.topic} ${entry.seq}`;
    places.set(key, [...places.get(key) ?? [], at]);
  }
  const wrong: string[] = [];
  for (const [topic, count] of stored) {
    for (let seq = 1; seq <= count; seq++) {
      const came = places.get(`${topic} ${seq}`) ?? [];
      for (const wish of wishes) {
        if (wish.end !== Infinity || !wants(wish, topic, seq)) continue;
        if (!came.some((at) => at >= wish.begin)) wrong.push(`${wish.pattern} has not had ${topic} ${seq}`);
      }
      for (let again = 1; again < came.length; again++) {
        // an `ok` of one that was asked for it stands between the two
        const asked = wishes.some((wish) =>
          wish.begin > came[again - 1]! && wish.begin <= came[again]! && wants(wish, topic, seq)
        );
        if (!asked) wrong.push(`${topic} ${seq} came again`);
      }
    }
  }
  const shown = wishes.map(({ pattern, begin, end, replay }) => ({ pattern, begin, end, replay }));
  assertEquals(wrong.slice(0, 5), [], `${what}: ${JSON.stringify(shown)}`);
}

Deno.test("whatever subscriptions a connection has and changes, each message comes, and comes once (C5, D8)", async () => {
  for (let seed = 1; seed <= Number(Deno.env.get("SEEDS") ?? 40); seed++) await scenario(seed);
});
