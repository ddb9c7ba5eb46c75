/**
 * What the client library is asked for and what it gives.
 *
 * @module
 */
import type { RefusedError, RunError } from "../errors.ts";
import type { Ago, Last } from "../positions.ts";
import type { SlowPolicy } from "../slow_policy.ts";
import type { Gap } from "./gap.ts";
import type { LeasedMessage } from "./leased_message.ts";
import type { Message } from "./message.ts";
import type { Receipt } from "./receipt.ts";
import type { ClientCredentials, TlsOptions } from "./security.ts";
import type { Asker } from "./requesting/types.ts";
import type { Subscription } from "./subscription.ts";

export type { LeasedMessage, NackOptions } from "./leased_message.ts";
export type { Message, MessageJson } from "./message.ts";
export type { Receipt } from "./receipt.ts";
export type { Asker, RequestOptions, ResponseOptions } from "./requesting/types.ts";
export type { ClientCredentials, TlsOptions } from "./security.ts";
export type { Subscription } from "./subscription.ts";

/** `auto` speaks v2 where the broker does, and classic where it does not. */
export type Protocol = "auto" | "classic" | "2";

/** How to reach the broker, and what to do when it is not there. */
export interface ConnectOptions {
  /** This client's id: one word, without white space, control or invisible characters. */
  readonly id: string;
  /** The broker's host name or address (127.0.0.1). */
  readonly host?: string;
  /** The broker's port (publishers 9000, subscribers 9090). */
  readonly port?: number;
  /** Leave from this local port; any free one when left out. */
  readonly localPort?: number;
  /**
   * Who this is, to a broker that has accounts. Shown on protocol 2 alone, and on each connection; one that
   * lets it in no longer ends the client (a RunError with the code `DENIED`).
   */
  readonly credentials?: ClientCredentials;
  /**
   * Whether to speak TLS, and to whom (false). The broker's certificate has to be valid, of an issuer that is
   * trusted, and for `host`.
   */
  readonly tls?: boolean | TlsOptions;
  /** Milliseconds to keep trying at the start (5,000); 0 tries once. */
  readonly connectTimeout?: number;
  /** Whether a lost connection is tried again, with growing pauses, until the client is closed (true). */
  readonly reconnect?: boolean;
  /**
   * Which protocol to speak (auto). `auto` asks the broker, and stays classic with one whose answer showed
   * that it is. While one is silent, what the classic protocol can say is said in it, and the rest waits.
   * With `2` a broker that does not speak it is a RunError.
   */
  readonly protocol?: Protocol;
  /**
   * Milliseconds of silence after which a v2 broker is asked whether it is still there (15,000); when nothing
   * comes for as long again, the connection counts as lost. 0 never asks. While requests wait for their
   * answers, it is eight times as long: a broker reads nothing from a publisher that it holds back for a slow
   * subscriber, and answers no other request before one that waits for NATS.
   */
  readonly pingAfter?: number;
  /**
   * Milliseconds for which `hello` has to stay without an answer, although the broker answers on another
   * connection, until `auto` takes it for one that speaks only classic (10,000); longer where it answers
   * slowly there.
   */
  readonly helloPatience?: number;
  /**
   * Told how the connection fares, and what else no call can be told. What it throws is reported as an
   * uncaught error.
   */
  readonly onEvent?: (event: ClientEvent) => void;
  /** Aborts connecting; without effect once connected. */
  readonly signal?: AbortSignal;
}

/** {@link ConnectOptions} of a publisher. */
export interface ConnectPublisherOptions extends ConnectOptions {
  /** The broker's port for subscribers, over which answers to {@link Publisher.request} come (9090). */
  readonly subPort?: number;
}

