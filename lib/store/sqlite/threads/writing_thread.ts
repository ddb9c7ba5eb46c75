/**
 * The thread that writes. Between two commits it keeps the store in shape.
 *
 * @module
 */
import { collectHeap } from "../../../collect.ts";
import { RunError } from "../../../errors.ts";
import type { LogFields } from "../../../log.ts";
import { quote } from "../../../text.ts";
import { storedBatches } from "../../log/group.ts";
import type { StoreState } from "../../types.ts";
import { asStoreError, reasonOf } from "../errors.ts";
import type { HeldFiles } from "../held_files.ts";
import { type OpenForWriting, openForWriting } from "../open_for_writing.ts";
import { requireEnd, type WalTail } from "../wal_tail.ts";
import type { Writer } from "../writer/writer.ts";
import { IdleHeap } from "./idle_heap.ts";
import { Mailbox } from "./mailbox.ts";
import type { Note, OpenRequest, WriteAnswer, WriteRequest } from "./messages.ts";
import type { Scope } from "./scope.ts";
import { Upkeep, type UpkeepOptions } from "./upkeep.ts";

/** Milliseconds between two times at which it is asked what has grown old, and whether a WAL lies idle. */
const TICK_MS = 1000;
/** Milliseconds between two syncs where commits do not wait for theirs. */
const SYNC_MS = 100;
/** Milliseconds for which what the store occupies is not asked again: it takes as long as a small commit. */
const BYTES_MS = 20;
/** Milliseconds the newest batch may be ahead of the wall clock before that is worth a warning. */
const AHEAD_MS = 3_600_000;

/** Milliseconds for which what is due waits until it is asked for, or another commit has come before it. */
const ASKED_MS = 2;

type Open = Extract<OpenRequest, { kind: "write" }>;

/** Owns the files and the writer. */
export class WritingThread {
  readonly #scope: Scope;
  readonly #writer: Writer;
  readonly #held: HeldFiles;
  readonly #mailbox: Mailbox<WriteRequest>;
  readonly #upkeep: Upkeep;
  readonly #heap = new IdleHeap({ bytes: () => Deno.memoryUsage().heapTotal, collect: collectHeap });
  #commits = 0;
  #commitTime = 0;
  #bytes = 0;
  #bytesDue = 0;
  #unsynced = false;
  /** Something is due, and the last commit's answer has told of it; how long the longest since then took. */
  #upkeepDue = false;
  #took = 0;
  #toldLost = false;

  /** Opens the store and answers with its state, or with why it cannot be opened. */
  static start(scope: Scope, request: Open): void {
    const { dir, sync, dedupWindow } = request;
    let opened: OpenForWriting | undefined;
    let thread: WritingThread;
    let state: StoreState;
    try {
      const judge = sync === "commit" ? requireEnd : (): void => {};
      opened = openForWriting(dir, { sync, dedupWindow, judge });
      thread = new WritingThread(scope, request, opened);
      state = thread.#state;
    } catch (error) {
      try {
        opened?.writer.close();
      } finally {
        opened?.held.release();
        scope.postMessage({ kind: "refused to open", reason: reasonToRefuse(dir, error) });
        scope.close();
      }
      return;
    }
    // what is thrown from here on ends the thread: who waits for an answer is told that it is gone
    const { recentIds, deleted } = thread.#writer;
    thread.#answer({ kind: "opened", state, recentIds, deleted });
    thread.#begin(opened.tail);
    thread.#serve(sync);
  }

  private constructor(
    scope: Scope,
    { mailbox, retain, dedupWindow }: Open,
    { writer, held }: OpenForWriting,
  ) {
    this.#scope = scope;
    this.#writer = writer;
    this.#held = held;
    this.#mailbox = new Mailbox(mailbox);
    const note: UpkeepOptions["note"] = (level, event, fields) => this.#note(level, event, fields);
    const trimmed: UpkeepOptions["trimmed"] = (what) => this.#answer({ kind: "trimmed", what });
    this.#upkeep = new Upkeep(writer, { retain, dedupWindow, note, trimmed });
  }

