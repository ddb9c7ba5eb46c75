/**
 * A store between who uses it and two threads that do nothing: what each is asked and told, and when.
 *
 * @module
 */
import { assert } from "@std/assert";
import { SqliteStore, type Started } from "../../../lib/store/sqlite/store.ts";
import type { Post } from "../../../lib/store/sqlite/threads/mailbox.ts";
import type {
  ReadAnswer,
  ReadRequest,
  WriteAnswer,
  WriteRequest,
} from "../../../lib/store/sqlite/threads/messages.ts";
import type { ThreadOwner } from "../../../lib/store/sqlite/threads/store_thread.ts";
import type { Commit, ReadOutcome, StoreState } from "../../../lib/store/types.ts";

/** What the thread that writes says of itself, unless something else is said. */
export const STATE: StoreState = {
  ...{ topics: 1, batches: 2, bytes: 3, last: 4, commits: 5, commitTime: 6, committing: 0, trimmed: 8 },
  ...{ delayed: 9, delayedBytes: 10 },
};

/** A thread that does nothing: what it was sent, and who listens to it. */
class IdleThread<Answer> {
  readonly sent: unknown[] = [];
  owner: ThreadOwner<Answer> | undefined;

  send(request: unknown): void {
    this.sent.push(request);
  }
  tell(owner: ThreadOwner<Answer>): void {
    this.owner = owner;
  }
}

/** What goes to the thread that writes. */
class IdlePost {
  readonly sent: WriteRequest[] = [];
  readonly transferred: (readonly Transferable[])[] = [];
  closed = false;

  send(request: WriteRequest, transfer: readonly Transferable[] = []): void {
    this.sent.push(request);
    this.transferred.push(transfer);
  }
  close(): void {
    this.closed = true;
  }
}

/** A store over such threads, and what it says. */
export class Played {
  readonly writing = new IdleThread<WriteAnswer>();
  readonly reading = new IdleThread<ReadAnswer>();
  readonly post = new IdlePost();
  /** Lines of its log, and what its owner was told. */
  readonly said: string[] = [];
  /** What became of what was asked, in the order of the answers. */
  readonly answers: unknown[] = [];
  readonly store: SqliteStore;

  constructor({ early = [], deleted = 0 }: { early?: WriteAnswer[]; deleted?: number } = {}) {
    const say = (level: string) => (event: string, fields: unknown): void =>
      void this.said.push(`${level} ${event} ${JSON.stringify(fields)}`);
    this.store = new SqliteStore({
      writing: {
        thread: this.writing,
        opened: { kind: "opened", state: STATE, recentIds: [{ topic: "#a", age: 1, ids: "=x" }], deleted },
        early,
      } as unknown as Started<never, WriteAnswer>,
      post: this.post as unknown as Post<WriteRequest>,
      reading: { thread: this.reading, opened: { kind: "opened" }, early: [] } as unknown as Started<
        ReadRequest,
        ReadAnswer
      >,
      log: { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") },
      onLost: (reason) => void this.said.push(`lost: ${reason}`),
    });
  }

  /** The writing thread says so. */
  written(answer: WriteAnswer): void {
    this.writing.owner!.onAnswer(answer);
  }

  read(answer: ReadAnswer): void {
    this.reading.owner!.onAnswer(answer);
  }

  commit(commit: Partial<Commit> = {}): void {
    this.store.commit({ appends: [], ...commit }, (outcome) => void this.answers.push(outcome));
  }

  /** Answers the commit that was asked for last. */
  committed(more: Partial<Extract<WriteAnswer, { kind: "committed" }>> = {}): void {
    const request = this.post.sent.at(-1);
    assert(request?.kind === "commit");
    const firsts = request.batches.map(() => 1);
    const outcome = { batch: 1, firsts, time: 7 };
    const { buffer } = request;
    this.written({ kind: "committed", outcome, buffer, state: STATE, upkeepDue: false, ...more });
  }

  /** Asks for a page; its answer is noted by that name. */
  ask(name: string): void {
    this.store.read([], { most: 1 }, (outcome) => void this.answers.push([name, outcome]));
  }

  /** The reading thread has read a page of a log of which so much was deleted. */
  page(deleted: number): ReadOutcome {
    const page = { bytes: new Uint8Array(0), messages: 0 };
    const outcome: ReadOutcome = { kind: "page", page, cursors: [], ends: [], deleted };
    this.read({ kind: "read", outcome });
    return outcome;
  }

  trimmed(deleted: number): void {
    this.written({ kind: "trimmed", what: { batches: [], deleted } });
  }
}

/** Lets pass what is answered behind the call that asks. */
export async function later(): Promise<void> {
  await Promise.resolve();
}

/** What becomes of reads where the thread that reads has failed of `x`. */
export const FAILED = { kind: "failed", reason: "the thread that reads failed: x" } as const;
