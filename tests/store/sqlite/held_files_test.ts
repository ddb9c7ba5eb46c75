/**
 * The descriptors a store keeps open: what they lock, and what they notice. The files are plain ones here.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { RunError } from "../../../lib/errors.ts";
import { type DataFiles, filesIn } from "../../../lib/store/sqlite/files.ts";
import { HeldFiles } from "../../../lib/store/sqlite/held_files.ts";
import { OpenedFiles } from "../../cli/stand_in.ts";
import { Folder } from "../folder.ts";

const LINUX = Deno.build.os === "linux";

/** A directory with ten bytes of database and twenty of write-ahead log, locked for the work. */
function held(work: (held: HeldFiles, files: DataFiles) => void): void {
  using folder = new Folder();
  Deno.mkdirSync(folder.data);
  Deno.writeFileSync(folder.database, new Uint8Array(10));
  Deno.writeFileSync(folder.wal, new Uint8Array(20));
  const files = filesIn(folder.data);
  const held = HeldFiles.lock(files);
  try {
    work(held, files);
  } finally {
    held.release();
  }
}

/** Held, and noticed from here on. */
function watched(work: (held: HeldFiles, files: DataFiles) => void): void {
  held((held, files) => {
    held.lockWal();
    held.watch();
    assertEquals([held.cut(), held.problem()], [undefined, undefined]);
    work(held, files);
  });
}

/** Whether somebody else could have the lock on a file. */
function isFree(path: string): boolean {
  using file = Deno.openSync(path, { read: true, write: true });
  return file.tryLockSync(true);
}

Deno.test("the lock's file says who has it, whatever it said before, and nothing when it is given back", () => {
  using folder = new Folder();
  Deno.mkdirSync(folder.data);
  const files = filesIn(folder.data);
  Deno.writeTextFileSync(files.lock, "99999999999\nmore of an earlier one\n");
  const held = HeldFiles.lock(files);
  assertEquals(Deno.readTextFileSync(files.lock), `${Deno.pid}\n`);
  const inUse = assertThrows(() => HeldFiles.lock(files), RunError);
  assertEquals(
    inUse.message,
    `the data directory "${files.dir}" is in use by process ${Deno.pid}: ` +
      "stop that one, or take another directory",
  );
  assertEquals(Deno.readTextFileSync(files.lock), `${Deno.pid}\n`, "who was refused changed nothing");
  held.release();
  assertEquals(Deno.readTextFileSync(files.lock), "");
  HeldFiles.lock(files).release();
});

Deno.test("who has the directory is another process where the lock's file names none", () => {
  for (const text of ["", "\n", "12 34\n", "nobody\n", "x12\n", "12x\n"]) {
    held((_, files) => {
      Deno.writeTextFileSync(files.lock, text);
      const { message } = assertThrows(() => HeldFiles.lock(files), RunError);
      assert(message.includes("is in use by another process:"), message);
    });
  }
});

Deno.test("a write-ahead log that another has locked is refused, with the process where the system tells", () => {
  held((held, files) => {
    using other = Deno.openSync(files.wal, { read: true, write: true });
    assert(other.tryLockSync(true));
    const { message } = assertThrows(() => held.lockWal(), RunError);
    const holder = LINUX ? `process ${Deno.pid}` : "another process";
    assert(message.includes(`"${files.dir}" is in use by ${holder}:`), message);
  });
});

Deno.test("where the system does not tell who has a lock it is another process", () => {
  const { readTextFileSync } = Deno;
  held((held, files) => {
    using other = Deno.openSync(files.wal, { read: true, write: true });
    assert(other.tryLockSync(true));
    Deno.readTextFileSync = (path) => {
      if (path === "/proc/locks") throw new Deno.errors.NotFound("no such file");
      return readTextFileSync(path);
    };
    try {
      const { message } = assertThrows(() => held.lockWal(), RunError);
      assert(message.includes("is in use by another process:"), message);
    } finally {
      Deno.readTextFileSync = readTextFileSync;
    }
  });
});

Deno.test("who shares a lock on the write-ahead log is not told, and is another process", () => {
  held((held, files) => {
    using other = Deno.openSync(files.wal, { read: true, write: true });
    assert(other.tryLockSync(false));
    const { message } = assertThrows(() => held.lockWal(), RunError);
    assert(message.includes("is in use by another process:"), message);
  });
});

Deno.test("a write-ahead log is locked once, another in its place anew, and none is none", () => {
  held((held, files) => {
    held.lockWal();
    assert(!isFree(files.wal));
    held.lockWal();
    assert(!isFree(files.wal), "locked as it was");
    Deno.renameSync(files.wal, `${files.wal}-moved`);
    held.lockWal();
    assert(!isFree(`${files.wal}-moved`), "without another it is kept");
    Deno.writeFileSync(files.wal, new Uint8Array(20));
    held.lockWal();
    assert(!isFree(files.wal));
    assert(isFree(`${files.wal}-moved`), "what is not the log any more is let go of");
  });
});

Deno.test("both locks are free when they are given back", () => {
  using folder = new Folder();
  Deno.mkdirSync(folder.data);
  Deno.writeFileSync(folder.wal, new Uint8Array(20));
  const files = filesIn(folder.data);
  for (let round = 0; round < 2; round++) {
    const held = HeldFiles.lock(files);
    held.lockWal();
    assert(!isFree(files.wal) && !isFree(files.lock));
    held.release();
    assert(isFree(files.wal) && isFree(files.lock));
  }
});

