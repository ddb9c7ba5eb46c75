/**
 * What the writing thread answers, what it says unasked, and when it does what is due.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { HeldFiles } from "../../../../lib/store/sqlite/held_files.ts";
import { IdleHeap } from "../../../../lib/store/sqlite/threads/idle_heap.ts";
import type { WriteAnswer } from "../../../../lib/store/sqlite/threads/messages.ts";
import { Upkeep } from "../../../../lib/store/sqlite/threads/upkeep.ts";
import { Room } from "../../../../lib/store/sqlite/writer/room.ts";
import { Writer } from "../../../../lib/store/sqlite/writer/writer.ts";
import { filesIn } from "../../../../lib/store/sqlite/files.ts";
import { run } from "../../asking.ts";
import { Folder } from "../../folder.ts";
import { store, writing } from "../../writing.ts";
import { commitOf, type Options, type Send, thread } from "./written.ts";

/** All answers of a thread that is closed when its time is over, but for what it says of its opening. */
function answersOf(
  folder: Folder,
  options: Options,
  heard: (answer: WriteAnswer, send: Send) => void = () => {},
): readonly WriteAnswer[] {
  const answers: WriteAnswer[] = [];
  thread(folder, options, (answer, send) => {
    answers.push(answer);
    heard(answer, send);
  });
  return answers;
}

/** The lines it says unasked. */
function lines(answers: readonly WriteAnswer[]): string[] {
  return answers.flatMap((answer) =>
    answer.kind === "note" ? [`${answer.level} ${answer.event} ${JSON.stringify(answer.fields)}`] : []
  );
}

/** Says what is called of a class while `work` lasts, and does it all the same. */
function noting<Name extends string>(
  of: Record<Name, (...args: never[]) => unknown>,
  name: Name,
  { note, work }: { readonly note: (...args: unknown[]) => void; readonly work: () => void },
): void {
  const before = of[name];
  of[name] = function (this: unknown, ...args: never[]): unknown {
    note(...args);
    return before.apply(this, args);
  };
  try {
    work();
  } finally {
    of[name] = before;
  }
}

const commit = (topic: string, ...payloads: readonly string[]): ReturnType<typeof commitOf> =>
  commitOf({ appends: [run(topic, ...payloads)] });
const MUCH = "x".repeat(5_000_000);

Deno.test("an opened store is told with its state and how often it was opened, and a closed one last", () => {
  using folder = new Folder();
  writing(folder, (writer) => {
    const delayed = [{ ...run("#c", "later", "too"), due: 5 }];
    store(writer, { appends: [{ ...run("#a", "1", "2"), ids: "0 1 p-" }, run("#b", "1")], delayed });
    writer.trim(writer.agedAfter(1, 1), { groupsMiss: false });
  });
  const { identity, bytes } = writing(
    folder,
    (writer) => ({ identity: writer.identity, bytes: writer.bytes }),
  );
  const answers = answersOf(folder, { until: 500 });
  const state = {
    ...{ topics: 3, batches: 1, bytes, last: 2, commits: 0, commitTime: 0, committing: 0, trimmed: 0 },
    ...{ delayed: 2, delayedBytes: 28 },
  };
  const recentIds = [{ topic: "#a", age: 0, ids: "0 1 p-" }];
  assertEquals(answers, [
    { kind: "opened", state, recentIds, deleted: 1 },
    {
      kind: "note",
      level: "debug",
      event: "store opened",
      fields: { store: identity.id, epoch: identity.epoch + 1 },
      state,
    },
    { kind: "closed" },
  ]);
});

Deno.test("commits are answered with their numbers, the state behind them and their buffer, and are counted with their time", () => {
  using folder = new Folder();
  const states: unknown[] = [];
  const { ended } = thread(folder, { commitMs: [7, 5, 1] }, (answer, send, { along }) => {
    if (answer.kind === "opened") { for (const topic of ["#a", "#b"]) send(commit(topic, "1", "2")); }
    if (answer.kind !== "committed") return;
    const { state, outcome, buffer } = answer;
    assertEquals(along, [buffer]);
    const { commits, commitTime, last, topics } = state;
    states.push([commits, commitTime, last, topics, "firsts" in outcome && outcome.firsts]);
    if (commits === 2) send({ ...commit("#c", "x"), topicsMost: 2 });
    if (commits === 3) send({ kind: "close" });
  });
  assertEquals(states, [[1, 7, 1, 1, [1]], [2, 12, 2, 2, [1]], [3, 13, 2, 2, [0]]]);
  assertEquals(ended, true);
});

