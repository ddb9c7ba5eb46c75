import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { RunError } from "../../../lib/errors.ts";
import { DamageError } from "../../../lib/store/log/damage.ts";
import { RecentIdsTable } from "../../../lib/store/sqlite/recent_ids.ts";
import { checkStore } from "../../../lib/store/tools/check.ts";
import { type Asking, EARLIEST, run, shown } from "../asking.ts";
import { Folder } from "../folder.ts";
import { FORMAT } from "../../../lib/store/sqlite/schema.ts";

const DEDUP_TABLE = `CREATE TABLE dedup (batch INTEGER PRIMARY KEY, topic INTEGER NOT NULL,
  time INTEGER NOT NULL, ids TEXT NOT NULL, crc INTEGER NOT NULL) STRICT`;

/** The ids a store gives back, without their ages. */
function recent(store: Asking): string[] {
  return store.store.recentIds.map(({ topic, ids }) => `${topic} ${ids}`);
}

function problems(of: Folder): string[] {
  const told: string[] = [];
  checkStore(of.data, { progress: () => {}, problem: (text) => told.push(text) });
  return told;
}

Deno.test("ids are there when the store is opened again, in their order, those of one batch together", async () => {
  using folder = new Folder();
  await folder.with(async (store) => {
    assertEquals(recent(store), []);
    await store.commit(
      { ...run("#a", "1"), ids: "1 1 p-" },
      run("#b", "1"),
      { ...run("#a", "2", "3"), ids: "2 3 p-" },
    );
    await store.commit({ ...run("#\u00fc", "1"), ids: "=x" });
  });
  await folder.with((store) => {
    assertEquals(recent(store), ["#a 1 1 p-\n2 3 p-", "#\u00fc =x"]);
    const [first, last] = store.store.recentIds.map(({ age }) => age);
    assert(first! >= last! && last === 0, "ages are counted from the newest batch");
    return Promise.resolve();
  });
  assertEquals(problems(folder), []);
});

Deno.test("ids are forgotten when their window is long over", async () => {
  using folder = new Folder();
  const options = { dedupWindow: 40 };
  await folder.with(async (store) => {
    for (let at = 0; at < 300; at++) await store.commit({ ...run("#a", "x"), ids: `${at} ${at} p-` });
    const until = Date.now() + 100;
    while (Date.now() < until) await new Promise((go) => setTimeout(go, 10));
    await store.commit({ ...run("#a", "x"), ids: "300 300 p-" });
    const rows = (): number => {
      const db = new DatabaseSync(folder.database, { readOnly: true });
      try {
        return Number(db.prepare("SELECT count(*) AS n FROM dedup").get()?.["n"]);
      } finally {
        db.close();
      }
    };
    for (let at = 0; at < 2000 && rows() > 1; at++) await new Promise((go) => setTimeout(go, 5));
    assertEquals(rows(), 1);
  }, options);
  await folder.with((store) => {
    assertEquals(recent(store), ["#a 300 300 p-"]);
    return Promise.resolve();
  }, options);
});

