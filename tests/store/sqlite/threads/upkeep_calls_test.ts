/**
 * What upkeep asks of the writer, in which order and how often. The writer only says what it was asked.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Upkeep } from "../../../../lib/store/sqlite/threads/upkeep.ts";
import type { Writer } from "../../../../lib/store/sqlite/writer/writer.ts";
import type { AgedBatch } from "../../../../lib/store/log/retention.ts";
import type { RetentionRules, Trimmed } from "../../../../lib/store/types.ts";

const MIB = 1024 * 1024;
/** Looks at the time behind which a slice is taken never to end. */
const LOOKS_MOST = 100_000;

/** Says what it is asked, and answers as it is told to. */
class AskedWriter {
  readonly asked: string[] = [];
  identity = { clock: 1000 };
  lost: unknown = undefined;
  last = 0;
  deleted = 0;
  batches: AgedBatch[] = [];
  held = false;
  holdChanges = 0;
  checkpointDue = false;
  walUsed = false;
  moreIds = false;
  /** What forgetting and giving back answer, the next first (false). */
  readonly forgets: boolean[] = [];
  readonly gives: boolean[] = [];

  get bytes(): number {
    return this.batches.reduce((sum, { size }) => sum + size, 0);
  }
  look(): void {
    this.asked.push("look");
  }
  setClock(clock: number): void {
    this.asked.push(`clock ${clock}`);
  }
  checkpoint(): undefined {
    this.asked.push("checkpoint");
  }
  hasMoreIds(_most: number): boolean {
    return this.moreIds;
  }
  forgetIds({ window, most }: { readonly window: number; readonly most: number }): boolean {
    this.asked.push(`forget ${window} ${most}`);
    return this.forgets.shift() ?? false;
  }
  giveBack(): boolean {
    this.asked.push("give back");
    return this.gives.shift() ?? false;
  }
  nameOf(topic: number): string {
    return `#t.${topic}`;
  }
  idOf(topic: string): number {
    this.asked.push(`id of ${topic}`);
    return 1;
  }
  agedAfter(id: number, limit: number): readonly AgedBatch[] {
    return this.batches.filter((batch) => batch.id > id).slice(0, limit);
  }
  agedOf(_topic: number, sequence: number, limit: number): readonly AgedBatch[] {
    return this.batches.filter(({ first }) => first >= sequence).slice(0, limit);
  }
  isHeld(): boolean {
    return this.held;
  }
  trim(batches: readonly AgedBatch[]): void {
    this.asked.push(`trim ${batches.map(({ id }) => id)}`);
    this.batches = this.batches.filter((batch) => !batches.includes(batch));
    this.deleted += batches.length;
  }
}

interface Kept {
  readonly writer: AskedWriter;
  readonly upkeep: Upkeep;
  readonly notes: string[];
  readonly trimmed: Trimmed[];
  /** What the clocks show, and by how much the one that never goes back goes on with each look. */
  readonly clock: { wall: number; time: number; step: number };
}

function keeping(
  { retain = {}, dedupWindow = 800 }: { retain?: RetentionRules; dedupWindow?: number },
  work: (kept: Kept) => void,
): void {
  const { now } = performance;
  const { now: wall } = Date;
  const clock = { wall: 1000, time: 0, step: 0 };
  let looks = 0;
  performance.now = () => {
    if (++looks > LOOKS_MOST) throw new Error("a slice goes on and on");
    return (clock.time += clock.step) - clock.step;
  };
  Date.now = () => clock.wall;
  const writer = new AskedWriter();
  const notes: string[] = [];
  const trimmed: Trimmed[] = [];
  try {
    const upkeep = new Upkeep(writer as unknown as Writer, {
      retain,
      dedupWindow,
      note: (level, event, fields) => void notes.push(`${level} ${event} ${JSON.stringify(fields)}`),
      trimmed: (what) => void trimmed.push(what),
    });
    work({ writer, upkeep, notes, trimmed, clock });
  } finally {
    performance.now = now;
    Date.now = wall;
  }
}

function batchesOf(count: number, { time = 0, size = 1 } = {}): AgedBatch[] {
  return Array.from(
    { length: count },
    (_, at) => ({ id: at + 1, topic: 1, first: 2 * at + 1, count: 2, time, size }),
  );
}

