import { assert, assertEquals, assertMatch } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import type { Delayed } from "../../../lib/store/types.ts";
import { checkStore, type CheckSummary } from "../../../lib/store/tools/check.ts";
import { run } from "../asking.ts";
import { Folder } from "../folder.ts";

function later(due: number, topic: string, ...payloads: readonly string[]): Delayed {
  return { ...run(topic, ...payloads), due };
}

/** What a check says. */
function checked(of: Folder): CheckSummary & { readonly told: readonly string[] } {
  const told: string[] = [];
  return { ...checkStore(of.data, { progress: () => {}, problem: (text) => told.push(text) }), told };
}

function change(folder: Folder, sql: string): void {
  const db = new DatabaseSync(folder.database);
  db.exec(sql);
  db.close();
}

Deno.test("what waits is there after a restart, and its time goes on from that of the newest (D9)", async () => {
  using folder = new Folder();
  const far = Date.now() + 60_000;
  await folder.with((store) =>
    store.commitOf({ delayed: [later(20, "#a", "2"), later(10, "#a", "1"), later(far, "#b", "3", "4")] })
  );
  assertEquals([checked(folder).delayed, checked(folder).told], [4, []]);
  const first = await folder.with(async (store) => {
    assertEquals([store.store.state.delayed, store.store.state.delayedBytes], [4, 44]);
    const { runs, next } = await store.due({ now: 1000 });
    assertEquals(runs.map(({ due }) => due), [10, 20]);
    assertEquals(next, far);
    await store.commitOf({ appends: [run("#a", "1")], moved: [runs[0]!.id] });
    const [stored] = await store.commit(run("#c", "x"));
    assert(stored!.time >= runs[0]!.published);
    return runs[1]!;
  });
  await folder.with(async (store) => {
    assertEquals(store.store.state.delayed, 3);
    const { runs } = await store.due({ now: 1000 });
    assertEquals(runs, [first]);
  });
});

Deno.test("what is damaged is told and passed, and the rest is delivered; a check names it", async () => {
  for (
    const [sql, says] of [
      [
        "UPDATE delayed SET bytes = CAST(replace(bytes, 'two', 'tow') AS BLOB) WHERE id = 2",
        "the delayed run 2 does not match its checksum",
      ],
      ["UPDATE delayed SET size = 5 WHERE id = 2", "the delayed run 2 does not match its checksum"],
      ["UPDATE delayed SET ttl = 5 WHERE id = 2", "the delayed run 2 does not match its checksum"],
      ["UPDATE delayed SET topic = '#b' WHERE id = 2", "the delayed run 2 does not match its checksum"],
    ] as const
  ) {
    using folder = new Folder();
    await folder.with((store) =>
      store.commitOf({ delayed: ["one", "two", "three"].map((text) => later(10, "#a", text)) })
    );
    change(folder, sql);
    assertEquals(checked(folder).told, [`what waits is damaged: ${says}`]);
    await folder.with(async (store) => {
      const { runs, damaged, after } = await store.due({ now: 10 });
      assertEquals(runs.map(({ id }) => id), [1, 3]);
      assertEquals([damaged, after], [[says], undefined]);
    });
  }
});

Deno.test("a check finds records that are none, and a store that another version wrote has nothing that waits", async () => {
  using folder = new Folder();
  const bytes = new TextEncoder().encode("pub #a 3\none\n");
  await folder.with((store) => store.commitOf({ delayed: [{ topic: "#b", count: 1, bytes, due: 10 }] }));
  assertEquals(checked(folder).told, [
    "what waits is damaged: the delayed run 1 does not hold 1 messages of #b",
  ]);
  change(folder, "DROP TABLE delayed");
  assertEquals([checked(folder).told, checked(folder).delayed], [[], 0]);
});

Deno.test("ids of what waits are recent by when it was published, among those of what is stored (D6)", async () => {
  using folder = new Folder();
  const far = Date.now() + 60_000;
  const ids = (name: string): { readonly ids: string } => ({ ids: `=${name}` });
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 3));
  await folder.with(async (store) => {
    await store.commitOf({ delayed: [{ ...later(far, "#a", "1"), ...ids("first") }] });
    await pause();
    await store.commit({ ...run("#b", "2"), ...ids("second") });
    await pause();
    await store.commitOf({
      delayed: [{ ...later(far, "#a", "3"), ...ids("third") }, later(far, "#a", "no id")],
    });
  });
  await folder.with((store) => {
    const { recentIds } = store.store;
    // those of a topic and a second together
    const known = recentIds.flatMap(({ topic, ids }) => ids.split("\n").map((id) => `${topic} ${id}`));
    assertEquals(known.toSorted(), ["#a =first", "#a =third", "#b =second"]);
    const ages = recentIds.map(({ age }) => age);
    assertEquals(ages, ages.toSorted((a, b) => b - a));
    assertEquals(ages.at(-1), 0);
    return Promise.resolve();
  }, { dedupWindow: 60_000 });
  await folder.with((store) => {
    assertEquals(store.store.recentIds.map(({ ids }) => ids), ["=third"]);
    return Promise.resolve();
  }, { dedupWindow: 1 });
});

Deno.test("a commit that moves what is not there stores nothing, and no more is stored", async () => {
  using folder = new Folder();
  await folder.with(async (store) => {
    await store.commitOf({ delayed: [later(10, "#a", "1")] });
    const outcome = await store.outcomeOf({ appends: [run("#a", "1")], moved: [1, 2] });
    assertEquals(outcome.kind, "lost");
    assertMatch("reason" in outcome ? outcome.reason : "", /the delayed run 2 is not there/);
  });
  const db = new DatabaseSync(folder.database, { readOnly: true });
  const counted = db.prepare("SELECT (SELECT count(*) FROM delayed) AS d, (SELECT count(*) FROM batch) AS b");
  assertEquals({ ...counted.get() }, { d: 1, b: 0 });
  db.close();
});
