/**
 * What a replay knew where it stopped, for the one that goes on from there.
 *
 * @module
 */

/** By topic, the sequence number that comes next. */
export type Expected = Map<number, number>;

/** Topics that are remembered of one replay, and replays that are. */
const EXPECTED_MOST = 10_000;
const REPLAYS_MOST = 64;

/** By pattern (or patterns) and batch, so that nothing of it has to be found out again. */
export class ReplayMemory {
  readonly #stops = new Map<string, Expected>();
  readonly #awaited = new Map<string, number>();

  /** What the replay of a pattern knew that stopped behind a batch; it is then forgotten here. */
  take(pattern: string, after: number): Expected {
    const key = `${pattern} ${after}`;
    const expected = this.#stops.get(key);
    this.#stops.delete(key);
    return expected ?? new Map();
  }

  keep(expected: Expected, { pattern, after }: { readonly pattern: string; readonly after: number }): void {
    if (expected.size > EXPECTED_MOST) return;
    this.#stops.set(`${pattern} ${after}`, expected);
    const [oldest] = this.#stops.keys();
    if (this.#stops.size > REPLAYS_MOST && oldest !== undefined) this.#stops.delete(oldest);
  }

  /** The topic that a replay, of a pattern and an end, was last found to wait for. It may have come since. */
  awaited(replay: string): number | undefined {
    return this.#awaited.get(replay);
  }

  waitsFor(replay: string, topic: number): void {
    this.#awaited.delete(replay);
    this.#awaited.set(replay, topic);
    const [oldest] = this.#awaited.keys();
    if (this.#awaited.size > REPLAYS_MOST && oldest !== undefined) this.#awaited.delete(oldest);
  }
}
