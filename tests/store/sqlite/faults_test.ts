/**
 * The disk is full, fails, or somebody takes files away.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { openSqliteStore } from "../../../lib/store/sqlite/open_store.ts";
import { diskProblem, failing, smallDisk, unmount } from "../../faults/disk.ts";
import { straceProblem } from "../../faults/strace.ts";
import { Program } from "../../../scripts/program.ts";
import { EARLIEST, run, shown } from "../asking.ts";
import { Folder } from "../folder.ts";

const noDisk = await diskProblem();
const SKIPPED = noDisk === undefined ? "" : ` (skipped: ${noDisk})`;

Deno.test({
  name: `a full disk refuses commits, and they succeed again when there is room${SKIPPED}`,
  ignore: noDisk !== undefined,
  fn: async () => {
    using folder = new Folder();
    assertEquals(await smallDisk(folder.data), undefined);
    try {
      await folder.with(async (store) => {
        await store.commit(run("#a", "before"));
        Deno.writeFileSync(`${folder.data}/ballast`, new Uint8Array(3 * 1024 * 1024));
        const text = "x".repeat(200_000);
        const stored: number[] = [];
        const reasons = new Set<string>();
        for (let at = 0; at < 30; at++) {
          const outcome = await store.commitOutcome(run("#a", text), run(`#new${at}`, "x"));
          if (outcome.kind === "stored") stored.push(outcome.stored[0]!.first);
          else {
            assertEquals(outcome.kind, "refused");
            if (outcome.kind === "refused") reasons.add(outcome.reason);
          }
        }
        assertEquals([...reasons], ["the disk that holds the data is full"]);
        const { messages } = await store.replay("#a", EARLIEST);
        assertEquals(messages.map(({ sequence }) => sequence), [1, ...stored], "reads go on");
        Deno.removeSync(`${folder.data}/ballast`);
        const [after] = await store.commit(run("#a", "after"));
        assertEquals(after!.first, messages.length + 1, "no number was spent on what was refused");
      });
      await folder.with(async (store) => {
        const { messages } = await store.replay("#a", EARLIEST);
        assertEquals(shown([messages[0]!, messages.at(-1)!]), [
          "#a 1 before",
          `#a ${messages.length} after`,
        ]);
      });
    } finally {
      await unmount(folder.data);
    }
  },
});

Deno.test("a database or write-ahead log that is taken away loses the store, and it says so once and for all", async () => {
  const takeAway: readonly ((folder: Folder) => void)[] = [
    (folder) => Deno.removeSync(folder.wal),
    (folder) => Deno.removeSync(folder.database),
    (folder) => Deno.renameSync(folder.database, `${folder.database}.bak`),
    (folder) => {
      Deno.copyFileSync(folder.wal, `${folder.wal}.copy`);
      Deno.renameSync(`${folder.wal}.copy`, folder.wal);
    },
  ];
  for (const take of takeAway) {
    using folder = new Folder();
    await folder.with(async (store) => {
      await store.commit(run("#a", "1"));
      take(folder);
      // it is looked for every few milliseconds
      let outcome = await store.commitOutcome(run("#a", "2"));
      for (let at = 0; at < 10_000 && outcome.kind === "stored"; at++) {
        outcome = await store.commitOutcome(run("#a", "2"));
      }
      assertEquals(outcome.kind, "lost");
      assertMatch(outcome.kind === "lost" ? outcome.reason : "", /(deleted|replaced) while it was in use/);
      assertEquals(await store.commitOutcome(run("#a", "3")), outcome);
    });
  }
});

const noStrace = await straceProblem();

Deno.test({
  name: `after a failed fsync nothing more is committed${
    noStrace === undefined ? "" : ` (skipped: ${noStrace})`
  }`,
  ignore: noStrace !== undefined,
  fn: async () => {
    using folder = new Folder();
    // made before, so that the failure falls into the commits
    await folder.with((store) => store.commit());
    const script = `${import.meta.dirname}/../fixtures/commit_until_lost.ts`;
    const path = `${Deno.realPathSync(folder.data)}/hashbus.db-wal`;
    const command = failing(
      [Deno.execPath(), "run", "-A", "--no-check", script, folder.data],
      { path, call: "fsync", from: 8 },
    );
    await using child = Program.start(command);
    await child.ended;
    const outcomes = child.stdout.trim().split("\n");
    const firstLost = outcomes.findIndex((line) => line.startsWith("lost"));
    assert(firstLost > 0, `some are stored, then one is lost: ${child.stdout}${child.stderr}`);
    assert(outcomes.slice(firstLost).every((line) => line.startsWith("lost")), child.stdout);
    assertMatch(outcomes[firstLost]!, /disk I\/O error \(SQLite 1034\)/);
    await folder.with(async (store) => {
      const { messages } = await store.replay("#a", EARLIEST);
      const stored = outcomes.slice(0, firstLost).length;
      assert(messages.length >= stored, "what was acknowledged is there");
      assertEquals(
        messages.slice(0, stored).map(({ payload }) => payload),
        outcomes.slice(0, firstLost).map((_, at) => `${at}`),
      );
    });
  },
});

Deno.test({
  name: `a directory that cannot be written to is refused with its name${SKIPPED}`,
  ignore: noDisk !== undefined,
  fn: async () => {
    using folder = new Folder();
    assertEquals(await smallDisk(folder.data), undefined);
    try {
      const { success } = await new Deno.Command("mount", { args: ["-o", "remount,ro", folder.data] })
        .output();
      assert(success);
      const problem = await openSqliteStore(folder.data).then(() => "", (error: Error) => error.message);
      assertMatch(problem, /data" cannot be used: .*Read-only file system/);
    } finally {
      await unmount(folder.data);
    }
  },
});