Deno.test("what the store occupies is asked for once in 20 ms", () => {
  using folder = new Folder();
  const { get } = Object.getOwnPropertyDescriptor(Room.prototype, "used")!;
  let asked = 0;
  const counts: number[] = [];
  Object.defineProperty(Room.prototype, "used", {
    configurable: true,
    get: function (): unknown {
      asked++;
      return get!.call(this);
    },
  });
  try {
    answersOf(folder, { commitMs: [0, 19, 1, 19, 1] }, (answer, send) => {
      if (answer.kind === "opened") { for (let at = 0; at < 5; at++) send(commit("#a", "x")); }
      if (answer.kind !== "committed") return;
      counts.push(asked);
      if (counts.length === 5) send({ kind: "close" });
    });
  } finally {
    Object.defineProperty(Room.prototype, "used", { configurable: true, get: get! });
  }
  assertEquals(counts, [1, 1, 2, 2, 3]);
});

Deno.test("it sleeps until the next sync or tick, and each comes as long after the one before it", () => {
  using folder = new Folder();
  const { slept } = thread(folder, { until: 350 }, () => {});
  assertEquals(slept, [100, 100, 100, 100]);
  const ticks: unknown[] = [];
  const upkeep = Upkeep.prototype;
  noting(upkeep as never, "tick", {
    note: () => void ticks.push("tick"),
    work: () =>
      noting(upkeep as never, "slice", {
        note: () => void ticks.push("slice"),
        work: () =>
          assertEquals(thread(folder, { until: 3500, sync: "commit" }, () => {}).slept, [
            1000,
            1000,
            1000,
            1000,
          ]),
      }),
  });
  assertEquals(
    ticks,
    ["slice", "tick", "slice", "tick", "slice", "tick", "slice"],
    "and at the start a slice",
  );
});

Deno.test("a heap is looked at with each tick, with how many commits there were", () => {
  using folder = new Folder();
  const looks: unknown[] = [];
  noting(IdleHeap.prototype as never, "look", {
    note: (done) => void looks.push(done),
    work: () =>
      answersOf(folder, { until: 2500, sync: "commit" }, (answer, send) => {
        if (answer.kind === "opened") { for (let at = 0; at < 3; at++) send(commit("#a", "x")); }
      }),
  });
  assertEquals(looks, [3, 3]);
});

Deno.test("what is due waits 2 ms until it is asked for, and is done then all the same", () => {
  using folder = new Folder();
  const took: unknown[] = [];
  let due: unknown[] = [];
  noting(Upkeep.prototype as never, "committed", {
    note: (ms) => void took.push(ms),
    work: () => {
      const { slept } = thread(folder, { until: 90, commitMs: [7] }, (answer, send) => {
        if (answer.kind === "opened") send(commit("#a", MUCH));
        if (answer.kind === "committed") due.push(answer.upkeepDue);
      });
      assertEquals(slept, [2, 91], "what is left to the next sync");
    },
  });
  assertEquals([due, took], [[true], [7]]);
  assert(Deno.statSync(folder.database).size > MUCH.length);
  [due, took.length] = [[], 0];
  noting(Upkeep.prototype as never, "committed", {
    note: (ms) => void took.push(ms),
    work: () =>
      answersOf(folder, { commitMs: [9, 4, 3] }, (answer, send) => {
        if (answer.kind === "opened") { for (const payload of [MUCH, "x", "y"]) send(commit("#a", payload)); }
        if (answer.kind !== "committed") return;
        due.push(answer.upkeepDue, took.length);
        if (answer.state.commits === 3) send({ kind: "close" });
      }),
  });
  assertEquals(due, [true, 0, true, 0, false, 1], "one commit goes before it");
  assertEquals(took, [9, 3], "it may take as long as the longest since");
});

