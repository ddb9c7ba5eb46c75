/**
 * Where messages go, remembered by their topics.
 *
 * @module
 */
import type { DeliveryQueue } from "./delivery_queue.ts";

/** The queues that a message is for; none: nobody wants it. */
export type Route = readonly DeliveryQueue[];

/** Topics for which it is remembered where they go. */
const TOPICS_MOST = 10_000;
/** Longer ones are not remembered: a broker may make up as many as it likes. */
const TOPIC_KEPT_MOST = 1024;

/** Of the messages of one group, or of those of none. */
export class Routes {
  readonly #routes = new Map<string, Route>();

  of(topic: string): Route | undefined {
    return this.#routes.get(topic);
  }

  /** Remembers it, if it can be. */
  set(topic: string, route: Route): void {
    if (topic.length > TOPIC_KEPT_MOST) return;
    if (this.#routes.size >= TOPICS_MOST) this.#routes.clear();
    this.#routes.set(topic, route);
  }

  clear(): void {
    this.#routes.clear();
  }
}
