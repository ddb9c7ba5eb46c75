/**
 * The thread that writes. Between two commits it does what keeps the store in shape, in slices; a commit never waits for more
 * than one.
 *
 * @module
 */
import { RunError } from "../../../errors.ts";
import type { LogFields } from "../../../log.ts";
import { quote } from "../../../text.ts";
import { checkTail } from "../check_tail.ts";
import { asRunError, type DataFiles, filesIn, lockDirectory, prepareDirectory } from "../files.ts";
import type { NewBatch } from "../../log/group.ts";
import { Mailbox } from "./mailbox.ts";
import type { Note, OpenRequest, WriteAnswer, WriteRequest } from "./messages.ts";
import { connect } from "../connection.ts";
import { createWhereMissing } from "../create.ts";
import { damaged, isDamage, reasonOf } from "../errors.ts";
import { inspect } from "../inspect.ts";
import { Trimmer } from "../../log/retention.ts";
import { RetentionClock } from "../../log/retention_clock.ts";
import type { StoreState } from "../../types.ts";
import { readWalTail, requireEnd, type WalTail } from "../wal_tail.ts";
import type { Scope } from "./scope.ts";
import { Writer } from "../writer/writer.ts";

/** Milliseconds between two looks at what has grown old, and at a WAL that nobody adds to. */
const TICK_MS = 1000;
/** Milliseconds between two syncs where commits do not wait for theirs. */
const SYNC_MS = 100;
/** Milliseconds for which what the store occupies is not looked up again: it takes as long as a small commit. */
const BYTES_MS = 20;
/** How many windows ids are kept for: who remembers them keeps them a little longer than one. */
const IDS_KEPT = 1.5;
/** Milliseconds the newest batch may be ahead of the wall clock before that is worth a warning. */
const AHEAD_MS = 3_600_000;

type Open = Extract<OpenRequest, { kind: "write" }>;

/** Owns the lock and the writer. */
export class WritingThread {
  readonly #scope: Scope;
  readonly #writer: Writer;
  readonly #lock: Deno.FsFile;
  readonly #mailbox: Mailbox<WriteRequest>;
  readonly #trimmer: Trimmer;
  readonly #clock: RetentionClock;
  readonly #dedupWindow: number;
  /** When ids are looked at next that nobody asks for any more, by `performance.now()`. */
  #forgetDue = 0;
  #commits = 0;
  #commitTime = 0;
  #trimmed = 0;
  #bytes = 0;
  #bytesDue = 0;
  #slicing = false;
  #closing = false;
  #unsynced = false;
  #toldLost = false;
  /** Why the last checkpoint failed, if it did. */
  #checkpointProblem: string | undefined;

  /** Opens the store and answers with its state, or with why it cannot be opened. */
  static start(scope: Scope, request: Open): void {
    const files = filesIn(request.dir);
    let lock: Deno.FsFile | undefined;
    try {
      prepareDirectory(files.dir);
      lock = lockDirectory(files);
      const { writer, tail } = openWriter(files, request);
      const thread = new WritingThread(scope, { request, writer, lock });
      const { recentIds } = thread.#writer;
      thread.#answer({ kind: "opened", state: thread.#state, recentIds });
      thread.#begin(tail);
      thread.#serve(request.sync);
    } catch (error) {
      lock?.close();
      scope.postMessage({ kind: "refused to open", reason: reasonToRefuse(files, error) });
      scope.close();
    }
  }

  private constructor(
    scope: Scope,
    parts: { readonly request: Open; readonly writer: Writer; readonly lock: Deno.FsFile },
  ) {
    this.#scope = scope;
    this.#writer = parts.writer;
    this.#lock = parts.lock;
    this.#mailbox = new Mailbox(parts.request.mailbox);
    this.#dedupWindow = parts.request.dedupWindow;
    this.#trimmer = new Trimmer(parts.writer, parts.request.retain);
    this.#clock = new RetentionClock(parts.writer.identity.clock, performance.now());
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
    this.#slice();
  }

