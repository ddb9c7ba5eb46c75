/**
 * What an export gives while the store is written to and trimmed, and what it says of damage.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { RunError } from "../../../lib/errors.ts";
import { SqliteView } from "../../../lib/store/sqlite/view.ts";
import { exportMessages } from "../../../lib/store/tools/export.ts";
import type { ExportedMessage } from "../../../lib/store/tools/message_parts.ts";
import { run } from "../asking.ts";
import { Folder } from "../folder.ts";
import { change, putBatch, store, writing } from "../writing.ts";

const MIB = 1024 * 1024;

/** Topic and number of each, or the time it waits for. */
function told(messages: Iterable<ExportedMessage>): string[] {
  return [...messages].map(({ topic, seq, at }) => `${topic} ${seq ?? `at ${at}`}`);
}

/** What is given before an export fails, and what it says then. */
function failing(folder: Folder, pattern = "#>"): readonly [string[], string] {
  const found: ExportedMessage[] = [];
  const { message } = assertThrows(() => {
    for (const one of exportMessages(folder.data, pattern)) found.push(one);
  }, RunError);
  return [told(found), message];
}

function damaged({ data }: Folder, what: string): string {
  return `the store in "${data}" is damaged: ${what}; "broker --data DIR --data-check" tells all that is, ` +
    "nothing was changed";
}

/** What comes next of an export. */
function next(messages: Iterator<ExportedMessage>): string {
  const { value, done } = messages.next();
  return done === true ? "" : told([value]).join();
}

Deno.test("what is committed after an export began is not in it, and what was is, however much", () => {
  for (const count of [255, 256, 257, 700]) {
    using folder = new Folder();
    writing(folder, (writer) => {
      for (let at = 0; at < count; at++) store(writer, { appends: [run(at % 2 === 0 ? "#a" : "#b", "x")] });
      const messages = exportMessages(folder.data, "#a");
      assertEquals(next(messages), "#a 1");
      store(writer, { appends: [run("#a", "late")], delayed: [{ ...run("#a", "late"), due: 1 }] });
      const own = Math.ceil(count / 2);
      assertEquals(told(messages), Array.from({ length: own - 1 }, (_, at) => `#a ${at + 2}`));
    });
  }
});

Deno.test("256 batches are passed in one transaction, or as many as have 4 MiB", () => {
  const { snapshot, load } = SqliteView.prototype;
  const counts: number[] = [];
  SqliteView.prototype.snapshot = function <T>(ask: () => T): T {
    counts.push(0);
    return snapshot.call(this, ask) as T;
  };
  SqliteView.prototype.load = function (ref): ReturnType<typeof load> {
    counts[counts.length - 1]!++;
    return load.call(this, ref);
  };
  try {
    using small = new Folder();
    const topics = Array.from({ length: 600 }, (_, at) => `#t.${at}`);
    writing(small, (writer) => store(writer, { appends: topics.map((topic) => run(topic, "x")) }));
    assertEquals(told(exportMessages(small.data, "#>")).length, 600);
    assertEquals(counts.splice(0), [256, 256, 88]);
    assertEquals(told(exportMessages(small.data, "#t.599")), ["#t.599 1"]);
    assertEquals(counts.splice(0), [0, 0, 1]);
    using large = new Folder();
    writing(large, (writer) => {
      for (let at = 0; at < 5; at++) {
        store(writer, { appends: [run("#a", "x".repeat(2 * MIB - "pub #a 2097135\n\n".length))] });
      }
    });
    assertEquals(told(exportMessages(large.data, "#a")).length, 5);
    assertEquals(counts, [2, 2, 1]);
  } finally {
    Object.assign(SqliteView.prototype, { snapshot, load });
  }
});

Deno.test("what was trimmed on the way is passed, and what has gone another way is missed", () => {
  const half = (folder: Folder, on: (folder: Folder) => void): readonly [string, string] => {
    const payload = "x".repeat(4 * MIB);
    let [first, second] = ["", ""];
    writing(folder, (writer) => {
      for (let at = 0; at < 4; at++) store(writer, { appends: [run("#a", payload)] });
      const messages = exportMessages(folder.data, "#a");
      first = next(messages);
      if (on === trim || on === all) {
        writer.trim(writer.agedAfter(0, on === all ? 4 : 3), { groupsMiss: false });
      } else on(folder);
      try {
        second = next(messages);
      } catch (error) {
        second = String(error instanceof Error ? error.message : error);
      }
    });
    return [first, second];
  };
  const trim = (): void => {};
  const all = (): void => {};
  using trimmed = new Folder();
  assertEquals(half(trimmed, trim), ["#a 1", "#a 4"]);
  using empty = new Folder();
  assertEquals(half(empty, all), ["#a 1", ""], "nothing is left");
  using gone = new Folder();
  assertEquals(half(gone, (folder) => change(folder, "DELETE FROM batch WHERE id = 2")), [
    "#a 1",
    damaged(gone, "of #a the messages 2 to 2 are missing"),
  ]);
});