/** How the connection fares, and more. `reason` is a clause for a person: `connection refused`. */
export type ClientEvent =
  /** The first connection is there. */
  | {
    readonly type: "connected";
    readonly address: string;
    readonly localPort: number;
    readonly protocol: "classic" | "2";
  }
  /**
   * Connected, but `hello` has had no answer for a second: the broker is busy, stopped, far away, or takes no
   * notice of it. It is waited for, and tried without hello beside that.
   */
  | { readonly type: "silent"; readonly reason: string }
  /**
   * The broker speaks only the classic protocol: it hung up at `hello`, or has answered other things and not
   * that. Messages with headers or ids of their own are refused from now on (NEEDS_V2).
   */
  | { readonly type: "fallback"; readonly reason: string }
  /** A broker that was silent at first speaks v2 after all, and is spoken to in it from now on. */
  | { readonly type: "upgraded" }
  /** The connection ended and will be tried again. */
  | { readonly type: "lost"; readonly reason: string }
  /** The next try follows after `delay` milliseconds. */
  | {
    readonly type: "retrying";
    readonly attempt: number;
    readonly delay: number;
    readonly reason: string;
  }
  /** A lost connection is back, with every pattern subscribed again. */
  | { readonly type: "restored"; readonly address: string; readonly protocol: "classic" | "2" }
  /**
   * So many messages of a subscription were left out (its `slow` policy), or were deleted before `group` had
   * settled them. Told in the place of the messages: after the consumer has had those before the gap, before
   * it gets the one behind it.
   */
  | { readonly type: "gap"; readonly pattern: string; readonly group?: string; readonly missed: number }
  /**
   * All that was stored of a subscription with `from` has been given out: what comes from here on is live, or
   * nothing does, for `to` is reached. Once a subscription, in its place as a gap.
   */
  | { readonly type: "live" | "end"; readonly pattern: string }
  /** What is stored cannot be read any further: the subscription, a member's of `group`, has ended here. */
  | { readonly type: "failed"; readonly pattern: string; readonly group?: string; readonly reason: string }
  /**
   * The account may not receive this any more: the broker has ended the subscription, or the membership in
   * `group`.
   */
  | { readonly type: "ended"; readonly pattern: string; readonly group?: string; readonly reason: string }
  /** A subscription begins with this sequence number, for the one that was asked for is no longer stored. */
  | { readonly type: "trimmed"; readonly pattern: string; readonly from: number }
  /**
   * The sequence number a subscription asked for lies beyond the next one: nothing comes before the topics
   * have got there. `last` is the greatest there is; 0: there is none. Told once, not when it is resumed.
   */
  | { readonly type: "ahead"; readonly pattern: string; readonly last: number }
  /**
   * A message that was handed to `send` was refused, or was given up (`timeout`, `signal`: a RunError with
   * the code `TIMEOUT` or `ABORTED`); `number` is what `send` gave.
   */
  | { readonly type: "refused"; readonly number: number; readonly error: RefusedError | RunError };

/**
 * What goes with a message, and what is to be done about it. A classic broker takes nothing of the first, nor
 * `minSubs`: the message is then refused with NEEDS_V2. What is of the wrong kind is a TypeError at once.
 */
export interface PublishOptions {
  /** For who reads the message: a trace, a content type. Names are not empty. */
  readonly headers?: Readonly<Record<string, string>> | ReadonlyMap<string, string>;
  /** What the message is about, for who reads it: the number of an order, the name of a sensor. */
  readonly key?: string;
  /** Seconds after which nobody needs it any more; more than 0. */
  readonly ttl?: number;
  /**
   * Milliseconds after which the broker delivers it, from when it gets it: at most 365 days. It is for
   * durable topics, elsewhere the broker refuses it (`BAD_FIELD`). The message is acknowledged when it is on
   * disk, and has its number when it is due.
   */
  readonly delay?: number;
  /** As {@link delay}: the time from which on the broker delivers it, by its own clock; a past one is now. */
  readonly at?: Date;
  /**
   * The same id twice is the same message: a durable topic stores it once within the broker's
   * `--dedup-window`. A publisher gives messages to durable topics ids of its own where none is given, so
   * that what it sends again after a loss is there once.
   */
  readonly id?: string;
  /** The topic to answer to. */
  readonly reply?: string;
  /**
   * Milliseconds until it must be acknowledged (no limit). Then it is given up with a RunError (code
   * `TIMEOUT`) that says what is known: a message that has never left is withdrawn and will not be published;
   * one that has left may have been, or may still be.
   */
  readonly timeout?: number;
  /** Gives the message up when it is aborted, as `timeout` does, with the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * How many subscribers have to get it. When the broker's answer says fewer, or does not say it, it counts
   * as refused (RefusedError, code `TOO_FEW_SUBS`), although those that there were have it, and a durable
   * topic keeps it. It is for a publisher that is back before its subscribers are, after a broker that keeps
   * nothing was started anew: without it such a message is acknowledged, and nobody has it.
   */
  readonly minSubs?: number;
}

