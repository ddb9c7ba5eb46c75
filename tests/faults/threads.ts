/**
 * The two threads of a store, run in this one: what they do without the time it takes to start them, for
 * stores that are opened by the hundred.
 *
 * @module
 */
import { DEDUP_WINDOW_MS } from "../../lib/limits.ts";
import { Post } from "../../lib/store/sqlite/threads/mailbox.ts";
import type {
  ReadAnswer,
  ReadRequest,
  WriteAnswer,
  WriteRequest,
} from "../../lib/store/sqlite/threads/messages.ts";
import { ReadingThread } from "../../lib/store/sqlite/threads/reading_thread.ts";
import type { Scope } from "../../lib/store/sqlite/threads/scope.ts";
import { WritingThread } from "../../lib/store/sqlite/threads/writing_thread.ts";
import type { Cursor, From, ReadOutcome, RecentIds, SeekOutcome } from "../../lib/store/types.ts";

/** What became of opening a store, and what `work` came to with it. */
export type Opened<T> =
  | { readonly kind: "refused"; readonly reason: string }
  | {
    readonly kind: "opened";
    readonly result: T;
    /** What was worth a warning or an error in the log. */
    readonly warnings: readonly string[];
  };

/** An open store, of which messages and ids can be read. */
export interface OpenThreads {
  readonly recentIds: readonly RecentIds[];
  seek(pattern: string, from: From): SeekOutcome;
  read(cursor: Cursor, most: number): ReadOutcome;
}

/** Opens a store, lets `work` have it, and closes it. */
export function withThreads<T>(dir: string, work: (store: OpenThreads) => T): Opened<T> {
  const post = new Post<WriteRequest>();
  // the thread that writes asks for its requests when the work is done, and this is the only one
  post.send({ kind: "close" });
  const warnings: string[] = [];
  let outcome: Opened<T> | undefined;
  let failure: unknown;
  const scope = scopeOf<WriteAnswer>((answer) => {
    if (answer.kind === "refused to open") outcome = { kind: "refused", reason: answer.reason };
    if (answer.kind === "note" && (answer.level === "warn" || answer.level === "error")) {
      warnings.push(answer.event);
    }
    if (answer.kind !== "opened") return;
    try {
      const read = withReading(dir, answer.recentIds, work);
      outcome = "reason" in read ? read : { ...read, warnings };
    } catch (error) {
      failure = error;
    }
  });
  const mailbox = post.address;
  try {
    WritingThread.start(scope, {
      kind: "write",
      dir,
      sync: "commit",
      retain: {},
      dedupWindow: DEDUP_WINDOW_MS,
      mailbox,
    });
  } finally {
    post.close();
    mailbox.port.close();
  }
  if (failure !== undefined) throw failure;
  if (outcome === undefined) throw new Error("the thread that writes says nothing");
  return outcome;
}

type Read<T> =
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "opened"; readonly result: T };

function withReading<T>(
  dir: string,
  recentIds: readonly RecentIds[],
  work: (store: OpenThreads) => T,
): Read<T> {
  const answers: ReadAnswer[] = [];
  const scope = scopeOf<ReadAnswer>((answer) => answers.push(answer));
  ReadingThread.start(scope, { kind: "read", dir });
  const [first] = answers;
  if (first?.kind === "refused to open") return { kind: "refused", reason: first.reason };
  const ask = (data: ReadRequest): ReadAnswer | undefined => {
    answers.length = 0;
    scope.onmessage?.(new MessageEvent("message", { data }));
    return answers[0];
  };
  try {
    const result = work({
      recentIds,
      seek: (pattern, from) => {
        const answer = ask({ kind: "seek", pattern, range: { from, to: undefined } });
        if (answer?.kind !== "sought") throw new Error("a seek was not answered");
        return answer.outcome;
      },
      read: (cursor, most) => {
        const answer = ask({ kind: "read", cursors: [cursor], extent: { most }, gentle: false });
        if (answer?.kind !== "read") throw new Error("a read was not answered");
        return answer.outcome;
      },
    });
    return { kind: "opened", result };
  } finally {
    ask({ kind: "close" });
  }
}

/** A thread's end of the conversation. */
function scopeOf<Answer>(take: (answer: Answer) => void): Scope {
  return { postMessage: (message) => take(message as Answer), close: () => {}, onmessage: null };
}
