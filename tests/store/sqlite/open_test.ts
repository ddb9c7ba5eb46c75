import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows, fail } from "@std/assert";
import { backup, DatabaseSync } from "node:sqlite";
import { RunError } from "../../../lib/errors.ts";
import { openSqliteStore } from "../../../lib/store/sqlite/open_store.ts";
import { checkStore, type CheckSummary } from "../../../lib/store/tools/check.ts";
import { exportMessages } from "../../../lib/store/tools/export.ts";
import { Importer } from "../../../lib/store/tools/import.ts";
import { Program } from "../../../scripts/program.ts";
import { EARLIEST, run, shown } from "../asking.ts";
import { Folder } from "../folder.ts";
import { FORMAT } from "../../../lib/store/sqlite/schema.ts";

/** Opens what must not open: one line for a person, and nothing changed. */
async function refused(folder: Folder, says: RegExp): Promise<void> {
  const before = folder.contents();
  const error = await assertRejects(() => openSqliteStore(folder.data), RunError);
  assert(says.test(error.message), error.message);
  assert(!error.message.includes("\n"));
  assertEquals(folder.contents(), before, "nothing was changed");
}

function committer(folder: Folder): Program {
  const script = `${import.meta.dirname}/../fixtures/committer.ts`;
  return Program.start([Deno.execPath(), "run", "-A", "--no-check", script, folder.data]);
}

Deno.test("what was stored is there when the store is opened again, and numbers go on (D2)", async () => {
  using folder = new Folder();
  const before = await folder.with((store) => store.commit(run("#a", "1", "2"), run("#b", "1")));
  await folder.with(async (store) => {
    assertEquals(store.store.state.last, before[1]!.batch);
    assertEquals([store.store.state.topics, store.store.state.batches], [2, 2]);
    const [next] = await store.commit(run("#a", "3"));
    assertEquals([next!.first, next!.batch], [3, before[1]!.batch + 1]);
    assert(next!.time >= before[0]!.time);
    assertEquals(shown((await store.replay("#>", EARLIEST)).messages), [
      "#a 1 1",
      "#a 2 2",
      "#b 1 1",
      "#a 3 3",
    ]);
  });
});

Deno.test("closing leaves one database file without a write-ahead log, all for the owner alone", async () => {
  using folder = new Folder();
  const store = await folder.open();
  await store.commit(run("#a", "1"));
  assertEquals(Deno.statSync(folder.data).mode! & 0o777, 0o700);
  for (const { name } of Deno.readDirSync(folder.data)) {
    assertEquals(Deno.statSync(`${folder.data}/${name}`).mode! & 0o777, 0o600, name);
  }
  await store.close();
  assertEquals([...Deno.readDirSync(folder.data)].map(({ name }) => name).sort(), [
    "hashbus.db",
    "hashbus.lock",
  ]);
});

Deno.test("a store that somebody has open is refused at once, with the process id", async () => {
  using folder = new Folder();
  const child = committer(folder);
  await child.see(/open/);
  const error = await assertRejects(() => openSqliteStore(folder.data), RunError);
  const pid = Deno.readTextFileSync(`${folder.data}/hashbus.lock`).trim();
  assertStringIncludes(error.message, `in use by process ${pid}`);
  const told = child.stdout.length;
  await child.see(new RegExp(`^[^]{${told + 200},}`));
  await child.stop("SIGKILL");
});

Deno.test("after kill -9 the store opens again, with everything that was acknowledged, once and in order", async () => {
  using folder = new Folder();
  const acknowledged: string[] = [];
  for (const commits of [3, 60, 200]) {
    const child = committer(folder);
    await child.see(new RegExp(`^(?:.*\n){${commits}}`));
    await child.stop("SIGKILL");
    acknowledged.push(...child.stdout.split("\n").slice(1, -1));
  }
  await folder.with(async (store) => {
    for (const [topic, column] of [["#a", 0], ["#b", 1]] as const) {
      const { messages } = await store.replay(topic, EARLIEST);
      assertEquals(messages.map(({ sequence }) => sequence), messages.map((_, at) => at + 1), "no gaps");
      for (const line of acknowledged) {
        const numbers = line.split(" ");
        const wanted = numbers.slice(2).join(" ");
        const found = messages[Number(numbers[column]) - 1]?.payload ?? "nothing";
        assert(
          found.startsWith(wanted),
          `${topic} ${numbers[column]} is ${found.slice(0, 40)}, not ${wanted}`,
        );
      }
      const texts = messages.map(({ payload }) => payload).filter((payload) => payload !== "second");
      assertEquals(new Set(texts).size, texts.length, "nothing is there twice");
    }
  });
});

Deno.test("what is no store of ours is refused, untouched", async (t) => {
  const foreign = (database: string): void => {
    const db = new DatabaseSync(database);
    db.exec("CREATE TABLE somebody_elses (x)");
    db.close();
  };
  const kinds: readonly (readonly [string, (database: string) => void, RegExp])[] = [
    ["garbage", (path) => Deno.writeTextFileSync(path, "garbage ".repeat(1000)), /no store of hashbus/],
    ["a few bytes", (path) => Deno.writeTextFileSync(path, "SQLite format 3\0"), /no store of hashbus/],
    ["zero bytes", (path) => Deno.writeTextFileSync(path, ""), /is empty/],
    ["another program's database", foreign, /belongs to another program/],
  ];
  for (const [name, make, says] of kinds) {
    await t.step(name, async () => {
      using folder = new Folder();
      Deno.mkdirSync(folder.data);
      make(folder.database);
      await refused(folder, says);
    });
  }
});