Deno.test("a slice writes the clock down, trims, forgets, gives back, and moves the log where that is due", () => {
  keeping({ retain: { age: 100 } }, ({ writer, upkeep, trimmed, notes }) => {
    writer.batches = batchesOf(2);
    writer.checkpointDue = true;
    upkeep.slice();
    assertEquals(writer.asked, [
      "clock 1000",
      "trim 1,2",
      `forget 1200 ${32 * MIB}`,
      "give back",
      "checkpoint",
    ]);
    assertEquals([upkeep.trimmed, upkeep.more], [4, false]);
    assertEquals(trimmed, [{
      deleted: 2,
      batches: [
        { batch: 1, topic: "#t.1", first: 1, count: 2, time: 0 },
        { batch: 2, topic: "#t.1", first: 3, count: 2, time: 0 },
      ],
    }]);
    assertEquals(notes, ['debug old messages deleted {"messages":4}']);
  });
});

Deno.test("one message that was deleted is told, and one byte that stays for groups", () => {
  keeping({ retain: { age: 100 } }, ({ writer, upkeep, trimmed, notes, clock }) => {
    const [batch] = batchesOf(1);
    writer.batches = [{ ...batch!, count: 1 }];
    upkeep.slice();
    assertEquals([trimmed.length, notes.splice(0)], [1, ['debug old messages deleted {"messages":1}']]);
    writer.held = true;
    writer.batches = [{ ...batch!, id: 2, first: 2 }];
    [clock.wall, clock.time] = [2000, 1000];
    upkeep.slice();
    assertEquals(notes.map((note) => note.slice(-11)), ['{"bytes":1}']);
  });
});

Deno.test("without rules nothing is trimmed, and what is stored is nobody's business", () => {
  keeping({}, ({ writer, upkeep, trimmed }) => {
    writer.batches = batchesOf(2);
    upkeep.added([{ topic: "#a", count: 1, start: 0, end: 5 }]);
    upkeep.slice();
    assertEquals([writer.asked, trimmed], [["clock 1000", `forget 1200 ${32 * MIB}`, "give back"], []]);
  });
  const overrides = [{ pattern: "#t.1", bytes: 20 }];
  keeping({ retain: { overrides } }, ({ writer, upkeep }) => {
    upkeep.added([{ topic: "#a", count: 1, start: 0, end: 5 }, { topic: "#b", count: 1, start: 5, end: 20 }]);
    assertEquals(writer.asked.splice(0), ["id of #a", "id of #b"]);
    writer.batches = batchesOf(3, { size: 5 });
    upkeep.slice();
    assertEquals(
      writer.asked.filter((each) => each.startsWith("trim")),
      [],
      "20 bytes are what there may be",
    );
    upkeep.added([{ topic: "#a", count: 1, start: 0, end: 1 }]);
    upkeep.slice();
    assertEquals(writer.asked.filter((each) => each.startsWith("trim")), ["trim 1"]);
  });
});

Deno.test("ids may take a quarter of what is kept by bytes, and 32 MiB", () => {
  for (const [bytes, most] of [[400, 100], [127 * MIB, 127 * MIB / 4], [129 * MIB, 32 * MIB]] as const) {
    keeping({ retain: { bytes }, dedupWindow: 2000 }, ({ writer, upkeep }) => {
      upkeep.slice();
      assertEquals(writer.asked[1], `forget 3000 ${most}`);
    });
  }
});

Deno.test("a slice goes on while there is more to do and its time lasts: 5 ms, or what the last commit took", () => {
  const slices = (took: number | undefined, more: number): readonly [number, boolean] => {
    let result: readonly [number, boolean] = [0, false];
    keeping({}, ({ writer, upkeep, clock }) => {
      clock.step = 1;
      writer.gives.push(...Array<boolean>(more).fill(true));
      writer.moreIds = true;
      if (took === undefined) upkeep.slice();
      else upkeep.committed(took);
      result = [writer.asked.filter((each) => each === "give back").length, upkeep.more];
    });
    return result;
  };
  // each turn looks at the time for its ids and for its end
  assertEquals(slices(undefined, 0), [1, false]);
  assertEquals(slices(undefined, 99), [3, true]);
  assertEquals(slices(2, 99), [3, true], "no less than 5 ms");
  assertEquals(slices(5, 99), [3, true]);
  assertEquals(slices(20, 99), [10, true]);
  assertEquals(slices(20, 4), [5, false]);
});

Deno.test("the time of a commit counts for one slice", () => {
  keeping({}, ({ writer, upkeep, clock }) => {
    clock.step = 1;
    writer.moreIds = true;
    const turns = (): number => writer.asked.splice(0).filter((each) => each === "give back").length;
    writer.gives.push(...Array<boolean>(99).fill(true));
    upkeep.committed(20);
    assertEquals(turns(), 10);
    upkeep.slice();
    assertEquals(turns(), 3);
  });
});

