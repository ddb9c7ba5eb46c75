/**
 * What came from other brokers for who has no room for it.
 *
 * @module
 */
import { ENGINE_ROOM_BYTES, ENGINE_ROOM_RUN_BYTES } from "../../limits.ts";
import type { HeldMemory } from "../../held_memory.ts";
import type { Run } from "../../wire/run.ts";
import type { Gate } from "../types.ts";

/** Where runs go that wait here. */
export interface RoomOwner {
  readonly memory: HeldMemory;
  /** Who has to become free before a run is handed on; undefined: nobody. */
  gateOf(run: Run): Gate | undefined;
  /** Hands it on. */
  deliver(run: Run): void;
  /** There is no room for it here: it is handed on all the same, or left out. */
  overflows(run: Run): void;
  /** Something waits, or nothing does any more, for who stands in the way. */
  changed(): void;
  /** What was handed on is set going. */
  flush(): void;
}

/** Runs that wait for the same gate, the oldest first. */
interface Line {
  readonly gate: Gate;
  runs: Run[];
}

/** The part of the memory that is free which it takes at most. */
const MEMORY_PART = 4;

/**
 * - Runs to one topic are handed on in the order in which they came, and so are those that wait for one gate.
 * - It takes so many bytes ({@link ENGINE_ROOM_BYTES}, and what memory allows).
 */
export class WaitingRoom {
  readonly #owner: RoomOwner;
  readonly #lines = new Map<Gate, Line>();
  /** By topic: the line its runs wait in, and how many those are. */
  readonly #topics = new Map<string, { line: Line; runs: number }>();
  #bytes = 0;

  constructor(owner: RoomOwner) {
    this.#owner = owner;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Those that something waits for, each with a topic of it. */
  *standing(): Generator<{ readonly gate: Gate; readonly topics: Iterable<string> }> {
    for (const { gate, runs } of this.#lines.values()) {
      yield { gate, topics: new Set(runs.map(({ route: { topic } }) => topic)) };
    }
  }

  /** Hands a run on, now or when there is room; it is kept, and released behind that. */
  offer(run: Run): void {
    const before = this.#topics.get(run.route.topic);
    const gate = before?.line.gate ?? this.#owner.gateOf(run);
    if (gate === undefined) return this.#deliver(run);
    const { memory } = this.#owner;
    if (this.#bytes >= Math.min(ENGINE_ROOM_BYTES, memory.share / MEMORY_PART)) {
      this.#owner.overflows(run);
      return run.release();
    }
    this.#count(run, 1);
    this.#enter(run, gate);
  }

  /** Nothing waits any more. */
  clear(): void {
    const lines = [...this.#lines.values()];
    this.#lines.clear();
    this.#topics.clear();
    for (const { runs } of lines) {
      for (const run of runs) {
        this.#count(run, -1);
        run.release();
      }
    }
  }

  #enter(run: Run, gate: Gate): void {
    const { topic } = run.route;
    const before = this.#topics.get(topic);
    const known = before?.line ?? this.#lines.get(gate);
    const line = known ?? { gate, runs: [] };
    line.runs.push(run);
    if (before === undefined) this.#topics.set(topic, { line, runs: 1 });
    else before.runs++;
    if (known !== undefined) return;
    this.#lines.set(gate, line);
    this.#owner.changed();
    gate.whenNotFull(() => this.#goOn(line));
  }

  /** A gate is free: what waits for it goes on, or waits for the next one. */
  #goOn(line: Line): void {
    if (this.#lines.get(line.gate) !== line) return;
    const { runs } = line;
    let at = 0;
    while (at < runs.length) {
      const run = runs[at]!;
      const gate = this.#waitsIn(line, run) ? this.#owner.gateOf(run) : undefined;
      if (gate === line.gate) break;
      at++;
      // what was moved with an earlier one of its topic
      if (!this.#waitsIn(line, run)) continue;
      if (gate === undefined) {
        this.#leave(run);
        this.#count(run, -1);
        this.#deliver(run);
      } else {
        this.#move(line, run, gate);
      }
    }
    line.runs = line.runs.slice(at).filter((run) => this.#waitsIn(line, run));
    if (line.runs.length > 0) {
      line.gate.whenNotFull(() => this.#goOn(line));
    } else {
      this.#lines.delete(line.gate);
      this.#owner.changed();
    }
    this.#owner.flush();
  }

  #waitsIn(line: Line, { route: { topic } }: Run): boolean {
    return this.#topics.get(topic)?.line === line;
  }

  /** All of a topic waits for another gate from now on. */
  #move(line: Line, first: Run, gate: Gate): void {
    const { topic } = first.route;
    const moved = line.runs.slice(line.runs.indexOf(first)).filter(({ route }) => route.topic === topic);
    this.#topics.delete(topic);
    for (const run of moved) this.#enter(run, gate);
  }

  #leave({ route: { topic } }: Run): void {
    const known = this.#topics.get(topic)!;
    known.runs--;
    if (known.runs === 0) this.#topics.delete(topic);
  }

  #deliver(run: Run): void {
    this.#owner.deliver(run);
    run.release();
  }

  #count(run: Run, by: 1 | -1): void {
    const { start, end } = run.records;
    this.#bytes += by * (end - start + ENGINE_ROOM_RUN_BYTES);
    const { memory } = this.#owner;
    // its bytes lie in a chunk of the pool, and count there
    if (by > 0) memory.hold(ENGINE_ROOM_RUN_BYTES);
    else memory.letGo(ENGINE_ROOM_RUN_BYTES);
  }
}
