import { MemoryStore } from "../../lib/store/memory.ts";
import type {
  Append,
  Commit,
  CommitOutcome,
  Cursor,
  Delayed,
  DueOutcome,
  DueQuery,
  GroupCountOutcome,
  GroupName,
  GroupOutcome,
  GroupsOutcome,
  GroupsPlace,
  NamedMark,
  ReadExtent,
  ReadOutcome,
  SeekOutcome,
  Store,
  StoreState,
} from "../../lib/store/types.ts";
import { within } from "./within.ts";

/** The reference store, whose commits end when the test says so, and as it says. */
export class HeldStore implements Store {
  readonly #store: Store;
  readonly commits: {
    readonly appends: readonly Append[];
    readonly marks: readonly NamedMark[];
    readonly delayed: readonly Delayed[];
    readonly moved: readonly number[];
    readonly forget: readonly GroupName[];
    end(outcome?: CommitOutcome): void;
  }[] = [];
  /** Commits end by themselves. */
  free = true;
  #arrived: Array<() => void> = [];

  constructor(store: Store = new MemoryStore({ now: () => Date.now() })) {
    this.#store = store;
  }

  get recentIds(): Store["recentIds"] {
    return this.#store.recentIds;
  }

  get state(): StoreState {
    return this.#store.state;
  }

  commit(commit: Commit, done: (outcome: CommitOutcome) => void): void {
    const end = (outcome?: CommitOutcome): void => {
      if (outcome !== undefined) done(outcome);
      else this.#store.commit(commit, done);
    };
    if (this.free) return end();
    const { appends, marks = [], forget = [], delayed = [], moved = [] } = commit;
    this.commits.push({ appends, marks, forget, delayed, moved, end });
    for (const arrived of this.#arrived.splice(0)) arrived();
  }

  seek(pattern: string, range: Parameters<Store["seek"]>[1], done: (outcome: SeekOutcome) => void): void {
    this.#store.seek(pattern, range, done);
  }

  read(cursors: readonly Cursor[], extent: ReadExtent, done: (outcome: ReadOutcome) => void): void {
    this.#store.read(cursors, extent, done);
  }

  group(group: GroupName, done: (outcome: GroupOutcome) => void): void {
    this.#store.group(group, done);
  }

  due(query: DueQuery, done: (outcome: DueOutcome) => void): void {
    this.#store.due(query, done);
  }

  groupCount(done: (outcome: GroupCountOutcome) => void): void {
    this.#store.groupCount(done);
  }

  groups(place: GroupsPlace | undefined, done: (outcome: GroupsOutcome) => void): void {
    this.#store.groups(place, done);
  }

  watch(trimmed: Parameters<Store["watch"]>[0]): void {
    this.#store.watch(trimmed);
  }

  close(done: () => void): void {
    this.#store.close(done);
  }

  /** The next commit that is asked for. */
  async next(): Promise<(typeof this.commits)[number]> {
    while (this.commits.length === 0) {
      await within("a commit", new Promise<void>((resolve) => this.#arrived.push(resolve)));
    }
    return this.commits.shift()!;
  }
}