Deno.test("what is asked for is done once, before it is said that it is, and where nothing is due that is said", () => {
  using folder = new Folder();
  const order: string[] = [];
  noting(Writer.prototype as never, "checkpoint", {
    note: () => void order.push("moved"),
    work: () =>
      answersOf(folder, {}, (answer, send) => {
        order.push(answer.kind);
        if (answer.kind === "opened") {
          send({ kind: "keep up" });
          send(commit("#a", MUCH));
          send({ kind: "keep up" });
          send({ kind: "keep up" });
          send({ kind: "close" });
        }
      }),
  });
  assertEquals(order, ["opened", "note", "kept up", "committed", "moved", "kept up", "kept up", "closed"]);
});

Deno.test("what was stored counts for retention, and what was not does not", () => {
  using folder = new Folder();
  const added: unknown[] = [];
  noting(Upkeep.prototype as never, "added", {
    note: (batches) => void added.push((batches as { topic: string }[]).map(({ topic }) => topic)),
    work: () => {
      const { commit: commits } = Writer.prototype;
      answersOf(folder, { retain: { bytes: 1e9 } }, (answer, send) => {
        const appends = [run("#a", "1"), run("#b", "1")];
        if (answer.kind === "opened") send(commitOf({ appends, topicsMost: 1 }));
        if (answer.kind !== "committed") return;
        if (answer.state.commits === 1) {
          Writer.prototype.commit = () => ({ kind: "refused", reason: "full" });
          send(commit("#a", "2"));
        } else send({ kind: "close" });
      });
      Writer.prototype.commit = commits;
    },
  });
  assertEquals(added, [["#a"]]);
});

Deno.test("that the store is lost is told once: by a commit's answer, or by itself", () => {
  using idle = new Folder();
  const answers = answersOf(idle, { until: 4000 }, (answer, send) => {
    if (answer.kind === "opened") {
      Deno.removeSync(idle.wal);
    }
    if (answer.kind === "lost") send(commit("#a", "x"));
  });
  const reason = `"${idle.wal}" was deleted while it was in use`;
  assertEquals(answers.map(({ kind }) => kind), ["opened", "note", "lost", "committed", "closed"]);
  assertEquals(answers[2], { kind: "lost", reason });
  assert(answers[3]?.kind === "committed");
  assertEquals(answers[3].outcome, { kind: "lost", reason });
  using busy = new Folder();
  const others = answersOf(busy, { until: 4000 }, (answer, send) => {
    if (answer.kind !== "note") return;
    Deno.removeSync(busy.wal);
    send(commit("#a", "x"));
  });
  assertEquals(others.map(({ kind }) => kind), ["opened", "note", "committed", "closed"]);
});

Deno.test("a sync that fails loses the store, and nothing is synced where nothing was committed", () => {
  using folder = new Folder();
  const { syncWal } = HeldFiles.prototype;
  let syncs = 0;
  HeldFiles.prototype.syncWal = (): never => {
    syncs++;
    throw new Error("disk I/O error");
  };
  try {
    assertEquals(answersOf(folder, { until: 1500 }).map(({ kind }) => kind), ["opened", "note", "closed"]);
    assertEquals(syncs, 0);
    const answers = answersOf(folder, { until: 900 }, (answer, send) => {
      if (answer.kind === "opened") send(commit("#a", "x"));
    });
    assertEquals(answers.slice(2), [answers[2]!, { kind: "lost", reason: "disk I/O error" }, {
      kind: "closed",
    }]);
    assertEquals(syncs, 1, "once it is lost there is nothing to be synced");
  } finally {
    HeldFiles.prototype.syncWal = syncWal;
  }
});

Deno.test("a store that cannot be closed says why, and its files are let go of all the same", () => {
  using folder = new Folder();
  const { close } = Writer.prototype;
  Writer.prototype.close = function (): never {
    close.call(this);
    throw new Error("no room");
  };
  try {
    const answers = answersOf(folder, { until: 100 });
    assertEquals(lines(answers).at(-1), 'error the store could not be closed {"reason":"no room"}');
    assertEquals(answers.at(-1), { kind: "closed" });
  } finally {
    Writer.prototype.close = close;
  }
  assertEquals(Deno.readTextFileSync(filesIn(folder.data).lock), "");
  HeldFiles.lock(filesIn(folder.data)).release();
});