Deno.test("behind a commit a slice is done where one is due, and where one has left nothing for the next", () => {
  keeping({ retain: { age: 100 } }, ({ writer, upkeep }) => {
    upkeep.slice();
    writer.asked.length = 0;
    upkeep.committed(1);
    assertEquals(writer.asked, [], "nothing is due");
    writer.checkpointDue = true;
    assertEquals(upkeep.isLong, true);
    upkeep.committed(1);
    assertEquals(writer.asked.splice(0), ["checkpoint"]);
    writer.checkpointDue = false;
    assertEquals(upkeep.isLong, false);
    writer.moreIds = true;
    upkeep.committed(1);
    assertEquals(writer.asked.splice(0).length, 3);
    writer.gives.push(...Array<boolean>(9999).fill(true));
    writer.forgets.push(...Array<boolean>(9999).fill(true));
    let turns = 0;
    const { giveBack } = writer;
    writer.giveBack = (): boolean => {
      if (++turns === 3) performance.now = () => 1e6;
      return giveBack.call(writer);
    };
    upkeep.committed(1);
    assertEquals([turns, upkeep.more], [3, true]);
    upkeep.committed(1);
    assertEquals(turns, 3, "the thread goes on with it by itself");
  });
});

Deno.test("a tick looks at the files, moves what lies in the log, and does a slice", () => {
  keeping({}, ({ writer, upkeep }) => {
    upkeep.tick();
    assertEquals(writer.asked.splice(0)[0], "look");
    writer.walUsed = true;
    upkeep.tick();
    assertEquals(writer.asked.slice(0, 3), ["look", "checkpoint", "clock 1000"]);
  });
});

Deno.test("where the store is lost nothing is done any more, and nothing is left to do", () => {
  keeping({ retain: { age: 100 } }, ({ writer, upkeep, clock }) => {
    clock.step = 1;
    writer.gives.push(...Array<boolean>(99).fill(true));
    upkeep.slice();
    assertEquals(upkeep.more, true);
    writer.asked.length = 0;
    writer.lost = { kind: "lost", reason: "x" };
    writer.batches = batchesOf(2);
    upkeep.slice();
    assertEquals([writer.asked, upkeep.more], [[], false]);
  });
});

Deno.test("ids are looked for when an eighth of their window is over, or there are too many", () => {
  keeping({ dedupWindow: 800 }, ({ writer, upkeep, clock }) => {
    const forgets = (time: number): number => {
      clock.time = time;
      upkeep.slice();
      return writer.asked.splice(0).filter((each) => each.startsWith("forget")).length;
    };
    assertEquals([0, 99, 100, 150, 199, 200].map(forgets), [1, 0, 1, 0, 0, 1]);
    writer.moreIds = true;
    assertEquals(forgets(201), 1);
    writer.moreIds = false;
    assertEquals([300, 301].map(forgets), [0, 1], "from then on");
    writer.forgets.push(true);
    clock.time = 401;
    assertEquals(forgets(401), 2, "what is left is forgotten at once");
    assertEquals(forgets(402), 0);
  });
});

Deno.test("that the clock jumped ahead is said once, and messages grow old at ten times the pace of time", () => {
  keeping({ retain: { age: 100 } }, ({ writer, upkeep, notes, clock }) => {
    writer.batches = batchesOf(1, { time: 1000 });
    clock.wall = 1e9;
    clock.time = 10;
    upkeep.slice();
    assertEquals(notes, [
      "warn the clock jumped ahead: messages grow old no faster than ten times the pace of time undefined",
    ]);
    assertEquals([writer.asked[0], writer.batches.length], ["clock 1100", 1]);
    clock.time = 11;
    upkeep.slice();
    assertEquals([notes.length, writer.batches.length], [2, 0], "what was deleted is another note");
  });
});

Deno.test("that messages stay for groups is said once, and again when they have gone and others stay", () => {
  keeping({ retain: { age: 100 } }, ({ writer, upkeep, notes, clock }) => {
    const told = (): string[] => {
      upkeep.slice();
      return notes.splice(0).filter((note) => note.startsWith("warn"));
    };
    const event = "warn groups have not settled messages that would be deleted: they stay (--retain-groups)";
    assertEquals(told(), []);
    writer.held = true;
    writer.batches = batchesOf(3, { size: 7 });
    [clock.wall, clock.time] = [2000, 1000];
    assertEquals([told(), told()], [[`${event} {"bytes":21}`], []]);
    writer.held = false;
    writer.holdChanges++;
    [clock.wall, clock.time] = [4000, 3000];
    assertEquals(told(), []);
    assertEquals(writer.batches, []);
    writer.held = true;
    writer.batches = batchesOf(1, { size: 9 }).map((batch) => ({ ...batch, id: 9, first: 9 }));
    [clock.wall, clock.time] = [6000, 5000];
    assertEquals([told(), told()], [[`${event} {"bytes":9}`], []]);
  });
});