Deno.test("no more of the ids is kept than is read again, and than a quarter of --retain-bytes", async () => {
  using folder = new Folder();
  const length = (db: DatabaseSync): number =>
    Number(db.prepare("SELECT coalesce(sum(length(ids)), 0) AS n FROM dedup").get()?.["n"]);
  const kept = (): number => {
    const db = new DatabaseSync(folder.database, { readOnly: true });
    try {
      return length(db);
    } finally {
      db.close();
    }
  };
  const ids = (at: number): string => `${at} ${at} ${"y".repeat(200_000)}`;
  const most = 32 * 1024 * 1024;
  await folder.with(async (store) => {
    for (let at = 0; at < 200; at++) await store.commit({ ...run("#a", "x"), ids: ids(at) });
    assert(kept() <= 1.2 * most, `${kept()} bytes of ids`);
    assert(kept() >= 0.8 * most);
  });
  // as a store has them that knew no bound
  const db = new DatabaseSync(folder.database);
  const rows = db.prepare("SELECT * FROM dedup ORDER BY batch").all();
  const insert = db.prepare("INSERT INTO dedup (batch, topic, time, ids, crc) VALUES (?, ?, ?, ?, ?)");
  const first = Number(rows[0]!["batch"]);
  for (let batch = first - 40; batch < first; batch++) {
    const [topic, time, text] = [Number(rows[0]!["topic"]), Number(rows[0]!["time"]), ids(batch).repeat(3)];
    insert.run(batch, topic, time, text, crc32(`${batch} ${topic} ${time} ${text}`));
  }
  db.close();
  const retain = { bytes: 20 * 1024 * 1024 };
  await folder.with(async (store) => {
    const given = store.store.recentIds.reduce((sum, { ids }) => sum + ids.length, 0);
    assert(given > most / 2 && given <= most, `it opens, with ${given} bytes of ids`);
    await store.commit({ ...run("#a", "x"), ids: "1 1 p-" });
    for (let at = 0; at < 1000 && kept() > retain.bytes / 4; at++) {
      await new Promise((go) => setTimeout(go, 5));
    }
    assert(kept() <= retain.bytes / 4, `${kept()} bytes of ids`);
  }, { retain });
  await folder.with((store) => {
    assert(recent(store).at(-1)!.endsWith("1 1 p-"), "the newest are still there");
    return Promise.resolve();
  }, { retain });
  assertEquals(problems(folder), []);
});

Deno.test("damaged ids are told at start and by a check", async () => {
  using folder = new Folder();
  await folder.with((store) => store.commit({ ...run("#a", "1"), ids: "1 1 p-" }));
  const db = new DatabaseSync(folder.database);
  db.exec("UPDATE dedup SET ids = '1 2 p-'");
  db.close();
  const error = await assertRejects(() => folder.open(), RunError);
  assertStringIncludes(error.message, "the ids of batch 1 do not match their checksum");
  assertEquals(problems(folder).length, 1);
});

Deno.test("ids that are not in their order are told at start", async () => {
  using folder = new Folder();
  await folder.with(async (store) => {
    for (const numbers of ["1 1 p-", "2 2 p-"]) await store.commit({ ...run("#a", "x"), ids: numbers });
  });
  const db = new DatabaseSync(folder.database);
  const page = Number(
    db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'dedup'").get()?.["rootpage"],
  );
  const size = Number(db.prepare("PRAGMA page_size").get()?.["page_size"]);
  db.close();
  // the two rows of that leaf page change places: each is whole, and where the other was
  const bytes = Deno.readFileSync(folder.database);
  const leaf = new DataView(bytes.buffer, (page - 1) * size, size);
  assertEquals([leaf.getUint8(0), leaf.getUint16(3)], [0x0d, 2]);
  const [first, second] = [leaf.getUint16(8), leaf.getUint16(10)];
  leaf.setUint16(8, second);
  leaf.setUint16(10, first);
  Deno.writeFileSync(folder.database, bytes);
  const error = await assertRejects(() => folder.open(), RunError);
  assertStringIncludes(error.message, "Rowid 2 out of order");
  using damaged = new DatabaseSync(folder.database);
  assertThrows(
    () => new RecentIdsTable(damaged).since(0, { newest: 0, nameOf: String }),
    DamageError,
    "the ids of batch 2 are not where they belong",
  );
});

Deno.test("ids of a thousand commits are read again, each once and in their order", () => {
  using db = new DatabaseSync(":memory:");
  db.exec(DEDUP_TABLE);
  const table = new RecentIdsTable(db);
  const all = Array.from({ length: 1000 }, (_, at) => `${at} ${at} p-`);
  for (const [at, ids] of all.entries()) table.add({ batch: at + 1, topic: 1, time: 7, ids });
  assertEquals(table.since(0, { newest: 7, nameOf: () => "#a" }), [
    { topic: "#a", age: 0, ids: all.join("\n") },
  ]);
});

