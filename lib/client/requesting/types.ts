/**
 * Asking and answering, as a publisher has it.
 *
 * @module
 */
import type { Message } from "../message.ts";
import type { Receipt } from "../receipt.ts";

/** What goes with a request, and how long its answer is waited for. */
export interface RequestOptions {
  /** For who answers. Names are not empty. */
  readonly headers?: Readonly<Record<string, string>> | ReadonlyMap<string, string>;
  /** What the request is about. */
  readonly key?: string;
  /** As of a publish: the same id twice is the same message to a durable topic. */
  readonly id?: string;
  /**
   * Seconds after which no responder is given it any more; as long as the answer is waited for when left out,
   * so nobody works for who has gone.
   */
  readonly ttl?: number;
  /** Milliseconds within which the answer has to be here, connecting included (5,000). */
  readonly timeout?: number;
  /** Gives up when it is aborted, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What goes with an answer. */
export interface ResponseOptions {
  /** For who asked. One with the name `reply-error` makes the request fail with that text. */
  readonly headers?: Readonly<Record<string, string>> | ReadonlyMap<string, string>;
  /** What it is about. */
  readonly key?: string;
  /** As of a publish: milliseconds until it must be acknowledged (no limit). */
  readonly timeout?: number;
  /** As of a publish. */
  readonly signal?: AbortSignal;
}

/** Asks, and answers who asks. */
export interface Asker {
  /**
   * Publishes a request and resolves to the first answer. Answers come over a subscription of this
   * publisher's own, made with the first request (`subPort`); any number of requests may wait at a time. The
   * payload is as {@link Publisher.publish} takes it.
   *
   * Rejects with RunError: at once with the code `NO_RESPONDER` where nobody is subscribed to the topic (the
   * broker keeps a request to a durable topic all the same); `FAILED` when the answer says that there is none
   * (its header `reply-error`); `TIMEOUT`: what was asked may have been done all the same, unless the error
   * says that it was not published; `CLOSED` when the publisher is closed before. An answer that comes later,
   * and a second one, are passed over. A classic broker refuses it (NEEDS_V2).
   *
   * A request is not repeated unasked, but for one that was not acknowledged when the connection was lost.
   */
  request(
    topic: string,
    payload?: string | ArrayBuffer | SharedArrayBuffer | ArrayBufferView,
    options?: RequestOptions,
  ): Promise<Message>;
  /**
   * Publishes the answer to a request that a subscriber was given. `subs` of the receipt is 0 when nobody
   * waits for it any more. A message that asks for no answer (`reply` is undefined) is refused (BAD_FIELD).
   */
  respond(
    request: Pick<Message, "topic" | "reply">,
    payload?: string | ArrayBuffer | SharedArrayBuffer | ArrayBufferView,
    options?: ResponseOptions,
  ): Promise<Receipt>;
}
