/**
 * Quiet publishers who wait for each answer, and what it takes them.
 *
 * @module
 */
import { delay, Publisher, type World } from "./honest.ts";
import type { Actor } from "./workload.ts";

/** Answers, milliseconds. */
export interface Times {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
}

/** How long answers may take, milliseconds. */
export interface Patience {
  /** One in a hundred, for each hostile client beside them. */
  readonly p99: number;
  /** The slowest. */
  readonly worst: number;
}

/** Of fewer answers, on a machine that has no time, the slowest is no measure for one in a hundred. */
const FEW_WAITS = 200;

/** Publishes to its topic at this pace, each when the one before is answered. */
export function probing(world: World, { v2, topic, everyMs }: {
  readonly v2: boolean;
  readonly topic: string;
  readonly everyMs: number;
}): { publisher: Publisher } & Actor {
  const publisher = new Publisher(world, v2);
  let on = true;
  const done = (async (): Promise<void> => {
    while (on) {
      try {
        if (!publisher.connected) await publisher.connect();
        publisher.publish({ topic, bytes: 40 });
        while (on && publisher.connected && publisher.open > 0) await delay(1);
      } catch { /* the broker is being started again */ }
      await delay(everyMs);
    }
  })();
  return { publisher, done, stop: () => void (on = false) };
}

/** From when to when a publisher waited for an answer. */
export interface Wait {
  readonly from: number;
  readonly to: number;
}

/** The waits since the last time, which are taken away. */
export function waitsOf(publishers: readonly Publisher[]): Wait[] {
  return publishers.flatMap((publisher) => [...publisher.waits.splice(0), ...publisher.waiting()]);
}

/** What they took, without what the machine is to blame for. */
export function timesOf(
  waits: readonly Wait[],
  blameless: (wait: Wait) => number = (): number => 0,
): Times {
  const all = waits.map((wait) => Math.max(0, wait.to - wait.from - blameless(wait))).sort((a, b) => a - b);
  const at = (share: number): number => all[Math.min(all.length - 1, Math.floor(all.length * share))] ?? 0;
  return { count: all.length, p50: at(0.5), p99: at(0.99), worst: all.at(-1) ?? 0 };
}

/** What of that is too long beside so many who are hostile, a sentence each. */
export function judgeTimes(
  { count, p99, worst }: Times,
  { patience, hostile }: { readonly patience: Patience; readonly hostile: number },
): string[] {
  const wrong: string[] = [];
  if (p99 > patience.p99 * hostile && count >= FEW_WAITS) {
    wrong.push(`a quiet publisher waits ${p99.toFixed(1)} ms (p99)`);
  }
  if (worst > patience.worst) wrong.push(`a quiet publisher waited ${worst.toFixed(0)} ms`);
  return wrong;
}
