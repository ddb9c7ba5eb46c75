/**
 * A subscriber whose messages are acknowledged by who has worked on them.
 *
 * @module
 */
import { RefusedError } from "../../../errors.ts";
import { quote } from "../../../text.ts";
import type { Notices } from "../../client/notices.ts";
import type { Job } from "./job.ts";

/** How a worker subscribes, as far as it matters here. */
interface Terms {
  readonly from?: unknown;
}

/** Where the messages of a worker come from. */
export interface JobSubscriber<Options extends Terms> extends AsyncIterable<Job> {
  subscribe(pattern: string, options?: Options): Promise<unknown>;
  unsubscribe(pattern: string, options?: { readonly group?: string }): Promise<void>;
}

/**
 * Subscribes so that each message is to be acknowledged. Where the broker keeps nothing of a pattern there is
 * nothing to acknowledge: it is subscribed to as by any member, and what that means is told.
 */
export class WorkerSubscriber<Options extends Terms> implements JobSubscriber<Options> {
  readonly #subscriber: JobSubscriber<Options & { readonly ack?: "explicit" }>;
  readonly #notices: Pick<Notices, "notice">;
  /** Patterns of which nothing is kept. */
  readonly #inMemory = new Set<string>();

  constructor(
    subscriber: JobSubscriber<Options & { readonly ack?: "explicit" }>,
    notices: Pick<Notices, "notice">,
  ) {
    this.#subscriber = subscriber;
    this.#notices = notices;
  }

  [Symbol.asyncIterator](): AsyncIterator<Job> {
    return this.#subscriber[Symbol.asyncIterator]();
  }

  unsubscribe(pattern: string, options?: { readonly group?: string }): Promise<void> {
    return this.#subscriber.unsubscribe(pattern, options);
  }

  /** Rejects with RefusedError where the broker said no. */
  async subscribe(pattern: string, options?: Options): Promise<unknown> {
    if (this.#inMemory.has(pattern)) return await this.#subscriber.subscribe(pattern, options);
    try {
      return await this.#subscriber.subscribe(pattern, Object.assign({ ack: "explicit" as const }, options));
    } catch (error) {
      const isInMemory = error instanceof RefusedError && error.code === "NOT_DURABLE";
      if (!isInMemory || options?.from !== undefined) throw error;
    }
    const subscribed = await this.#subscriber.subscribe(pattern, options);
    this.#inMemory.add(pattern);
    this.#notices.notice(
      `the broker keeps nothing of ${quote(pattern)}: a message whose command fails is lost`,
    );
    return subscribed;
  }
}
