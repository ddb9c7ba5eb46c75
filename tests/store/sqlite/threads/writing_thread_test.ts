/**
 * What the writing thread does between two requests. It runs in the test's own thread: what it answers is seen as it
 * is said, and what it is asked next is sent meanwhile. Time passes by as much with each look at it, and where it
 * sleeps.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Post } from "../../../../lib/store/sqlite/threads/mailbox.ts";
import type {
  OpenRequest,
  WriteAnswer,
  WriteRequest,
} from "../../../../lib/store/sqlite/threads/messages.ts";
import { WritingThread } from "../../../../lib/store/sqlite/threads/writing_thread.ts";
import { encodeText } from "../../../../lib/wire/bytes.ts";
import { Folder } from "../../folder.ts";

/** Milliseconds that pass with each look at the time. */
const STEP_MS = 10;
/** Milliseconds between two ticks of the thread. */
const TICK_MS = 1000;

type Options = Partial<Extract<OpenRequest, { kind: "write" }>> & {
  /** The time at which it is asked to close, if it was not before. */
  readonly until?: number;
};
type Send = (request: WriteRequest) => void;

/**
 * Runs a thread until it was asked to close. `heard` is told each answer, and when it was said. Returns for how many
 * milliseconds it slept each time.
 */
function thread(
  folder: Folder,
  { until = Infinity, ...options }: Options,
  heard: (answer: WriteAnswer, send: Send, now: number) => void,
): number[] {
  const post = new Post<WriteRequest>();
  const send: Send = (request) => post.send(request, request.kind === "commit" ? [request.buffer] : []);
  const { now } = performance;
  const { wait } = Atomics;
  const slept: number[] = [];
  let time = 0;
  let asked = false;
  const pass = (ms: number): number => {
    time += ms;
    if (time >= until && !asked) {
      asked = true;
      send({ kind: "close" });
    }
    return time;
  };
  performance.now = () => pass(STEP_MS);
  Atomics.wait = (array: Int32Array | BigInt64Array, at: number, value: unknown, ms = Infinity) => {
    if (Atomics.load(array as Int32Array, at) !== value) return "not-equal";
    slept.push(ms);
    pass(ms);
    return "timed-out";
  };
  const scope = {
    postMessage: (answer: unknown): void => heard(answer as WriteAnswer, send, time),
    close: (): void => {},
    onmessage: null,
  };
  const address = post.address;
  try {
    WritingThread.start(scope, {
      kind: "write",
      dir: folder.data,
      sync: "interval",
      retain: {},
      dedupWindow: 1000,
      mailbox: address,
      ...options,
    });
  } finally {
    performance.now = now;
    Atomics.wait = wait;
    post.close();
  }
  return slept;
}

/** A commit of so many batches of one message, each to a topic of its own. */
function commit(count: number): WriteRequest {
  const record = encodeText("pub #t 1\nx\n");
  const buffer = new Uint8Array(record.length).buffer;
  new Uint8Array(buffer).set(record);
  const batches = Array.from({ length: count }, (_, at) => ({
    topic: `#t.${at}`,
    count: 1,
    start: 0,
    end: record.length,
  }));
  return {
    kind: "commit",
    batches,
    marks: [],
    delayed: [],
    moved: [],
    forget: [],
    topicsMost: undefined,
    buffer,
  };
}

Deno.test("what a slice has left to do is gone on with at once, and not with the next tick", () => {
  using folder = new Folder();
  thread(folder, {}, (answer, send) => {
    if (answer.kind === "opened") send(commit(5000));
    if (answer.kind === "committed") send({ kind: "close" });
  });
  const times: number[] = [];
  let left = 5000;
  thread(folder, { retain: { bytes: 1 } }, (answer, send, now) => {
    if (answer.kind !== "trimmed") return;
    times.push(now);
    left -= answer.what.batches.length;
    // the newest stays, however little room there is
    if (left === 1) send({ kind: "close" });
  });
  assertEquals(left, 1);
  const waits = times.slice(1).map((time, at) => time - times[at]!);
  assert(waits.length > 10, `${waits.length} slices`);
  assert(Math.max(...waits) < TICK_MS / 2, `${waits}`);
});

Deno.test("commits that do not wait for the disk are synced together, once, and then it sleeps", () => {
  using folder = new Folder();
  const { syncDataSync } = Deno.FsFile.prototype;
  const synced: number[] = [];
  let committed = 0;
  Deno.FsFile.prototype.syncDataSync = function (): void {
    synced.push(committed);
    syncDataSync.call(this);
  };
  try {
    const slept = thread(folder, { until: 2500 }, (answer, send) => {
      if (answer.kind === "opened") { for (let at = 0; at < 2; at++) send(commit(1)); }
      if (answer.kind === "committed") committed++;
    });
    assert(slept.length > 10 && slept.every((ms) => ms > 0), `it sleeps until something is due: ${slept}`);
  } finally {
    Deno.FsFile.prototype.syncDataSync = syncDataSync;
  }
  assertEquals(synced, [2]);
});
