import { assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { readIdentity, writeIdentity } from "../../../lib/store/sqlite/identity.ts";
import { checkStore, type CheckSummary } from "../../../lib/store/tools/check.ts";
import { run } from "../asking.ts";
import { Folder } from "../folder.ts";

/** What is found, and the sentences. */
function checked(folder: Folder): { summary: CheckSummary; problems: string[] } {
  const problems: string[] = [];
  const summary = checkStore(folder.data, { progress: () => {}, problem: (text) => problems.push(text) });
  return { summary, problems };
}

/** Four batches, each of a topic of its own, so that no number shows that one is gone. */
async function filled(folder: Folder): Promise<number> {
  const appends = ["#a", "#b", "#c", "#d"].map((topic) => run(topic, "one", "two"));
  await folder.with(async (store) => {
    for (const append of appends) await store.commit(append);
  });
  return appends.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

function change(folder: Folder, sql: string): void {
  const db = new DatabaseSync(folder.database);
  db.exec(sql);
  db.close();
}

Deno.test("a store as it was written has no problem, and is counted", async () => {
  using folder = new Folder();
  const bytes = await filled(folder);
  assertEquals(checked(folder), {
    summary: { topics: 4, batches: 4, messages: 8, bytes, delayed: 0, problems: 0 },
    problems: [],
  });
});

Deno.test("a batch that is gone is missed, also where no topic shows it", async () => {
  for (const id of [1, 2, 3]) {
    using folder = new Folder();
    await filled(folder);
    change(folder, `DELETE FROM batch WHERE id = ${id}`);
    const { summary, problems } = checked(folder);
    assertEquals(problems, ["there should be 4 batches and there are 3"]);
    assertEquals([summary.batches, summary.messages, summary.problems], [3, 6, 1]);
  }
});

/** As retention does it: batches up to this one go, and it is written down how many. */
function deleteTo(folder: Folder, last: number): void {
  const db = new DatabaseSync(folder.database);
  const deletedTime = Number(db.prepare("SELECT time FROM batch WHERE id = ?").get(last)?.["time"]);
  db.exec(`DELETE FROM batch WHERE id <= ${last}`);
  writeIdentity(db, { ...readIdentity(db), deleted: last, deletedLast: last, deletedTime });
  db.close();
}

Deno.test("what retention has deleted is not missed, were it all there was, and what is gone beside it is", async () => {
  for (const [last, left] of [[1, 3], [3, 1], [4, 0]] as const) {
    using folder = new Folder();
    await filled(folder);
    deleteTo(folder, last);
    const { summary, problems } = checked(folder);
    assertEquals([summary.batches, problems], [left, []]);
    if (left < 2) continue;
    change(folder, "DELETE FROM batch WHERE id = 3");
    assertEquals(checked(folder).problems, ["there should be 3 batches and there are 2"]);
  }
});

Deno.test("what is known of groups is verified", async () => {
  const topics = [{ topic: "#a", settled: "1-2", attempts: "" }];
  const group = { name: "g", pattern: "#>", sequence: 0, after: 1, topics };
  const cases = [
    ["UPDATE consumer SET after = 2", "what is known of group g of #> does not match its checksum"],
    [
      "UPDATE consumer_topic SET settled = '1-3'",
      "what is known of group g of #> does not match its checksum",
    ],
    ["DELETE FROM consumer", "there are topics of group g of #>, which is not there"],
  ] as const;
  for (const [sql, problem] of cases) {
    using folder = new Folder();
    await filled(folder);
    await folder.with((store) => store.mark([group]));
    assertEquals(checked(folder).problems, []);
    change(folder, sql);
    assertEquals(checked(folder).problems, [problem]);
  }
  using folder = new Folder();
  await filled(folder);
  await folder.with((store) =>
    store.mark([{ ...group, after: 5, topics: [{ topic: "#a", settled: "2-1", attempts: "" }] }])
  );
  assertEquals(checked(folder).problems, [
    "group g of #> has settled up to batch 5, which never was",
    'what group g of #> has settled of #a is "2-1"',
  ]);
});
