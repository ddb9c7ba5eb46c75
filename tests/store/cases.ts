/**
 * What every store does: the cases that each kind passes.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { RetentionRules, Store, StoreState } from "../../lib/store/types.ts";
import { lastCases, type RegisterCase } from "./last_cases.ts";
import { delayedCases } from "./delayed_cases.ts";
import { markCases } from "./mark_cases.ts";
import { topicCases } from "./topic_cases.ts";
import { receptionCases } from "./reception_cases.ts";
import { Asking, EARLIEST, lastOf, LATEST, messagesOf, run, shown, since } from "./asking.ts";

/** Makes an empty store. */
export type MakeStore = (options: { readonly retain?: RetentionRules }) => Promise<Store>;

/** Registers all cases for a kind of store. */
export function storeCases(kind: string, make: MakeStore): void {
  const test: RegisterCase = (claim, body, retain = {}) =>
    Deno.test(`${kind}: ${claim}`, async () => {
      const store = new Asking(await make({ retain }));
      try {
        await body(store);
      } finally {
        await store.close();
      }
    });

  test("an empty store has nothing to read", async (store) => {
    assertEquals(store.store.state.last, 0);
    for (const pattern of ["#a", "#>"]) {
      for (const from of [EARLIEST, LATEST, since(5), { kind: "time", time: 1 } as const]) {
        const { messages, end } = await store.replay(pattern, from);
        assertEquals([messages, end], [[], "caught up"]);
      }
    }
  });

  test("a topic's sequence numbers begin at 1 and have no gaps, batches and times grow", async (store) => {
    const all = [
      ...await store.commit(run("#a", "1", "2"), run("#b", "1"), run("#a", "3")),
      ...await store.commit(run("#b", "2", "3"), run("#a", "4")),
    ];
    assertEquals(all.map(({ first }) => first), [1, 1, 3, 2, 4]);
    const [a, b, again, laterB, laterA] = all.map(({ batch }) => batch);
    assertEquals(a, again, "appends to one topic share a batch");
    assert(b !== a && laterA !== laterB && Math.min(laterA!, laterB!) > Math.max(a!, b!));
    assert(all.every(({ time }, at) => at === 0 || time >= all[at - 1]!.time));
    assertEquals(store.store.state.last, Math.max(laterA!, laterB!));
    assertEquals(store.store.state.topics, 2);
    assertEquals(store.store.state.batches, 4);
  });

  test("a commit of nothing is stored", async (store) => {
    assertEquals(await store.commit(), []);
  });

  test("what was stored is read as it was published", async (store) => {
    const payloads = ["one", "", "two\nlines", "übers Netz 🌍", "pub #a 3", "\0\r\n"];
    const [stored] = await store.commit(run("#a", ...payloads));
    const { messages, cursor } = await store.replay("#a", EARLIEST);
    assertEquals(messages.map(({ payload }) => payload), payloads);
    assertEquals(messages.map(({ sequence }) => sequence), [1, 2, 3, 4, 5, 6]);
    assertEquals(new Set(messages.map(({ time }) => time)), new Set([stored!.time]));
    assertEquals(cursor.after, stored!.batch);
  });

  test("a topic is read from any sequence number, in the middle of a batch too", async (store) => {
    await store.commit(run("#a", "1", "2", "3"));
    await store.commit(run("#b", "x"), run("#a", "4", "5"));
    for (let from = 0; from <= 6; from++) {
      const { messages, trimmedTo } = await store.replay("#a", since(from));
      const wanted = ["1", "2", "3", "4", "5"].slice(Math.max(0, from - 1));
      assertEquals(messages.map(({ payload }) => payload), wanted);
      assertEquals(trimmedTo, undefined);
    }
  });

  test("what has outlived its ttl is not read, and the others keep their numbers", async (store) => {
    const text = "pub #a 1\na\npub #a 1 ttl=0.02\nb\npub #a 1 ttl=60\nc\npub #a 1\nd\npub #a 1 ttl=0.02\ne\n";
    const append = { topic: "#a", count: 5, bytes: new TextEncoder().encode(text), ttl: 20 };
    await store.commit(append);
    await store.commit(append, run("#b", "x"));
    for (const start = Date.now(); Date.now() < start + 25;) await new Promise((go) => setTimeout(go, 5));
    const left = ["#a 1 a", "#a 3 c", "#a 4 d", "#a 6 a", "#a 8 c", "#a 9 d"];
    assertEquals(shown((await store.replay("#a", EARLIEST)).messages), left);
    assertEquals(shown((await store.replay("#>", EARLIEST)).messages), [...left, "#b 1 x"]);
    assertEquals(shown((await store.replay("#a", since(7))).messages), left.slice(4));
    assertEquals(shown((await store.replay("#>", LATEST)).messages), ["#b 1 x"], "the newest of #a is gone");
    await store.commit(run("#a", "f"));
    assertEquals(shown((await store.replay("#a", LATEST)).messages), ["#a 11 f"]);
  });

  test("a sequence number that is still to come is waited for", async (store) => {
    await store.commit(run("#a", "1", "2"));
    const { cursor, messages, end } = await store.replay("#a", since(4));
    assertEquals([messages, end], [[], "caught up"]);
    await store.commit(run("#a", "3", "4"));
    assertEquals(shown((await store.rest(cursor)).messages), ["#a 4 4"]);
  });

  test("`to` ends a replay behind its sequence number, in the middle of a batch too", async (store) => {
    await store.commit(run("#a", "1", "2", "3"));
    await store.commit(run("#a", "4", "5"));
    for (let sequence = 1; sequence <= 5; sequence++) {
      const { messages, end } = await store.replay("#a", since(2), { to: { kind: "sequence", sequence } });
      assertEquals(messages.map(({ payload }) => payload), ["2", "3", "4", "5"].slice(0, sequence - 1));
      assertEquals(end, "past to");
    }
    const open = await store.replay("#a", EARLIEST, { to: { kind: "sequence", sequence: 7 } });
    assertEquals([open.messages.length, open.end], [5, "caught up"]);
  });

  test("`to` of a pattern ends every topic behind its sequence number", async (store) => {
    await store.commit(run("#a", "1", "2", "3"), run("#b", "1"));
    const to = { kind: "sequence", sequence: 2 } as const;
    const first = await store.replay("#>", EARLIEST, { to });
    assertEquals(shown(first.messages), ["#a 1 1", "#a 2 2", "#b 1 1"]);
    assertEquals(first.end, "caught up");
    await store.commit(run("#b", "2", "3"));
    const rest = await store.rest(first.cursor);
    assertEquals([shown(rest.messages), rest.end], [["#b 2 2"], "past to"]);
  });

  test("a pattern is read in commit order", async (store) => {
    await store.commit(run("#x.a", "1"), run("#y", "no"));
    await store.commit(run("#x.b", "2"));
    await store.commit(run("#x.a", "3"), run("#x.c.d", "4"), run("#x.b", "5"));
    const { messages } = await store.replay("#x.>", EARLIEST);
    assertEquals(messages.map(({ payload }) => payload), ["1", "2", "3", "4", "5"]);
    assertEquals(shown((await store.replay("#*.b", EARLIEST)).messages), ["#x.b 1 2", "#x.b 2 5"]);
  });

  test("a topic that is new is found by a pattern that was read before", async (store) => {
    await store.commit(run("#x.a", "1"));
    const { cursor } = await store.replay("#x.*", EARLIEST);
    await store.commit(run("#x.b", "2"), run("#y.b", "no"));
    assertEquals(shown((await store.rest(cursor)).messages), ["#x.b 1 2"]);
  });

  test("a cursor that is caught up stands at the last commit, whoever it was for", async (store) => {
    await store.commit(run("#a", "1"));
    const [other] = await store.commit(run("#b", "1"));
    for (const pattern of ["#a", "#a.>", "#*"]) {
      assertEquals((await store.replay(pattern, EARLIEST)).cursor.after, other!.batch);
    }
  });

  test("a cursor that somebody else made reads what was committed after its batch", async (store) => {
    const batches: number[] = [];
    for (let at = 1; at <= 20; at++) {
      const [stored] = await store.commit(run("#a", `${at}`, `${at}`), run(`#b${at}`, "x"));
      batches.push(stored!.batch);
    }
    for (const [at, after] of [0, ...batches].entries()) {
      for (const pattern of ["#a", "#*"]) {
        const { messages } = await store.rest({ pattern, after, sequence: 0, time: 0, to: undefined });
        const ofA = messages.filter(({ topic }) => topic === "#a").map(({ sequence }) => sequence);
        assertEquals(ofA, Array.from({ length: 40 - 2 * at }, (_, index) => 2 * at + index + 1));
      }
    }
  });

  test("pages are about as large as asked, of one batch at least, and joined they are everything", async (store) => {
    const text = "x".repeat(1000);
    for (let at = 0; at < 30; at++) await store.commit(run("#a", text, text), run("#b", text));
    for (const pattern of ["#a", "#>"]) {
      for (const most of [1, 2000, 10_000, 1_000_000]) {
        let { cursor } = await store.seek(pattern, EARLIEST);
        let messages = 0;
        for (let end = "none"; end === "none";) {
          const read = await store.read(cursor, most);
          assert(read.page.bytes.length < most + 2200, `${read.page.bytes.length} for ${most}`);
          if (read.end === "none") assert(read.page.bytes.length >= Math.min(most, 1000));
          messages += messagesOf(read.page).length;
          ({ cursor, end } = read);
        }
        assertEquals(messages, pattern === "#a" ? 60 : 90);
      }
    }
  });

  test("reading from a time begins with the first batch since then", async (store) => {
    const times: number[] = [];
    for (let at = 0; at < 5; at++) {
      const [stored] = await store.commit(run("#a", `${at}`), run("#b", `${at}`));
      times.push(stored!.time);
      // until the clock that gives them their times has moved on
      for (const before = Date.now(); Date.now() <= before + 1;) await new Promise((go) => setTimeout(go, 1));
    }
    for (const [at, time] of times.entries()) {
      for (const pattern of ["#a", "#*"]) {
        for (const [from, wanted] of [[time, at], [time + 1, at + 1], [time - 1, at]] as const) {
          const { messages } = await store.replay(pattern, { kind: "time", time: from });
          assertEquals(messages.filter(({ topic }) => topic === "#a").length, 5 - wanted);
        }
        const { messages, end } = await store.replay(pattern, EARLIEST, { to: { kind: "time", time } });
        assertEquals(messages.filter(({ topic }) => topic === "#a").length, at + 1);
        assertEquals(end, "past to");
      }
    }
    const future = await store.replay("#a", { kind: "time", time: Date.now() + 3_600_000 });
    assertEquals([future.messages, future.end], [[], "caught up"]);
  });

  receptionCases(test);
  lastCases(test);
  markCases(test);
  delayedCases(test);
  topicCases(test);

  test("names that differ only a little are different topics", async (store) => {
    const names = ["#a", "#A", "#á", "#a\u0301", "#__proto__", "#constructor", "#1", "#a.b", "#🌍"];
    await store.commit(...names.map((name) => run(name, name)));
    for (const name of names) {
      assertEquals(shown((await store.replay(name, EARLIEST)).messages), [`${name} 1 ${name}`]);
    }
  });

  test("a topic that would be read back as another is refused", async (store) => {
    for (const topic of ["", "#a\0b", "#\ud800"]) {
      const outcome = await store.commitOutcome(run("#fine", "x"), { ...run("#x", "x"), topic });
      assertEquals(outcome.kind, "refused");
    }
    assertEquals(store.store.state.last, 0);
  });

  test("a batch stays about a MiB however much one commit brings, one append stays whole", async (store) => {
    const text = "x".repeat(300_000);
    const huge = run("#a", "y".repeat(3_000_000));
    const stored = await store.commit(...Array.from({ length: 7 }, () => run("#a", text)), huge);
    assertEquals(stored.map(({ first }) => first), [1, 2, 3, 4, 5, 6, 7, 8]);
    assertEquals(stored.map(({ batch }) => batch - stored[0]!.batch), [0, 0, 0, 1, 1, 1, 2, 3]);
    const { messages } = await store.replay("#a", EARLIEST);
    assertEquals(messages.map(({ payload }) => payload.length), [...Array(7).fill(300_000), 3_000_000]);
  });

  test("reads are answered in the order of the calls, while commits go on", async (store) => {
    await store.commit(run("#a", "1"));
    const { cursor } = await store.seek("#a", EARLIEST);
    const order: number[] = [];
    const reads = Array.from({ length: 10 }, async (_, at) => {
      await store.read(cursor);
      order.push(at);
    });
    await store.commit(run("#a", "2"));
    await Promise.all(reads);
    assertEquals(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("closing answers what was asked before it", async (store) => {
    await store.commit(run("#a", "1"));
    const { cursor } = await store.seek("#a", EARLIEST);
    const answered: string[] = [];
    store.store.commit({ appends: [run("#a", "2")] }, ({ kind }) => answered.push(kind));
    store.store.read([cursor], { most: 1000 }, ({ kind }) => answered.push(kind));
    await store.close();
    assertEquals(answered.sort(), ["page", "stored"]);
  });

  const text = "x".repeat(100_000);

  test("more than is kept goes, the oldest first, and what is left has no gaps", async (store) => {
    for (let at = 1; at <= 100; at++) {
      await store.commit(run("#a", `${at} ${text}`, `${at}`), run("#b", `${at}`));
    }
    await until(store, ({ bytes }) => bytes <= 1_900_000);
    const trimmed = await settled(store);
    assert(trimmed > 200 && trimmed < 300, `${trimmed} messages went`);
    for (const [topic, each] of [["#a", 2], ["#b", 1]] as const) {
      const { messages } = await store.replay(topic, EARLIEST);
      const floor = messages[0]!.sequence;
      assert(floor > 50, `${topic} begins with ${floor}`);
      assertEquals(messages.map(({ sequence }) => sequence), messages.map((_, at) => floor + at));
      assertEquals(messages.at(-1)!.sequence, 100 * each);
      const lastOnes = await store.replay("#*", lastOf(1000));
      assertEquals(
        lastOnes.messages.filter((one) => one.topic === topic),
        messages,
        "of fewer, all there are",
      );
      const old = await store.replay(topic, since(1));
      assertEquals([old.trimmedTo, old.messages.length], [floor, messages.length]);
      assertEquals((await store.replay(topic, since(floor))).trimmedTo, undefined);
    }
    assertEquals((await store.commit(run("#a", "next")))[0]!.first, 201);
  }, { bytes: 1_900_000 });

  test("what is too old goes, and numbers go on where everything went", async (store) => {
    const [before] = await store.commit(run("#a", "1", "2"), run("#b", "1"));
    // the clock that says how old they are has to move on
    await until(store, ({ batches }) => batches === 0);
    for (const pattern of ["#a", "#>"]) {
      for (const from of [EARLIEST, LATEST, lastOf(10), since(1)]) {
        const { messages, end, cursor } = await store.replay(pattern, from);
        assertEquals([messages, end], [[], "caught up"]);
        assert(cursor.after > before!.batch, "it stands behind what is gone");
      }
    }
    assertEquals((await store.seek("#a", since(1))).trimmedTo, 3);
    const [after] = await store.commit(run("#a", "3"));
    assertEquals(after!.first, 3);
    assert(after!.batch > before!.batch);
  }, { age: 1 });

  test("a pattern has its own retention", async (store) => {
    for (let at = 1; at <= 60; at++) {
      await store.commit(run("#logs.a", text), run("#logs.b", text), run("#kept.a", `${at}`));
    }
    await until(store, ({ trimmed }) => trimmed > 90);
    const { messages } = await store.replay("#kept.a", EARLIEST);
    assertEquals(messages.length, 60);
    const logs = await store.replay("#logs.*", EARLIEST);
    assert(logs.messages.length >= 9 && logs.messages.length < 30, `${logs.messages.length} are left`);
  }, { overrides: [{ pattern: "#kept.>" }, { pattern: "#>", bytes: 1_000_000 }] });

  test("a replay that retention overtakes goes on with what is left", async (store) => {
    for (let at = 1; at <= 20; at++) await store.commit(run("#a", text));
    const slow = await store.seek("#a", EARLIEST);
    const { cursor } = await store.read(slow.cursor, 1);
    for (let at = 21; at <= 100; at++) await store.commit(run("#a", text));
    await until(store, ({ trimmed }) => trimmed > 50);
    const { messages } = await store.rest(cursor);
    assert(messages[0]!.sequence > 50 && messages.at(-1)!.sequence === 100);
  }, { bytes: 3_000_000 });
}

/** Commits nothing again and again, which leaves time for retention, until the state is as wanted. */
async function until(store: Asking, is: (state: StoreState) => boolean): Promise<void> {
  for (let at = 0; at < 2000 && !is(store.store.state); at++) {
    await new Promise((go) => setTimeout(go, 0));
    await store.commit();
  }
  assert(is(store.store.state), `retention came that far: ${JSON.stringify(store.store.state)}`);
}

/**
 * Until retention has gone over the log without finding anything more to delete; how many messages it has
 * deleted by then.
 */
async function settled(store: Asking): Promise<number> {
  let before = -1;
  while (store.store.state.trimmed !== before) {
    before = store.store.state.trimmed;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  return before;
}
