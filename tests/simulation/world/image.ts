/**
 * Keeps an image of the database that ships, as it was after the last commit: the real SQL, in memory.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { groupAppends, outcomeOf, storedBatches, topicsProblem } from "../../../lib/store/log/group.ts";
import { groupsOf } from "../../../lib/store/log/groups.ts";
import { read } from "../../../lib/store/log/read.ts";
import { trimmedOf, Trimmer } from "../../../lib/store/log/retention.ts";
import { seek } from "../../../lib/store/log/seek.ts";
import { DelayedReader } from "../../../lib/store/sqlite/delayed.ts";
import { GroupMarksReader } from "../../../lib/store/sqlite/group_marks.ts";
import type { Watched } from "../../../lib/store/sqlite/held_files.ts";
import { createSchema, FORMAT } from "../../../lib/store/sqlite/schema.ts";
import { SqliteView } from "../../../lib/store/sqlite/view.ts";
import { Writer } from "../../../lib/store/sqlite/writer/writer.ts";
import type { CommitOutcome, Store, StoreState, Trimmed } from "../../../lib/store/types.ts";
import type { MediumOptions } from "./journal.ts";
import type { Kept, Medium, Opened } from "./medium.ts";

/** A crash goes back to the last image that was taken: that is what a sync is. */
export class Image implements Medium {
  readonly options: MediumOptions;
  #bytes: Uint8Array | undefined;

  constructor(options: MediumOptions) {
    this.options = options;
  }

  open(now: () => number): Opened {
    const db = new DatabaseSync(":memory:");
    if (this.#bytes === undefined) createSchema(db, { ...NEW, clock: now(), created: now() });
    else db.deserialize(this.#bytes);
    return new OpenImage(this, { db, now });
  }

  add(kept: Kept): void {
    // as who stored it did, and died
    this.open(() => kept.time).commit(kept, () => {});
  }

  /** This is what a crash leaves. */
  take(db: DatabaseSync): void {
    this.#bytes = db.serialize();
  }
}

const NEW = { id: "simulated", format: FORMAT, epoch: 0, deleted: 0, deletedLast: 0, deletedTime: 0 };

/** Files that nothing ever happens to. */
const NO_FILES: Watched = {
  watch(): void {},
  cut: () => undefined,
  wrote(): void {},
  moved(): void {},
  problem: () => undefined,
  syncWal(): void {},
  writeProblem: () => undefined,
};

class OpenImage implements Opened {
  readonly store: Omit<Store, "commit">;
  readonly #image: Image;
  readonly #db: DatabaseSync;
  readonly #writer: Writer;
  readonly #trimmer: Trimmer;
  readonly #watching: Array<(what: Trimmed) => void> = [];
  #state: StoreState;
  #commits = 0;
  #trimmed = 0;

  constructor(image: Image, { db, now }: { readonly db: DatabaseSync; readonly now: () => number }) {
    this.#image = image;
    this.#db = db;
    this.#writer = new Writer(db, NO_FILES, image.options);
    this.#trimmer = new Trimmer(this.#writer, image.options.retain);
    const view = new SqliteView(db);
    const marks = new GroupMarksReader(db);
    const delayed = new DelayedReader(db);
    this.#state = this.#look();
    const state = (): StoreState => this.#state;
    this.store = {
      get state() {
        return state();
      },
      recentIds: this.#writer.recentIds,
      seek: (pattern, range, done) => {
        const outcome = view.snapshot(() => seek(view, pattern, { ...range, now: now() }));
        queueMicrotask(() => done(outcome));
      },
      read: (cursors, extent, done) => {
        const outcome = view.snapshot(() => read(view, cursors, { ...extent, now: now() }));
        queueMicrotask(() => done(outcome));
      },
      group: (group, done) => {
        const mark = view.snapshot(() => marks.get(group));
        const missed = marks.missedBy(group);
        queueMicrotask(() => done(mark === undefined ? { kind: "none" } : { kind: "group", mark, missed }));
      },
      due: (query, done) => {
        const outcome = view.snapshot(() => delayed.due(query));
        queueMicrotask(() => done(outcome));
      },
      groupCount: (done) => {
        const groups = view.snapshot(() => marks.count);
        queueMicrotask(() => done({ kind: "counted", groups }));
      },
      groups: (place, done) => {
        const outcome = view.snapshot(() => groupsOf(view, marks, place));
        queueMicrotask(() => done(outcome));
      },
      watch: (trimmed) => void this.#watching.push(trimmed),
      close: (done) => {
        this.#writer.close();
        queueMicrotask(done);
      },
    };
  }

  commit(
    { appends, marks, forget, delayed, moved, time, topicsMost }: Kept,
    done: (outcome: CommitOutcome) => void,
  ): void {
    const reason = topicsProblem(appends) ?? topicsProblem(delayed);
    if (reason !== undefined) return queueMicrotask(() => done({ kind: "refused", reason }));
    const grouped = groupAppends(appends, delayed);
    const bytes = new Uint8Array(grouped.length);
    grouped.copyTo(bytes);
    const { batches } = grouped;
    const commit = { batches, marks, forget, delayed: grouped.delayed, moved, topicsMost };
    const numbers = this.#writer.commit(commit, bytes, time);
    if ("kind" in numbers) return queueMicrotask(() => done(numbers));
    this.#commits++;
    this.#trim(storedBatches(batches, numbers), time);
    this.#image.take(this.#db);
    this.#state = this.#look();
    queueMicrotask(() => done(outcomeOf(grouped, numbers)));
  }

  #look(): StoreState {
    const { topics, batches, bytes, last, delayed } = this.#writer;
    const waits = { delayed: delayed.count, delayedBytes: delayed.bytes };
    const counted = { commits: this.#commits, trimmed: this.#trimmed, ...waits };
    return { topics, batches, bytes, last, commitTime: 0, committing: 0, ...counted };
  }

  #trim(
    batches: readonly { readonly topic: string; readonly start: number; readonly end: number }[],
    now: number,
  ): void {
    if (!this.#trimmer.active) return;
    for (const { topic, start, end } of batches) this.#trimmer.added(this.#writer.idOf(topic), end - start);
    for (let more = true; more;) {
      const step = this.#trimmer.step(now);
      this.#trimmed += step.messages;
      more = step.more;
      if (step.batches.length === 0) continue;
      const what = trimmedOf(step.batches, this.#writer);
      for (const tell of this.#watching) tell(what);
    }
  }
}
