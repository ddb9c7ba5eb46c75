/**
 * The thread that reads.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { collectHeap } from "../../../collect.ts";
import { RunError } from "../../../errors.ts";
import { groupsOf } from "../../log/groups.ts";
import { read } from "../../log/read.ts";
import { seek } from "../../log/seek.ts";
import { topicsOf } from "../../log/topics.ts";
import type { DueOutcome, GroupCountOutcome, GroupOutcome, Page } from "../../types.ts";
import { connect } from "../connection.ts";
import { DelayedReader } from "../delayed.ts";
import { reasonOf } from "../errors.ts";
import { filesIn } from "../files.ts";
import { GroupMarksReader } from "../group_marks.ts";
import { SqliteView } from "../view.ts";
import { IdleHeap } from "./idle_heap.ts";
import type { OpenRequest, ReadAnswer, ReadRequest } from "./messages.ts";
import type { Scope } from "./scope.ts";

/**
 * Bytes a millisecond that are read at most while others publish: a replay as fast as it can go would take a
 * third of a machine with two processors from them. docs/decisions/0004 has the figures.
 */
const PACE = 300_000 * navigator.hardwareConcurrency;
/** Milliseconds between two looks at whether nothing is read any more. */
const LOOK_MS = 1000;
/** Nobody ever changes it. */
const NEVER = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** Answers in the order of the requests; a read that fails fails alone. */
export class ReadingThread {
  readonly #scope: Scope;
  readonly #db: DatabaseSync;
  readonly #view: SqliteView;
  readonly #marks: GroupMarksReader;
  readonly #delayed: DelayedReader;
  /** Requests that were answered. */
  #served = 0;

  /** Opens the store and answers that it has, or why it cannot be opened. */
  static start(scope: Scope, { dir }: OpenRequest): void {
    try {
      const thread = new ReadingThread(scope, dir);
      scope.onmessage = ({ data }: MessageEvent<ReadRequest>): void => thread.#serve(data);
      thread.#answer({ kind: "opened" });
    } catch (error) {
      const reason = error instanceof RunError
        ? error.message
        : `the store cannot be read: ${reasonOf(error)}`;
      scope.postMessage({ kind: "refused to open", reason });
      scope.close();
    }
  }

  private constructor(scope: Scope, dir: string) {
    this.#scope = scope;
    this.#db = connect(filesIn(dir).database, { readOnly: true, sync: "commit" });
    this.#view = new SqliteView(this.#db);
    this.#marks = new GroupMarksReader(this.#db);
    this.#delayed = new DelayedReader(this.#db);
    const heap = new IdleHeap({
      bytes: () => Deno.memoryUsage().heapTotal,
      collect: () => {
        this.#view.forget();
        collectHeap();
      },
    });
    setInterval(() => heap.look(this.#served), LOOK_MS);
  }

  #serve(request: ReadRequest): void {
    this.#served++;
    switch (request.kind) {
      case "seek":
        return this.#seek(request);
      case "read":
        return this.#read(request);
      case "group":
        return this.#group(request);
      case "due":
        return this.#due(request);
      case "group count":
        return this.#groupCount();
      case "groups":
        return this.#groups(request);
      case "topics":
        return this.#topics(request);
      case "close":
        this.#db.close();
        this.#answer({ kind: "closed" });
        return this.#scope.close();
    }
  }

  #seek({ pattern, range }: Extract<ReadRequest, { kind: "seek" }>): void {
    const outcome = orFailed(this.#view, () => seek(this.#view, pattern, { ...range, now: Date.now() }));
    this.#answer({ kind: "sought", outcome }, outcome.kind === "found" ? memoryOf(outcome.first) : []);
  }

  #read({ cursors, extent, gentle }: Extract<ReadRequest, { kind: "read" }>): void {
    const start = performance.now();
    const outcome = orFailed(this.#view, () => read(this.#view, cursors, { ...extent, now: Date.now() }));
    if (outcome.kind !== "page") return this.#answer({ kind: "read", outcome });
    const due = start + outcome.page.bytes.length / PACE;
    this.#answer({ kind: "read", outcome }, memoryOf(outcome.page));
    if (gentle) Atomics.wait(NEVER, 0, 0, Math.max(0, due - performance.now()));
  }

  #group({ group }: Extract<ReadRequest, { kind: "group" }>): void {
    const outcome = orFailed(this.#view, (): GroupOutcome => {
      const mark = this.#marks.get(group);
      if (mark === undefined) return { kind: "none" };
      return { kind: "group", mark, missed: this.#marks.missedBy(group) };
    });
    this.#answer({ kind: "group", outcome });
  }

  #due({ query }: Extract<ReadRequest, { kind: "due" }>): void {
    const outcome = orFailed(this.#view, (): DueOutcome => this.#delayed.due(query));
    this.#answer({ kind: "due", outcome });
  }

  #groupCount(): void {
    const outcome = orFailed(
      this.#view,
      (): GroupCountOutcome => ({ kind: "counted", groups: this.#marks.count }),
    );
    this.#answer({ kind: "group count", outcome });
  }

  #groups({ place }: Extract<ReadRequest, { kind: "groups" }>): void {
    const outcome = orFailed(this.#view, () => groupsOf(this.#view, this.#marks, place));
    this.#answer({ kind: "groups", outcome });
  }

  #topics({ query }: Extract<ReadRequest, { kind: "topics" }>): void {
    this.#answer({ kind: "topics", outcome: orFailed(this.#view, () => topicsOf(this.#view, query)) });
  }

  #answer(answer: ReadAnswer, transfer: Transferable[] = []): void {
    this.#scope.postMessage(answer, transfer);
  }
}

function memoryOf(page: Page): Transferable[] {
  return [page.bytes.buffer];
}

function orFailed<T>(
  view: SqliteView,
  ask: () => T,
): T | { readonly kind: "failed"; readonly reason: string } {
  try {
    return view.snapshot(ask);
  } catch (error) {
    // whatever it is, what asks must hear of it; damage, a disk that cannot be read and a fault of ours alike
    return { kind: "failed", reason: reasonOf(error) };
  }
}
