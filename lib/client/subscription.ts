/**
 * One subscription of a subscriber, with an iteration of its own.
 *
 * @module
 */
import type { Gap } from "./gap.ts";
import type { Message } from "./message.ts";

/**
 * A pattern that is subscribed to. Iterate over it for its messages alone:
 *
 * ```ts fragment
 * const orders = await subscriber.subscribe("#orders.>");
 * for await (const message of orders) {
 *   console.log(message.topic, message.text);
 *   break;
 * }
 * ```
 *
 * - **Where a message goes**: to each subscription that is being iterated and whose pattern matches its
 *   topic, and only if there is none to the iteration over the subscriber. It is the pattern that counts: a
 *   broker does not say which subscription it sends a message for, so what another one brings of the same
 *   topic (what is stored of it, say) comes, too.
 * - **Groups**: what this subscriber gets as a member of a group goes to that group's subscription while that
 *   is iterated, else to the common iteration, and never to a subscription without `group`, whose own
 *   messages are no group's. `message.group` tells them apart.
 * - **From when**: an iteration begins with what waits in the common one and matches its pattern, in order.
 *   Leaving the loop gives the pattern back to the common iteration, with what had come and was not taken,
 *   in its place (but for what went to another subscription as well); the next loop begins there again.
 * - **Room**: as in the common iteration about 1 MiB may wait in each, and while one of them is full nothing
 *   is read from the broker, for any of them: iterate over each, or unsubscribe. What matches nothing that is
 *   being iterated waits for the common iteration, and fills it.
 * - **End**: after what had come it ends when it is unsubscribed from, when `to` is reached and when the
 *   subscriber is closed; it throws RunError when the broker was lost for good, or when what is stored cannot
 *   be read any further. A connection that comes back is not noticed.
 *
 * `M`: with `ack: "explicit"` its messages are {@link import("./leased_message.ts").LeasedMessage}s.
 *
 * A pattern has one subscription, and one more for each group, however often it is subscribed to.
 */
export interface Subscription<M extends Message = Message> extends AsyncDisposable, AsyncIterable<M> {
  /** In the form with `#`. */
  readonly pattern: string;
  /** The group that it is a member's of; undefined: it gets everything. */
  readonly group: string | undefined;
  /**
   * The messages. One consumer at a time: a second iterator throws while the first is in use (leaving a `for
   * await` loop frees it).
   */
  [Symbol.asyncIterator](): AsyncIterator<M, undefined>;
  /** The same iteration with this subscription's gaps in it: `"missed" in item` tells them apart. */
  withGaps(): AsyncIterable<M | Gap>;
  /**
   * With `from`: resolves when all that was stored of it has been given out, rejects when that cannot come
   * any more. At once without `from`.
   */
  caughtUp(): Promise<void>;
  /**
   * Takes it back; resolves when the broker has acknowledged it. From the call on nothing is added to its
   * iteration, which ends after what had come. Where nobody iterates over it, what of it waits in the common
   * iteration and is for no other subscription is dropped (the subscriber's own `unsubscribe` leaves that
   * there). So it never waits for a consumer of these messages, and may be called from within the loop.
   * The answer still waits while another iteration is full. Without effect on one that has ended.
   *
   * As a member of a group it was given what no other member gets: what still comes, up to the answer, is
   * added to its iteration, which ends behind that. Iterate to that end, and nothing is lost. With `ack:
   * "explicit"` what it holds and has not acknowledged is given back at once, and not given out here.
   */
  unsubscribe(): Promise<void>;
  /**
   * As {@link unsubscribe}, but waits for the answer only where it can come: not while another iteration is
   * full. That the subscriber is closed or was lost its `closed` tells, this does not.
   */
  [Symbol.asyncDispose](): Promise<void>;
}
