/**
 * What the thread that reads answers, and when it lets others go first. It runs in the test's own thread.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { ReadAnswer, ReadRequest } from "../../../../lib/store/sqlite/threads/messages.ts";
import { ReadingThread } from "../../../../lib/store/sqlite/threads/reading_thread.ts";
import { SqliteView } from "../../../../lib/store/sqlite/view.ts";
import type { Cursor } from "../../../../lib/store/types.ts";
import { messagesOf, run, shown } from "../../asking.ts";
import { Folder } from "../../folder.ts";
import { change, store, writing } from "../../writing.ts";

/** A thread that has opened the store in a folder, as who asks it sees it. */
class Asked {
  readonly answers: ReadAnswer[] = [];
  /** How much of each answer goes along instead of being copied, bytes. */
  readonly moved: number[] = [];
  /** What is done once a second. */
  tick = (): void => {};
  everyMs = 0;
  ended = false;
  readonly #scope = {
    postMessage: (answer: unknown, transfer: Transferable[] = []): void => {
      this.answers.push(answer as ReadAnswer);
      this.moved.push(transfer.reduce<number>((sum, each) => sum + (each as ArrayBuffer).byteLength, 0));
    },
    close: (): void => void (this.ended = true),
    onmessage: null as ((event: MessageEvent) => void) | null,
  };

  constructor(dir: string) {
    const { setInterval } = globalThis;
    Object.assign(globalThis, {
      setInterval: (work: () => void, ms: number): void => {
        this.tick = work;
        this.everyMs = ms;
      },
    });
    try {
      ReadingThread.start(this.#scope, { kind: "read", dir });
    } finally {
      Object.assign(globalThis, { setInterval });
    }
  }

  /** Whether it takes requests. */
  get serves(): boolean {
    return this.#scope.onmessage !== null;
  }

  /** The answer to a request. */
  ask<Kind extends ReadAnswer["kind"]>(
    request: ReadRequest,
    kind: Kind,
  ): Extract<ReadAnswer, { kind: Kind }> {
    this.answers.length = 0;
    this.moved.length = 0;
    this.#scope.onmessage!(new MessageEvent("message", { data: request }));
    const [answer, ...more] = this.answers;
    assertEquals([answer?.kind, more], [kind, []]);
    return answer as Extract<ReadAnswer, { kind: Kind }>;
  }
}

/** Lets `work` ask a store that nobody has open. */
function asking(folder: Folder, work: (asked: Asked) => void): void {
  const asked = new Asked(folder.data);
  assertEquals(asked.answers, [{ kind: "opened" }]);
  try {
    work(asked);
  } finally {
    if (!asked.ended) asked.ask({ kind: "close" }, "closed");
  }
}

function cursor(pattern: string): Cursor {
  return { pattern, after: 0, sequence: 0, time: 0, to: undefined };
}

const EARLIEST = { from: { kind: "earliest" }, to: undefined } as const;
const LAST = { from: { kind: "last", count: 1, asOf: undefined }, to: undefined } as const;
/** Bytes a millisecond for each processor. */
const PACE = 300_000;

Deno.test("a store that is not there, or cannot be opened, is refused with the reason, and the thread ends", () => {
  using folder = new Folder();
  for (
    const [make, reason] of [
      [() => {}, /^the store cannot be read: unable to open database file/],
      [() => {
        Deno.mkdirSync(folder.data);
        Deno.writeTextFileSync(folder.database, "no database ".repeat(100));
      }, /^the store cannot be read: file is not a database/],
    ] as const
  ) {
    make();
    const asked = new Asked(folder.data);
    const [answer] = asked.answers;
    assert(answer?.kind === "refused to open");
    assertMatch(answer.reason, reason);
    assertEquals([asked.ended, asked.serves, asked.answers.length], [true, false, 1]);
  }
  const nowhere = new Asked("");
  assertEquals(nowhere.answers, [{
    kind: "refused to open",
    reason: "the data needs a directory: name one",
  }]);
});

