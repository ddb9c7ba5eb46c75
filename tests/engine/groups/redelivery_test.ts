import { assertEquals } from "@std/assert";
import type { Unit } from "../../../lib/engine/groups/ledger.ts";
import { Place } from "../../../lib/engine/groups/members.ts";
import { Redelivery, type RedeliveryOwner, type Returned } from "../../../lib/engine/groups/redelivery.ts";
import { ReadingTurns, type Turn } from "../../../lib/engine/durable/reading_turns.ts";
import type { Run } from "../../../lib/engine/types.ts";
import type { Cursor, ReadExtent, ReadOutcome } from "../../../lib/store/types.ts";
import { settled } from "../durable/commit_bench.ts";
import { HeldReads } from "./held_reads.ts";
import { NO_OWNER } from "./no_owner.ts";
import { messagesIn, StoredBench, Worker } from "./stored_bench.ts";

/** A store that notes what it is asked for, and cannot read the next so many times. */
class Asked extends HeldReads {
  readonly asked: string[] = [];
  failures = 0;

  override read(cursors: readonly Cursor[], extent: ReadExtent, done: (outcome: ReadOutcome) => void): void {
    const { pattern, sequence, to } = cursors[0]!;
    if (to?.kind !== "sequence") return super.read(cursors, extent, done);
    this.asked.push(`${pattern} ${sequence}-${to.sequence}`);
    if (this.failures-- > 0) queueMicrotask(() => done({ kind: "failed", reason: "damaged" }));
    else super.read(cursors, extent, done);
  }
}

function unit(): Unit {
  return { after: 1, open: 0, ends: new Map() };
}

function place(): Place {
  return new Place(new Worker(), { window: 9, owner: NO_OWNER });
}

const UNIT = unit();
const PLACE = place();

/** A group that notes what comes back, as `topic first-last attempt`. */
class Noting implements RedeliveryOwner {
  readonly store = new Asked({ now: () => this.bench.now });
  readonly bench: StoredBench = new StoredBench({ store: this.store });
  readonly pool = this.bench.pool;
  readonly turns = new ReadingTurns(this.bench.memory);
  readonly routeOf = (topic: string): ReturnType<RedeliveryOwner["routeOf"]> =>
    this.bench.engine.routeOf(topic);
  readonly maxAttempts = 3;
  readonly told: string[] = [];
  readonly payloads: string[] = [];
  takes = true;
  flushed = 0;

  returned(run: Run, of: Returned): void {
    this.payloads.push(...messagesIn(run).map(({ payload }) => payload.slice(0, 9)));
    assertEquals([run.stored!.first, run.count, run.route.topic], [of.from, of.end - of.from, of.topic]);
    this.told.push(shown(of));
  }

  gone(of: Returned): void {
    this.told.push(`gone ${shown(of)}`);
  }

  failed(reason: string): void {
    this.told.push(reason);
  }

  flush(): void {
    this.flushed++;
  }
}

function shown({ topic, from, end, attempt }: Returned): string {
  return `${topic} ${from}-${end - 1} ${attempt}`;
}

function back(from: number, end: number, of: Partial<Returned> = {}): Returned {
  return { topic: "#d.a", unit: UNIT, attempt: 2, cause: "nack", before: PLACE, ...of, from, end };
}

/** With so many messages of a topic, each stored by itself. */
async function made(messages: number, { clock = 0, fields = "" } = {}): Promise<{
  readonly owner: Noting;
  readonly redelivery: Redelivery;
}> {
  const owner = new Noting();
  for (let at = 1; at <= messages; at++) await owner.bench.published("#d.a", [`${at}`], fields);
  await owner.bench.published("#d.b", ["b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8", "b9"]);
  return { owner, redelivery: new Redelivery(owner, clock) };
}

Deno.test("what comes back together is read together, but for the first, which may be being read", async () => {
  const { owner, redelivery } = await made(9);
  owner.store.holds = true;
  redelivery.add(back(1, 2), 0);
  redelivery.goOn();
  for (const each of [back(2, 3), back(3, 4), back(4, 6)]) redelivery.add(each, 0);
  owner.store.letGo();
  await settled();
  assertEquals(owner.store.asked, ["#d.a 1-1", "#d.a 2-5"]);
  assertEquals(owner.told.join(", "), "#d.a 1-1 2, #d.a 2-2 2, #d.a 3-3 2, #d.a 4-4 2, #d.a 5-5 2");
  assertEquals(owner.payloads, ["1", "2", "3", "4", "5"]);
  assertEquals(
    [owner.flushed, owner.pool.bytesOut],
    [2, 0],
    "what was given is set going behind each answer",
  );
});

