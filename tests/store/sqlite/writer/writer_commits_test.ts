/**
 * What a commit and a trimming leave behind: numbers, times, counts, and nothing where they fail.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { DatabaseSync } from "node:sqlite";
import { DamageError } from "../../../../lib/store/log/damage.ts";
import { Checkpoints } from "../../../../lib/store/sqlite/checkpoints.ts";
import { readIdentity } from "../../../../lib/store/sqlite/identity.ts";
import { Room } from "../../../../lib/store/sqlite/writer/room.ts";
import type { Writer } from "../../../../lib/store/sqlite/writer/writer.ts";
import { run } from "../../asking.ts";
import { Folder } from "../../folder.ts";
import { change, store, writing } from "../../writing.ts";

const PAGE = 16_384;

function withWriter(work: (writer: Writer, folder: Folder) => void): void {
  using folder = new Folder();
  writing(folder, (writer) => work(writer, folder));
}

/** All rows of a table of the store in a folder. */
function rows(folder: Folder, sql: string): unknown[] {
  const found: unknown[] = [];
  change(folder, (db: DatabaseSync) => found.push(...db.prepare(sql).all().map((row) => Object.values(row))));
  return found;
}

Deno.test("a commit's batches follow each other over all topics, with the time of the commit, which never goes back", () => {
  withWriter((writer, folder) => {
    assertEquals([writer.last, writer.time, writer.topics, writer.batches], [0, 0, 0, 0]);
    const first = store(writer, { appends: [run("#a", "1", "2"), run("#b", "3")] }, 50);
    assertEquals(first, { batch: 1, firsts: [1, 1], time: 50, later: { begun: [], unbegun: [] } });
    const second = store(writer, { appends: [{ ...run("#a", "4"), ttl: 7 }] }, 40);
    assertEquals(second, { batch: 3, firsts: [3], time: 50, later: { begun: [], unbegun: [] } });
    const third = store(writer, {}, 60);
    assertEquals(third, { batch: 4, firsts: [], time: 60, later: { begun: [], unbegun: [] } });
    assertEquals([writer.last, writer.time, writer.topics, writer.batches], [3, 60, 2, 3]);
    assertEquals(rows(folder, "SELECT id, topic, first, count, time, expires FROM batch"), [
      [1, 1, 1, 2, 50, null],
      [2, 2, 1, 1, 50, null],
      // it outlives its time by the clock, which was set back
      [3, 1, 3, 1, 50, 47],
    ]);
  });
});

Deno.test("what may not begin is left out, and what is appended behind it has the numbers it would have had", () => {
  withWriter((writer) => {
    const later = { due: 5 };
    const outcome = store(writer, {
      appends: [run("#a", "1"), run("#b", "1"), run("#a", "2")],
      delayed: [{ ...run("#a", "x"), ...later }, { ...run("#c", "x"), ...later, mayBegin: "always" }, {
        ...run("#d", "x"),
        ...later,
      }],
      topicsMost: 1,
    });
    assertEquals(outcome, { batch: 1, firsts: [1, 0], time: 1000, later: { begun: [1], unbegun: [2] } });
    assertEquals([writer.topics, writer.last, writer.delayed], [2, 1, { count: 2, bytes: 22 }]);
    assertEquals(store(writer, { appends: [run("#c", "1")], topicsMost: 2 }).firsts, [1]);
  });
});

Deno.test("a commit that fails leaves all counts as they were, and the next goes on as if it had not been", () => {
  withWriter((writer, folder) => {
    store(writer, { appends: [{ ...run("#a", "1"), ids: "=1" }], delayed: [{ ...run("#a", "x"), due: 5 }] });
    change(
      folder,
      `CREATE TRIGGER full BEFORE INSERT ON batch WHEN NEW.first = 3
      BEGIN SELECT RAISE(ABORT, 'no'); END`,
    );
    const before = [writer.last, writer.time, writer.topics, writer.delayed, writer.hasMoreIds(63)];
    const bytes = run("#a", "x").bytes;
    const batch = { topic: "#a", count: 1, start: 0, end: bytes.length, ids: "=2" };
    const outcome = writer.commit(
      { batches: [batch, { ...batch, topic: "#b" }, batch], delayed: [{ ...batch, topic: "#c", due: 9 }] },
      bytes,
      5000,
    );
    assert("kind" in outcome);
    assertEquals(outcome.kind, "lost");
    assertEquals([writer.last, writer.time, writer.topics, writer.delayed, writer.hasMoreIds(63)], before);
    assertEquals(writer.lost, outcome);
  });
});

