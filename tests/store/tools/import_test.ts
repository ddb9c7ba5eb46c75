/**
 * How what is imported is put together and committed, and what an import says where it cannot go on.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { DatabaseSync } from "node:sqlite";
import { RunError } from "../../../lib/errors.ts";
import { Writer } from "../../../lib/store/sqlite/writer/writer.ts";
import { Importer } from "../../../lib/store/tools/import.ts";
import { type ImportedMessage, recordOf } from "../../../lib/store/tools/message_parts.ts";
import { run } from "../asking.ts";
import { Folder } from "../folder.ts";
import { change, store, writing } from "../writing.ts";

const MIB = 1024 * 1024;

function message(payload: string, more: Partial<ImportedMessage> = {}): ImportedMessage {
  return { topic: "#a", payload: new TextEncoder().encode(payload), headers: new Map(), time: 1000, ...more };
}

/** A message whose record has so many bytes. */
function sized(bytes: number, more: Partial<ImportedMessage> = {}): ImportedMessage {
  const length = bytes - recordOf(message("x".repeat(bytes - 20), more)).length + bytes - 20;
  const found = message("x".repeat(length), more);
  assertEquals(recordOf(found).length, bytes);
  return found;
}

function importing(folder: Folder, work: (importer: Importer) => void): void {
  const importer = Importer.open(folder.data);
  try {
    work(importer);
  } finally {
    importer.close();
  }
}

function rows(folder: Folder, sql: string): unknown[] {
  const found: unknown[] = [];
  change(folder, (db: DatabaseSync) => found.push(...db.prepare(sql).all().map((row) => Object.values(row))));
  return found;
}

Deno.test("20,000 messages are committed together, or as many as have 8 MiB, and what is left by asking for it", () => {
  using folder = new Folder();
  importing(folder, (importer) => {
    for (let at = 1; at < 20_000; at++) importer.add(message("x"));
    assertEquals(importer.messages, 0);
    importer.add(message("x"));
    assertEquals(importer.messages, 20_000);
    importer.add(message("x"));
    assertEquals(importer.messages, 20_000);
    importer.commit();
    importer.commit();
    assertEquals([importer.messages, importer.topics], [20_001, 1]);
    for (let at = 0; at < 7; at++) importer.add(sized(MIB));
    importer.add(sized(MIB - 1));
    assertEquals(importer.messages, 20_001);
    importer.add(message(""));
    assertEquals(importer.messages, 20_010);
    for (let at = 0; at < 8; at++) importer.add(sized(MIB));
    assertEquals(importer.messages, 20_018);
    importer.add(message("given up", { topic: "#b" }));
  });
  assertEquals(rows(folder, "SELECT sum(count) FROM batch"), [[20_018]]);
});

Deno.test("what has a later time is another commit, and what has an earlier one has that of the one before", () => {
  using folder = new Folder();
  importing(folder, (importer) => {
    const added = (time: number | undefined): number => {
      importer.add(message("x", { time }));
      return importer.messages;
    };
    assertEquals([1000, 1000, 900, 1001, 1001, 5].map(added), [0, 0, 0, 3, 3, 3]);
  });
  assertEquals(rows(folder, "SELECT count, time FROM batch"), [[3, 1000]]);
});

Deno.test("what was stored when time began has that time", () => {
  using folder = new Folder();
  importing(folder, (importer) => {
    importer.add(message("x", { time: 0 }));
    importer.commit();
  });
  assertEquals(rows(folder, "SELECT time FROM batch"), [[0]]);
});

Deno.test("what has no time has that of now, which lasts until the next commit, and the future is now", () => {
  const { now } = Date;
  let time = 5000;
  Date.now = () => time;
  try {
    using folder = new Folder();
    importing(folder, (importer) => {
      for (
        const [at, wall] of [[undefined, 5000], [undefined, 6000], [9e12, 7000], [undefined, 8000]] as const
      ) {
        time = wall;
        importer.add(message("x", { time: at }));
      }
      importer.commit();
      time = 9000;
      importer.add(message("x", { time: undefined }));
      importer.commit();
    });
    assertEquals(rows(folder, "SELECT count, time FROM batch"), [[2, 5000], [2, 7000], [1, 9000]]);
  } finally {
    Date.now = now;
  }
});

