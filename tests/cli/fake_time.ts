/** Time that passes when a test says so, in the place of the runtime's timers and its steady clock. */
import { standIn } from "./stand_in.ts";

interface Timer {
  due: number;
  readonly every: number | undefined;
  readonly call: () => void;
}

/** Until it is disposed of. */
export class FakeTime implements Disposable {
  #now = 1_000_000;
  #last = 0;
  readonly #timers = new Map<number, Timer>();
  readonly #standing = new DisposableStack();

  constructor() {
    const set = (every: boolean) => (call: () => void, ms = 0): number => {
      this.#timers.set(++this.#last, { due: this.#now + ms, every: every ? ms : undefined, call });
      return this.#last;
    };
    const clear = (id: unknown): void => void this.#timers.delete(id as number);
    const stand = (name: string, value: unknown): void =>
      void this.#standing.use(standIn(globalThis as Record<string, unknown>, name, value));
    stand("setTimeout", set(false));
    stand("setInterval", set(true));
    stand("clearTimeout", clear);
    stand("clearInterval", clear);
    this.#standing.use(standIn(performance, "now", () => this.#now));
    this.#standing.use(standIn(Deno, "unrefTimer", () => {}));
  }

  /** In how many milliseconds each timer goes off that is set. */
  get timers(): number[] {
    return [...this.#timers.values()].map(({ due }) => due - this.#now).toSorted((a, b) => a - b);
  }

  /** So many milliseconds pass; what is due meanwhile is called in its order. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(([, { due }]) => due <= end)
        .toSorted(([, a], [, b]) => a.due - b.due);
      if (next === undefined) break;
      const [id, timer] = next;
      this.#now = Math.max(this.#now, timer.due);
      if (timer.every === undefined) this.#timers.delete(id);
      else timer.due += timer.every;
      timer.call();
    }
    this.#now = end;
  }

  [Symbol.dispose](): void {
    this.#standing.dispose();
  }
}