/** Publishes, asks and answers. Ends with {@link close} or `await using`. */
export interface Publisher extends AsyncDisposable, Asker {
  /** What the broker is spoken to in; changes with the connection, and with the event `upgraded`. */
  readonly protocol: "classic" | "2";
  /**
   * Publishes, and resolves when the broker has acknowledged it. Need not be awaited one by one: calls queue
   * and leave in order, many at once over v2, one request at a time to a classic broker. What is queued is
   * held in memory, so a loop without end awaits now and then: the promise is the backpressure. The payload
   * is copied at once: text as UTF-8, a buffer or view of one byte by byte. It may hold any bytes over v2;
   * the classic protocol carries any but LF, and a broker drops a CR at its very end.
   *
   * Rejects with RefusedError when the broker (or this client, before sending) refuses this one message, and
   * with RunError when it cannot be delivered any more. A rejection that nobody looks at never ends the
   * process; losing the connection for good is told by {@link close} and {@link closed} too, a refusal only
   * here. Only a TypeError, for what is of the wrong kind (a number, a Promise that was not awaited), does
   * end it where nobody looks: it is a mistake in the program, and nothing was queued.
   */
  publish(
    topic: string,
    payload?: string | ArrayBuffer | SharedArrayBuffer | ArrayBufferView,
    options?: PublishOptions,
  ): Promise<Receipt>;
  /**
   * As {@link publish}, for many messages: nothing is allocated that waits for an answer. Gives the number of
   * the message, the first being 1. Throws what this client refuses; what the broker refuses is told by the
   * event `refused` with that number, and the rest by {@link drained}, {@link close} and {@link closed}. Keep
   * to {@link full}:
   *
   * ```ts fragment
   * for (const line of lines) {
   *   publisher.send("#lines", line);
   *   if (publisher.full) await publisher.ready();
   * }
   * ```
   */
  send(
    topic: string,
    payload?: string | ArrayBuffer | SharedArrayBuffer | ArrayBufferView,
    options?: PublishOptions,
  ): number;
  /** Whether so much waits in memory (4 MiB) that who sends should wait for {@link ready}. */
  readonly full: boolean;
  /** Resolves when there is room again, or nothing more to wait for. */
  ready(): Promise<void>;
  /** How many were published and not yet acknowledged. */
  readonly pending: number;
  /** Resolves when everything published so far is acknowledged or has failed. */
  drained(): Promise<void>;
  /**
   * Waits for what is pending, however long the broker takes over it, says goodbye and closes. While the
   * connection is lost it waits another `connectTimeout` for it to come back, then rejects with RunError, as
   * do the publishes it gave up. After the broker was lost for good it rejects with that error; `await using`
   * does not repeat it.
   *
   * With `timeout` (milliseconds) it waits no longer than that, whatever the broker does: then it rejects
   * with a RunError (code `TIMEOUT`) that says how many messages were not acknowledged, as do their publishes
   * and {@link closed}. A second call gives the same promise, and a shorter time holds from then on.
   */
  close(options?: { readonly timeout?: number }): Promise<void>;
  /**
   * Settles when it is over: resolves after {@link close}, rejects with RunError when the broker was lost for
   * good or {@link close} gave up.
   */
  readonly closed: Promise<void>;
}

/**
 * A position in what durable topics have stored: a sequence number, a time, or so long ago by the broker's
 * clock (`-10m`: seconds, minutes, hours or days).
 */
export type Position = number | Date | Ago;

/** How to subscribe. */
export interface SubscribeOptions {
  /**
   * Where to begin: `now` (the default), `earliest`, `latest` (the newest message of each topic), `-10` (the
   * last ten of each topic) or a {@link Position}; what is stored from there on comes first, and then,
   * without a gap or a repeat, what is live.
   * On a connection that was lost and is restored such a subscription goes on behind the last message that
   * came. Several of them that want the same topic may each bring its messages until they are live. A broker
   * without durable topics refuses it (NOT_DURABLE), a classic one, too (NEEDS_V2).
   */
  readonly from?: "now" | "earliest" | "latest" | Last | Position;
  /** The last that is wanted: the subscription ends there. */
  readonly to?: Position;
  /**
   * When messages come faster than they are consumed. Left out, the broker's own. A classic broker refuses
   * all (NEEDS_V2).
   */
  readonly slow?: SlowPolicy;
  /**
   * Subscribes as a member of the group of this name: who subscribes to the same pattern with the same name
   * shares what is published to it, each message goes to one of them. Other groups, and subscriptions without
   * `group`, get all of it as ever. A name is one word of a topic, 1 to 64 bytes. Over one connection two
   * patterns with topics in common cannot be subscribed to with the same name (BAD_FIELD). `to` and `slow`
   * are not for it; a classic broker has none (NEEDS_V2).
   *
   * Of topics in memory a message is given out at most once: what a member had not been sent when its
   * connection ended goes to the others, what had been sent and did not arrive is lost. Of durable topics the
   * group is stored, from its first member on: it gets what was published while nobody was there, too. With
   * `from` a group that is new begins elsewhere than with what is stored from now on.
   */
  readonly group?: string;
  /**
   * With `group`: how many messages may wait for this member at the broker, 1 to 65,536 (256); with `ack:
   * "explicit"` how many it may hold unsettled. The next one goes to the member that has fewest. What this
   * subscriber has read and not given out yet, about 1 MiB of it, is beside the first. Subscribing again with
   * another window changes it.
   */
  readonly window?: number;
  /**
   * With `group`, of durable topics: when a message is done with. `auto` (the default): when the broker
   * begins to send it to a member, so it is given out at most once. `explicit`: when a member says so, so it
   * is given out again until one has: every message is a {@link LeasedMessage}. All members of a group have
   * the same (BAD_FIELD); topics in memory alone have none (NOT_DURABLE).
   */
  readonly ack?: "auto" | "explicit";
  /**
   * With `group`: `"key"` keeps messages with the same `key`, of any of its topics, with one member at a time
   * and in their order; one that was given back comes before those behind it that have not been given out.
   * Members that come and go move as few keys as can be. All members of a group have the same (BAD_FIELD).
   */
  readonly by?: "key";
  /**
   * Milliseconds until the broker must have acknowledged it, more than 0 (none); then it rejects with
   * RunError (code `TIMEOUT`). A request that has not left by then is withdrawn. One that has left is taken
   * back should the broker grant it later, and nothing of it is given out, so that what failed never leaves a
   * subscription behind (a pattern that was subscribed to before stays so, on the new terms if they are
   * granted).
   */
  readonly timeout?: number;
  /** Gives up as `timeout` does, and rejects with its reason; without effect once it is acknowledged. */
  readonly signal?: AbortSignal;
}

