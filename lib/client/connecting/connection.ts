/**
 * A connection that is kept: made, lost, made again, until it is closed.
 *
 * @module
 */
import type { Clock, Timer } from "../../clock.ts";
import { countOf } from "../../text.ts";
import { RunError } from "../../errors.ts";
import type { DeliverySink } from "../links/delivery_sink.ts";
import type { Link } from "../links/link.ts";
import { NEEDS_TLS } from "../links/refusals.ts";
import type { LinkEnd } from "../links/link_end.ts";
import { inWords, neverUnhandled, waitAtMost } from "../promises.ts";
import { ConnectError } from "../sockets/connect_error.ts";
import { backOff, pause } from "./back_off.ts";
import { type Connected, Connector } from "./connector.ts";
import { letGo } from "./denials.ts";
import { checkTime, type Settings } from "./settings.ts";
import { ANSWERED_LATE, type Trial } from "./trial.ts";
import type { Work } from "./work.ts";

/** What a subscriber adds to a connection. */
export interface SubscriberParts extends DeliverySink {
  /**
   * Subscribes anew on a link that replaces another, before anything else is sent; false when that link
   * ended meanwhile. Throws RunError to give up.
   */
  restore(link: Link): Promise<boolean>;
}

/** What a client adds to its connection. */
export interface ConnectionParts {
  readonly work: Work;
  readonly subscriber?: SubscriberParts;
}

/** A link that was up so long is a connection to a broker, even if nothing was ever asked on it. */
const STEADY_MS = 1_000;
/** How long one try of a reconnection may take, and how long one at the start may at least. */
const TRY_MS = 5_000;
const TRY_LEAST_MS = 1_000;
/**
 * How long the broker may take to close first; longer where it decides whether the local port can be used
 * again.
 */
const END_MS = 100;
const END_OF_FIXED_PORT_MS = 500;
/**
 * How long {@link Connection.close} waits for the request that is on the wire where it does not wait for all.
 */
const LAST_REPLY_MS = 500;
/**
 * How long going over to v2 waits for the request that is on the wire; asked again there, it is taken twice.
 * A publish may wait for a slow subscriber: it is given as long as a broker that holds one back on v2.
 */
const LAST_CLASSIC_REPLY_MS = 120_000;

/**
 * The life of a client on the network.
 *
 * - **Start**: it ends when the broker has answered something or a link was up for a second. A broker that is
 *   not there, or that accepts and hangs up, is tried again until `connectTimeout` is over; then the client
 *   ends with a RunError.
 * - **After it**: with `reconnect` a lost link is replaced, with growing pauses, until {@link close};
 *   without, the client ends with a RunError.
 * - **End**: {@link closed} settles once; what was queued then has been rejected with the same error.
 */
export class Connection {
  /** Resolves after {@link close}, rejects with RunError; its rejection never ends the process. */
  readonly closed: Promise<void>;

  readonly #settings: Settings;
  readonly #clock: Clock;
  readonly #work: Work;
  readonly #subscriber: SubscriberParts | undefined;
  readonly #connector: Connector;
  readonly #end = Promise.withResolvers<void>();
  /** Aborted when there is nothing to wait for any more. */
  readonly #stop = new AbortController();
  readonly #startsUntil: number;
  #giveUpAt = Infinity;
  #link: Link | undefined;
  #protocol: "classic" | "2" = "classic";
  #proven = false;
  #attempt = 0;
  #closing: Promise<void> | undefined;
  /** It is being closed, and what is queued is to be acknowledged first. */
  #drains = false;
  /** When {@link close} gives up. */
  #closeBy = Infinity;
  #closeTimer: Timer | undefined;