Deno.test("pages go along with their answers, and a failure is an answer to its own request", () => {
  using folder = new Folder();
  writing(folder, (writer) => store(writer, { appends: [run("#a", "1"), run("#b", "2")] }));
  asking(folder, (asked) => {
    const { outcome: sought } = asked.ask({ kind: "seek", pattern: "#*", range: EARLIEST }, "sought");
    assert(sought.kind === "found");
    assertEquals([sought.cursor.after, asked.moved], [0, [0]]);
    const { outcome: last } = asked.ask({ kind: "seek", pattern: "#*", range: LAST }, "sought");
    assert(last.kind === "found" && last.first.messages === 2);
    assertEquals(asked.moved, [last.first.bytes.length]);
    const read = { kind: "read", cursors: [cursor("#*")], extent: { most: 1000 }, gentle: false } as const;
    const { outcome } = asked.ask(read, "read");
    assert(outcome.kind === "page");
    assertEquals(shown(messagesOf(outcome.page)), ["#a 1 1", "#b 1 2"]);
    assertEquals(asked.moved, [outcome.page.bytes.length]);
    change(folder, "UPDATE batch SET time = 1");
    const reason = "of #a the messages 1 to 1, batch 1: it does not match its checksum";
    assertEquals(asked.ask(read, "read").outcome, { kind: "failed", reason });
    assertEquals(asked.moved, [0]);
    assertEquals(asked.ask({ kind: "seek", pattern: "#*", range: LAST }, "sought").outcome, {
      kind: "failed",
      reason,
    });
    assertEquals(asked.ask({ kind: "seek", pattern: "#*", range: EARLIEST }, "sought").outcome.kind, "found");
  });
});

Deno.test("what has outlived its time by now is in no page, and none of the last", () => {
  using folder = new Folder();
  const bytes = new TextEncoder().encode("pub #a 1 ttl=1\nx\n");
  const append = { topic: "#a", count: 1, bytes, ttl: 1000 };
  writing(folder, (writer) => {
    store(writer, { appends: [append] }, Date.now() - 5000);
    store(writer, { appends: [append] }, Date.now() + 60_000);
  });
  asking(folder, (asked) => {
    const read = { kind: "read", cursors: [cursor("#a")], extent: { most: 1000 }, gentle: false } as const;
    const { outcome } = asked.ask(read, "read");
    assertEquals(outcome.kind === "page" && shown(messagesOf(outcome.page)), ["#a 2 x"]);
    const range = { ...LAST, from: { ...LAST.from, count: 2 } };
    const { outcome: last } = asked.ask({ kind: "seek", pattern: "#a", range }, "sought");
    assertEquals(last.kind === "found" && shown(messagesOf(last.first)), ["#a 2 x"]);
  });
});

Deno.test("a gentle read leaves the processors to others for as long as its pace asks, behind its answer", () => {
  using folder = new Folder();
  const payload = "x".repeat(5_000_000);
  writing(folder, (writer) => store(writer, { appends: [run("#a", payload)] }));
  const { now } = performance;
  const { wait } = Atomics;
  const waits: unknown[] = [];
  let took = 0;
  asking(folder, (asked) => {
    const read = (gentle: boolean): void => {
      waits.length = 0;
      let time = 1000;
      performance.now = () => (time += took) - took;
      Atomics.wait = (array, at, value, ms) => {
        assertEquals([array[at], value], [0, 0], "it waits for nothing");
        waits.push(asked.answers.length, Math.round((ms ?? Infinity) * 1000));
        return "timed-out";
      };
      try {
        asked.ask({ kind: "read", cursors: [cursor("#a")], extent: { most: 1000 }, gentle }, "read");
      } finally {
        performance.now = now;
        Atomics.wait = wait;
      }
    };
    read(true);
    const [answer] = asked.answers;
    assert(answer?.kind === "read" && answer.outcome.kind === "page");
    const ms = answer.outcome.page.bytes.length / (PACE * navigator.hardwareConcurrency);
    assertEquals(waits, [1, Math.round(ms * 1000)]);
    took = 2;
    read(true);
    assertEquals(waits, [1, Math.round((ms - 2) * 1000)], "what it took itself counts");
    took = 1000;
    read(true);
    assertEquals(waits, [1, 0]);
    took = 0;
    read(false);
    assertEquals(waits, []);
  });
});

Deno.test("a group is told with what it has missed, and one that is not known is none", () => {
  using folder = new Folder();
  const group = { name: "g", pattern: "#a" };
  const mark = { ...group, sequence: 2, after: 0, topics: [{ topic: "#a", settled: "1", attempts: "2=3" }] };
  writing(folder, (writer) => {
    store(writer, { appends: [run("#a", "1", "2", "3")], marks: [mark] });
    writer.trim(writer.agedAfter(0, 1), { groupsMiss: true });
  });
  asking(folder, (asked) => {
    assertEquals(asked.ask({ kind: "group", group }, "group").outcome, {
      kind: "group",
      mark: { sequence: 2, after: 0, topics: mark.topics },
      missed: 2,
    });
    const other = { ...group, name: "h" };
    assertEquals(asked.ask({ kind: "group", group: other }, "group").outcome, { kind: "none" });
  });
});

