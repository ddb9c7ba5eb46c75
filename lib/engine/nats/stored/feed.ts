/**
 * What is stored from now on, for all subscribers of this broker together: one consumer that follows the
 * stream.
 *
 * @module
 */
import { matches } from "../../../topics/topic.ts";
import type { Run } from "../../../wire/run.ts";
import type { Routing, SubscribedRoute } from "../../routing.ts";
import type { NatsLink, NatsMessage } from "../port.ts";
import type { StreamsPort } from "../streams_port.ts";
import type { Subjects } from "../subjects.ts";
import type { ChunkPool } from "../../../buffers.ts";
import type { Delivery } from "./delivery.ts";
import { incomingOf, isExpired, RunMaker } from "./incoming.ts";
import { ASK_BYTES, ASK_MOST, RETRY_MS } from "./limits.ts";
import { narrow } from "./narrow.ts";
import { Pull, pullParts } from "./pull.ts";
import { isWhole } from "./whole.ts";

/** What it works with. */
export interface FeedParts {
  readonly link: NatsLink;
  readonly streams: StreamsPort;
  readonly subjects: Subjects;
  readonly routing: Routing;
  readonly pool: ChunkPool;
  readonly now: () => number;
  /** Gives a subject that nobody else has. */
  readonly inbox: () => string;
  readonly flush: () => void;
  /** Everything up to this number has been handed on. */
  readonly handedOn: (sequence: number) => void;
  /** The stream was deleted and made anew: no number from before means anything any more. */
  readonly anew: () => void;
  /** What others stored cannot be read. */
  readonly onUnreadable: (reason: string) => void;
}

/** What is to be handed on next, up to a number; without a run: it is nobody's. */
interface Item {
  readonly run: Run | undefined;
  readonly upTo: number;
}

/** A pattern that somebody wants. */
interface Wanted {
  count: number;
  /** What was stored up to this number is not for it; undefined: that is still to be found out, or all is. */
  since: number | undefined;
  /** Whether it begins with what is stored from now on. */
  fresh: boolean;
}

/**
 * - It follows the stream in its order and hands each message on once, to who is subscribed by then.
 * - No message that is stored behind the call of `ready` is missed by who asked for its pattern.
 * - Where the stream was deleted and made anew all that is in it is handed on: none of it was before.
 * - It stands still while a subscriber is full: what it has read by then is bounded, and nothing is lost, for
 *   the stream has it.
 * - It asks for the narrowest subjects that bring what is wanted, and for nothing where nothing is.
 */
export class Feed {
  readonly #parts: FeedParts;
  readonly #wanted = new Map<string, Wanted>();
  readonly #runs: RunMaker;
  #items: Item[] = [];
  /** Everything up to it has been handed on; undefined: it follows nothing. */
  #position: number | undefined;
  /** When its stream was made; undefined: it has not looked yet. */
  #created: string | undefined;
  #filters: readonly string[] = [];
  #pull: Pull | undefined;
  /** The consumer's number of its last message. */
  #given = 0;
  #size = ASK_BYTES / ASK_MOST;
  #state: "idle" | "changing" | "live" = "idle";
  /** What is wanted is other than what is asked for. */
  #stale = false;
  /** What has been read and not handed on is to be read again. */
  #again = false;
  #retryAt = 0;
  /** Of what is asked for now: answers to what was asked for before are nobody's. */
  #turn = 0;
  #blocked = false;
  #closed = false;
  #ready: Array<() => void> = [];

