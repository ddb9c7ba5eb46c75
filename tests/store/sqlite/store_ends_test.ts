/**
 * How the store ends: closed, lost, or with a thread that fails. The threads are played.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { CommitOutcome } from "../../../lib/store/types.ts";
import { run } from "../asking.ts";
import { FAILED, later, Played } from "./played.ts";

Deno.test("where nobody will tell what is gone any more nothing waits for it", () => {
  const ends: readonly ((played: Played) => void)[] = [
    (played) => {
      played.commit();
      played.committed({ outcome: { kind: "lost", reason: "no" } });
    },
    (played) => played.written({ kind: "lost", reason: "no" }),
    (played) => played.written({ kind: "closed" }),
    (played) => played.writing.owner!.onFailure("x"),
  ];
  for (const end of ends) {
    const played = new Played();
    played.ask("a");
    const a = played.page(1);
    assertEquals(played.answers, []);
    end(played);
    assertEquals(played.answers.filter((each) => Array.isArray(each)), [["a", a]]);
  }
  const refused = new Played();
  refused.ask("a");
  refused.page(1);
  refused.commit();
  refused.committed({ outcome: { kind: "refused", reason: "full" } });
  assertEquals(refused.answers, [{ kind: "refused", reason: "full" }]);
});

Deno.test("that it is lost is told by the answer to a commit where one waits, and else to who opened it", () => {
  const played = new Played();
  played.written({ kind: "lost", reason: "the disk" });
  assertEquals(played.said.splice(0), ["lost: the disk"]);
  played.commit();
  played.written({ kind: "lost", reason: "the disk" });
  assertEquals(played.said, []);
});

Deno.test("closing ends the thread that reads, then the one that writes, and then is told", async () => {
  const { store, ...played } = new Played();
  let closed = 0;
  store.close(() => void closed++);
  assertEquals([played.reading.sent, played.post.sent], [[{ kind: "close" }], []]);
  played.reading.owner!.onAnswer({ kind: "closed" });
  assertEquals([played.post.sent, played.post.closed, closed], [[{ kind: "close" }], false, 0]);
  played.writing.owner!.onAnswer({ kind: "closed" });
  assertEquals([played.post.closed, closed], [true, 1]);
  const answers: unknown[] = [];
  store.read([], { most: 1 }, (outcome) => void answers.push(outcome));
  store.commit({ appends: [] }, (outcome) => void answers.push(outcome));
  assertEquals(answers, []);
  await later();
  const reason = "the store is closed";
  assertEquals(answers, [{ kind: "failed", reason }, { kind: "lost", reason }]);
  assertEquals(played.said, []);
});

Deno.test("where the thread that writes is gone its commit is lost, and all that come, and closing is told all the same", async () => {
  const played = new Played();
  const { store, answers } = played;
  const lost = { kind: "lost", reason: "the thread that writes failed: x" };
  played.commit();
  played.committed({ upkeepDue: true });
  store.keepUp(() => void answers.push("kept up"));
  played.commit({ appends: [run("#a", "1")] });
  answers.length = 0;
  played.writing.owner!.onFailure("x");
  assertEquals(answers.splice(0), [lost, "kept up"]);
  assertEquals(played.said, ['error store lost {"reason":"the thread that writes failed: x"}']);
  assertEquals([store.upkeepDue, store.state.committing], [false, 0]);
  const sent = played.post.sent.length;
  played.commit();
  assertEquals(answers, []);
  await later();
  assertEquals([answers.splice(0), played.post.sent.length], [[lost], sent]);
  store.close(() => void answers.push("closed"));
  assertEquals(answers, []);
  played.read({ kind: "closed" });
  assertEquals([answers, played.post.sent.length], [["closed"], sent], "nobody is left to be asked");
});

Deno.test("where the thread that writes is gone and nobody waits, who opened it is told, unless it is being closed", () => {
  const idle = new Played();
  idle.writing.owner!.onFailure("x");
  assertEquals(idle.said.at(-1), "lost: the thread that writes failed: x");
  const closing = new Played();
  let closed = 0;
  closing.store.close(() => void closed++);
  closing.writing.owner!.onFailure("x");
  assertEquals([closed, closing.said.length], [1, 1]);
});

Deno.test("where the thread that reads is gone its reads fail, and all that come, and commits go on", async () => {
  const played = new Played();
  const { store, answers } = played;
  played.ask("a");
  played.ask("b");
  played.reading.owner!.onFailure("x");
  assertEquals(answers.splice(0), [["a", FAILED], ["b", FAILED]]);
  assertEquals(played.said, ['error store cannot be read {"reason":"the thread that reads failed: x"}']);
  const sent = played.reading.sent.length;
  played.ask("c");
  assertEquals(answers, []);
  await later();
  assertEquals([answers.splice(0), played.reading.sent.length], [[["c", FAILED]], sent]);
  played.commit();
  played.committed();
  assertEquals((answers.splice(0)[0] as CommitOutcome).kind, "stored");
  store.close(() => void answers.push("closed"));
  assertEquals([played.post.sent.at(-1), answers], [{ kind: "close" }, []]);
  played.written({ kind: "closed" });
  assertEquals(answers, ["closed"]);
});

Deno.test("where the thread that reads fails while it is closed the other is closed all the same", () => {
  const played = new Played();
  let closed = 0;
  played.reading.owner!.onFailure("earlier");
  assertEquals(played.post.sent, []);
  const other = new Played();
  other.store.close(() => void closed++);
  other.reading.owner!.onFailure("x");
  assertEquals(other.post.sent, [{ kind: "close" }]);
  other.written({ kind: "closed" });
  assertEquals(closed, 1);
});
