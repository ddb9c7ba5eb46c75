/**
 * The store on disk as everybody else sees it: it asks two threads.
 *
 * @module
 */
import type { Log } from "../../log.ts";
import { groupAppends, type Grouped, outcomeOf, topicsProblem } from "../log/group.ts";
import type {
  Commit,
  CommitOutcome,
  Cursor,
  DueOutcome,
  DueQuery,
  GroupCountOutcome,
  GroupName,
  GroupOutcome,
  GroupsOutcome,
  GroupsPlace,
  ReadExtent,
  ReadOutcome,
  RecentIds,
  SeekOutcome,
  SeekRange,
  Store,
  StoreState,
  TopicsOutcome,
  TopicsQuery,
  Trimmed,
} from "../types.ts";
import type { Post } from "./threads/mailbox.ts";
import type { OpenRequest, ReadAnswer, ReadRequest, WriteAnswer, WriteRequest } from "./threads/messages.ts";
import type { StoreThread } from "./threads/store_thread.ts";

/** Bytes of a commit's buffer that is kept for the next. */
const BUFFER_BYTES_KEPT = 16 * 1024 * 1024;
const BUFFER_BYTES_LEAST = 64 * 1024;

/** Milliseconds after a commit for which others are taken to publish. */
const BUSY_MS = 20;

/** A thread that has opened the store. */
export interface Started<Request, Answer> {
  readonly thread: StoreThread<OpenRequest | Request, Answer>;
  readonly opened: Extract<Answer, { kind: "opened" }>;
  /** What it has said since, in the order it did, until somebody else listens. */
  readonly early: Answer[];
}

/** What a read of either kind is answered with. */
type ReadDone = (
  outcome:
    & SeekOutcome
    & ReadOutcome
    & GroupOutcome
    & GroupCountOutcome
    & GroupsOutcome
    & DueOutcome
    & TopicsOutcome,
) => void;

/**
 * - Commits are answered by one thread and reads by the other, each in the order of the calls.
 * - Where a thread fails, what waits for it is answered: commits are lost, reads fail.
 */
export class SqliteStore implements Store {
  readonly recentIds: readonly RecentIds[];
  readonly #post: Post<WriteRequest>;
  readonly #reading: StoreThread<OpenRequest | ReadRequest, ReadAnswer>;
  readonly #log: Log;
  readonly #onLost: ((reason: string) => void) | undefined;
  readonly #reads: ReadDone[] = [];
  readonly #watching: Array<(what: Trimmed) => void> = [];
  /** Of what retention has deleted so far, how much has been told to who watches. */
  #toldDeleted: number;
  /** Answers to reads that saw more of it gone than has been told. */
  #early: Array<{ readonly deleted: number; readonly answer: () => void }> = [];
  #state: StoreState;
  /** When the last commit was answered, by `performance.now()`. */
  #committedAt = -Infinity;
  #buffer: ArrayBuffer = new ArrayBuffer(BUFFER_BYTES_LEAST);
  #waiting: { readonly grouped: Grouped; readonly done: (outcome: CommitOutcome) => void } | undefined;
  #upkeepDue = false;
  #keptUp: (() => void) | undefined;
  #closed: (() => void) | undefined;
  /** Why a thread is gone. */
  #writingGone: string | undefined;
  #readingGone: string | undefined;

  constructor(
    { writing, post, reading, log, onLost }: {
      readonly writing: Started<never, WriteAnswer>;
      readonly post: Post<WriteRequest>;
      readonly reading: Started<ReadRequest, ReadAnswer>;
      readonly log: Log;
      readonly onLost: ((reason: string) => void) | undefined;
    },
  ) {
    this.#log = log;
    this.#onLost = onLost;
    this.#state = writing.opened.state;
    this.#toldDeleted = writing.opened.deleted;
    this.recentIds = writing.opened.recentIds;
    this.#post = post;
    this.#reading = reading.thread;
    for (const answer of writing.early) this.#written(answer);
    writing.thread.tell({
      onAnswer: (answer) => this.#written(answer),
      onFailure: (reason) => this.#loseWriting(`the thread that writes failed: ${reason}`),
    });
    reading.thread.tell({
      onAnswer: (answer) => this.#read(answer),
      onFailure: (reason) => this.#loseReading(`the thread that reads failed: ${reason}`),
    });
  }

