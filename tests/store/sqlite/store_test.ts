import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { RunError } from "../../../lib/errors.ts";
import type { GroupOutcome } from "../../../lib/store/types.ts";
import { openSqliteStore, type SqliteOptions } from "../../../lib/store/sqlite/open_store.ts";
import { checkStore, type CheckSummary } from "../../../lib/store/tools/check.ts";
import { type Asking, EARLIEST, run, shown, since } from "../asking.ts";
import { storeCases } from "../cases.ts";
import { Folder } from "../folder.ts";

const folder = await Deno.makeTempDir({ prefix: "hashbus-store-" });
let made = 0;

storeCases("sqlite", ({ retain }) => openSqliteStore(`${folder}/${++made}`, { retain }));

globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** What a check says. */
function checked(of: Folder): CheckSummary & { readonly told: readonly string[] } {
  const told: string[] = [];
  return { ...checkStore(of.data, { progress: () => {}, problem: (text) => told.push(text) }), told };
}

/** Commits nothing until it is so. */
async function until(store: Asking, is: () => boolean): Promise<void> {
  for (let at = 0; at < 5000 && !is(); at++) {
    await new Promise((go) => setTimeout(go, 0));
    await store.commit();
  }
  assert(is(), JSON.stringify(store.store.state));
}

Deno.test("numbers go on after everything was deleted and the store was opened again", async () => {
  using own = new Folder();
  const before = await own.with(async (store) => {
    const stored = await store.commit(run("#a", "1", "2"), run("#b", "1"));
    await until(store, () => store.store.state.batches === 0);
    return stored;
  }, { retain: { age: 1 } });
  await own.with(async (store) => {
    const { last, batches, topics } = store.store.state;
    assertEquals([last, batches, topics], [before.at(-1)!.batch, 0, 2]);
    assertEquals((await store.seek("#a", since(1))).trimmedTo, 3);
    const [after] = await store.commit(run("#a", "3"));
    assertEquals([after!.first, after!.batch], [3, last + 1]);
    assert(after!.time >= before[0]!.time);
    assertEquals(shown((await store.replay("#>", EARLIEST)).messages), ["#a 3 3"]);
  });
  assertEquals(checked(own).told, []);
});

Deno.test("what is deleted is given back to the disk", async () => {
  using own = new Folder();
  const text = "x".repeat(500_000);
  await own.with(async (store) => {
    for (let at = 0; at < 120; at++) await store.commit(run("#a", text));
  });
  const before = Deno.statSync(own.database).size;
  assert(before > 60_000_000);
  await own.with(async (store) => {
    await until(store, () => store.store.state.bytes < 3_000_000);
    await until(store, () => Deno.statSync(own.database).size < before / 2);
  }, { retain: { bytes: 2_000_000 } });
  assertEquals(checked(own).told, []);
});

/** More than is left in the write-ahead log. */
const MUCH = 5_000_000;

Deno.test("that the log is to be moved is told with a commit, and done when it is asked for", async () => {
  using own = new Folder();
  await own.with(async (asking) => {
    const { store } = asking;
    await asking.commit(run("#a", "x"));
    assertEquals(store.upkeepDue, false);
    await asking.commit(run("#a", "x".repeat(MUCH)));
    assertEquals(store.upkeepDue, true);
    await new Promise<void>((resolve) => store.keepUp!(resolve));
    assertEquals(store.upkeepDue, false);
    assert(Deno.statSync(own.database).size > MUCH);
    await new Promise<void>((resolve) => store.keepUp!(resolve));
    await asking.commit(run("#a", "y"));
  });
  assertEquals(checked(own).told, []);
});

Deno.test("the log is moved too where nobody asks for it, and behind the next commit at the latest", async () => {
  using own = new Folder();
  await own.with(async (asking) => {
    for (let times = 1; times <= 3; times++) {
      await asking.commit(run("#a", "x".repeat(MUCH)));
      if (times > 1) await asking.commit(run("#a", "y"));
      const until = performance.now() + 10_000;
      while (Deno.statSync(own.database).size < times * MUCH && performance.now() < until) {
        await new Promise((go) => setTimeout(go, 1));
      }
      assert(Deno.statSync(own.database).size >= times * MUCH);
    }
  });
  assertEquals(checked(own).told, []);
});

Deno.test("publishing goes on while much is deleted", async () => {
  using own = new Folder();
  const text = "x".repeat(200_000);
  await own.with(async (store) => {
    for (let at = 1; at <= 150; at++) {
      const [stored] = await store.commit(run("#a", text));
      assertEquals(stored!.first, at);
      assert(store.store.state.bytes < 25_000_000, `${store.store.state.bytes} bytes are kept`);
    }
  }, { retain: { bytes: 2_000_000 } });
});

Deno.test("a whole store has no problems, and its check says how much is there", async () => {
  using own = new Folder();
  await own.with((store) => store.commit(run("#a", "1", "2"), run("#b", "")));
  const { told, topics, batches, messages, problems } = checked(own);
  assertEquals([told, topics, batches, messages, problems], [[], 2, 2, 3, 0]);
});

