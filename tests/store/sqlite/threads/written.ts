/**
 * The writing thread in the test's own thread: what it answers is seen as it is said, and what it is asked next is
 * sent meanwhile. Time passes where it sleeps, and as the test says.
 *
 * @module
 */
import { Post } from "../../../../lib/store/sqlite/threads/mailbox.ts";
import type {
  OpenRequest,
  WriteAnswer,
  WriteRequest,
} from "../../../../lib/store/sqlite/threads/messages.ts";
import { WritingThread } from "../../../../lib/store/sqlite/threads/writing_thread.ts";
import { Writer } from "../../../../lib/store/sqlite/writer/writer.ts";
import { groupAppends } from "../../../../lib/store/log/group.ts";
import type { Commit } from "../../../../lib/store/types.ts";
import type { Folder } from "../../folder.ts";

/** Looks at the time behind which a thread is taken never to end: nothing else would end it. */
const LOOKS_MOST = 100_000;

export type Send = (request: WriteRequest) => void;

/** How it is opened, and how time passes. */
export type Options = Partial<Extract<OpenRequest, { kind: "write" }>> & {
  /** The time at which it is asked to close, if it was not before. */
  readonly until?: number;
  /** Milliseconds that pass with each look at the time (none). */
  readonly stepMs?: number;
  /** Milliseconds that the next commits take, beside that. */
  readonly commitMs?: number[];
};

/** What came of it. */
export interface Run {
  /** Milliseconds for which it slept each time. */
  readonly slept: readonly number[];
  readonly ended: boolean;
}

/** Runs a thread until it was asked to close. `heard` is told each answer, what goes along with it, and when. */
export function thread(
  folder: Folder,
  { until = Infinity, stepMs = 0, commitMs = [], ...options }: Options,
  heard: (
    answer: WriteAnswer,
    send: Send,
    now: { readonly time: number; readonly along: readonly Transferable[] },
  ) => void,
): Run {
  const post = new Post<WriteRequest>();
  const send: Send = (request) => post.send(request, request.kind === "commit" ? [request.buffer] : []);
  const { now } = performance;
  const { wait } = Atomics;
  const { commit } = Writer.prototype;
  const slept: number[] = [];
  let time = 0;
  let asked = false;
  let ended = false;
  let looks = 0;
  const pass = (ms: number): number => {
    if (++looks > LOOKS_MOST) throw new Error(`the thread goes on and on: ${slept.slice(-5)}`);
    time += ms;
    if (time >= until && !asked) {
      asked = true;
      send({ kind: "close" });
    }
    return time;
  };
  performance.now = () => pass(stepMs);
  Atomics.wait = (array: Int32Array | BigInt64Array, at: number, value: unknown, ms = Infinity) => {
    if (Atomics.load(array as Int32Array, at) !== value) return "not-equal";
    slept.push(ms);
    pass(ms);
    return "timed-out";
  };
  Writer.prototype.commit = function (...of): ReturnType<typeof commit> {
    pass(commitMs.shift() ?? 0);
    return commit.apply(this, of);
  };
  const scope = {
    postMessage: (answer: unknown, along: Transferable[] = []): void =>
      heard(answer as WriteAnswer, send, { time, along }),
    close: (): void => void (ended = true),
    onmessage: null,
  };
  const mailbox = post.address;
  const open = { sync: "interval", retain: {}, dedupWindow: 1000, ...options } as const;
  try {
    WritingThread.start(scope, { kind: "write", dir: folder.data, mailbox, ...open });
  } finally {
    performance.now = now;
    Atomics.wait = wait;
    Writer.prototype.commit = commit;
    post.close();
  }
  return { slept, ended };
}

/** The request for a commit. */
export function commitOf(
  { appends = [], marks = [], delayed: later = [], moved = [], forget = [], topicsMost }: Partial<Commit>,
): Extract<WriteRequest, { kind: "commit" }> {
  const grouped = groupAppends(appends, later);
  const { batches, delayed } = grouped;
  const bytes = new Uint8Array(grouped.length);
  grouped.copyTo(bytes);
  const { buffer } = bytes;
  return { kind: "commit", batches, marks, delayed, moved, forget, topicsMost, buffer };
}