for (
  const [what, next] of [
    ["of another topic", back(3, 4, { topic: "#d.b" })],
    ["that does not follow", back(4, 5)],
    ["that was read at another time", back(3, 4, { unit: unit() })],
    ["that is given out for another time", back(3, 4, { attempt: 3 })],
    ["that comes back for another reason", back(3, 4, { cause: "timeout" })],
    ["that another member had", back(3, 4, { before: place() })],
  ] as const
) {
  Deno.test(`what comes back ${what} is read by itself`, async () => {
    const { owner, redelivery } = await made(9);
    for (const each of [back(1, 2), back(2, 3), next]) redelivery.add(each, 0);
    redelivery.goOn();
    await settled();
    const { topic, from } = next;
    assertEquals(owner.store.asked, ["#d.a 1-1", "#d.a 2-2", `${topic} ${from}-${from}`]);
    assertEquals(owner.told.slice(2), [shown(next)]);
  });
}

Deno.test("what is to come later comes with the first step of a quarter of a second that is not too early", async () => {
  const { owner, redelivery } = await made(9, { clock: 1100 });
  const at = async (clock: number): Promise<[string, number]> => {
    redelivery.tick(clock);
    await settled();
    return [owner.payloads.splice(0).join(" "), redelivery.delayed];
  };
  redelivery.add(back(1, 2), 1);
  redelivery.add(back(3, 5), 250);
  redelivery.add(back(6, 7), 251);
  redelivery.add(back(9, 10), 1000);
  assertEquals(redelivery.delayed, 5);
  assertEquals(await at(1249), ["", 5]);
  assertEquals(await at(1250), ["1 3 4", 2]);
  assertEquals(await at(1499), ["", 2]);
  assertEquals(await at(1500), ["6", 1]);
  redelivery.add(back(2, 3), 250);
  assertEquals(await at(2600), ["2 9", 0], "however long it was, each comes, in its order");
  redelivery.add(back(5, 6), 0);
  assertEquals([await at(2600), owner.told.length], [["5", 0], 7]);
});

Deno.test("nothing is read while nobody has room for it, but what dies", async () => {
  const { owner, redelivery } = await made(3);
  owner.takes = false;
  redelivery.add(back(1, 2, { attempt: 3 }), 0);
  redelivery.goOn();
  await settled();
  assertEquals(owner.store.asked, []);
  owner.takes = true;
  redelivery.goOn();
  await settled();
  owner.takes = false;
  redelivery.add(back(2, 3, { attempt: 4 }), 0);
  redelivery.goOn();
  await settled();
  assertEquals(owner.told, ["#d.a 1-1 3", "#d.a 2-2 4"]);
});

Deno.test("of what comes back what has outlived its time is told, wherever it lies, and the rest is there", async () => {
  const { owner, redelivery } = await made(2, { fields: " ttl=1" });
  const { bench } = owner;
  await bench.published("#d.a", ["3", "4"]);
  await bench.published("#d.a", ["5"], " ttl=1");
  await bench.published("#d.a", ["6"]);
  await bench.published("#d.a", ["7", "8"], " ttl=1");
  bench.now += 2000;
  redelivery.add(back(1, 9), 0);
  redelivery.goOn();
  await settled();
  assertEquals(
    owner.told.join(", "),
    [
      "gone #d.a 1-2 2, #d.a 3-4 2",
      "gone #d.a 5-5 2, #d.a 6-6 2",
      "gone #d.a 7-8 2",
    ].join(", "),
  );
  assertEquals(owner.store.asked, ["#d.a 1-8"]);
});

