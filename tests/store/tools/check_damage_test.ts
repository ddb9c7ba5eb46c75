/**
 * All that a check says of a store that is not as it was written, sentence by sentence.
 *
 * @module
 */
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { RunError } from "../../../lib/errors.ts";
import { readIdentity, writeIdentity } from "../../../lib/store/sqlite/identity.ts";
import { topicCrc } from "../../../lib/store/sqlite/stored_rows.ts";
import { checkStore, type CheckSummary } from "../../../lib/store/tools/check.ts";
import { run } from "../asking.ts";
import { Folder } from "../folder.ts";
import { change, putBatch, store, writing } from "../writing.ts";

function checked(folder: Folder): { readonly summary: CheckSummary; readonly told: readonly string[] } {
  const told: string[] = [];
  const summary = checkStore(folder.data, { progress: () => {}, problem: (text) => told.push(text) });
  assertEquals(summary.problems, told.length);
  return { summary, told };
}

/** A store of three batches of #a, two messages each, and one of #b, all of one commit each, with ids. */
function filled(folder: Folder): void {
  writing(folder, (writer) => {
    for (const [at, topic] of ["#a", "#b", "#a", "#a"].entries()) {
      const ids = `${2 * at} ${2 * at + 1} p-`;
      store(writer, { appends: [{ ...run(topic, "x", "y"), ids }] }, 1000 + at);
    }
  });
}

const TWO = "pub #a 1\nx\npub #a 1\ny\n";

/** What the ids of a batch are, as if they had been stored so. */
function putIds(
  db: DatabaseSync,
  { batch, topic, ids }: { batch: number; topic: number; ids: string },
): void {
  db.prepare("INSERT OR REPLACE INTO dedup VALUES (?, ?, 1000, ?, ?)")
    .run(batch, topic, ids, crc32(`${batch} ${topic} 1000 ${ids}`));
}

const DAMAGES: readonly (readonly [string, string | ((db: DatabaseSync) => void), readonly string[]])[] = [
  [
    "batches whose bytes are others, each by itself",
    "UPDATE batch SET bytes = x'00' WHERE topic = 1",
    [1, 3, 4].map((id) => `batch ${id} is damaged: it does not match its checksum`),
  ],
  [
    "a batch in the middle of its topic that is gone",
    "DELETE FROM batch WHERE id = 3",
    ["of #a the messages 3 to 4 are missing", "there should be 4 batches and there are 3"],
  ],
  [
    "a batch that begins before the one before it ends, and one that goes on from that",
    (db) => putBatch(db, { id: 3, topic: 1, first: 2, count: 2, time: 1002 }, TWO),
    ["of #a the messages from 2 on are there twice", "of #a the messages 4 to 4 are missing"],
  ],
  [
    "a batch that is older than the one before it, which those behind it are not",
    (db) => putBatch(db, { id: 3, topic: 1, first: 3, count: 2, time: 1000 }, TWO),
    ["batch 3 is older than the one before it"],
  ],
  [
    "a batch that does not hold its messages",
    (db) => putBatch(db, { id: 3, topic: 1, first: 3, count: 2, time: 1002 }, "pub #a 1\nx\n"),
    ["batch 3 is damaged: it does not hold the messages 3 to 4 of #a"],
  ],
  [
    "a batch that holds those of another topic",
    (db) => putBatch(db, { id: 3, topic: 1, first: 3, count: 2, time: 1002 }, TWO.replaceAll("#a", "#b")),
    ["batch 3 is damaged: it does not hold the messages 3 to 4 of #a"],
  ],
  [
    "a topic that is another, with what refers to it",
    "UPDATE topic SET name = '#c' WHERE id = 2",
    [
      "a topic is damaged: the topic 2 does not match its checksum",
      "batch 2 is damaged: its topic 2 is not there",
      "the ids of a batch are damaged: the topic 2 of batch 2 is not there",
    ],
  ],
  [
    "a floor that is further on than the first batch",
    (db) => {
      const topic = { id: 2, name: "#b", floor: 2 };
      db.exec(`UPDATE topic SET floor = 2, crc = ${topicCrc(topic)} WHERE id = 2`);
    },
    ["of #b the messages from 1 on are there twice"],
  ],
  [
    "ids that are others",
    "UPDATE dedup SET ids = '0 9 p-' WHERE batch IN (1, 4)",
    [1, 4].map((batch) =>
      `the ids of a batch are damaged: the ids of batch ${batch} do not match their checksum`
    ),
  ],
  [
    "ids of a topic that is not there, and such as nobody understands",
    (db) => {
      putIds(db, { batch: 1, topic: 7, ids: "0 1 p-" });
      putIds(db, { batch: 3, topic: 1, ids: "?" });
    },
    [
      "the ids of a batch are damaged: the topic 7 of batch 1 is not there",
      "the ids of a batch are damaged: those of batch 3 cannot be understood",
    ],
  ],
  [
    "an identity that is another, which says what it has been through",
    "UPDATE store SET deleted = 1",
    [
      "its groups cannot be read: its identity does not match its checksum",
      "its identity cannot be read: its identity does not match its checksum",
    ],
  ],
  [
    "more deleted than were",
    (db) => writeIdentity(db, { ...readIdentity(db), deleted: 1, deletedLast: 9 }),
    ["there should be 8 batches and there are 4"],
  ],
  [
    "a batch without a number that it could have",
    "UPDATE batch SET id = -1 WHERE id = 1",
    ["of #a the messages 1 to 2 are missing", "there should be 4 batches and there are 3"],
  ],
];