Deno.test("a write-ahead log that cannot be looked at is refused with the directory's name", () => {
  held((_, { dir, ...files }) => {
    Deno.writeTextFileSync(`${dir}/file`, "");
    const other = HeldFiles.lock({ ...files, dir, lock: `${dir}/other.lock`, wal: `${dir}/file/wal` });
    try {
      assertThrows(() => other.lockWal(), RunError, `"${dir}" is not a directory`);
    } finally {
      other.release();
    }
  });
});

Deno.test("what the log lost since it was written to last is told in bytes, what it grew by is not", () => {
  watched((held, { wal }) => {
    Deno.truncateSync(wal, 19);
    const cut = `"${wal}" was cut from 20 to 19 bytes while it was in use`;
    assertEquals([held.cut(), held.problem()], [cut, cut]);
    held.wrote();
    assertEquals([held.cut(), held.problem()], [undefined, undefined], "the writer did that");
    Deno.truncateSync(wal, 30);
    assertEquals(held.cut(), undefined);
    held.wrote();
    Deno.truncateSync(wal, 29);
    assertEquals(held.cut(), `"${wal}" was cut from 30 to 29 bytes while it was in use`);
  });
});

Deno.test("what the database lost since a checkpoint is told", () => {
  watched((held, { database }) => {
    Deno.truncateSync(database, 9);
    assertEquals(held.problem(), `"${database}" was cut from 10 to 9 bytes while it was in use`);
    assertEquals(held.cut(), undefined, "the log is whole");
    held.moved();
    assertEquals(held.problem(), undefined);
  });
});

Deno.test("a file that was deleted or replaced is told by its name", () => {
  for (const name of ["wal", "database"] as const) {
    watched((held, files) => {
      const path = files[name];
      Deno.writeFileSync(`${path}-other`, new Uint8Array(100));
      Deno.removeSync(path);
      const deleted = `"${path}" was deleted while it was in use`;
      assertEquals(held.problem(), deleted);
      assertEquals(held.cut(), name === "wal" ? deleted : undefined);
      Deno.renameSync(`${path}-other`, path);
      assertEquals(held.problem(), `"${path}" was replaced while it was in use`);
    });
  }
});

Deno.test("a file that cannot be seen is told with what the system says", () => {
  watched((held, { dir, wal }) => {
    Deno.renameSync(dir, `${dir}-moved`);
    Deno.writeTextFileSync(dir, "");
    const problem = held.problem() ?? "nothing";
    Deno.removeSync(dir);
    Deno.renameSync(`${dir}-moved`, dir);
    assert(problem.startsWith(`"${wal}" cannot be seen any more: `), problem);
    assert(
      problem.length > `"${wal}" cannot be seen any more: `.length && !problem.includes("Error:"),
      problem,
    );
  });
});

Deno.test("trying whether the disk takes anything leaves the lock's file as it was", () => {
  held((held, { lock }) => {
    assertEquals(held.writeProblem(), undefined);
    assertEquals(Deno.readTextFileSync(lock), `${Deno.pid}\n`);
  });
});

Deno.test("what a disk says that takes nothing becomes a clause, and what is worse does not", () => {
  const { writeSync } = Deno.FsFile.prototype;
  const said: (string | undefined)[] = [];
  held((held, { lock }) => {
    for (const code of ["EROFS", "ENOSPC", "EDQUOT", "EIO"]) {
      Deno.FsFile.prototype.writeSync = () => {
        throw Object.assign(new Error("no"), { code });
      };
      try {
        said.push(held.writeProblem());
      } finally {
        Deno.FsFile.prototype.writeSync = writeSync;
      }
      assertEquals(Deno.readTextFileSync(lock), `${Deno.pid}\n`, code);
    }
  });
  assertEquals(said, [
    "the data cannot be written to, its disk is read-only",
    "the disk that holds the data is full",
    "the quota of the disk that holds the data is used up",
    undefined,
  ]);
});

Deno.test("a disk is tried with a whole block behind the process id, however little it takes at a time", () => {
  const { writeSync } = Deno.FsFile.prototype;
  const places: number[] = [];
  held((held) => {
    Deno.FsFile.prototype.writeSync = function (bytes): number {
      const written = writeSync.call(this, bytes.subarray(0, 1024));
      places.push(this.seekSync(0, Deno.SeekMode.Current));
      return written;
    };
    try {
      assertEquals(held.writeProblem(), undefined);
    } finally {
      Deno.FsFile.prototype.writeSync = writeSync;
    }
  });
  assertEquals(places, [65, 66, 67, 68].map((kib) => kib * 1024));
});

Deno.test("files are noticed where nobody has locked the log, and not any more when they are given back", () => {
  using folder = new Folder();
  Deno.mkdirSync(folder.data);
  Deno.writeFileSync(folder.database, new Uint8Array(10));
  Deno.writeFileSync(folder.wal, new Uint8Array(20));
  const held = HeldFiles.lock(filesIn(folder.data));
  assertThrows(() => held.cut(), Error, "the write-ahead log is not held");
  held.watch();
  assertEquals([held.cut(), held.problem()], [undefined, undefined]);
  Deno.truncateSync(folder.wal, 1);
  assertEquals(held.cut(), `"${folder.wal}" was cut from 20 to 1 bytes while it was in use`);
  held.release();
  for (const ask of [() => held.cut(), () => held.wrote(), () => held.syncWal()]) {
    assertThrows(ask, Error, "the write-ahead log is not held");
  }
});

Deno.test({
  name: "who is refused has nothing open of the directory",
  ignore: !LINUX,
  fn: () => {
    held((held, files) => {
      held.lockWal();
      using opened = new OpenedFiles();
      for (let times = 0; times < 5; times++) assertThrows(() => HeldFiles.lock(files), RunError);
      assert(opened.files.length >= 5, `${opened.files.length}`);
      for (const file of opened.files) assertThrows(() => file.statSync(), Deno.errors.BadResource);
    });
  },
});
