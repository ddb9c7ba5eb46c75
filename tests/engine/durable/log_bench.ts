/** A commit log by itself, over a store that answers as the test says. */
import { ChunkPool } from "../../../lib/buffers.ts";
import { ClaimedIds } from "../../../lib/engine/durable/claimed_ids.ts";
import { CommitLog } from "../../../lib/engine/durable/commit_log.ts";
import type { CommitLogOptions } from "../../../lib/engine/durable/commit_log_options.ts";
import type { News } from "../../../lib/engine/durable/news.ts";
import { Piece, type PieceOptions } from "../../../lib/engine/durable/piece.ts";
import { Routing } from "../../../lib/engine/routing.ts";
import type { Publisher, Receipt } from "../../../lib/engine/types.ts";
import { type Flushable, FlushList } from "../../../lib/flush_list.ts";
import { HeldMemory } from "../../../lib/held_memory.ts";
import type { Commit, CommitOutcome, Stored, StoreState } from "../../../lib/store/types.ts";
import type { Run } from "../../../lib/wire/run.ts";

/** Counts what is added. */
class CountedFlushes extends FlushList {
  added = 0;

  override add(flushable: Flushable): void {
    this.added++;
    super.add(flushable);
  }
}

/** A commit that the store was given. */
export interface Asked {
  readonly commit: Commit;
  end(outcome: CommitOutcome): void;
}

/** What a piece is made of, as far as a log asks. */
export interface Made extends Partial<PieceOptions> {
  readonly topic?: string;
  readonly count?: number;
  readonly bytes?: number;
  readonly due?: number;
  /** What its answer is noted by; left out: its topic. */
  readonly name?: string;
}

/** What happens is noted in {@link told}, in its order. */
export class LogBench {
  readonly told: string[] = [];
  readonly receipts: Receipt[] = [];
  readonly asked: Asked[] = [];
  readonly turns: Array<() => void> = [];
  readonly flushes = new CountedFlushes();
  readonly claims = new ClaimedIds(7);
  readonly memory: HeldMemory;
  readonly routing = new Routing({ seed: 7, isDurable: () => true });
  readonly log: CommitLog;
  /** Whether there is something that is worth a commit of its own, and what goes along with the next one. */
  readonly news = {
    due: false,
    next: undefined as News | undefined,
    take(): News | undefined {
      const { next } = this;
      this.due = false;
      this.next = undefined;
      return next;
    },
  };
  /** As the store says it; milliseconds that it has taken for commits so far. */
  readonly state: { readonly last: number; commitTime: number };
  /** To how many a run goes. */
  reached = 0;
  onDeliver: (run: Run) => void = () => {};
  readonly #publisher: Publisher = { hold: () => ({ acknowledge: () => {}, refuse: () => {} }) };
  #batch: number;
  readonly #lasts = new Map<string, number>();

  constructor({ most = 1024 ** 3, last = 0, commitTime = 0 } = {}) {
    this.memory = new HeldMemory({ most, pool: new ChunkPool() });
    this.state = { last, commitTime };
    this.#batch = last;
    this.log = new CommitLog(this.#options());
  }

  piece({ topic = "#a", count = 1, bytes = 10, due, name = topic, ...of }: Made = {}): Piece {
    const part = {
      route: this.routing.routeOf(topic),
      records: { start: 0, end: bytes },
      ids: [],
      count,
      due,
      release: () => void this.told.push(`let go ${name}`),
    } as unknown as Run;
    return new Piece({ part, acknowledgement: this.answer(name), ...of });
  }

  /** An answer that is noted with a name. */
  answer(name: string): Piece["acknowledgement"] {
    return {
      acknowledge: (receipt) => {
        this.receipts.push(receipt);
        this.told.push(`stored ${name}`);
      },
      refuse: (code, reason) => void this.told.push(`refused ${name}: ${code} ${reason}`),
    };
  }

  /** Appends so many, and sets them going. */
  append(count: number, made: Made = {}, publisher = this.#publisher): Piece[] {
    const pieces = Array.from({ length: count }, () => this.piece(made));
    for (const piece of pieces) this.log.append(piece, publisher);
    this.flushes.flush();
    return pieces;
  }

  add(piece: Piece, publisher = this.#publisher): void {
    this.log.append(piece, publisher);
  }

  /** Ends the next commit: each run is a batch of its own. How many runs it appends. */
  commit(): number {
    const { commit, end } = this.asked.shift()!;
    end({ kind: "stored", stored: commit.appends.map(({ topic, count }) => this.place(topic, count)) });
    return commit.appends.length;
  }

  /** Where a run goes that is stored now. */
  place(topic: string, count: number): Stored {
    const first = 1 + (this.#lasts.get(topic) ?? 0);
    this.#lasts.set(topic, first + count - 1);
    return { first, batch: ++this.#batch, time: 1000 + this.#batch };
  }

  takeTurns(): void {
    while (this.turns.length > 0) this.turns.shift()!();
  }

  #options(): CommitLogOptions {
    const { told } = this;
    return {
      store: {
        state: this.state as StoreState,
        commit: (commit, end) => void this.asked.push({ commit, end }),
      },
      level: "synced",
      flushes: this.flushes,
      memory: this.memory,
      claims: this.claims,
      topics: { most: 100, reasonOf: (piece) => `no room for ${piece.topic}` },
      news: this.news,
      later: (callback) => void this.turns.push(callback),
      deliver: (run) => {
        this.onDeliver(run);
        return this.reached;
      },
      onDelayed: (due) => void told.push(`due at ${due}`),
      onRunRefused: (run) => void told.push(`forget ids of ${run.route.topic}`),
      onCommitted: ({ first, batch, time }) => void told.push(`through to ${first} ${batch} ${time}`),
      onRefused: (reason) => void told.push(`refused: ${reason}`),
      onUnbegun: (reason) => void told.push(`unbegun: ${reason}`),
      onLost: (reason) => void told.push(`lost: ${reason}`),
    };
  }
}