  /** Answers requests until it is closed, and does between two of them what is due. */
  #serve(sync: Open["sync"]): void {
    const now = performance.now();
    let tickDue = now + TICK_MS;
    let syncDue = sync === "interval" ? now + SYNC_MS : Infinity;
    while (!this.#closing) {
      this.#mailbox.wait(this.#slicing ? 0 : Math.min(tickDue, syncDue) - performance.now());
      for (let next = this.#mailbox.take(); next !== undefined; next = this.#mailbox.take()) {
        if (next.kind === "close") return this.#close();
        this.#commit(next.batches, next.buffer);
      }
      const after = performance.now();
      if (after >= syncDue) {
        this.#sync();
        syncDue = after + SYNC_MS;
      }
      if (after >= tickDue) {
        this.#tick();
        tickDue = after + TICK_MS;
      } else if (this.#slicing) {
        this.#slice();
      }
    }
  }

  #commit(batches: readonly NewBatch[], buffer: ArrayBuffer): void {
    const start = performance.now();
    const outcome = this.#writer.commit(batches, new Uint8Array(buffer), Date.now());
    this.#commits++;
    this.#commitTime += performance.now() - start;
    if (this.#trimmer.active && "firsts" in outcome) {
      for (const { topic, start: from, end } of batches) {
        this.#trimmer.added(this.#writer.idOf(topic), end - from);
      }
    }
    this.#unsynced = true;
    this.#answer({ kind: "committed", outcome, buffer, state: this.#state }, [buffer]);
    // that it is lost is known by that answer
    this.#toldLost ||= this.#writer.lost !== undefined;
    if (this.#writer.checkpointDue) this.#checkpoint();
    if (!this.#slicing && this.#trimmer.due(this.#clock.now)) this.#slice();
  }

  #tick(): void {
    if (this.#writer.walUsed) this.#checkpoint();
    this.#slice();
    this.#tellLost();
  }

  /** One slice of trimming and of giving back, and the next behind what has been asked meanwhile. */
  #slice(): void {
    this.#slicing = false;
    if (this.#closing || this.#writer.lost !== undefined) return;
    if (this.#clock.tick(Date.now(), performance.now())) {
      this.#note(
        "warn",
        "the clock jumped ahead: messages grow old no faster than ten times the pace of time",
      );
    }
    this.#writer.setClock(this.#clock.now);
    let more = false;
    if (this.#trimmer.active) {
      try {
        const step = this.#trimmer.step(this.#clock.now);
        more = step.more;
        this.#trimmed += step.messages;
        if (step.messages > 0) this.#note("debug", "old messages deleted", { messages: step.messages });
      } catch (error) {
        this.#note("error", "old messages cannot be deleted", { reason: reasonOf(error) });
      }
    }
    more = this.#forgetIds() || more;
    more = this.#writer.giveBack() || more;
    if (this.#writer.checkpointDue) this.#checkpoint();
    this.#tellLost();
    this.#slicing = more;
  }

  /** Forgets ids whose window is over, a slice each time it is due; whether there are more. */
  #forgetIds(): boolean {
    const now = performance.now();
    if (now < this.#forgetDue) return false;
    try {
      if (this.#writer.forgetIds(IDS_KEPT * this.#dedupWindow)) return true;
    } catch (error) {
      this.#note("error", "old ids cannot be forgotten", { reason: reasonOf(error) });
    }
    this.#forgetDue = now + this.#dedupWindow / 8;
    return false;
  }

  #checkpoint(): void {
    const reason = this.#writer.checkpoint()?.reason;
    // a full disk stays full for a while, and each tick tries again
    if (reason !== undefined && reason !== this.#checkpointProblem) {
      this.#note("error", "the write-ahead log cannot be moved into the database", { reason });
    }
    this.#checkpointProblem = reason;
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
      this.#lock.truncateSync(0);
    } catch (error) {
      const fields = { reason: reasonOf(error) };
      this.#answer({ kind: "note", level: "error", event: "the store could not be closed", fields, state });
    }
    this.#closing = true;
    this.#mailbox.close();
    this.#lock.close();
    this.#answer({ kind: "closed" });
    this.#scope.close();
  }

  get #state(): StoreState {
    const { topics, batches, last } = this.#writer;
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
      trimmed: this.#trimmed,
    };
  }

  #note(level: Note["level"], event: string, fields: LogFields = {}): void {
    this.#answer({ kind: "note", level, event, fields, state: this.#state });
  }

  #answer(answer: WriteAnswer, transfer: Transferable[] = []): void {
    this.#scope.postMessage(answer, transfer);
  }
}

interface Opened {
  readonly writer: Writer;
  /** What a crash left, and SQLite discards. */
  readonly tail: WalTail | undefined;
}

function openWriter(files: DataFiles, { sync, dedupWindow }: Open): Opened {
  createWhereMissing(files, Date.now());
  inspect(files);
  const tail = readWalTail(files.wal);
  if (sync === "commit") requireEnd(tail);
  const db = connect(files.database, { readOnly: false, sync });
  try {
    checkTail(db);
    return { writer: new Writer(db, files, { dedupWindow }), tail };
  } catch (error) {
    db.close();
    throw error;
  }
}

function reasonToRefuse(files: DataFiles, error: unknown): string {
  if (error instanceof RunError) return error.message;
  if (isDamage(error)) return damaged(files.dir, reasonOf(error)).message;
  const known = asRunError(files.dir, error);
  return known instanceof RunError
    ? known.message
    : `the store in ${quote(files.dir)} cannot be opened: ${reasonOf(error)}`;
}