Deno.test("what a group has settled, and what it forgets, is stored with the commit, and holds from then on", () => {
  withWriter((writer) => {
    store(writer, { appends: [run("#a", "1"), run("#b", "1")] });
    const mark = { name: "g", pattern: "#a", sequence: 0, after: 0, topics: [] };
    store(writer, { marks: [mark] });
    const [a, b] = writer.agedAfter(0, 9);
    assertEquals([writer.isHeld(a!), writer.isHeld(b!)], [true, false]);
    const changes = writer.holdChanges;
    store(writer, { marks: [{ ...mark, after: 1 }] });
    assertEquals([writer.isHeld(a!), writer.holdChanges > changes], [false, true]);
    store(writer, { marks: [mark] });
    assertEquals(writer.isHeld(a!), true);
    store(writer, { forget: [mark] });
    assertEquals(writer.isHeld(a!), false);
    store(writer, { marks: [mark], forget: [mark] });
    assertEquals(writer.isHeld(a!), true, "what is put with it begins anew");
  });
});

Deno.test("what is trimmed is counted, its floor moves, and the last of it is written down with its time", () => {
  withWriter((writer, folder) => {
    for (const [at, topic] of ["#a", "#b", "#a", "#b", "#a"].entries()) {
      store(writer, { appends: [run(topic, "1", "2")] }, 100 + at);
    }
    const sizes = writer.agedAfter(0, 2).map((
      { id, topic, first, count, time, size },
    ) => [id, topic, first, count, time, size]);
    assertEquals(sizes, [[1, 1, 1, 2, 100, 22], [2, 2, 1, 2, 101, 22]]);
    assertEquals(writer.agedOf(1, 2, 1).map(({ id }) => id), [3]);
    assertEquals(writer.agedOf(1, 3, 9).map(({ id }) => id), [3, 5]);
    writer.setClock(777);
    writer.trim([...writer.agedAfter(1, 1), ...writer.agedOf(1, 1, 2)], { groupsMiss: false });
    assertEquals([writer.batches, writer.deleted, writer.last], [2, 3, 5]);
    const { deleted, deletedLast, deletedTime, clock } = writer.identity;
    assertEquals([deleted, deletedLast, deletedTime, clock], [3, 3, 102, 777]);
    assertEquals(rows(folder, "SELECT name, floor FROM topic"), [["#a", 5], ["#b", 3]]);
    change(folder, (db) => assertEquals(readIdentity(db), writer.identity));
    writer.trim(writer.agedAfter(0, 1), { groupsMiss: false });
    assertEquals([writer.identity.deletedLast, writer.identity.deletedTime], [4, 103]);
  });
});

Deno.test("what groups miss is counted for each, where they may miss any", () => {
  withWriter((writer, folder) => {
    store(writer, { appends: [run("#a", "1", "2"), run("#b", "1")] });
    const mark = { name: "g", pattern: "#a", sequence: 0, after: 0 };
    const some = [{ topic: "#a", settled: "1", attempts: "" }];
    store(writer, { marks: [{ ...mark, topics: some }, { ...mark, name: "h", pattern: "#>", topics: [] }] });
    writer.trim(writer.agedAfter(1, 1), { groupsMiss: false });
    writer.trim(writer.agedAfter(0, 1), { groupsMiss: true });
    assertEquals(rows(folder, "SELECT name, missed FROM consumer"), [["g", 1], ["h", 2]]);
  });
});

Deno.test("a trimming that fails says why and changes nothing", () => {
  withWriter((writer, folder) => {
    store(writer, { appends: [run("#a", "1")] });
    change(folder, "CREATE TRIGGER full BEFORE DELETE ON batch BEGIN SELECT RAISE(ABORT, 'no'); END");
    const before = writer.identity;
    assertThrows(() => writer.trim(writer.agedAfter(0, 1), { groupsMiss: false }), Error, "no");
    assertEquals([writer.identity, writer.batches], [before, 1]);
  });
});

Deno.test("ids are forgotten by the window behind the newest time, and where that fails they are counted as before", () => {
  withWriter((writer, folder) => {
    assertEquals(writer.forgetIds({ window: 0, most: 0 }), false, "there are none");
    for (const time of [100, 200, 300]) {
      store(writer, { appends: [{ ...run("#a", "1"), ids: "=x".repeat(50) }] }, time);
    }
    assertEquals([writer.hasMoreIds(299), writer.hasMoreIds(300)], [true, false]);
    assertEquals(writer.forgetIds({ window: 100, most: 1e6 }), false);
    assertEquals(rows(folder, "SELECT time FROM dedup"), [[200], [300]]);
    assertEquals([writer.hasMoreIds(199), writer.hasMoreIds(200)], [true, false]);
    change(folder, "CREATE TRIGGER full BEFORE DELETE ON dedup BEGIN SELECT RAISE(ABORT, 'no'); END");
    assertThrows(() => writer.forgetIds({ window: 0, most: 1e6 }), Error, "no");
    assertEquals([writer.hasMoreIds(199), writer.hasMoreIds(200)], [true, false]);
  });
});

