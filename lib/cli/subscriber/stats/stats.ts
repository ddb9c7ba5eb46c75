/**
 * `--stats`: what came, counted.
 *
 * @module
 */
import { quote } from "../../../text.ts";
import type { Arrived } from "../../messages/message.ts";
import { Histogram } from "./histogram.ts";
import { sentTime } from "./sent_time.ts";

/** Times messages were on their way, milliseconds. */
export interface Latency {
  /** How many messages said when they were sent. */
  readonly messages: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What came in some time. */
export interface Figures {
  readonly seconds: number;
  readonly messages: number;
  /** Of their payloads. */
  readonly bytes: number;
  /** How many were left out by a slow subscription. */
  readonly missed: number;
  /** Undefined where no message said when it was sent. */
  readonly latency: Latency | undefined;
}

/** A report: of the time since the one before, or at the end of all. */
export interface Report extends Figures {
  /** All messages so far. */
  readonly total: number;
}

/** What is counted, and who is told. */
export interface StatsOptions {
  /** The header that says when a message was sent. */
  readonly header: string;
  /** Milliseconds of a clock that never jumps; milliseconds since 1970, with decimals. */
  readonly clock: { readonly now: () => number; readonly wall: () => number };
  /** How many were left out so far. */
  readonly missed: () => number;
  /** Told once when that header is no time, and once when it lies in the future. */
  readonly doubt: (problem: string) => void;
}

/** Latencies are counted in microseconds. */
const MICROSECONDS = 1000;
/** Clocks of two machines are hardly ever nearer, milliseconds. */
const CLOCKS_DIFFER_MS = 1;

/** Counts; its memory does not grow with what comes. */
export class Stats {
  readonly #options: StatsOptions;
  readonly #recent = new Histogram();
  readonly #all = new Histogram();
  #messages = 0;
  #bytes = 0;
  #first: number | undefined;
  #last = 0;
  #before: { at: number; messages: number; bytes: number; missed: number };
  #toldUnread = false;
  #toldFuture = false;

  constructor(options: StatsOptions) {
    this.#options = options;
    this.#before = { at: options.clock.now(), messages: 0, bytes: 0, missed: 0 };
  }

  /** A message came. */
  add(message: Arrived): void {
    const { clock, header } = this.#options;
    const now = clock.now();
    this.#messages++;
    this.#bytes += message.payload.length;
    this.#first ??= now;
    this.#last = now;
    const sent = message.headers?.get(header);
    if (sent !== undefined) this.#addLatency(sent, clock.wall());
  }

  /** What came since the last call. */
  next(): Report {
    const now = this.#options.clock.now();
    const before = this.#before;
    const missed = this.#options.missed();
    this.#before = { at: now, messages: this.#messages, bytes: this.#bytes, missed };
    const latency = latencyOf(this.#recent);
    this.#recent.clear();
    return {
      seconds: (now - before.at) / 1000,
      messages: this.#messages - before.messages,
      bytes: this.#bytes - before.bytes,
      missed: missed - before.missed,
      latency,
      total: this.#messages,
    };
  }

  /** All that came, over the time from the first message to the last. */
  all(): Report {
    return {
      seconds: (this.#last - (this.#first ?? this.#last)) / 1000,
      messages: this.#messages,
      bytes: this.#bytes,
      missed: this.#options.missed(),
      latency: latencyOf(this.#all),
      total: this.#messages,
    };
  }

  #addLatency(text: string, wall: number): void {
    const sent = sentTime(text);
    if (sent === undefined) {
      if (!this.#toldUnread) this.#options.doubt(`is no time: ${quote(text)}`);
      this.#toldUnread = true;
      return;
    }
    const latency = wall - sent;
    if (latency < -CLOCKS_DIFFER_MS && !this.#toldFuture) {
      this.#toldFuture = true;
      this.#options.doubt(
        `lies ${-Math.round(latency)} ms in the future, so the clocks differ: ${quote(text)}`,
      );
    }
    const value = Math.max(0, Math.round(latency * MICROSECONDS));
    this.#recent.add(value);
    this.#all.add(value);
  }
}

function latencyOf(histogram: Histogram): Latency | undefined {
  if (histogram.count === 0) return undefined;
  return {
    messages: histogram.count,
    p50: histogram.quantile(0.5) / MICROSECONDS,
    p99: histogram.quantile(0.99) / MICROSECONDS,
    max: histogram.max / MICROSECONDS,
  };
}