Deno.test("ids are forgotten in slices, by their number and by their length, until none is left to forget", () => {
  for (const { rows, length } of [{ rows: 5000, length: 1 }, { rows: 100, length: 200_000 }]) {
    using db = new DatabaseSync(":memory:");
    db.exec(DEDUP_TABLE);
    const table = new RecentIdsTable(db);
    assertEquals(table.used, false);
    for (let batch = 1; batch <= rows; batch++) {
      table.add({ batch, topic: 1, time: batch, ids: "y".repeat(length) });
    }
    assertEquals(table.counted, { rows, length: rows * length, floor: 1 });
    assertEquals(table.forget(rows, Infinity), true, `of ${rows} some are left`);
    assert(table.counted.rows > 1);
    for (let slices = 0; table.forget(rows, Infinity); slices++) assert(slices < 10);
    const left = db.prepare("SELECT batch FROM dedup").all().map(({ batch }) => batch);
    assertEquals([left, table.counted.rows, table.counted.length], [[rows], 1, length]);
  }
});

/** A store as the first format had it: one topic with two batches. */
function makeFormat1(folder: Folder): void {
  Deno.mkdirSync(folder.data);
  const db = new DatabaseSync(folder.database);
  db.exec("PRAGMA page_size = 16384; PRAGMA auto_vacuum = INCREMENTAL");
  db.exec(`PRAGMA application_id = ${0x68627573}; PRAGMA user_version = 1`);
  db.exec(`
    CREATE TABLE store (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL, format INTEGER NOT NULL,
      created INTEGER NOT NULL, epoch INTEGER NOT NULL, clock INTEGER NOT NULL, deleted INTEGER NOT NULL,
      deleted_last INTEGER NOT NULL, deleted_time INTEGER NOT NULL, crc INTEGER NOT NULL) STRICT;
    CREATE TABLE topic (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, floor INTEGER NOT NULL,
      crc INTEGER NOT NULL) STRICT;
    CREATE TABLE batch (id INTEGER PRIMARY KEY, topic INTEGER NOT NULL, first INTEGER NOT NULL,
      count INTEGER NOT NULL, time INTEGER NOT NULL, crc INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
    CREATE INDEX batch_of_topic ON batch (topic, first, count);
  `);
  const identity = ["some-id", 1, 1000, 1, 1000, 0, 0, 0];
  db.prepare("INSERT INTO store VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)").run(
    ...identity,
    crc32(identity.join(" ")),
  );
  db.prepare("INSERT INTO topic VALUES (1, '#a', 1, ?)").run(crc32("1 1 #a"));
  for (const [id, first, text] of [[1, 1, "one"], [2, 2, "two"]] as const) {
    const bytes = new TextEncoder().encode(`pub #a 3\n${text}\n`);
    const crc = crc32(bytes, crc32(`${id} 1 ${first} 1 1000\n`));
    db.prepare("INSERT INTO batch VALUES (?, 1, ?, 1, 1000, ?, ?)").run(id, first, crc, bytes);
  }
  db.exec("PRAGMA journal_mode = WAL");
  db.close();
}

Deno.test("a store of the first format is checked as it is, and brought up to this one when it is opened", async () => {
  using folder = new Folder();
  makeFormat1(folder);
  assertEquals(problems(folder), []);
  for (const numbers of ["3 3 p-", "4 4 p-"]) {
    await folder.with((store) => store.commit({ ...run("#a", numbers), ids: numbers, ttl: 60_000 }));
  }
  await folder.with(async (store) => {
    const { messages } = await store.replay("#a", EARLIEST);
    assertEquals(shown(messages), ["#a 1 one", "#a 2 two", "#a 3 3 3 p-", "#a 4 4 4 p-"]);
    assertEquals(recent(store).at(-1)?.split("\n").at(-1)?.replace("#a ", ""), "4 4 p-");
  });
  assertEquals(problems(folder), []);
  const db = new DatabaseSync(folder.database, { readOnly: true });
  assertEquals({ ...db.prepare("PRAGMA user_version").get() }, { user_version: FORMAT });
  assertEquals({ ...db.prepare("SELECT format FROM store").get() }, { format: FORMAT });
  db.close();
});