Deno.test("what a commit takes of the log is counted: its bytes, and pages for each of its rows", () => {
  const { wrote } = Checkpoints.prototype;
  let counted = 0;
  Checkpoints.prototype.wrote = function (bytes): void {
    counted += bytes;
    wrote.call(this, bytes);
  };
  const record = run("#a", "1").bytes.length;
  const mark = { name: "g", pattern: "#a", sequence: 0, after: 0, topics: [] };
  const delayed = [{ ...run("#a", "1"), due: 1 }];
  const cases = [
    [{ appends: [run("#a", "1"), run("#b", "1")] }, 2 * record + 6 * PAGE],
    [{ appends: [run("#c", "1")], topicsMost: 2 }, 0],
    [{ delayed: [...delayed, ...delayed] }, 2 * record + 6 * PAGE],
    [{ marks: [mark, { ...mark, name: "h" }] }, 4 * PAGE],
    [{ forget: [mark] }, 2 * PAGE],
    [{ moved: [1, 2] }, 6 * PAGE],
  ] as const;
  try {
    withWriter((writer) => {
      for (const [commit, bytes] of cases) {
        counted = 0;
        store(writer, commit);
        assertEquals(counted, bytes, Object.keys(commit)[0]);
      }
      counted = 0;
      writer.trim(writer.agedAfter(0, 2), { groupsMiss: false });
      assertEquals(counted, 6 * PAGE);
    });
  } finally {
    Checkpoints.prototype.wrote = wrote;
  }
});

Deno.test("a topic that was never stored in has no id and no name", () => {
  withWriter((writer) => {
    store(writer, { appends: [run("#a", "1")] });
    assertEquals([writer.idOf("#a"), writer.nameOf(1)], [1, "#a"]);
    assertThrows(() => writer.idOf("#b"), DamageError, "topic #b is missing");
    assertThrows(() => writer.nameOf(2), DamageError, "topic 2 is missing");
  });
});

Deno.test("much is free from 16 MiB and a sixteenth of the file on, and 128 pages of it are given back at a time", () => {
  const page = { count: 0, free: 0 };
  const asked: string[] = [];
  const db = {
    prepare: (sql: string) => ({
      get: () => ({ page_count: page.count, freelist_count: page.free }),
      all: () => asked.push(sql),
    }),
  } as unknown as DatabaseSync;
  const room = new Room(db);
  const isMuch = (count: number, free: number): boolean => {
    Object.assign(page, { count, free });
    return room.isMuchFree;
  };
  assertEquals([isMuch(2000, 1024), isMuch(2000, 1025)], [false, true], "16 MiB are 1024 pages");
  assertEquals([isMuch(32_000, 2000), isMuch(32_000, 2001)], [false, true]);
  assertEquals(room.used, (32_000 - 2001) * PAGE);
  room.giveBack();
  assertEquals([asked, Room.WAL_BYTES], [["PRAGMA incremental_vacuum(128)"], 128 * PAGE]);
});

Deno.test("what was written is found again by who opens it next: the last batch, its time, and how often it was opened", () => {
  using folder = new Folder();
  writing(folder, (writer) => {
    store(writer, { appends: [run("#a", "1"), run("#b", "1")] }, 100);
    writer.setClock(5);
  });
  writing(folder, (writer) => {
    assertEquals([writer.last, writer.time, writer.topics, writer.batches], [2, 100, 2, 2]);
    assertEquals([writer.identity.epoch, writer.identity.clock], [2, 5]);
    store(writer, { delayed: [{ ...run("#a", "x"), due: 5 }] }, 200);
  });
  writing(folder, (writer) => {
    assertEquals(writer.time, 200, "that of what waits counts");
    store(writer, { moved: [1] }, 150);
    writer.trim(writer.agedAfter(0, 9), { groupsMiss: false });
  });
  writing(folder, (writer) => {
    assertEquals([writer.last, writer.time, writer.batches, writer.deleted], [2, 100, 0, 2]);
    assertEquals(store(writer, { appends: [run("#a", "2")] }, 50), {
      batch: 3,
      firsts: [2],
      time: 100,
      later: { begun: [], unbegun: [] },
    });
  });
});

Deno.test("ids of what is stored and of what waits are recent by their age, within the window", () => {
  using folder = new Folder();
  const ids = (name: string): { readonly ids: string } => ({ ids: `=${name}` });
  writing(folder, (writer) => {
    store(writer, { appends: [{ ...run("#a", "1"), ...ids("1") }] }, 1000);
    store(writer, { delayed: [{ ...run("#b", "1"), ...ids("2"), due: 5 }] }, 2000);
    store(writer, { appends: [{ ...run("#a", "1"), ...ids("3") }] }, 3000);
    store(writer, { delayed: [{ ...run("#b", "1"), ...ids("4"), due: 5 }] }, 4000);
  });
  const recent = (dedupWindow: number): unknown =>
    writing(folder, (writer) => writer.recentIds.map(({ ids, age }) => [ids, age]), { dedupWindow });
  assertEquals(recent(3000), [["=1", 3000], ["=2", 2000], ["=3", 1000], ["=4", 0]]);
  assertEquals(recent(2999), [["=2", 2000], ["=3", 1000], ["=4", 0]]);
  assertEquals(recent(1000), [["=3", 1000], ["=4", 0]]);
});
