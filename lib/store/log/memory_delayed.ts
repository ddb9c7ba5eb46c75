/**
 * What is kept until it is due, in memory.
 *
 * @module
 */
import type { NewDelayed } from "./group.ts";
import type { DelayedRun, DueOutcome, DueQuery } from "../types.ts";

/** Runs by when they are due. */
export class MemoryDelayed {
  /** Messages in it. */
  count = 0;
  /** Bytes of their records. */
  bytes = 0;
  /** By their places. */
  readonly #runs: DelayedRun[] = [];
  #last = 0;

  put(runs: readonly NewDelayed[], bytes: Uint8Array, published: number): void {
    for (const { topic, count, start, end, ids, ttl, due } of runs) {
      const records = bytes.slice(start, end);
      const run = { id: ++this.#last, topic, count, bytes: records, ids, ttl, due, published };
      let at = this.#runs.length;
      while (at > 0 && this.#runs[at - 1]!.due > due) at--;
      this.#runs.splice(at, 0, run);
      this.count += count;
      this.bytes += records.length;
    }
  }

  take(ids: readonly number[]): void {
    for (const id of ids) {
      const at = this.#runs.findIndex((run) => run.id === id);
      const [run] = at === -1 ? [] : this.#runs.splice(at, 1);
      if (run === undefined) throw new Error(`the delayed run ${id} is not there`);
      this.count -= run.count;
      this.bytes -= run.bytes.length;
    }
  }

  due({ now, after, without, most }: DueQuery): DueOutcome {
    const runs: DelayedRun[] = [];
    let bytes = 0;
    for (const run of this.#runs) {
      const { due, id, topic } = run;
      if (due > now) return { kind: "due", runs, after: undefined, next: due, damaged: [] };
      if (after !== undefined && (due < after.due || (due === after.due && id <= after.id))) continue;
      if (without.includes(topic)) continue;
      if (bytes >= most) {
        const { due, id } = runs.at(-1)!;
        return { kind: "due", runs, after: { due, id }, next: undefined, damaged: [] };
      }
      runs.push(run);
      bytes += run.bytes.length;
    }
    return { kind: "due", runs, after: undefined, next: undefined, damaged: [] };
  }
}
