/**
 * Keeps commits one by one: a model of a log, over the reference store.
 *
 * @module
 */
import { MemoryStore } from "../../../lib/store/memory.ts";
import type { Append, CommitOutcome, RecentIds, RetentionRules, Store } from "../../../lib/store/types.ts";
import type { Kept, Medium, Opened } from "./medium.ts";

export interface MediumOptions {
  readonly retain: RetentionRules;
  /** Milliseconds for which ids are remembered. */
  readonly dedupWindow: number;
}

/** All that was ever committed; who opens it reads it again. */
export class Journal implements Medium {
  readonly #options: MediumOptions;
  #kept: Kept[] = [];
  readonly #topics = new Set<string>();

  constructor(options: MediumOptions) {
    this.#options = options;
  }

  open(now: () => number): Opened {
    return new OpenJournal(this, { ...this.#options, kept: this.#kept, now });
  }

  add(kept: Kept): void {
    const { time = 0 } = this.#kept.at(-1) ?? {};
    const begins = ({ topic, mayBegin }: Append): boolean => {
      if (this.#topics.has(topic)) return true;
      if (mayBegin === "never") return false;
      if (mayBegin === undefined && this.#topics.size >= (kept.topicsMost ?? Infinity)) return false;
      this.#topics.add(topic);
      return true;
    };
    // of several appends to one topic any may begin it
    for (const append of kept.appends) begins(append);
    const appends = kept.appends.filter(({ topic }) => this.#topics.has(topic));
    const delayed = kept.delayed.filter(begins);
    // the time of a commit never goes back, whatever the clock does
    this.#kept.push({ ...kept, appends, delayed, topicsMost: undefined, time: Math.max(kept.time, time) });
  }

  /** When the last was. */
  get time(): number {
    return this.#kept.at(-1)?.time ?? 0;
  }
}

class OpenJournal implements Opened {
  readonly store: Omit<Store, "commit">;
  readonly #store: MemoryStore;
  readonly #journal: Journal;
  #time: number | undefined;

  constructor(
    journal: Journal,
    { retain, dedupWindow, kept, now }: MediumOptions & {
      readonly kept: readonly Kept[];
      readonly now: () => number;
    },
  ) {
    this.#journal = journal;
    const store = new MemoryStore({ retain, now: () => this.#time ?? now() });
    for (const each of kept) this.#replay(store, each, () => {});
    this.#store = store;
    const recentIds = recentOf(kept, dedupWindow);
    this.store = {
      get state() {
        return store.state;
      },
      recentIds,
      seek: (...asked) => store.seek(...asked),
      read: (...asked) => store.read(...asked),
      group: (...asked) => store.group(...asked),
      due: (...asked) => store.due(...asked),
      groupCount: (...asked) => store.groupCount(...asked),
      groups: (...asked) => store.groups(...asked),
      watch: (trimmed) => store.watch(trimmed),
      close: (done) => store.close(done),
    };
  }

  commit(kept: Kept, done: (outcome: CommitOutcome) => void): void {
    this.#journal.add(kept);
    this.#replay(this.#store, { ...kept, time: this.#journal.time }, done);
  }

  #replay(store: MemoryStore, { time, ...commit }: Kept, done: (outcome: CommitOutcome) => void): void {
    this.#time = time;
    store.commit(commit, done);
    this.#time = undefined;
  }
}

/** The ids that a broker that starts now still knows. */
function recentOf(kept: readonly Kept[], window: number): RecentIds[] {
  const newest = kept.at(-1)?.time ?? 0;
  return kept.flatMap(({ appends, delayed, time }) =>
    newest - time > window
      ? []
      : [...appends, ...delayed].flatMap(({ topic, ids }) =>
        ids === undefined ? [] : [{ topic, age: newest - time, ids }]
      )
  );
}
