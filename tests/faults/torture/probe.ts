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

/** What the answers took since the last time, which are taken away. */
export function timesOf(publishers: readonly Publisher[]): Times {
  const all: number[] = [];
  for (const publisher of publishers) all.push(...publisher.times.splice(0), ...publisher.waits());
  all.sort((a, b) => a - b);
  const at = (share: number): number => all[Math.min(all.length - 1, Math.floor(all.length * share))] ?? 0;
  return { count: all.length, p50: at(0.5), p99: at(0.99), worst: all.at(-1) ?? 0 };
}
