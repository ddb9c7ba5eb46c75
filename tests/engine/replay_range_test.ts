import { assertEquals } from "@std/assert";
import { MemoryStore, openSqliteStore, type Store } from "../../lib/store/mod.ts";
import { matches } from "../../lib/topics/topic.ts";
import type { RawClient } from "../support/raw_client.ts";
import { TestServer } from "../support/server.ts";
import { upgrade } from "../support/v2.ts";

interface Message {
  readonly topic: string;
  readonly seq: number;
  readonly time: number;
}

const HOUR = 3_600_000;
const FROM = ["earliest", "latest", "-3", "1", "3", "5", "7", "20", "-1h", "-0s", "past", "middle", "future"];
const TO = [undefined, "1", "3", "7", "9", "-1h", "past", "middle", "future"];
const directory = Deno.makeTempDirSync();
globalThis.addEventListener("unload", () => Deno.removeSync(directory, { recursive: true }));

const STORES: Readonly<Record<string, () => Promise<Store>>> = {
  memory: () => Promise.resolve(new MemoryStore({ now: () => Date.now() })),
  SQLite: () => openSqliteStore(`${directory}/store`),
};

/** What came of a subscription, and whether its end was said. */
interface Got {
  readonly messages: string[];
  ended: boolean;
}

async function take(client: RawClient, got: Got): Promise<void> {
  await client.send("ping\n");
  for (let line = await client.line(); line !== "pong" && line !== undefined; line = await client.line()) {
    const [, topic = "", count, seq] = /^batch (\S+) (\d+) \d+ seq=(\d+)/.exec(line) ?? [];
    if (count === undefined) {
      got.ended ||= line.startsWith('info {"end"');
      continue;
    }
    for (let at = 0; at < Number(count); at++) {
      await client.lines(2);
      got.messages.push(`${topic} ${Number(seq) + at}`);
    }
  }
}

for (const [name, open] of Object.entries(STORES)) {
  Deno.test(`every beginning with every end brings what lies between, and says that it is over (D3, D4): ${name}`, async () => {
    const store = await open();
    await using broker = new TestServer({ durable: { store, patterns: ["#>"] } });
    using publisher = await upgrade(broker.connect("publishers"));
    const all: Message[] = [];
    const publish = async (topic: string, count: number): Promise<void> => {
      await publisher.send(`pub ${topic} 1\nx\n`.repeat(count));
      for (let done = 0; done < count;) done += Number((await publisher.line())?.split(" ")[1]);
      const before = all.filter((one) => one.topic === topic).length;
      const time = Date.now();
      for (let at = 1; at <= count; at++) all.push({ topic, seq: before + at, time });
    };
    await publish("#a.x", 3);
    await publish("#a.y", 2);
    await new Promise((go) => setTimeout(go, 20));
    const middle = Date.now();
    await new Promise((go) => setTimeout(go, 20));
    await publish("#a.x", 2);
    const times: Record<string, number> = { past: middle - HOUR, middle, future: middle + HOUR };
    const text = (position: string): string =>
      position in times ? new Date(times[position]!).toISOString() : position;
    const asked: (Pick<Asked, "pattern" | "from" | "to" | "at"> & { client: RawClient; got: Got })[] = [];
    const stored = all.length;
    for (const pattern of ["#a.x", "#a.*", "#a.z"]) {
      for (const from of FROM) {
        for (const to of TO) {
          if (to !== undefined && /^\d+$/.test(from) && /^\d+$/.test(to) && Number(to) < Number(from)) {
            continue;
          }
          const client = await upgrade(broker.connect("subscribers"));
          const got: Got = { messages: [], ended: false };
          await client.send(
            `sub ${pattern} from=${text(from)}${to === undefined ? "" : ` to=${text(to)}`}\n`,
          );
          asked.push({ pattern, from, to, client, got, at: Date.now() });
        }
      }
    }
    const settle = async (): Promise<void> => {
      await new Promise((go) => setTimeout(go, 200));
      for (const { client, got } of asked) await take(client, got);
    };
    /** Those that are to end have ended. */
    const ends = async (): Promise<void> => {
      const going = asked.filter((each) => !model(all, { ...each, stored, times }).ended).length;
      while (broker.broker.snapshot().replays > going) await new Promise((go) => setTimeout(go, 10));
    };
    await settle();
    // one run reaches over ends and beginnings, and a topic is new
    await publish("#a.x", 5);
    await publish("#a.y", 1);
    // whether all topics there are have come to their ends is looked at a moment later
    await ends();
    await publish("#a.z", 8);
    await publish("#a.y", 6);
    await new Promise((go) => setTimeout(go, 600));
    await ends();
    await settle();
    const wrong: string[] = [];
    for (const { pattern, from, to, got, at, client } of asked) {
      const has = model(all, { pattern, from, to, stored, times, at });
      const what = `${pattern} from=${from}${to === undefined ? "" : ` to=${to}`}`;
      if ([...got.messages].sort().join() !== has.messages.sort().join()) {
        wrong.push(`${what}: ${got.messages.join(", ")}, not ${has.messages.join(", ")}`);
      }
      if (got.ended !== has.ended) wrong.push(`${what}: ${got.ended ? "ends" : "does not end"}`);
      client.close();
    }
    assertEquals(wrong.slice(0, 12), [], `${wrong.length} of ${asked.length}`);
    await broker.broker.close();
  });
}

interface Asked {
  readonly pattern: string;
  readonly from: string;
  readonly to: string | undefined;
  /** How many messages there were. */
  readonly stored: number;
  readonly times: Readonly<Record<string, number>>;
  /** When it was asked. */
  readonly at: number;
}

function model(
  all: readonly Message[],
  { pattern, from, to, stored, times, at }: Asked,
): { messages: string[]; ended: boolean } {
  const mine = all.filter(({ topic }) => matches(pattern, topic));
  const timeOf = (position: string): number | undefined =>
    position === "-1h" ? at - HOUR : position === "-0s" ? at : times[position];
  const begins = (message: Message): boolean => {
    if (from === "earliest") return true;
    if (/^\d+$/.test(from)) return message.seq >= Number(from);
    const time = timeOf(from);
    if (time !== undefined) return message.time >= time;
    const count = from === "latest" ? 1 : Number(from.slice(1));
    const there = all.slice(0, stored).filter(({ topic }) => topic === message.topic);
    return all.indexOf(message) >= stored || message.seq > there.length - count;
  };
  const ends = (message: Message): boolean => {
    if (to === undefined) return true;
    return /^\d+$/.test(to) ? message.seq <= Number(to) : message.time <= timeOf(to)!;
  };
  const until = to === undefined || /^\d+$/.test(to) ? undefined : timeOf(to)!;
  if (until !== undefined || to === undefined) {
    const messages = mine.filter((message) => begins(message) && ends(message));
    return { messages: shown(messages), ended: until !== undefined && until < Date.now() };
  }
  // over as soon as every topic there is has come to its end: what was still to come of new ones does not
  const next = new Map<string, number>();
  const messages: Message[] = [];
  const over = (): boolean => next.size > 0 && [...next.values()].every((seq) => seq > Number(to));
  for (const [place, message] of all.entries()) {
    if (place >= stored && over()) break;
    if (!mine.includes(message)) continue;
    next.set(message.topic, message.seq + 1);
    if (begins(message) && ends(message)) messages.push(message);
  }
  return { messages: shown(messages), ended: over() };
}

function shown(messages: readonly Message[]): string[] {
  return messages.map(({ topic, seq }) => `${topic} ${seq}`);
}