Deno.test("groups are counted, 200 of them told at a time, and where the next begin", () => {
  const place = { after: { name: "g199", pattern: "#a" }, counted: undefined };
  for (const count of [199, 200, 201]) {
    using folder = new Folder();
    const names = Array.from({ length: count }, (_, at) => `g${String(at).padStart(3, "0")}`);
    const marks = names.map((name) => ({ name, pattern: "#a", sequence: 0, after: 0, topics: [] }));
    writing(folder, (writer) => store(writer, { appends: [run("#a", "1")], marks }));
    asking(folder, (asked) => {
      assertEquals(asked.ask({ kind: "group count" }, "group count").outcome, {
        kind: "counted",
        groups: count,
      });
      const { outcome } = asked.ask({ kind: "groups", place: undefined }, "groups");
      assert(outcome.kind === "groups");
      assertEquals(outcome.groups.map(({ name }) => name), names.slice(0, 200));
      assertEquals(outcome.groups[0], { name: "g000", pattern: "#a", lag: 1, oldest: 1000 });
      assertEquals(outcome.next, count < 200 ? undefined : place);
      const rest = asked.ask({ kind: "groups", place }, "groups").outcome;
      assert(rest.kind === "groups");
      assertEquals([rest.groups.map(({ name }) => name), rest.next], [names.slice(200), undefined]);
    });
  }
});

Deno.test("what is due and which topics there are is told from the same state", () => {
  using folder = new Folder();
  writing(
    folder,
    (writer) => store(writer, { appends: [run("#a", "1")], delayed: [{ ...run("#b", "x"), due: 5 }] }),
  );
  asking(folder, (asked) => {
    const query = { now: 5, after: undefined, without: [], most: 1000 };
    const { outcome } = asked.ask({ kind: "due", query }, "due");
    assert(outcome.kind === "due");
    assertEquals(outcome.runs.map(({ topic, due }) => [topic, due]), [["#b", 5]]);
    assertEquals(asked.ask({ kind: "topics", query: { most: 9 } }, "topics").outcome, {
      kind: "topics",
      topics: [{ topic: "#a", first: 1, last: 1 }],
      next: undefined,
    });
  });
});

Deno.test("when nothing has been asked for some seconds what is remembered is let go of, once", () => {
  using folder = new Folder();
  writing(folder, (writer) => store(writer, { appends: [run("#a", "1")] }));
  const { memoryUsage } = Deno;
  const { forget } = SqliteView.prototype;
  let forgot = 0;
  let heapTotal = 0;
  const usage = memoryUsage();
  SqliteView.prototype.forget = function (): void {
    forgot++;
    forget.call(this);
  };
  Deno.memoryUsage = () => ({ ...usage, heapTotal });
  try {
    asking(folder, (asked) => {
      assertEquals(asked.everyMs, 1000);
      heapTotal = 100 * 1024 * 1024;
      for (let seconds = 0; seconds < 4; seconds++) asked.tick();
      assertEquals(forgot, 0);
      asked.tick();
      assertEquals(forgot, 1, "nothing has been asked since it began");
      heapTotal = 200 * 1024 * 1024;
      asked.ask({ kind: "topics", query: { most: 9 } }, "topics");
      for (let seconds = 0; seconds < 5; seconds++) asked.tick();
      assertEquals(forgot, 1, "something had been asked before the first look");
      asked.tick();
      assertEquals(forgot, 2);
      for (let seconds = 0; seconds < 20; seconds++) asked.tick();
      assertEquals(forgot, 2);
    });
  } finally {
    Deno.memoryUsage = memoryUsage;
    SqliteView.prototype.forget = forget;
  }
});

Deno.test("closing lets go of the database, tells so, and ends the thread", () => {
  using folder = new Folder();
  writing(folder, (writer) => store(writer, { appends: [run("#a", "1")] }));
  asking(folder, (asked) => {
    assertEquals([asked.ask({ kind: "close" }, "closed"), asked.ended], [{ kind: "closed" }, true]);
    const { outcome } = asked.ask({ kind: "topics", query: { most: 9 } }, "topics");
    assertMatch(outcome.kind === "failed" ? outcome.reason : "", /finalized|not open/);
  });
});