  constructor(parts: FeedParts) {
    this.#parts = parts;
    this.#runs = new RunMaker({
      pool: parts.pool,
      routeOf: (topic) => parts.routing.routeOf(topic),
      made: (run) => this.#items.push({ run, upTo: run.stored!.batch }),
    });
    parts.link.watch({
      read: () => this.#goOn(),
      down: () => this.#lost(),
      up: () => {
        if (this.#stale) this.#change();
      },
    });
  }

  /** Everything up to it has been handed on. */
  get position(): number {
    return this.#position ?? 0;
  }

  /** Whether it brings all that is wanted. */
  get live(): boolean {
    return this.#wanted.size === 0 || (this.#state === "live" && !this.#stale);
  }

  /** Somebody more wants a pattern; `fresh`: from now on, else from behind {@link position}. */
  add(pattern: string, { fresh }: { readonly fresh: boolean }): void {
    const wanted = this.#wanted.get(pattern);
    if (wanted !== undefined) {
      wanted.count++;
      if (fresh || wanted.since === undefined) return;
      wanted.since = undefined;
    } else {
      this.#wanted.set(pattern, { count: 1, since: undefined, fresh });
    }
    // what was read and thrown away, and is not handed on, is read once more
    if (!fresh && this.#items.length > 0) this.#again = true;
    this.#stale = true;
    this.#change();
  }

  /** One less does. */
  remove(pattern: string): void {
    const wanted = this.#wanted.get(pattern);
    if (wanted === undefined || --wanted.count > 0) return;
    this.#wanted.delete(pattern);
    // what is asked for beyond what is wanted is asked for until something else changes, or for good
    if (this.#wanted.size === 0) this.#stop();
  }

  /** Calls back once it brings all that is wanted now. */
  whenLive(callback: () => void): void {
    if (this.live) callback();
    else this.#ready.push(callback);
  }

  tick(now: number, passed: number): void {
    this.#pull?.tick(passed);
    if (this.#stale && now >= this.#retryAt) this.#change();
  }

  close(): void {
    this.#closed = true;
    this.#wanted.clear();
    this.#stop();
  }

  #stop(): void {
    this.#turn++;
    this.#forget();
    this.#state = "idle";
    this.#position = undefined;
    // nobody is left to whom it matters that the stream was made anew before they came
    this.#created = undefined;
    this.#stale = false;
    for (const callback of this.#ready.splice(0)) callback();
  }

  /** What has been read and not handed on is read again. */
  #forget(): void {
    const pull = this.#pull;
    this.#pull = undefined;
    this.#runs.clear();
    for (const { run } of this.#items) run?.release();
    this.#items = [];
    pull?.close();
    if (pull !== undefined && this.#parts.link.up) this.#parts.streams.remove(pull.consumer, () => {});
  }

  #lost(): void {
    if (this.#wanted.size === 0) return;
    this.#stale = true;
    this.#forget();
  }

  /** It asks for what is wanted now. Only while something is. */
  #change(): void {
    if (this.#state === "changing" || this.#closed || !this.#parts.link.up) return;
    const filters = narrow(this.#wanted.keys(), this.#parts.streams.filtersMost);
    const isSame = this.#pull !== undefined && !this.#again && filters.length === this.#filters.length &&
      filters.every((filter) => this.#filters.includes(filter));
    this.#state = "changing";
    this.#stale = this.#again = false;
    const turn = ++this.#turn;
    this.#parts.streams.state((asked) => {
      if (turn !== this.#turn) return;
      if (asked.kind !== "done") return this.#failed();
      this.#belongsTo(asked.value.created);
      this.#settle(asked.value.last, isSame ? undefined : filters);
    });
  }

  #belongsTo(created: string): void {
    const isAnother = this.#created !== undefined && this.#created !== created;
    this.#created = created;
    if (!isAnother) return;
    this.#forget();
    if (this.#position !== undefined) this.#position = 0;
    for (const wanted of this.#wanted.values()) wanted.since = undefined;
    this.#parts.anew();
  }

  /** The stream ended there when this was asked. `filters`: what is asked for; undefined: as before. */
  #settle(last: number, filters: readonly string[] | undefined): void {
    const turn = this.#turn;
    const known = new Set(this.#wanted.values());
    const go = (): void => {
      for (const wanted of known) {
        if (wanted.fresh && wanted.since === undefined) wanted.since = last;
        wanted.fresh = false;
      }
      if (filters === undefined && this.#pull !== undefined) this.#changed();
      else this.#open(filters ?? this.#filters);
    };
    if (this.#position === undefined) {
      this.#position = last;
      return go();
    }
    if (this.#pull === undefined || filters === undefined) return go();
    isWhole(this.#parts, this.#filters, { after: this.#position, upTo: last }, (whole) => {
      if (turn !== this.#turn) return;
      if (whole === true && this.#position !== undefined) this.#position = Math.max(this.#position, last);
      go();
    });
  }

  #open(filters: readonly string[]): void {
    const { streams, subjects } = this.#parts;
    if (this.#position === undefined) return this.#failed();
    const turn = this.#turn;
    const start = { kind: "sequence", sequence: this.#position + 1 } as const;
    streams.addReader({ filters: filters.map((filter) => subjects.stored(filter)), start }, (asked) => {
      const isOver = turn !== this.#turn;
      if (asked.kind !== "done") return isOver ? undefined : this.#failed();
      if (isOver || !this.#parts.link.up) {
        streams.remove(asked.value, () => {});
        return isOver ? undefined : this.#failed();
      }
      this.#forget();
      this.#filters = filters;
      this.#given = 0;
      this.#pull = new Pull(asked.value, pullParts(this.#parts), {
        pulled: (message, delivery) => this.#pulled(message, delivery),
        unanswered: (why) => {
          if (why === "gone") this.#lost();
        },
      });
      this.#changed();
      this.#goOn();
    });
  }

  #changed(): void {
    this.#state = "live";
    if (this.#stale) return this.#change();
    for (const callback of this.#ready.splice(0)) callback();
  }

  #failed(): void {
    this.#state = "idle";
    this.#stale = this.#again = true;
    this.#retryAt = this.#parts.now() + RETRY_MS;
  }

  #pulled(message: NatsMessage, delivery: Delivery): void {
    // something has been lost on the way
    if (delivery.given !== this.#given + 1) return this.#lost();
    this.#given = delivery.given;
    const { sequence } = delivery;
    if (this.#position === undefined || sequence <= this.#position) return;
    this.#size += (message.bytes.length - this.#size) / 16;
    const incoming = incomingOf(message, delivery, this.#parts);
    if (
      incoming === undefined || isExpired(incoming, this.#parts.now()) ||
      !this.#isWanted(incoming.topic, sequence)
    ) {
      this.#runs.end();
      this.#items.push({ run: undefined, upTo: sequence });
    } else {
      this.#runs.add(incoming);
    }
  }

  #isWanted(topic: string, sequence: number): boolean {
    for (const [pattern, { since }] of this.#wanted) {
      if ((since === undefined || sequence > since) && matches(pattern, topic)) return true;
    }
    return false;
  }

  /** Hands on what has been read, and asks for more. */
  #goOn(): void {
    if (this.#pull === undefined || this.#blocked) return;
    this.#runs.end();
    const { routing, flush, handedOn } = this.#parts;
    let at = 0;
    for (; at < this.#items.length; at++) {
      const { run, upTo } = this.#items[at]!;
      const gate = run === undefined ? undefined : routing.gateOf(run.route as SubscribedRoute);
      if (gate !== undefined) {
        this.#blocked = true;
        this.#items.splice(0, at);
        flush();
        gate.whenNotFull(() => {
          this.#blocked = false;
          this.#goOn();
        });
        return;
      }
      this.#position = upTo;
      if (run !== undefined) {
        routing.deliver(run);
        run.release();
      }
      handedOn(upTo);
    }
    if (at > 0) {
      this.#items.splice(0, at);
      flush();
    }
    this.#ask();
  }

  #ask(): void {
    const { link } = this.#parts;
    const pull = this.#pull;
    if (pull === undefined || !link.up) return;
    const batch = Math.max(1, Math.min(ASK_MOST, Math.floor(ASK_BYTES / (this.#size + 1))));
    if (2 * pull.asked >= batch) return;
    pull.ask({ batch });
    link.flush(() => {});
  }
}