Deno.test("a store of a newer version is refused, untouched", async () => {
  using folder = new Folder();
  await folder.with((store) => store.commit(run("#a", "1")));
  const db = new DatabaseSync(folder.database);
  db.exec(`PRAGMA user_version = ${FORMAT + 1}`);
  db.close();
  await refused(
    folder,
    new RegExp(`newer version \\(format ${FORMAT + 1}, this one reads up to ${FORMAT}\\)`),
  );
});

Deno.test("a store that was not closed is refused without its write-ahead log, untouched", async () => {
  for (const lose of [(wal: string) => Deno.removeSync(wal), (wal: string) => Deno.truncateSync(wal)]) {
    using folder = new Folder();
    const child = committer(folder);
    await child.see(/^(?:.*\n){5}/);
    await child.stop("SIGKILL");
    lose(folder.wal);
    await refused(folder, /missing or empty although the store was not closed/);
  }
});

Deno.test("a write-ahead log without its database is refused", async () => {
  using folder = new Folder();
  Deno.mkdirSync(folder.data);
  Deno.writeTextFileSync(folder.wal, "the newest messages");
  await refused(folder, /hashbus\.db" is missing/);
});

Deno.test("a directory that cannot be one is refused with its name", async () => {
  using folder = new Folder();
  Deno.writeTextFileSync(folder.data, "");
  for (
    const [path, says] of [
      [folder.data, /is a file/],
      [`${folder.data}/below`, /is not a directory/],
      [`${folder.path}/no/where`, /does not exist/],
    ] as const
  ) {
    const error = await assertRejects(() => openSqliteStore(path), RunError);
    assert(says.test(error.message) && error.message.includes(path), error.message);
  }
});

Deno.test("a directory that is not named is refused by whatever would use it, and none is made", async () => {
  for (const missing of ["", undefined as unknown as string]) {
    await assertRejects(() => openSqliteStore(missing), RunError, "the data needs a directory");
    assertThrows(() => Importer.open(missing), RunError, "the data needs a directory");
    assertThrows(() => exportMessages(missing, "#>").next(), RunError, "the data needs a directory");
    const report = { progress: () => {}, problem: () => {} };
    assertThrows(() => checkStore(missing, report), RunError, "the data needs a directory");
  }
  assertThrows(() => Deno.statSync("undefined"), Deno.errors.NotFound);
});

Deno.test("a program of the tests that is given no directory says how it is used", async () => {
  for (const name of ["committer.ts", "commit_until_lost.ts"]) {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", `${import.meta.dirname}/../fixtures/${name}`],
    }).output();
    assertEquals([code, new TextDecoder().decode(stderr)], [2, `usage: deno run -A ${name} DIR\n`]);
  }
});

Deno.test("what a crash left of a store that was being made is no obstacle", async () => {
  using folder = new Folder();
  Deno.mkdirSync(folder.data);
  Deno.writeTextFileSync(`${folder.database}-new`, "half a");
  Deno.writeTextFileSync(`${folder.database}-new-journal`, "database");
  await folder.with((store) => store.commit(run("#a", "1")));
});

Deno.test("the log's file says what it is", async () => {
  using folder = new Folder();
  await folder.with((store) => store.commit(run("#a", "1")));
  const db = new DatabaseSync(folder.database, { readOnly: true });
  const pragma = (name: string): unknown => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  assertEquals(pragma("application_id"), 0x68627573);
  assertEquals(pragma("user_version"), FORMAT);
  assertEquals(pragma("journal_mode"), "wal");
  assertEquals(pragma("auto_vacuum"), 2);
  db.close();
});

Deno.test("a copy by VACUUM INTO, made while the store is open, is whole as it is, and a broker takes it", async () => {
  using folder = new Folder();
  using copy = new Folder();
  Deno.mkdirSync(copy.data);
  await folder.with(async (store) => {
    await store.commit(run("#a", "1", "2"));
    const db = new DatabaseSync(folder.database, { readOnly: true });
    db.exec(`VACUUM INTO '${copy.database}'`);
    db.close();
    await store.commit(run("#a", "3"));
  });
  const before = copy.contents();
  assertEquals(checked(copy), { topics: 1, batches: 1, messages: 2, bytes: 22, delayed: 0, problems: 0 });
  assertEquals([...exportMessages(copy.data, "#>")].length, 2);
  assertEquals(copy.contents().get("hashbus.db"), before.get("hashbus.db"), "looking changes nothing");
  await copy.with(async (store) => {
    assertEquals((await store.commit(run("#a", "else")))[0]!.first, 3);
    assertEquals((await store.replay("#a", EARLIEST)).messages.length, 3);
  });
  assertEquals(checked(copy).problems, 0);
});

Deno.test("the files of a closed store may be copied; a copy by .backup is refused until it is said to be closed", async () => {
  using folder = new Folder();
  using copy = new Folder();
  using backedUp = new Folder();
  for (const { data } of [copy, backedUp]) Deno.mkdirSync(data);
  await folder.with(async (store) => {
    await store.commit(run("#a", "1", "2"));
    const db = new DatabaseSync(folder.database, { readOnly: true });
    await backup(db, backedUp.database);
    db.close();
  });
  Deno.copyFileSync(folder.database, copy.database);
  assertEquals(checked(copy).messages, 2);
  await refused(backedUp, /missing or empty although .*copy made by \.backup/);
  const db = new DatabaseSync(backedUp.database);
  db.exec("PRAGMA user_version = 2");
  db.close();
  assertEquals(checked(backedUp).messages, 2);
});

/** What --data-check finds. */
function checked(folder: Folder): CheckSummary {
  const problem = (text: string): never => fail(text);
  return checkStore(folder.data, { progress: () => {}, problem });
}