Deno.test("what takes more than a page comes in its order, each message once", async () => {
  const owner = new Noting();
  const redelivery = new Redelivery(owner, 0);
  for (let at = 1; at <= 5; at++) await owner.bench.published("#d.a", [`${at}`.padEnd(40_000, "-")]);
  redelivery.add(back(1, 5), 0);
  redelivery.goOn();
  await settled();
  assertEquals(owner.payloads, ["1--------", "2--------", "3--------", "4--------"]);
  assertEquals(owner.told.length, 4);
  assertEquals(owner.store.asked.length > 1 && owner.store.asked[0], "#d.a 1-4");
  assertEquals(owner.pool.bytesOut, 0);
});

Deno.test("what cannot be read is told once, and what comes back behind it is read again", async () => {
  const { owner, redelivery } = await made(3);
  owner.store.failures = 1;
  for (const each of [back(1, 2), back(2, 3, { attempt: 3 })]) redelivery.add(each, 0);
  redelivery.goOn();
  await settled();
  assertEquals([owner.told, owner.store.asked], [["damaged"], ["#d.a 1-1"]]);
  redelivery.add(back(3, 4), 0);
  redelivery.goOn();
  await settled();
  assertEquals(owner.told, ["damaged", "#d.a 3-3 2"]);
});

/** Others that are read for: as many as the store is asked for at a time. */
function others(turns: ReadingTurns): { end(): void } {
  const answers: Array<() => void> = [];
  for (let at = 0; at < 2; at++) {
    const turn: Turn = { wants: 1, ask: (_most, answered) => void answers.push(answered) };
    turns.add(turn);
  }
  return { end: () => answers.splice(0).forEach((answered) => answered()) };
}

Deno.test("who closes it wants nothing any more: not what is being read, waits for its turn, or comes later", async () => {
  for (const where of ["read", "waiting"]) {
    const { owner, redelivery } = await made(3);
    const busy = where === "waiting" ? others(owner.turns) : undefined;
    owner.store.holds = true;
    redelivery.add(back(1, 2), 0);
    redelivery.add(back(2, 3, { attempt: 3 }), 0);
    redelivery.add(back(3, 4), 500);
    redelivery.goOn();
    redelivery.close();
    assertEquals(redelivery.delayed, 0);
    busy?.end();
    owner.store.letGo();
    redelivery.tick(1000);
    await settled();
    assertEquals([owner.told, owner.store.asked.length], [[], where === "read" ? 1 : 0]);
    // and the next has its turn
    const next = new Redelivery(owner, 0);
    next.add(back(1, 2), 0);
    next.goOn();
    await settled();
    assertEquals(owner.told, ["#d.a 1-1 2"]);
  }
});

for (const where of ["read", "waiting", "nowhere"]) {
  Deno.test(`who finishes waits for what dies and nothing else; the first is then ${where}`, async () => {
    const { owner, redelivery } = await made(5);
    const busy = where === "waiting" ? others(owner.turns) : undefined;
    owner.store.holds = true;
    redelivery.add(back(1, 2), 0);
    redelivery.add(back(2, 3, { attempt: 4 }), 0);
    redelivery.add(back(3, 4), 0);
    redelivery.add(back(4, 5, { attempt: 4 }), 0);
    redelivery.add(back(5, 6), 500);
    if (where !== "nowhere") redelivery.goOn();
    let finished = 0;
    redelivery.finish(() => finished++);
    assertEquals([finished, redelivery.delayed], [0, 0]);
    busy?.end();
    owner.store.letGo();
    redelivery.tick(1000);
    await settled();
    assertEquals([owner.told, finished], [["#d.a 2-2 4", "#d.a 4-4 4"], 1]);
    redelivery.close();
    redelivery.add(back(1, 2), 0);
    redelivery.goOn();
    await settled();
    assertEquals([owner.told.length, finished], [2, 1], "once, and nothing comes behind it");
  });
}

Deno.test("where nothing dies it is finished at once, and where it is closed before it has", async () => {
  const { owner, redelivery } = await made(1);
  let finished = 0;
  redelivery.add(back(1, 2), 0);
  redelivery.finish(() => finished++);
  assertEquals(finished, 1);
  owner.store.holds = true;
  const other = new Redelivery(owner, 0);
  other.add(back(1, 2, { attempt: 4 }), 0);
  other.finish(() => finished++);
  assertEquals(finished, 1);
  other.close();
  assertEquals(finished, 2);
  owner.store.letGo();
  await settled();
  assertEquals([owner.told, finished], [[], 2]);
});