  #begin(tail: WalTail | undefined): void {
    if (tail !== undefined) {
      const { bytes, frames, commits } = tail;
      if (commits === 0) this.#note("warn", "a commit that was not finished is discarded", { bytes, frames });
      else this.#note("error", "commits behind a damaged one are discarded", { bytes, frames, commits });
    }
    const { time, identity } = this.#writer;
    const ahead = time - Date.now();
    if (ahead > AHEAD_MS) {
      this.#note("warn", "the newest messages are from the future: is the clock right?", {
        seconds: ahead / 1000,
      });
    }
    this.#note("debug", "store opened", { store: identity.id, epoch: identity.epoch });
    this.#keepUp("slice");
  }

  /** Answers requests until it is closed, and does between two of them what is due. */
  #serve(sync: Open["sync"]): void {
    const now = performance.now();
    let tickDue = now + TICK_MS;
    let syncDue = sync === "interval" ? now + SYNC_MS : Infinity;
    for (;;) {
      const most = this.#upkeepDue ? ASKED_MS : this.#upkeep.more ? 0 : Infinity;
      this.#mailbox.wait(Math.min(most, Math.min(tickDue, syncDue) - performance.now()));
      const due = this.#upkeepDue;
      for (let next = this.#mailbox.take(); next !== undefined; next = this.#mailbox.take()) {
        if (next.kind === "close") return this.#close();
        if (next.kind === "commit") this.#commit(next);
        else {
          if (this.#upkeepDue) this.#catchUp();
          this.#answer({ kind: "kept up" });
        }
      }
      // nobody has asked for it
      if (due && this.#upkeepDue) this.#catchUp();
      const after = performance.now();
      if (after >= syncDue) {
        this.#sync();
        syncDue = after + SYNC_MS;
      }
      if (after >= tickDue) {
        this.#keepUp("tick");
        this.#heap.look(this.#commits);
        tickDue = after + TICK_MS;
      } else if (this.#upkeep.more) {
        this.#keepUp("slice");
      }
    }
  }

  #commit({ buffer, ...commit }: Extract<WriteRequest, { kind: "commit" }>): void {
    const { batches } = commit;
    const start = performance.now();
    const outcome = this.#writer.commit(commit, new Uint8Array(buffer), Date.now());
    this.#commits++;
    const took = performance.now() - start;
    this.#commitTime += took;
    if ("firsts" in outcome) this.#upkeep.added(storedBatches(batches, outcome));
    this.#unsynced = true;
    const before = this.#upkeepDue;
    this.#took = Math.max(took, before ? this.#took : 0);
    this.#upkeepDue = this.#upkeep.isLong;
    this.#answer({ kind: "committed", outcome, buffer, state: this.#state, upkeepDue: this.#upkeepDue }, [
      buffer,
    ]);
    // that it is lost is known by that answer
    this.#toldLost ||= this.#writer.lost !== undefined;
    // one commit goes before what is due: somebody may wait for it who has waited for the last one
    if (before || !this.#upkeepDue) this.#catchUp();
  }

  /** Does what is due behind a commit. */
  #catchUp(): void {
    this.#upkeepDue = false;
    this.#upkeep.committed(this.#took);
    this.#tellLost();
  }

  #keepUp(after: "slice" | "tick"): void {
    this.#upkeep[after]();
    this.#tellLost();
  }

  #sync(): void {
    if (!this.#unsynced) return;
    this.#unsynced = false;
    this.#writer.syncWal();
    this.#tellLost();
  }

  /** Says once that the store was lost between two commits. */
  #tellLost(): void {
    const { lost } = this.#writer;
    if (lost === undefined || this.#toldLost) return;
    this.#toldLost = true;
    this.#answer({ kind: "lost", reason: lost.reason });
  }

  #close(): void {
    const state = this.#state;
    try {
      this.#writer.close();
    } catch (error) {
      const fields = { reason: reasonOf(error) };
      this.#answer({ kind: "note", level: "error", event: "the store could not be closed", fields, state });
    }
    this.#mailbox.close();
    this.#held.release();
    this.#answer({ kind: "closed" });
    this.#scope.close();
  }

  get #state(): StoreState {
    const { topics, batches, last, delayed } = this.#writer;
    const now = performance.now();
    if (now >= this.#bytesDue) {
      this.#bytes = this.#writer.bytes;
      this.#bytesDue = now + BYTES_MS;
    }
    return {
      topics,
      batches,
      bytes: this.#bytes,
      last,
      commits: this.#commits,
      commitTime: this.#commitTime,
      committing: 0,
      trimmed: this.#upkeep.trimmed,
      delayed: delayed.count,
      delayedBytes: delayed.bytes,
    };
  }

  #note(level: Note["level"], event: string, fields: LogFields = {}): void {
    this.#answer({ kind: "note", level, event, fields, state: this.#state });
  }

  #answer(answer: WriteAnswer, transfer: Transferable[] = []): void {
    this.#scope.postMessage(answer, transfer);
  }
}

function reasonToRefuse(dir: string, error: unknown): string {
  const known = asStoreError(dir, error);
  return known instanceof RunError
    ? known.message
    : `the store in ${quote(dir)} cannot be opened: ${reasonOf(error)}`;
}
