/** Replays over a store whose answers may wait, and are as the test says. */
import type { Receiving, ReplayRange, ReplayStart } from "../../../lib/engine/types.ts";
import type {
  Cursor,
  ReadExtent,
  ReadOutcome,
  SeekOutcome,
  SeekRange,
  Trimmed,
} from "../../../lib/store/types.ts";
import { HeldStore } from "../../support/held_store.ts";
import { Recorder } from "../case_parts.ts";
import { Bench, settled } from "./commit_bench.ts";

const EARLIEST: ReplayRange = { from: { kind: "earliest" }, to: undefined };

/** A request that the store was asked; it answers when the test says so. */
export interface Request {
  readonly what: "seek" | "read";
  readonly patterns: readonly string[];
  readonly cursors: readonly Cursor[];
  readonly most: number;
  readonly upTo: number | undefined;
  readonly place: SeekRange["place"];
  /** As the store would, or like that. */
  answer(outcome?: SeekOutcome | ReadOutcome): Promise<void>;
}

/** Notes what is asked; answers wait while they are held. */
export class AskedStore extends HeldStore {
  readonly requests: Request[] = [];
  readonly watching: Array<(what: Trimmed) => void> = [];
  held = false;

  override watch(trimmed: (what: Trimmed) => void): void {
    this.watching.push(trimmed);
    super.watch(trimmed);
  }

  override seek(...[pattern, range, done]: Parameters<HeldStore["seek"]>): void {
    const { place, ...rest } = range;
    const of = { what: "seek", patterns: [pattern], cursors: [], most: 0, upTo: range.upTo, place } as const;
    this.#ask(of, (outcome) => {
      if (outcome === undefined) super.seek(pattern, rest, done);
      else done(outcome as SeekOutcome);
    });
  }

  override read(cursors: readonly Cursor[], extent: ReadExtent, done: (outcome: ReadOutcome) => void): void {
    const { most, upTo } = extent;
    const patterns = cursors.map(({ pattern }) => pattern);
    this.#ask({ what: "read", patterns, cursors, most, upTo, place: undefined }, (outcome) => {
      if (outcome === undefined) super.read(cursors, extent, done);
      else done(outcome as ReadOutcome);
    });
  }

  /** The patterns of what was asked since the last call. */
  asked(): string[] {
    return this.requests.splice(0).map(({ what, patterns }) => `${what} ${patterns.join(" ")}`);
  }

  #ask(request: Omit<Request, "answer">, go: (outcome?: SeekOutcome | ReadOutcome) => void): void {
    const answer = async (outcome?: SeekOutcome | ReadOutcome): Promise<void> => {
      go(outcome);
      await settled();
    };
    this.requests.push({ ...request, answer });
    if (!this.held) go();
  }
}

/** A subscription that may be without room. */
export class Reader extends Recorder {
  readonly starts: ReplayStart[] = [];
  grant: Receiving | undefined = undefined;
  hasRoom = true;
  readonly rooms: Array<() => void> = [];

  override whenNotFull(callback: () => void): void {
    if (this.hasRoom) callback();
    else this.rooms.push(callback);
  }

  begin(
    { engine }: Bench,
    pattern: string,
    { range = EARLIEST, besides = [] as (readonly [string, Recorder])[] } = {},
  ): this {
    const started = (how: ReplayStart): void => void this.starts.push(how);
    engine.replay(pattern, this, { range, started, ended: () => {}, besides });
    return this;
  }

  async makeRoom(): Promise<void> {
    this.hasRoom = true;
    for (const callback of this.rooms.splice(0)) callback();
    await settled();
  }
}

export function make(): { readonly bench: Bench; readonly store: AskedStore } {
  const store = new AskedStore();
  const bench = new Bench({ store });
  store.free = true;
  return { bench, store };
}

export async function publish(bench: Bench, topic: string, ...payloads: readonly string[]): Promise<void> {
  for (const payload of payloads) {
    bench.publish(topic, payload);
    bench.flushes.flush();
    await settled();
    await bench.takeTurns();
  }
}
