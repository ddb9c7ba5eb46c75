/**
 * A reader that wants the last state and everything else besides, and stands still while that fills its outbox:
 * the last state has to come (V7).
 *
 * @module
 */
import { delay, Publisher, Subscriber, type World } from "./honest.ts";
import type { Actor } from "./workload.ts";

/** More than the systems between the two take, and than a small outbox does, up to its last bytes. */
const FILL = [{ count: 60, bytes: 200_000 }, { count: 150, bytes: 2000 }, { count: 100, bytes: 60 }] as const;
const STATE_BYTES = 400;
const EVERY_MS = 1500;

export function stating(
  world: World,
): { current: () => Subscriber | undefined; publisher: Publisher } & Actor {
  const publisher = new Publisher(world, true);
  let subscriber: Subscriber | undefined;
  let on = true;
  const once = async (): Promise<void> => {
    if (!publisher.connected) await publisher.connect();
    if (subscriber === undefined || !subscriber.connected) {
      subscriber = await Subscriber.connect(world, { v2: true, name: "reader of states" });
      await subscriber.subscribe("#s.state", { policy: "latest" });
      await subscriber.subscribe("#s.fill", { policy: "drop-new" });
    }
    subscriber.pause();
    for (const { count, bytes } of FILL) {
      for (let left = count; left > 0; left--) publisher.publish({ topic: "#s.fill", bytes });
    }
    for (let left = 5; left > 0; left--) publisher.publish({ topic: "#s.state", bytes: STATE_BYTES });
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