Deno.test("an export says which messages are missing or not whole, behind all that lies before them", () => {
  const cases: readonly (readonly [string | ((db: DatabaseSync) => void), readonly string[], string])[] = [
    ["DELETE FROM batch WHERE id = 1", ["#b 1", "#b 2"], "of #a the messages 1 to 2 are missing"],
    [
      "DELETE FROM batch WHERE id = 3",
      ["#a 1", "#a 2", "#b 1", "#b 2"],
      "of #a the messages 3 to 4 are missing",
    ],
    [
      (db) => putBatch(db, { id: 3, topic: 1, first: 3, count: 2, time: 1000 }, "pub #a 1\nx\n"),
      ["#a 1", "#a 2", "#b 1", "#b 2", "#a 3"],
      "of #a the message 4, batch 3: it is not there whole",
    ],
    [
      (db) => putBatch(db, { id: 3, topic: 1, first: 3, count: 2, time: 1000 }, "pub #a 1x=1\nx\n"),
      ["#a 1", "#a 2", "#b 1", "#b 2"],
      "of #a the message 3, batch 3: it is not there whole",
    ],
    [
      "UPDATE batch SET time = 1 WHERE id = 3",
      ["#a 1", "#a 2", "#b 1", "#b 2"],
      "of #a the messages 3 to 4, batch 3: it does not match its checksum",
    ],
  ];
  for (const [how, before, what] of cases) {
    using folder = new Folder();
    writing(folder, (writer) => {
      for (const topic of ["#a", "#b", "#a", "#a"]) store(writer, { appends: [run(topic, "x", "y")] });
    });
    change(folder, how);
    assertEquals(failing(folder), [[...before], damaged(folder, what)]);
    assertEquals(told(exportMessages(folder.data, "#b")), ["#b 1", "#b 2"], "another topic is whole");
  }
});

Deno.test("of what waits a run that is not whole is told, and what lies before it is given", () => {
  const cases = [
    ["UPDATE delayed SET due = 3 WHERE id = 2", "the delayed run 2 does not match its checksum"],
    ["", "of the delayed run 2 of #a not all is there"],
  ] as const;
  for (const [sql, what] of cases) {
    using folder = new Folder();
    writing(folder, (writer) =>
      store(writer, {
        appends: [run("#a", "stored")],
        delayed: [
          { ...run("#a", "1"), due: 1 },
          { ...run("#a", "2"), due: 2, count: sql === "" ? 2 : 1 },
          { ...run("#b", "3"), due: 3 },
        ],
      }));
    change(folder, sql);
    const before = sql === "" ? ["#a at 1", "#a at 2"] : ["#a at 1"];
    assertEquals(failing(folder, "#a"), [before, damaged(folder, what)]);
    assertEquals(told(exportMessages(folder.data, "#b")), ["#b at 3"]);
  }
});

Deno.test("batches that are not in their order are told", () => {
  using folder = new Folder();
  writing(folder, (writer) => {
    for (let at = 0; at < 3; at++) store(writer, { appends: [run("#a", "x")] });
  });
  const { refsAfter } = SqliteView.prototype;
  SqliteView.prototype.refsAfter = function (id, limit): ReturnType<typeof refsAfter> {
    const [one, two, three] = refsAfter.call(this, id, limit);
    return [one!, two!, two!, three!];
  };
  try {
    assertEquals(failing(folder), [["#a 1", "#a 2"], damaged(folder, "batch 2 is not where it belongs")]);
  } finally {
    SqliteView.prototype.refsAfter = refsAfter;
  }
});

Deno.test("what SQLite or the system says is told with the directory, and what may help where it cannot write", () => {
  using folder = new Folder();
  writing(folder, (writer) => store(writer, { appends: [run("#a", "x")] }));
  const { prepare } = DatabaseSync.prototype;
  const says = (error: Error): string => {
    DatabaseSync.prototype.prepare = (): never => {
      throw error;
    };
    try {
      return failing(folder)[1];
    } finally {
      DatabaseSync.prototype.prepare = prepare;
    }
  };
  const coded = (errcode: number): Error => Object.assign(new Error("no"), { errcode });
  const cannot = `the store in "${folder.data}" cannot be read, no`;
  assertEquals(
    says(coded(8)),
    `${cannot} (SQLite 8): SQLite writes beside what it reads, so copy it elsewhere`,
  );
  assertEquals(says(coded(10)), `${cannot} (SQLite 10)`);
  assertEquals(says(coded(11)), damaged(folder, "no (SQLite 11)"));
  assertEquals(says(new Error("no")), `the data directory "${folder.data}" cannot be used: no`);
});

Deno.test("who takes no more of an export leaves nothing open", () => {
  using folder = new Folder();
  const { close } = DatabaseSync.prototype;
  let closed = 0;
  DatabaseSync.prototype.close = function (): void {
    closed++;
    close.call(this);
  };
  try {
    writing(folder, (writer) => {
      store(writer, {
        appends: [run("#a", "1", "2")],
        delayed: [{ ...run("#a", "1"), due: 1 }, { ...run("#a", "2"), due: 2 }],
      });
      for (const taken of [1, 3]) {
        const messages = exportMessages(folder.data, "#a");
        for (let at = 0; at < taken; at++) next(messages);
        const before = closed;
        messages.return();
        assertEquals(closed, before + 1);
      }
      assertEquals(writer.checkpoint(), undefined);
    });
  } finally {
    DatabaseSync.prototype.close = close;
  }
  assert(closed >= 3);
});