Deno.test("a check tells what was changed behind the store's back", async (t) => {
  const changes: readonly (readonly [string, string, RegExp])[] = [
    ["a batch deleted", "DELETE FROM batch WHERE id = 3", /of #a the messages 3 to 3 are missing/],
    ["the newest batch deleted", "DELETE FROM batch WHERE id = 5; UPDATE store SET deleted = 1", /identity/],
    [
      "a batch changed",
      "UPDATE batch SET bytes = x'00' WHERE id = 2",
      /batch 2 is damaged: it does not match/,
    ],
    ["a batch given to another topic", "UPDATE batch SET topic = 2 WHERE id = 2", /batch 2 is damaged/],
    ["a topic renamed", "UPDATE topic SET name = '#x' WHERE id = 1", /topic 1 does not match its checksum/],
    ["a floor moved", "UPDATE topic SET floor = 3 WHERE id = 1", /topic 1 does not match its checksum/],
    ["the identity gone", "DELETE FROM store", /its identity is missing/],
  ];
  for (const [name, sql, says] of changes) {
    await t.step(name, async () => {
      using own = new Folder();
      await own.with(async (store) => {
        for (let at = 1; at <= 5; at++) await store.commit(run("#a", `${at}`));
      });
      const db = new DatabaseSync(own.database);
      db.exec("INSERT INTO topic VALUES (2, '#b', 1, 0)");
      db.exec(sql);
      db.close();
      const { told } = checked(own);
      assert(told.some((text) => says.test(text)), told.join("\n"));
    });
  }
});

Deno.test("a store that is in use, or is not there, cannot be checked", async () => {
  using own = new Folder();
  await assertRejects(async () => await checked(own), RunError, "there is no store in");
  await own.with(async () => {
    await assertRejects(async () => await checked(own), RunError, "is in use by process");
  });
});

Deno.test("the write-ahead log stays small while a replay goes on", async () => {
  using own = new Folder();
  const text = "x".repeat(100_000);
  await own.with(async (store) => {
    for (let at = 0; at < 100; at++) await store.commit(run("#old", text));
    let running = true;
    const replaying = (async () => {
      while (running) await store.replay("#old", EARLIEST, { most: 300_000 });
    })();
    for (let at = 0; at < 1000; at++) await store.commit(run("#new", text));
    const { size } = Deno.statSync(own.wal);
    running = false;
    await replaying;
    assert(size < 80_000_000, `100 MB were committed, ${size} bytes lie in the write-ahead log`);
  });
});

for (const sync of ["commit", "interval"] as const satisfies readonly SqliteOptions["sync"][]) {
  Deno.test(`with --sync ${sync} what was committed is there after closing`, async () => {
    using own = new Folder();
    await own.with(async (store) => {
      for (let at = 1; at <= 50; at++) await store.commit(run("#a", `${at}`));
    }, { sync });
    await own.with(async (store) => {
      assertEquals((await store.replay("#a", EARLIEST)).messages.length, 50);
    }, { sync });
  });
}

Deno.test("damage is told by topic and sequence numbers, and what lies before it is given", async () => {
  using own = new Folder();
  await own.with(async (store) => {
    for (let at = 1; at <= 200; at++) {
      await store.commit(run("#a", `first of ${at}`, "second"), run("#b", `${at}`));
    }
  });
  const db = new DatabaseSync(own.database);
  db.exec(
    "UPDATE batch SET bytes = CAST(replace(bytes, 'first', 'worst') AS BLOB) WHERE topic = 1 AND first = 21",
  );
  db.close();
  await own.with(async (store) => {
    for (const pattern of ["#a", "#>"]) {
      const { cursor } = await store.seek(pattern, EARLIEST);
      const good = await store.read(cursor, 1_000_000);
      assertEquals([good.page.messages, good.end], [pattern === "#a" ? 20 : 30, "none"]);
      const bad = await store.readOutcome(good.cursor, 1_000_000);
      assertMatch(
        bad.kind === "failed" ? bad.reason : "",
        /^of #a the messages 21 to 22, batch 21: it does not match/,
      );
    }
    assertEquals((await store.replay("#b", EARLIEST)).messages.length, 200, "another topic is whole");
    assertEquals((await store.replay("#a", since(23))).messages.length, 378, "and so is what lies behind");
  });
});

Deno.test("how far groups have come is there after a restart, and damage of it is told", async () => {
  using own = new Folder();
  const topics = [{ topic: "#a", settled: "3-7", attempts: "8=2" }];
  await own.with((store) => store.mark([{ name: "g", pattern: "#a.*", sequence: 4, after: 7, topics }]));
  await own.with(async (store) => {
    assertEquals(await store.group("g", "#a.*"), { sequence: 4, after: 7, topics });
  });
  for (
    const table of [
      "consumer_topic SET settled = '3-8'",
      "consumer SET after = 8",
      "consumer SET sequence = 3",
    ]
  ) {
    const db = new DatabaseSync(own.database);
    db.exec(`UPDATE ${table}`);
    db.close();
    await own.with(async (store) => {
      const outcome = await new Promise<GroupOutcome>((resolve) =>
        store.store.group({ name: "g", pattern: "#a.*" }, resolve)
      );
      assertEquals(outcome, {
        kind: "failed",
        reason: "what is known of group g of #a.* does not match its checksum",
      });
    });
  }
});