Deno.test("neighbours share a batch up to a MiB, with the shortest of their times to live, and nothing lies between them", () => {
  using folder = new Folder();
  importing(folder, (importer) => {
    const half = sized(MIB / 2);
    for (const one of [half, half, half, sized(MIB / 2 + 1)]) importer.add(one);
    importer.add(message("x", { topic: "#b" }));
    importer.add(message("x", { topic: "#b", ttl: 9 }));
    importer.add(message("x", { topic: "#b", ttl: 4 }));
    importer.add(message("x", { topic: "#b", ttl: 7 }));
    importer.add(message("waits", { topic: "#b", at: 70, ttl: 3 }));
    importer.add(message("x", { topic: "#b" }));
    importer.add(message("x", { topic: "#c", ttl: 2 }));
    importer.add(message("x", { topic: "#c" }));
    importer.commit();
    assertEquals([importer.messages, importer.topics], [12, 3]);
  });
  assertEquals(rows(folder, "SELECT topic, count, length(bytes), expires FROM batch"), [
    [1, 2, MIB, null],
    [1, 1, MIB / 2, null],
    [1, 1, MIB / 2 + 1, null],
    [2, 4, 11 + 3 * 17, 5000],
    [2, 1, 11, null],
    [3, 2, 28, 3000],
  ]);
  assertEquals(rows(folder, "SELECT due, published, topic, count, ttl, size FROM delayed"), [
    [70, 1000, "#b", 1, 3000, 21],
  ]);
});

Deno.test("what lies in the log is moved when it has become much", () => {
  using folder = new Folder();
  const { checkpoint } = Writer.prototype;
  let moved = 0;
  Writer.prototype.checkpoint = function (): ReturnType<typeof checkpoint> {
    moved++;
    return checkpoint.call(this);
  };
  try {
    importing(folder, (importer) => {
      importer.add(message("x"));
      importer.commit();
      assertEquals(moved, 0);
      for (let at = 0; at < 5; at++) importer.add(sized(MIB));
      importer.commit();
      assertEquals(moved, 1);
    });
  } finally {
    Writer.prototype.checkpoint = checkpoint;
  }
});

Deno.test("a store that takes no more says why, and one that fails is named", () => {
  const { commit, checkpoint } = Writer.prototype;
  using folder = new Folder();
  importing(folder, (importer) => {
    const says = (): string => {
      importer.add(sized(5 * MIB));
      return assertThrows(() => importer.commit(), RunError).message;
    };
    try {
      Writer.prototype.commit = () => ({ kind: "refused", reason: "the disk is full" });
      assertEquals(says(), `the store in "${folder.data}" takes no more: the disk is full`);
      assertEquals(importer.messages, 0);
      Writer.prototype.commit = () => {
        throw new Error("a page is gone");
      };
      assertEquals(says(), `the data directory "${folder.data}" cannot be used: a page is gone`);
      Writer.prototype.commit = commit;
      Writer.prototype.checkpoint = () => ({ kind: "lost", reason: "an fsync failed" });
      assertEquals(says(), `the store in "${folder.data}" takes no more: an fsync failed`);
      assertEquals(importer.messages, 1, "it is stored all the same");
    } finally {
      Object.assign(Writer.prototype, { commit, checkpoint });
    }
    importer.add(message("x"));
    importer.commit();
    assertEquals(importer.messages, 2);
  });
});

Deno.test("a store that cannot be closed is named, and its lock is given back", () => {
  using folder = new Folder();
  const { close } = Writer.prototype;
  const importer = Importer.open(folder.data);
  Writer.prototype.close = function (): never {
    close.call(this);
    throw new Error("no room");
  };
  try {
    assertEquals(
      assertThrows(() => importer.close(), RunError).message,
      `the data directory "${folder.data}" cannot be used: no room`,
    );
  } finally {
    Writer.prototype.close = close;
  }
  importing(folder, () => {});
});

Deno.test("a topic that cannot be stored is refused before anything of it is", () => {
  using folder = new Folder();
  importing(folder, (importer) => {
    assertThrows(() => importer.add(message("x", { topic: "#\0" })), RunError, "cannot be stored as it is");
    importer.commit();
    assertEquals([importer.messages, importer.topics], [0, 0]);
  });
});

Deno.test("after a crash an import goes on behind a commit that was not finished, and leaves a damaged one to a broker", () => {
  for (
    const [change, refused] of [
      [(wal: Uint8Array) => wal.subarray(0, wal.length - 100), false],
      [(wal: Uint8Array) => (wal[32 + 30]! ^= 1, wal), true],
    ] as const
  ) {
    using folder = new Folder();
    using copy = new Folder();
    Deno.mkdirSync(copy.data);
    writing(folder, (writer) => {
      for (const payload of ["1", "2"]) store(writer, { appends: [run("#a", payload)] });
      Deno.copyFileSync(folder.database, copy.database);
      Deno.writeFileSync(copy.wal, change(Deno.readFileSync(folder.wal)));
    });
    if (refused) {
      const { message } = assertThrows(() => Importer.open(copy.data), RunError);
      assertMatch(
        message,
        /is damaged: its write-ahead log is not whole \(start a broker there, it says what that means\); /,
      );
      continue;
    }
    importing(copy, (importer) => {
      importer.add(message("4"));
      importer.commit();
    });
    assertEquals(rows(copy, "SELECT first FROM batch"), [[1], [2]]);
    assert(Deno.statSync(copy.database).size > 0);
  }
});
