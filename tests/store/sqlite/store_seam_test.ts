/**
 * The store between who uses it and its two threads, which are played here.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { WriteRequest } from "../../../lib/store/sqlite/threads/messages.ts";
import type { CommitOutcome } from "../../../lib/store/types.ts";
import { run } from "../asking.ts";
import { FAILED, later, Played, STATE } from "./played.ts";

const KIB = 1024;
const MIB = KIB * KIB;

Deno.test("a commit is sent as it is stored, with its bytes in one buffer that goes along", () => {
  const { post, answers, ...played } = new Played();
  const { store } = played;
  const marks = [{ name: "g", pattern: "#a", sequence: 0, after: 1, topics: [] }];
  const forget = [{ name: "h", pattern: "#a" }];
  const delayed = [{ ...run("#c", "later"), due: 9 }];
  const appends = [run("#a", "1", "2"), run("#b", "3"), run("#a", "4")];
  const before = store.state;
  store.commit({ appends, marks, forget, delayed, moved: [5], topicsMost: 6 }, (o) => void answers.push(o));
  assertEquals(before, STATE);
  assertEquals(store.state, { ...STATE, committing: 4 });
  const [request] = post.sent;
  assert(request?.kind === "commit");
  const { buffer, batches, ...rest } = request;
  assertEquals(rest.marks, marks);
  assertEquals([rest.forget, rest.moved, rest.topicsMost], [forget, [5], 6]);
  assertEquals(batches.map(({ topic, count, start, end }) => [topic, count, start, end]), [
    ["#a", 3, 0, 33],
    ["#b", 1, 33, 44],
  ]);
  assertEquals(rest.delayed.map(({ topic, start, end, due }) => [topic, start, end, due]), [[
    "#c",
    44,
    59,
    9,
  ]]);
  const text = new TextDecoder().decode(new Uint8Array(buffer, 0, 59));
  assertEquals(text, "pub #a 1\n1\npub #a 1\n2\npub #a 1\n4\npub #b 1\n3\npub #c 5\nlater\n");
  assertEquals(post.transferred[0], [buffer]);
});

Deno.test("a commit is answered by the places of its appends, and the state is that of the answer", () => {
  const played = new Played();
  const { store, answers } = played;
  played.commit({ appends: [run("#a", "1", "2"), run("#b", "3"), run("#a", "4")] });
  const state = { ...STATE, last: 9 };
  played.committed({ outcome: { batch: 8, firsts: [5, 1], time: 7 }, state });
  assertEquals(answers, [{
    kind: "stored",
    stored: [{ first: 5, batch: 8, time: 7 }, { first: 1, batch: 9, time: 7 }, {
      first: 7,
      batch: 8,
      time: 7,
    }],
    unbegun: undefined,
    begun: undefined,
  }]);
  assertEquals(store.state, state);
  played.commit();
  played.committed({ outcome: { kind: "refused", reason: "full" } });
  assertEquals(answers[1], { kind: "refused", reason: "full" });
  assertEquals(store.recentIds, [{ topic: "#a", age: 1, ids: "=x" }]);
});

Deno.test("one commit is answered before the next is begun, and no answer comes without one", () => {
  const played = new Played();
  played.commit();
  assertThrows(() => played.commit(), Error, "a commit was begun before the one before it was answered");
  played.committed();
  assertThrows(() => played.committed(), Error, "a commit was answered that nobody waits for");
  played.commit();
  assertEquals(played.post.sent.length, 2);
});

Deno.test("what cannot be stored is refused behind the call, and nothing is sent", async () => {
  for (const commit of [{ appends: [run("#a\0", "x")] }, { delayed: [{ ...run("", "x"), due: 1 }] }]) {
    const played = new Played();
    played.commit(commit);
    assertEquals(played.answers, []);
    await later();
    assertEquals(played.answers.map((each) => (each as CommitOutcome).kind), ["refused"]);
    assertEquals([played.post.sent, played.store.state.committing], [[], 0]);
  }
});

Deno.test("buffers grow by powers of two up to 16 MiB and are used again; larger ones are as large as needed, once", () => {
  const played = new Played();
  const sized = (length: number): number => {
    played.commit({ appends: [{ topic: "#a", count: 1, bytes: new Uint8Array(length) }] });
    const request = played.post.sent.at(-1)!;
    assert(request.kind === "commit");
    played.committed();
    return request.buffer.byteLength;
  };
  const first = played.post.sent;
  assertEquals([100, 64 * KIB].map(sized), [64 * KIB, 64 * KIB]);
  assert(first[0]?.kind === "commit" && first[1]?.kind === "commit" && first[0].buffer === first[1].buffer);
  assertEquals([64 * KIB + 1, 100, 128 * KIB].map(sized), [128 * KIB, 128 * KIB, 128 * KIB]);
  assertEquals([128 * KIB + 1].map(sized), [256 * KIB]);
  assertEquals([16 * MIB + 1, 17 * MIB].map(sized), [16 * MIB + 1, 17 * MIB], "as large as it has to be");
  assertEquals([100].map(sized), [256 * KIB], "and is not kept");
  assertEquals([16 * MIB, 100].map(sized), [16 * MIB, 16 * MIB], "16 MiB are");
});

Deno.test("what the writing thread has said before anybody listened is taken as what it says later", () => {
  const state = { ...STATE, last: 77 };
  const note = { kind: "note", level: "warn", event: "early", fields: { a: 1 }, state } as const;
  const played = new Played({ early: [note, { kind: "trimmed", what: { batches: [], deleted: 3 } }] });
  assertEquals([played.store.state.last, played.said], [77, ['warn early {"a":1}']]);
  played.ask("one");
  const outcome = played.page(3);
  assertEquals(played.answers, [["one", outcome]], "that so much is gone has been told");
});

Deno.test("what is to be kept up is asked for once it is due, and told when it is done", async () => {
  const { store, ...played } = new Played();
  const done: string[] = [];
  const keepUp = (name: string): void => store.keepUp(() => void done.push(name));
  keepUp("nothing is due");
  assertEquals([done, played.post.sent], [[], []]);
  await later();
  assertEquals(done.splice(0), ["nothing is due"]);
  store.commit({ appends: [] }, () => {});
  const { buffer } = played.post.sent.pop() as Extract<WriteRequest, { kind: "commit" }>;
  played.writing.owner!.onAnswer({
    kind: "committed",
    outcome: { batch: 1, firsts: [], time: 1 },
    buffer,
    state: STATE,
    upkeepDue: true,
  });
  assertEquals(store.upkeepDue, true);
  keepUp("due");
  await later();
  assertEquals([played.post.sent, done], [[{ kind: "keep up" }], []]);
  played.writing.owner!.onAnswer({ kind: "kept up" });
  assertEquals([done, store.upkeepDue], [["due"], false]);
  played.writing.owner!.onAnswer({ kind: "kept up" });
  assertEquals(done, ["due"], "once");
});

Deno.test("reads are asked for in their order, each by its own words, and answered in it", () => {
  const { store, reading, answers, ...played } = new Played();
  const note = (name: string) => (outcome: unknown): void => void answers.push([name, outcome]);
  const group = { name: "g", pattern: "#a" };
  const query = { now: 1, after: undefined, without: [], most: 2 };
  const place = { after: group, counted: undefined };
  store.seek("#a", { from: { kind: "earliest" }, to: undefined }, note("seek"));
  store.read([], { most: 3 }, note("read"));
  store.group(group, note("group"));
  store.due(query, note("due"));
  store.groupCount(note("group count"));
  store.groups(place, note("groups"));
  store.topics({ most: 4 }, note("topics"));
  assertEquals(reading.sent, [
    { kind: "seek", pattern: "#a", range: { from: { kind: "earliest" }, to: undefined } },
    { kind: "read", cursors: [], extent: { most: 3 }, gentle: false },
    { kind: "group", group },
    { kind: "due", query },
    { kind: "group count" },
    { kind: "groups", place },
    { kind: "topics", query: { most: 4 } },
  ]);
  for (const kind of ["sought", "read", "group", "due", "group count", "groups", "topics"] as const) {
    reading.owner!.onAnswer({ kind, outcome: { kind: "failed", reason: kind } });
  }
  assertEquals(
    answers,
    [
      ["seek", "sought"],
      ["read", "read"],
      ["group", "group"],
      ["due", "due"],
      ["group count", "group count"],
      ["groups", "groups"],
      [
        "topics",
        "topics",
      ],
    ].map(([name, reason]) => [name, { kind: "failed", reason }]),
  );
  assertEquals(played.post.sent, []);
});

Deno.test("a read is gentle while a commit waits for its answer and for 20 ms behind that", () => {
  const played = new Played();
  const { now } = performance;
  let time = 1000;
  performance.now = () => time;
  const gentle = (): unknown => {
    played.ask("x");
    return (played.reading.sent.at(-1) as { readonly gentle: boolean }).gentle;
  };
  try {
    assertEquals(gentle(), false);
    played.commit();
    time = 5000;
    assertEquals(gentle(), true);
    played.committed();
    const seen = [5000, 5019, 5020, 9000].map((at) => {
      time = at;
      return gentle();
    });
    assertEquals(seen, [true, true, false, false]);
  } finally {
    performance.now = now;
  }
});

Deno.test("what saw more of it gone than has been told waits for the word, and so does what comes behind it", () => {
  const played = new Played({ deleted: 5 });
  const { answers, store } = played;
  store.watch(({ deleted }) => void answers.push(`one told ${deleted}`));
  store.watch(({ deleted }) => void answers.push(`two told ${deleted}`));
  for (const name of ["a", "b", "c", "d", "e"]) played.ask(name);
  const a = played.page(5);
  assertEquals(answers.splice(0), [["a", a]]);
  const [b, c] = [played.page(7), played.page(9)];
  played.read({ kind: "read", outcome: FAILED });
  const e = played.page(6);
  assertEquals(answers, []);
  played.trimmed(6);
  assertEquals(answers.splice(0), ["one told 6", "two told 6"]);
  played.trimmed(7);
  assertEquals(answers.splice(0), ["one told 7", "two told 7", ["b", b]]);
  played.trimmed(9);
  assertEquals(answers.splice(0), ["one told 9", "two told 9", ["c", c], ["d", FAILED], ["e", e]]);
  played.ask("f");
  const f = played.page(9);
  assertEquals(answers, [["f", f]]);
});