Deno.test("a check names what is damaged, all of that and nothing else", async (t) => {
  for (const [name, how, told] of DAMAGES) {
    await t.step(name, () => {
      using folder = new Folder();
      filled(folder);
      assertEquals(checked(folder).told, []);
      change(folder, how);
      assertEquals(checked(folder).told, told);
    });
  }
});

Deno.test("a message that was stored when time began is not older than the one before it", () => {
  using folder = new Folder();
  writing(folder, (writer) => store(writer, { appends: [run("#a", "x")] }, 0));
  assertEquals(checked(folder).told, []);
});

Deno.test("what waits is checked run by run, and its messages are counted", () => {
  using folder = new Folder();
  const far = { due: 5000 };
  writing(folder, (writer) =>
    store(writer, {
      delayed: [
        { ...run("#a", "1", "2", "3"), ...far, ids: "0 2 p-" },
        { ...run("#a", "4"), ...far, ids: "?" },
        { ...run("#b", "5", "6"), ...far, topic: "#c" },
        { ...run("#a", "7"), ...far },
        { ...run("#a", "8"), ...far, ids: "?" },
      ],
    }));
  const { told, summary } = checked(folder);
  assertEquals(told, [
    "what waits is damaged: the ids of the delayed run 2 cannot be understood",
    "what waits is damaged: the delayed run 3 does not hold 2 messages of #c",
    "what waits is damaged: the ids of the delayed run 5 cannot be understood",
  ]);
  assertEquals([summary.delayed, summary.batches, summary.messages, summary.bytes], [8, 0, 0, 0]);
});

Deno.test("a thousand problems are told, and all are counted", () => {
  using folder = new Folder();
  const topics = Array.from({ length: 1003 }, (_, at) => `#t.${at}`);
  writing(folder, (writer) => store(writer, { appends: topics.map((topic) => run(topic, "x")) }));
  change(folder, "UPDATE batch SET time = 1");
  const told: string[] = [];
  const { problems } = checkStore(folder.data, { progress: () => {}, problem: (text) => told.push(text) });
  assertEquals([told.length, problems, told.at(-1)], [
    1000,
    1003,
    "batch 1000 is damaged: it does not match its checksum",
  ]);
});

Deno.test("all groups are checked, however many there are", () => {
  using folder = new Folder();
  const marks = Array.from({ length: 2003 }, (_, at) => ({
    ...{ name: `g${String(at).padStart(4, "0")}`, pattern: "#a", sequence: 0, topics: [] },
    after: at === 1000 || at === 2002 ? 2 : 1,
  }));
  writing(folder, (writer) => store(writer, { appends: [run("#a", "x")], marks }));
  assertEquals(
    checked(folder).told,
    ["g1000", "g2002"].map((name) => `group ${name} of #a has settled up to batch 2, which never was`),
  );
});

Deno.test("a group that has settled up to a batch that is gone by now has done no wrong", () => {
  using folder = new Folder();
  filled(folder);
  writing(folder, (writer) => {
    store(writer, { marks: [{ name: "g", pattern: "#a", sequence: 0, after: 4, topics: [] }] });
    writer.trim(writer.agedAfter(0, 9), { groupsMiss: false });
  });
  assertEquals(checked(folder).told, []);
  change(folder, "UPDATE store SET deleted_last = 3");
  assertEquals(
    checked(folder).told.at(-1),
    "its identity cannot be read: its identity does not match its checksum",
  );
});

/** The files of a store as a crash leaves them: with all commits in the write-ahead log. */
function crashed(folder: Folder, copy: Folder): void {
  Deno.mkdirSync(copy.data);
  writing(folder, (writer) => {
    for (const payload of ["one", "two", "three"]) store(writer, { appends: [run("#a", payload)] });
    Deno.copyFileSync(folder.database, copy.database);
    Deno.copyFileSync(folder.wal, copy.wal);
  });
}

function names({ data }: Folder): string[] {
  return [...Deno.readDirSync(data)].map(({ name }) => name).sort();
}

Deno.test("a check leaves no file behind that was not there, and takes none away that was", () => {
  using folder = new Folder();
  using copy = new Folder();
  crashed(folder, copy);
  assertEquals(checked(folder).told, []);
  assertEquals(names(folder), ["hashbus.db", "hashbus.lock"]);
  const before = copy.contents();
  assertEquals([checked(copy).told, checked(copy).summary.batches], [[], 3]);
  assertEquals(names(copy), ["hashbus.db", "hashbus.db-wal", "hashbus.lock"]);
  assertEquals(copy.contents(), before);
  writing(copy, (writer) => assertEquals(writer.last, 3), {});
});