  private constructor(settings: Settings, { work, subscriber }: ConnectionParts) {
    this.#settings = settings;
    this.#clock = settings.machine.clock;
    this.#work = work;
    this.#subscriber = subscriber;
    this.#connector = new Connector(settings, { sink: subscriber, signal: this.#stop.signal });
    this.#startsUntil = this.#clock.now() + settings.connectTimeout;
    this.closed = neverUnhandled(this.#end.promise);
  }

  /** Connects; rejects with RunError, or with the reason of the options' signal. */
  static async open(settings: Settings, parts: ConnectionParts): Promise<Connection> {
    const connection = new Connection(settings, parts);
    const { signal } = settings;
    const abort = (): void => connection.#stop.abort(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort);
    try {
      void connection.#keep(await connection.#connect());
    } catch (error) {
      connection.#stop.abort();
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
    return connection;
  }

  /** Whether it has ended, or has nothing left to do but to end. */
  get over(): boolean {
    return this.#stop.signal.aborted;
  }

  /** What the last link speaks. */
  get protocol(): "classic" | "2" {
    return this.#protocol;
  }

  /** Whether more can be asked for. */
  get isOpen(): boolean {
    return this.#closing === undefined && !this.over;
  }

  /** Throws RunError when nothing more can be asked for. */
  checkOpen(): void {
    if (!this.isOpen) throw new RunError(`the ${this.#settings.role} is closed`, "CLOSED");
  }

  /**
   * Ends it: with `drain` after all that is queued has been acknowledged, within so many milliseconds if a
   * time is given, else after the request that is on the wire, if its link lasts so long. Rejects as
   * {@link closed} does, which without `drain` is no matter of a link that is lost from then on. A second
   * call gives the same answer; a shorter time holds from then on.
   */
  close(
    { drain, timeout }: { readonly drain: boolean; readonly timeout?: number | undefined },
  ): Promise<void> {
    try {
      if (timeout !== undefined) this.#closeWithin(timeout);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#closing ??= this.#close(drain);
    return this.#closing;
  }

  async #close(drain: boolean): Promise<void> {
    this.#drains = drain;
    if (this.#link === undefined) this.#giveUpAt = this.#clock.now() + this.#settings.connectTimeout;
    if (!drain) {
      const error = new RunError(
        `the ${this.#settings.role} was closed before the broker answered`,
        "CLOSED",
      );
      this.#work.failUnsent(error);
      if (this.#link !== undefined) {
        const answered = Promise.race([this.#work.drained(), this.closed]);
        await waitAtMost({ clock: this.#clock, ms: LAST_REPLY_MS }, answered);
      }
      this.#work.failAll(error);
    }
    await this.#work.drained();
    const { localPort } = this.#settings;
    await this.#link?.quit({ waitForEnd: localPort === undefined ? END_MS : END_OF_FIXED_PORT_MS });
    this.#stop.abort();
    await this.closed;
  }

  #closeWithin(timeout: number): void {
    checkTime("timeout", timeout);
    const at = this.#clock.now() + timeout;
    if (this.over || at >= this.#closeBy) return;
    this.#closeBy = at;
    this.#clock.cancel(this.#closeTimer);
    this.#closeTimer = this.#clock.after(timeout, () => this.#giveUpClosing(timeout));
    this.#stop.signal.addEventListener("abort", () => this.#clock.cancel(this.#closeTimer), { once: true });
  }

  /** The time for closing is over: nothing is waited for any more, an answer neither. */
  #giveUpClosing(timeout: number): void {
    const { size } = this.#work;
    if (size > 0) {
      const error = new RunError(
        `${this.#unanswered(size)} by ${this.#settings.address} within ${inWords(timeout)}`,
        "TIMEOUT",
      );
      this.#end.reject(error);
      this.#work.failAll(error);
    }
    this.#stop.abort();
  }

  /** From the first link to the end of it all. */
  async #keep(first: Connected): Promise<void> {
    try {
      for (let connected = first;;) {
        const end = await this.#serve(connected);
        if (this.#closing !== undefined && (this.#work.size === 0 || !this.#drains)) break;
        if (end.denied === true) throw letGo(this.#settings, end.reason);
        if (this.#closing !== undefined) {
          this.#giveUpAt = this.#clock.now() + this.#settings.connectTimeout;
        }
        const inVain = !this.#proven && end.turnedAway === NEEDS_TLS;
        if (!this.#settings.reconnect || inVain) {
          throw this.#proven ? this.#lost(end.reason) : this.#rejected(end);
        }
        this.#settings.onEvent({ type: "lost", reason: end.reason });
        connected = await this.#connect(end);
      }
      this.#end.resolve();
    } catch (error) {
      const stopped = this.#closing !== undefined && this.#stop.signal.aborted;
      this.#stop.abort();
      if (stopped) return this.#end.resolve();
      const failure = error instanceof Error ? error : new RunError(String(error));
      this.#end.reject(failure);
      this.#work.failAll(failure);
    }
  }

  /** Uses a link until it ends, or the one that follows its trial. */
  async #serve({ link, trial }: Connected): Promise<LinkEnd> {
    const since = this.#clock.now();
    this.#link = link;
    this.#work.use(link);
    const last = trial === undefined ? link : await this.#tried(trial);
    const end = await last.ended;
    this.#work.use(undefined);
    this.#link = undefined;
    const steady = this.#clock.now() - since >= STEADY_MS;
    this.#proven ||= last.answered || steady;
    // one that is always lost at once is tried with growing pauses as one that is not there
    if (steady) this.#attempt = 0;
    return end;
  }

  /** The link to go on with when a trial is over. */
  async #tried({ link, verdict: judged }: Trial): Promise<Link> {
    const verdict = await judged;
    if (verdict === undefined) return link;
    if (verdict.kind === "classic") {
      this.#work.decided();
      return link;
    }
    this.#proven = true;
    const next = verdict.kind === "2" ? verdict.link : undefined;
    const over = [this.#work.finish(), link.ended, ...(next === undefined ? [] : [next.ended])];
    await waitAtMost({ clock: this.#clock, ms: LAST_CLASSIC_REPLY_MS }, Promise.race(over));
    if (next === undefined || (await this.#subscriber?.restore(next)) === false) {
      link.close(ANSWERED_LATE);
      return link;
    }
    this.#link = next;
    this.#protocol = "2";
    this.#settings.onEvent({ type: "upgraded" });
    this.#work.use(next);
    void link.quit({ waitForEnd: END_MS });
    return next;
  }

  /**
   * Tries until there is a link. Throws RunError when it gives up, the signal's reason when it is stopped.
   */
  async #connect(lost?: LinkEnd): Promise<Connected> {
    if (lost !== undefined) {
      await this.#pauseOr(lost.reason, () => this.#proven ? this.#lost(lost.reason) : this.#rejected(lost));
    }
    for (;;) {
      try {
        return await this.#tryOnce(lost !== undefined);
      } catch (error) {
        if (!(error instanceof ConnectError)) throw error;
        if (error.permanent && lost === undefined) throw this.#noBroker(error);
        await this.#pauseOr(
          error.message,
          () => this.#proven ? this.#lost(error.message) : this.#noBroker(error),
        );
      }
    }
  }

  async #tryOnce(again: boolean): Promise<Connected> {
    const { address, onEvent } = this.#settings;
    const most = this.#proven ? TRY_MS : Math.max(this.#startsUntil - this.#clock.now(), TRY_LEAST_MS);
    const connected = await this.#connector.connect(most);
    const { link, localPort } = connected;
    const { protocol } = link;
    this.#protocol = protocol;
    if (!again) {
      onEvent({ type: "connected", address, localPort, protocol });
    } else if (this.#subscriber === undefined || await this.#subscriber.restore(link)) {
      onEvent({ type: "restored", address, protocol });
    }
    return connected;
  }

  /** Waits before the next try, or throws what `giveUp` makes when that would be past the time for trying. */
  async #pauseOr(reason: string, giveUp: () => Error): Promise<void> {
    const delay = backOff(++this.#attempt, this.#settings.machine.random);
    const until = Math.min(this.#giveUpAt, this.#proven ? Infinity : this.#startsUntil);
    if (this.#clock.now() + delay > until) throw giveUp();
    this.#settings.onEvent({ type: "retrying", attempt: this.#attempt, delay, reason });
    await pause(delay, { clock: this.#clock, signal: this.#stop.signal });
  }

  #noBroker(error: ConnectError): RunError {
    const { address } = this.#settings;
    if (error.permanent) return new RunError(`cannot connect to ${address}: ${error.message}`);
    if (error.accepted) return this.#rejected({ reason: error.message, turnedAway: error.turnedAway });
    return new RunError(`no broker at ${address} (${error.message})`, "NO_BROKER");
  }

  #rejected({ reason, turnedAway }: LinkEnd): RunError {
    const { address, role } = this.#settings;
    return new RunError(
      turnedAway === undefined
        ? `${address} takes a connection and gives no answer (${reason}): ` +
          `it serves no more ${role}s now, stands still, or is no broker`
        : `the broker at ${address} turned this ${role} away (${turnedAway}): ` +
          (turnedAway === NEEDS_TLS ? "connect with TLS (--tls)" : "try again later, or raise its limit"),
    );
  }

  #lost(reason: string): RunError {
    const { size } = this.#work;
    const loss = size === 0 ? "" : `, ${this.#unanswered(size)}`;
    return new RunError(`lost the broker at ${this.#settings.address} (${reason})${loss}`, "LOST");
  }

  #unanswered(count: number): string {
    const what = this.#settings.role === "publisher" ? "message" : "request";
    return `${countOf(count, what)} not acknowledged`;
  }
}
