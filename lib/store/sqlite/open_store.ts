/**
 * Opens the store on disk: its two threads, one after the other.
 *
 * @module
 */
import { RunError } from "../../errors.ts";
import { DEDUP_WINDOW_MS } from "../../limits.ts";
import { type Log, SILENT_LOG } from "../../log.ts";
import type { RetentionRules, Store } from "../types.ts";
import type { Sync } from "./connection.ts";
import { SqliteStore, type Started } from "./store.ts";
import { Post } from "./threads/mailbox.ts";
import type { OpenRequest, ReadAnswer, ReadRequest, WriteAnswer, WriteRequest } from "./threads/messages.ts";
import { StoreThread } from "./threads/store_thread.ts";

/** How a store on disk is opened. */
export interface SqliteOptions {
  /** When a commit is answered: once it is on disk (commit), or before, with a sync every 100 ms. */
  readonly sync?: Sync;
  readonly retain?: RetentionRules | undefined;
  /** Milliseconds for which the ids of messages are kept (2 minutes). */
  readonly dedupWindow?: number;
  readonly log?: Log;
  /**
   * Told when the store is lost while no commit waits for its answer (a checkpoint or the sync of an interval
   * failed, a thread died): {@link CommitOutcome} says what that means. Where one waits, its answer tells.
   */
  readonly onLost?: ((reason: string) => void) | undefined;
}

/**
 * Opens the store in a directory, which is made where it is missing. Rejects with RunError and what to do.
 */
export async function openSqliteStore(dir: string, options: SqliteOptions = {}): Promise<Store> {
  const { sync = "commit", retain = {}, dedupWindow = DEDUP_WINDOW_MS, log = SILENT_LOG } = options;
  const post = new Post<WriteRequest>();
  const mailbox = post.address;
  const open = { kind: "write", dir, sync, retain, dedupWindow, mailbox } as const;
  const writing = await start<never, WriteAnswer>(open, [mailbox.port]);
  try {
    const reading = await start<ReadRequest, ReadAnswer>({ kind: "read", dir });
    return new SqliteStore({ writing, post, reading, log, onLost: options.onLost });
  } catch (error) {
    post.send({ kind: "close" });
    post.close();
    throw error;
  }
}

/** Starts a thread, and waits until it has opened the store. */
async function start<Request, Answer extends WriteAnswer | ReadAnswer>(
  request: OpenRequest,
  transfer: readonly Transferable[] = [],
): Promise<Started<Request, Answer>> {
  const { promise, resolve, reject } = Promise.withResolvers<Started<Request, Answer>>();
  const early: Answer[] = [];
  const thread = new StoreThread<OpenRequest | Request, Answer>({
    onAnswer: (answer) => {
      if (answer.kind === "refused to open") reject(new RunError(answer.reason));
      else if (answer.kind === "opened") {
        resolve({ thread, opened: answer as Extract<Answer, { kind: "opened" }>, early });
      } else early.push(answer);
    },
    onFailure: (reason) => reject(new Error(`the store's thread failed: ${reason}`)),
  });
  thread.send(request, transfer);
  return await promise;
}