  get state(): StoreState {
    const { batches = [] } = this.#waiting?.grouped ?? {};
    const committing = batches.reduce((sum, { count }) => sum + count, 0);
    return { ...this.#state, committing };
  }

  commit(
    { appends, marks = [], forget = [], delayed = [], moved = [], topicsMost }: Commit,
    done: (outcome: CommitOutcome) => void,
  ): void {
    const problem = topicsProblem(appends) ?? topicsProblem(delayed);
    if (problem !== undefined) return queueMicrotask(() => done({ kind: "refused", reason: problem }));
    const gone = this.#writingGone;
    if (gone !== undefined) return queueMicrotask(() => done({ kind: "lost", reason: gone }));
    if (this.#waiting !== undefined) {
      throw new Error("a commit was begun before the one before it was answered");
    }
    const grouped = groupAppends(appends, delayed);
    const buffer = this.#takeBuffer(grouped.length);
    grouped.copyTo(new Uint8Array(buffer));
    this.#waiting = { grouped, done };
    const { batches } = grouped;
    const commit = { batches, marks, forget, delayed: grouped.delayed, moved, topicsMost };
    this.#post.send({ kind: "commit", ...commit, buffer }, [buffer]);
  }

  get upkeepDue(): boolean {
    return this.#upkeepDue && this.#writingGone === undefined;
  }

  keepUp(done: () => void): void {
    if (!this.upkeepDue) return queueMicrotask(done);
    this.#keptUp = done;
    this.#post.send({ kind: "keep up" });
  }

  seek(pattern: string, range: SeekRange, done: (outcome: SeekOutcome) => void): void {
    this.#ask({ kind: "seek", pattern, range }, done);
  }

  read(cursors: readonly Cursor[], extent: ReadExtent, done: (outcome: ReadOutcome) => void): void {
    const gentle = this.#waiting !== undefined || performance.now() - this.#committedAt < BUSY_MS;
    this.#ask({ kind: "read", cursors, extent, gentle }, done);
  }

  group(group: GroupName, done: (outcome: GroupOutcome) => void): void {
    this.#ask({ kind: "group", group }, done);
  }

  due(query: DueQuery, done: (outcome: DueOutcome) => void): void {
    this.#ask({ kind: "due", query }, done);
  }

  groupCount(done: (outcome: GroupCountOutcome) => void): void {
    this.#ask({ kind: "group count" }, done);
  }

  groups(place: GroupsPlace | undefined, done: (outcome: GroupsOutcome) => void): void {
    this.#ask({ kind: "groups", place }, done);
  }

  topics(query: TopicsQuery, done: (outcome: TopicsOutcome) => void): void {
    this.#ask({ kind: "topics", query }, done);
  }

  watch(trimmed: (what: Trimmed) => void): void {
    this.#watching.push(trimmed);
  }

  close(done: () => void): void {
    this.#closed = done;
    // the one that writes is closed last: it empties the WAL, which nobody may read then
    if (this.#readingGone === undefined) this.#reading.send({ kind: "close" });
    else this.#closeWriting();
  }

  #ask(request: ReadRequest, done: ReadDone): void {
    const reason = this.#readingGone;
    if (reason !== undefined) return queueMicrotask(() => done({ kind: "failed", reason }));
    this.#reads.push(done);
    this.#reading.send(request);
  }

  #written(answer: WriteAnswer): void {
    switch (answer.kind) {
      case "committed": {
        const { outcome, buffer } = answer;
        this.#committedAt = performance.now();
        this.#state = answer.state;
        this.#upkeepDue = answer.upkeepDue;
        if (buffer.byteLength <= BUFFER_BYTES_KEPT) this.#buffer = buffer;
        const waiting = this.#waiting;
        this.#waiting = undefined;
        if ("kind" in outcome && outcome.kind === "lost") this.#told(Infinity);
        if (waiting === undefined) throw new Error("a commit was answered that nobody waits for");
        return waiting.done("kind" in outcome ? outcome : outcomeOf(waiting.grouped, outcome));
      }
      case "kept up":
        return this.#tellKeptUp();
      case "note":
        this.#state = answer.state;
        return this.#log[answer.level](answer.event, answer.fields);
      case "lost":
        // whether the last deletion is in the log is not known: nobody waits for word of it
        this.#told(Infinity);
        if (this.#waiting === undefined) this.#onLost?.(answer.reason);
        return;
      case "trimmed":
        for (const tell of this.#watching) tell(answer.what);
        return this.#told(answer.what.deleted);
      case "closed":
        this.#writingGone = "the store is closed";
        this.#told(Infinity);
        this.#post.close();
        return this.#closed?.();
    }
  }

  #read(answer: ReadAnswer): void {
    switch (answer.kind) {
      case "sought":
      case "group":
      case "group count":
      case "due":
      case "groups":
      case "topics":
      case "read": {
        const { outcome } = answer;
        const done = this.#reads.shift();
        const answered = (): void => done?.(outcome as Parameters<ReadDone>[0]);
        const early = "deleted" in outcome && outcome.deleted > this.#toldDeleted;
        if (this.#early.length === 0 && !early) return answered();
        this.#early.push({ deleted: "deleted" in outcome ? outcome.deleted : 0, answer: answered });
        return;
      }
      case "closed":
        this.#readingGone = "the store is closed";
        return this.#closeWriting();
    }
  }

  /** What retention has deleted has been told so far: what saw no more than that is answered. */
  #told(deleted: number): void {
    this.#toldDeleted = Math.max(this.#toldDeleted, deleted);
    while (this.#early.length > 0 && this.#early[0]!.deleted <= this.#toldDeleted) {
      this.#early.shift()!.answer();
    }
  }

  #tellKeptUp(): void {
    const done = this.#keptUp;
    this.#upkeepDue = false;
    this.#keptUp = undefined;
    done?.();
  }

  #closeWriting(): void {
    if (this.#writingGone === undefined) this.#post.send({ kind: "close" });
    else this.#closed?.();
  }

  #loseWriting(reason: string): void {
    this.#writingGone = reason;
    this.#told(Infinity);
    this.#log.error("store lost", { reason });
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) waiting.done({ kind: "lost", reason });
    else if (this.#closed === undefined) this.#onLost?.(reason);
    this.#tellKeptUp();
    this.#closed?.();
  }

  #loseReading(reason: string): void {
    this.#readingGone = reason;
    this.#log.error("store cannot be read", { reason });
    for (const done of this.#reads.splice(0)) done({ kind: "failed", reason });
    if (this.#closed !== undefined) this.#closeWriting();
  }

  #takeBuffer(length: number): ArrayBuffer {
    const kept = this.#buffer;
    if (kept.byteLength >= length) return kept;
    // what is not kept need not fit the next
    if (length > BUFFER_BYTES_KEPT) return new ArrayBuffer(length);
    return new ArrayBuffer(Math.max(BUFFER_BYTES_LEAST, 2 ** Math.ceil(Math.log2(length))));
  }
}