Deno.test("what cannot be opened is refused with the reason, its lock is free, and the thread ends", () => {
  using folder = new Folder();
  writing(folder, (writer) => store(writer, { appends: [run("#a", "1")] }));
  const held = HeldFiles.lock(filesIn(folder.data));
  const refused = (): string => {
    const answers: WriteAnswer[] = [];
    const { ended } = thread(folder, {}, (answer) => void answers.push(answer));
    const [answer] = answers;
    assertEquals([answers.length, ended], [1, true]);
    return answer?.kind === "refused to open" ? answer.reason : "";
  };
  assertMatch(refused(), /in use by process/);
  held.release();
  const { bytes } = Object.getOwnPropertyDescriptors(Writer.prototype);
  Object.defineProperty(Writer.prototype, "bytes", {
    configurable: true,
    get: () => {
      throw new Error("what it occupies is not known");
    },
  });
  try {
    assertEquals(
      refused(),
      `the data directory "${folder.data}" cannot be used: what it occupies is not known`,
    );
  } finally {
    Object.defineProperty(Writer.prototype, "bytes", bytes!);
  }
  const names = [...Deno.readDirSync(folder.data)].map(({ name }) => name);
  assertEquals(names.sort(), ["hashbus.db", "hashbus.lock"], "it is closed");
  writing(folder, (writer) => assertEquals(writer.last, 1));
});

/** The files of a store as a crash leaves them, with three commits, of which this byte of a frame is another. */
function crashed(copy: Folder, change: (wal: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>): void {
  using folder = new Folder();
  Deno.mkdirSync(copy.data);
  writing(folder, (writer) => {
    for (const payload of ["one", "two", "three"]) store(writer, { appends: [run("#a", payload)] });
    Deno.copyFileSync(folder.database, copy.database);
    Deno.writeFileSync(copy.wal, change(Deno.readFileSync(folder.wal)));
  });
}

Deno.test("what a crash left of a commit is told, and whole commits that are discarded are told as worse", () => {
  const FRAME = 16_384 + 24;
  using cut = new Folder();
  crashed(cut, (wal) => wal.subarray(0, wal.length - 100));
  const [first = ""] = lines(answersOf(cut, { until: 100, sync: "commit" }));
  const said = /^warn a commit that was not finished is discarded \{"bytes":(\d+),"frames":(\d+)\}$/.exec(
    first,
  );
  assert(said !== null, first);
  assertEquals(Number(said[1]), Number(said[2]) * FRAME - 100);
  using damaged = new Folder();
  const flip = (wal: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
    wal[32 + 30]! ^= 1;
    return wal;
  };
  crashed(damaged, flip);
  const [refused] = answersOf(damaged, { sync: "commit" });
  assert(refused?.kind === "refused to open");
  assertMatch(refused.reason, /behind byte 32 of its write-ahead log a commit is not whole, and 2 behind it/);
  const [worse = ""] = lines(answersOf(damaged, { until: 100, sync: "interval" }));
  assertMatch(
    worse,
    /^error commits behind a damaged one are discarded \{"bytes":\d+,"frames":\d+,"commits":2\}$/,
  );
});

Deno.test("messages from more than an hour ahead are told when it is opened: the clock may be wrong", () => {
  const { now } = Date;
  const time = 1_700_000_000_000;
  Date.now = () => time;
  try {
    for (const [ahead, told] of [[3_600_000, []], [3_600_001, [3600.001]]] as const) {
      using folder = new Folder();
      writing(folder, (writer) => store(writer, { appends: [run("#a", "1")] }, time + ahead));
      const event = "warn the newest messages are from the future: is the clock right?";
      assertEquals(
        lines(answersOf(folder, { until: 100 })).filter((line) => line.startsWith("warn")),
        told.map((seconds) => `${event} {"seconds":${seconds}}`),
      );
    }
  } finally {
    Date.now = now;
  }
});
