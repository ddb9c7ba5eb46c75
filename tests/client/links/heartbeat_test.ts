import { assertEquals } from "@std/assert";
import { Heartbeat } from "../../../lib/client/links/heartbeat.ts";
import type { Clock } from "../../../lib/clock.ts";
import { TIMER_MOST_MS } from "../../../lib/limits.ts";

/** A connection that is silent since it was given its last byte, on a clock that is moved by hand. */
class Bench {
  now = 0;
  heard = 0;
  patience = 500;
  readonly events: string[] = [];
  /** For how long it waited each time. */
  readonly waits: number[] = [];
  readonly #heartbeat: Heartbeat;
  #due: { readonly at: number; readonly callback: () => void } | undefined;

  constructor() {
    const { events, waits } = this;
    const silence = (): number => this.now - this.heard;
    const patience = (): number => this.patience;
    const clock: Clock = {
      now: () => this.now,
      wall: () => this.now,
      after: (ms, callback) => {
        waits.push(ms);
        this.#due = { at: this.now + ms, callback };
        return 1;
      },
      every: () => 0,
      cancel: () => this.#due = undefined,
    };
    this.#heartbeat = new Heartbeat({
      get silence(): number {
        return silence();
      },
      get patience(): number {
        return patience();
      },
      ping: () => events.push(`ping at ${this.now}`),
      lost: (silence) => events.push(`lost at ${this.now} after ${silence}`),
    }, { clock, askAfter: 1000 });
  }

  /** Lets time pass; something comes at these moments. */
  runTo(end: number, ...heard: number[]): void {
    for (;;) {
      const next = Math.min(this.#due?.at ?? Infinity, heard[0] ?? Infinity, end);
      this.now = next;
      if (next === heard[0]) this.heard = heard.shift()!;
      if (next === this.#due?.at) {
        const { callback } = this.#due;
        this.#due = undefined;
        callback();
      }
      if (next === end) return;
    }
  }

  stop(): void {
    this.#heartbeat.stop();
  }
}

Deno.test("who has been silent for as long as agreed is asked once, and lost when nothing comes in its patience (F21)", () => {
  const bench = new Bench();
  bench.runTo(999);
  assertEquals(bench.events, []);
  bench.runTo(1499);
  assertEquals(bench.events, ["ping at 1000"]);
  bench.runTo(10_000);
  assertEquals(bench.events, ["ping at 1000", "lost at 1500 after 1500"], "it is told once");
});

Deno.test("whatever comes is an answer, and the silence begins anew", () => {
  const bench = new Bench();
  bench.runTo(3000, 400, 900);
  assertEquals(bench.events, ["ping at 1900", "lost at 2400 after 1500"]);
  const answered = new Bench();
  answered.runTo(4000, 1499, 2999);
  assertEquals(answered.events, ["ping at 1000", "ping at 2499", "ping at 3999"]);
});

Deno.test("what comes as it is asked is an answer: it is asked again before it is lost", () => {
  for (const later of [0, 1]) {
    const bench = new Bench();
    bench.runTo(1000);
    bench.runTo(1999 + later, 1000 + later);
    assertEquals(bench.events, ["ping at 1000"]);
    bench.runTo(2000 + later);
    assertEquals(bench.events, ["ping at 1000", `ping at ${2000 + later}`]);
  }
});

Deno.test("patience that grows while an answer is waited for is had", () => {
  const bench = new Bench();
  bench.runTo(1200);
  bench.patience = 2000;
  bench.runTo(2999);
  assertEquals(bench.events, ["ping at 1000"]);
  bench.runTo(3000);
  assertEquals(bench.events.at(-1), "lost at 3000 after 3000");
});

Deno.test("patience that is longer than a timer can be is had in parts", () => {
  const bench = new Bench();
  bench.patience = 2 * TIMER_MOST_MS + 5;
  bench.runTo(999 + bench.patience);
  assertEquals([bench.waits, bench.events], [[1000, TIMER_MOST_MS, TIMER_MOST_MS, 5], ["ping at 1000"]]);
  bench.runTo(1000 + bench.patience);
  assertEquals(bench.events.length, 2);
});

Deno.test("who is not watched any more is neither asked nor lost", () => {
  const bench = new Bench();
  bench.runTo(500);
  bench.stop();
  bench.runTo(5000);
  assertEquals(bench.events, []);
});