/** What is to be unsubscribed from. */
export interface UnsubscribeOptions {
  /** The group that it was subscribed to as a member of. What is on its way to this member still comes. */
  readonly group?: string;
}

/**
 * Subscribes. Iterate over it for the messages of all that is subscribed to, or over a {@link Subscription}
 * for its own. Ends with {@link close} or `await using`.
 */
export interface Subscriber extends AsyncDisposable, AsyncIterable<Message> {
  /** What the broker speaks, as far as the last connection has told. */
  readonly protocol: "classic" | "2";
  /**
   * Subscribes to a topic or pattern, and resolves when the broker has acknowledged it. A pattern that is
   * already subscribed in the same way resolves without asking again. Replies come in one stream with the
   * messages: while the consumer is far behind, they wait too. Rejects with RefusedError or RunError; as with
   * `publish`, a rejection nobody looks at never ends the process. What is of the wrong kind is a TypeError,
   * which does: it is a mistake in the program, and nothing was sent.
   */
  subscribe(
    pattern: string,
    options: SubscribeOptions & { readonly ack: "explicit" },
  ): Promise<Subscription<LeasedMessage>>;
  /** The same, of messages that nobody has to settle. */
  subscribe(pattern: string, options?: SubscribeOptions): Promise<Subscription>;
  /**
   * Resolves when all that was stored of a subscription with `from` has been given out: the iteration is then
   * at the place where the messages become live, or end. Rejects when that cannot come any more. At once for
   * a subscription without `from`.
   */
  caughtUp(pattern: string): Promise<void>;
  /**
   * Takes a subscription back, the one of a member with its `group`. Messages that were on their way may
   * still come in the common iteration; one over its {@link Subscription} ends after what had come. What a
   * member with `ack: "explicit"` holds is given back at once.
   */
  unsubscribe(pattern: string, options?: UnsubscribeOptions): Promise<void>;
  /**
   * What is subscribed, as acknowledged, in the form with `#`. It is what a restored connection subscribes
   * again. A pattern is there once, however it is subscribed to, and as long as it is in any way: by itself,
   * as a member of a group, or both.
   */
  readonly patterns: ReadonlySet<string>;
  /**
   * Says goodbye and closes. The iteration still gives what had arrived, then ends. A member of groups leaves
   * them first, for a second at most: so the iteration still gives what was on its way to it, and the other
   * members get the rest; not while more waits for who iterates than is read ahead. With `ack: "explicit"`
   * what was acknowledged before the call is told, and all else that it holds is given back: the iteration
   * ends there. Never rejects for a lost broker.
   */
  close(): Promise<void>;
  /**
   * Settles when it is over: resolves after {@link close}, rejects with RunError when the broker was lost for
   * good.
   */
  readonly closed: Promise<void>;
  /**
   * The messages, each once, but for those of subscriptions that are being iterated. One consumer at a time:
   * a second iterator throws while the first is in use (leaving a `for await` loop frees it). While about 1
   * MiB waits for the consumer, nothing more is read from the broker. When the broker was lost for good, the
   * iteration throws that RunError after what had arrived.
   */
  [Symbol.asyncIterator](): AsyncIterator<Message, undefined>;
  /**
   * The same iteration with the gaps in it, `"missed" in item` tells them apart; either way each is an event,
   * too.
   */
  withGaps(): AsyncIterable<Message | Gap>;
}
