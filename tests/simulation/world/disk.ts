/**
 * A disk that outlives the brokers that use it, and a store on it whose commits go as the world wants. What was
 * synced stays, whatever happens; a commit whose outcome nobody was told may be there.
 *
 * @module
 */
import type {
  Append,
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
  Trimmed,
} from "../../../lib/store/types.ts";
import type { States } from "../states.ts";
import type { Random } from "./random.ts";
import type { Kept, Medium, Opened } from "./medium.ts";
import type { Node } from "./world.ts";

/** How the disk behaves. */
export interface DiskWeather {
  /** Milliseconds a commit takes, typically, and a read. */
  commit: number;
  read: number;
  /** How often a commit is refused (the disk is full), and how often its outcome is not known. */
  refusals: number;
  losses: number;
}

/** What is kept. */
export class Disk {
  readonly weather: DiskWeather;
  readonly medium: Medium;
  readonly #random: Random;
  readonly #states: States;
  readonly #now: () => number;
  #user: DiskStore | undefined;
  #fullUntil = 0;
  #hangsUntil = 0;

  constructor({ weather, medium, random, states, now }: {
    readonly weather: DiskWeather;
    /** Milliseconds since the world began. */
    readonly now: () => number;
    readonly medium: Medium;
    readonly random: Random;
    readonly states: States;
  }) {
    this.weather = weather;
    this.medium = medium;
    this.#random = random;
    this.#states = states;
    this.#now = now;
  }

  /** For so many milliseconds it takes nothing. */
  fill(ms: number): void {
    this.#fullUntil = Math.max(this.#fullUntil, this.#now() + ms);
  }

  /** What begins within so many milliseconds ends no sooner than then. */
  hang(ms: number): void {
    this.#hangsUntil = Math.max(this.#hangsUntil, this.#now() + ms);
  }

  /** Whether it takes nothing at this moment. */
  get full(): boolean {
    return this.#now() < this.#fullUntil;
  }

  /** Milliseconds that a commit takes which begins now. */
  takes(): number {
    return Math.max(this.#random.spread(this.weather.commit), this.#hangsUntil - this.#now());
  }

  /** All is well again. */
  heal(): void {
    Object.assign(this.weather, { refusals: 0, losses: 0, commit: 1 });
    this.#fullUntil = this.#hangsUntil = 0;
  }

  /** Opens it for a broker. */
  open(node: Node): Store {
    this.#user = new DiskStore(this, { node, random: this.#random, states: this.#states });
    return this.#user;
  }

  /** The power went, or the process: a commit that was under way may be whole or not there. */
  crash(): void {
    const half = this.#user?.committing;
    this.#user = undefined;
    if (half === undefined) return;
    this.#states.reached("crash inside a commit");
    if (this.#random.chance(0.5)) this.medium.add(half);
  }
}

/**
 * The store of one broker. Between when something is stored, or looked at, and when the broker hears of it some
 * time passes, as it does between two threads: a reader may see what the broker does not know to be stored, and
 * an answer tell of a log that has grown meanwhile. Answers keep the order of the calls of their kind.
 */
class DiskStore implements Store {
  readonly recentIds: readonly RecentIds[];
  readonly #disk: Disk;
  readonly #node: Node;
  readonly #random: Random;
  readonly #states: States;
  readonly #opened: Opened;
  readonly #commits: {
    readonly commit: Omit<Kept, "time">;
    readonly done: (outcome: CommitOutcome) => void;
  }[] = [];
  #committing: Kept | undefined;
  /** Patterns whose replays had read all there was. */
  readonly #caughtUp = new Set<string>();
  #state: StoreState;
  #lost = false;
  #busy = false;
  readonly #looks = new InTurn();
  readonly #answers = new InTurn();
  #onIdle: Array<() => void> = [];

  constructor(
    disk: Disk,
    { node, random, states }: { readonly node: Node; readonly random: Random; readonly states: States },
  ) {
    this.#disk = disk;
    this.#node = node;
    this.#random = random;
    this.#states = states;
    this.#opened = disk.medium.open(() => node.clock.wall());
    this.recentIds = this.#opened.store.recentIds;
    this.#state = this.#opened.store.state;
  }

  get state(): StoreState {
    return { ...this.#state, committing: this.#commits.length };
  }

  commit(
    { appends, marks = [], forget = [], delayed = [], moved = [], topicsMost }: Commit,
    done: (outcome: CommitOutcome) => void,
  ): void {
    const later = delayed.map((run) => ({ ...copyOf(run), due: run.due }));
    this.#commits.push({
      commit: { appends: appends.map(copyOf), marks, forget, delayed: later, moved, topicsMost },
      done,
    });
    this.#next();
  }

