/**
 * A reader of what is stored that stands still until retention has gone past it: what it did not get it has to be
 * told, in its place (D3).
 *
 * @module
 */
import { delay, Publisher, Subscriber, type World } from "./honest.ts";
import type { Actor } from "./workload.ts";

/** More than the systems between the two take, a page, and what retention leaves. */
const FILL = { count: 120, bytes: 200_000 } as const;
const WINDOW = 20;
const EVERY_MS = 2500;

export function straggling(
  world: World,
): { current: () => Subscriber | undefined; publisher: Publisher } & Actor {
  const publisher = new Publisher(world, true);
  let subscriber: Subscriber | undefined;
  let on = true;
  const once = async (): Promise<void> => {
    if (!publisher.connected) await publisher.connect();
    if (subscriber === undefined || !subscriber.connected) {
      subscriber = await Subscriber.connect(world, { v2: true, name: "straggler" });
      await subscriber.subscribe("#d.r.>", { from: "earliest" });
    }
    subscriber.pause();
    for (let left = FILL.count; on && left > 0; left--) {
      publisher.publish({ topic: `#d.r.${left % 2}`, bytes: FILL.bytes });
      await publisher.answered(WINDOW, EVERY_MS);
    }
    await publisher.answered(0, EVERY_MS);
    subscriber.resume();
    await delay(EVERY_MS);
  };
  const done = (async (): Promise<void> => {
    while (on) await once().catch(() => delay(50));
    subscriber?.resume();
  })();
  return { current: () => subscriber, publisher, done, stop: () => void (on = false) };
}