Deno.test("a commit in the middle of the write-ahead log that is not whole is told, with what is behind it", () => {
  using folder = new Folder();
  using copy = new Folder();
  crashed(folder, copy);
  const wal = Deno.readFileSync(copy.wal);
  wal[32 + 24 + 5]! ^= 1;
  Deno.writeFileSync(copy.wal, wal);
  const { told } = checked(copy);
  assertEquals(
    told[0],
    "its write-ahead log is damaged: behind byte 32 of its write-ahead log a commit is " +
      "not whole, and 2 behind it that are would be gone (to go on without them, start it once with --sync interval)",
  );
  assertEquals(Deno.readFileSync(copy.wal), wal, "it is left as it is");
  assertEquals(Deno.readTextFileSync(`${copy.data}/hashbus.lock`), "", "and nobody has it any more");
});

/** Of a table of four rows two that are neighbours change their places: each is whole, and where the other was. */
function swapRows(folder: Folder, table: string, at: number): void {
  let [page, size] = [0, 0];
  change(folder, (db) => {
    const root = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = ?").get(table);
    page = Number(root?.["rootpage"]);
    size = Number(db.prepare("PRAGMA page_size").get()?.["page_size"]);
  });
  const bytes = Deno.readFileSync(folder.database);
  const leaf = new DataView(bytes.buffer, (page - 1) * size, size);
  assertEquals([leaf.getUint8(0), leaf.getUint16(3)], [0x0d, 4]);
  const place = 8 + 2 * at;
  const [first, second] = [leaf.getUint16(place), leaf.getUint16(place + 2)];
  leaf.setUint16(place, second);
  leaf.setUint16(place + 2, first);
  Deno.writeFileSync(folder.database, bytes);
}

Deno.test("what SQLite says of the structure is told in a line, and the rest is checked all the same", () => {
  const cases = [
    ["batch", 0, ["of #a the messages 1 to 2 are missing", "there should be 4 batches and there are 3"]],
    // how many there should be is not known where they were not read to the end
    ["batch", 1, ["its messages cannot be read to the end: behind batch 3 comes batch 2"]],
    ["dedup", 0, []],
    ["dedup", 1, ["its ids cannot be read: behind those of batch 3 come others"]],
  ] as const;
  for (const [table, at, told] of cases) {
    using folder = new Folder();
    filled(folder);
    const mark = { name: "g", pattern: "#a", sequence: 0, after: 4, topics: [] };
    writing(folder, (writer) => store(writer, { marks: [mark] }));
    swapRows(folder, table, at);
    const [structure = "", ...rest] = checked(folder).told;
    assertMatch(structure, /^SQLite says: .*Rowid \d out of order.*$/);
    assertEquals(rest, [...told], `${table} ${at}`);
  }
});

Deno.test("what cannot be checked is refused with the reason: no store, another's, one that somebody has", () => {
  using none = new Folder();
  assertThrows(() => checked(none), RunError, `there is no store in "${none.data}"`);
  assertThrows(() => Deno.statSync(none.data), Deno.errors.NotFound);
  using newer = new Folder();
  filled(newer);
  change(newer, "PRAGMA user_version = 99");
  assertThrows(() => checked(newer), RunError, "was written by a newer version (format 99");
  using folder = new Folder();
  using copy = new Folder();
  crashed(folder, copy);
  using wal = Deno.openSync(copy.wal, { read: true, write: true });
  assertEquals(wal.tryLockSync(true), true);
  assertThrows(() => checked(copy), RunError, `"${copy.data}" is in use by`);
  assertEquals(Deno.readTextFileSync(`${copy.data}/hashbus.lock`), "", "and it is let go of");
});

Deno.test("where SQLite says nothing of the structure, that is told, and the database is closed behind a check", () => {
  using folder = new Folder();
  filled(folder);
  const { prepare, close } = DatabaseSync.prototype;
  let closed = 0;
  DatabaseSync.prototype.close = function (): void {
    closed++;
    close.call(this);
  };
  DatabaseSync.prototype.prepare = function (sql): ReturnType<typeof prepare> {
    return prepare.call(this, sql.startsWith("PRAGMA integrity_check") ? "SELECT 1 WHERE 1 = 2" : sql);
  };
  try {
    assertEquals(checked(folder).told, ["its structure cannot be checked: SQLite does not say"]);
  } finally {
    Object.assign(DatabaseSync.prototype, { prepare, close });
  }
  assertEquals(closed, 1);
});

Deno.test("a file that SQLite does not take at all is said to be damaged, and is let go of", () => {
  using folder = new Folder();
  filled(folder);
  const bytes = Deno.readFileSync(folder.database);
  bytes.fill(0xff, 100, 200);
  Deno.writeFileSync(folder.database, bytes);
  const { message } = assertThrows(() => checked(folder), RunError);
  assertEquals(
    message,
    `the store in "${folder.data}" is damaged: database disk image is malformed (SQLite 11)`,
  );
  assertEquals(Deno.readFileSync(folder.database), bytes);
  assertEquals([names(folder), Deno.readTextFileSync(`${folder.data}/hashbus.lock`)], [
    ["hashbus.db", "hashbus.lock"],
    "",
  ]);
});