  seek(pattern: string, range: SeekRange, done: (outcome: SeekOutcome) => void): void {
    this.#read((told) => this.#opened.store.seek(pattern, range, told), done);
  }

  read(cursors: readonly Cursor[], extent: ReadExtent, done: (outcome: ReadOutcome) => void): void {
    for (const { pattern } of cursors) {
      if (this.#caughtUp.delete(pattern)) this.#states.reached("a follower falls back");
    }
    this.#read<ReadOutcome>((told) => this.#opened.store.read(cursors, extent, told), (outcome) => {
      if (outcome.kind === "page") {
        outcome.ends.forEach((end, at) => end === "caught up" && this.#caughtUp.add(cursors[at]!.pattern));
      }
      done(outcome);
    });
  }

  group(group: GroupName, done: (outcome: GroupOutcome) => void): void {
    this.#read((told) => this.#opened.store.group(group, told), done);
  }

  due(query: DueQuery, done: (outcome: DueOutcome) => void): void {
    this.#read((told) => this.#opened.store.due(query, told), done);
  }

  groupCount(done: (outcome: GroupCountOutcome) => void): void {
    this.#read((told) => this.#opened.store.groupCount(told), done);
  }

  groups(place: GroupsPlace | undefined, done: (outcome: GroupsOutcome) => void): void {
    this.#read((told) => this.#opened.store.groups(place, told), done);
  }

  watch(trimmed: (what: Trimmed) => void): void {
    this.#opened.store.watch((what) => {
      this.#states.reached("retention deletes");
      trimmed(what);
    });
  }

  close(done: () => void): void {
    const closed = (): void => this.#opened.store.close(() => this.#node.guard(done));
    if (this.#commits.length === 0 && !this.#busy) closed();
    else this.#onIdle.push(closed);
  }

  /** What is being stored; undefined: nothing. */
  get committing(): Kept | undefined {
    return this.#committing;
  }

  #read<Outcome>(look: (told: (outcome: Outcome) => void) => void, done: (outcome: Outcome) => void): void {
    const commits = this.#opened.store.state.commits;
    this.#looks.add(this.#node, this.#hop(), () => {
      look((outcome) => {
        this.#answers.add(this.#node, this.#hop(), () => {
          if (this.#opened.store.state.commits > commits) this.#states.reached("a commit beside a read");
          done(outcome);
        });
      });
    });
  }

  /** Milliseconds until somebody hears of something. */
  #hop(): number {
    return this.#random.spread(this.#disk.weather.read / 2);
  }

  #next(): void {
    if (this.#busy) return;
    const [first] = this.#commits;
    if (first === undefined) {
      for (const idle of this.#onIdle.splice(0)) idle();
      return;
    }
    this.#busy = true;
    if (this.#lost) return this.#answer({ kind: "lost", reason: "the disk is gone" });
    const { refusals, losses } = this.#disk.weather;
    const fate = this.#random.next();
    const took = this.#disk.takes();
    if (fate < refusals || this.#disk.full) {
      this.#node.after(took, () => {
        this.#states.reached("a commit is refused");
        this.#answer({ kind: "refused", reason: "the disk is full" });
      });
      return;
    }
    this.#committing = { ...first.commit, time: this.#node.clock.wall() };
    const loses = fate < refusals + losses;
    this.#node.after(took, () => {
      const kept = this.#committing!;
      this.#committing = undefined;
      if (loses) {
        this.#lost = true;
        this.#states.reached("a commit of unknown outcome");
        if (this.#random.chance(0.5)) this.#disk.medium.add(kept);
        return this.#answer({ kind: "lost", reason: "the disk failed" });
      }
      this.#opened.commit(kept, (outcome) => this.#node.after(this.#hop(), () => this.#answer(outcome)));
    });
  }

  #answer(outcome: CommitOutcome): void {
    this.#node.guard(() => {
      this.#busy = false;
      this.#state = this.#opened.store.state;
      const first = this.#commits.shift();
      first?.done(outcome);
      this.#next();
    });
  }
}

/** What is given for a commit is there as long as that lasts. */
function copyOf({ topic, count, bytes, ids, ttl, mayBegin }: Append): Append {
  return { topic, count, bytes: bytes.slice(), ids, ttl, mayBegin };
}

/** What comes one after the other, each when its time has come and those before it are through. */
class InTurn {
  readonly #waiting: Array<() => void> = [];
  #due = 0;

  add(node: Node, ms: number, run: () => void): void {
    const { now } = node.world;
    this.#due = Math.max(this.#due, now + ms);
    this.#waiting.push(run);
    node.after(this.#due - now, () => this.#waiting.shift()?.());
  }
}
