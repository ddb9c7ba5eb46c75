/**
 * Which topics the subscribers of other brokers are too full for, and telling others of our own: so that who
 * publishes anywhere waits for a subscriber anywhere.
 *
 *     hashbus.broker.full    k3f9a20c77e1⏎#orders.>⏎#all⏎
 *                            └ who ─────┘
 *
 * @module
 */
import { ENGINE_FULL_AGAIN_MS, ENGINE_FULL_KEPT_MS, ENGINE_FULL_PATTERNS_MOST } from "../../limits.ts";
import { decodeText } from "../../text.ts";
import { covers } from "../../topics/covers.ts";
import { matches, parsePattern } from "../../topics/topic.ts";
import { encodeText } from "../../wire/bytes.ts";
import type { Gate } from "../types.ts";
import type { NatsLink } from "./port.ts";
import type { Subjects } from "./subjects.ts";

/** What it needs. */
export interface FullOptions {
  readonly link: NatsLink;
  readonly subjects: Subjects;
  readonly id: string;
  /** The patterns that our own subscribers have no room for now. */
  readonly own: () => Iterable<string>;
  /** Who waited goes on. */
  readonly flush: () => void;
}

interface Full {
  readonly patterns: readonly string[];
  /** It is forgotten then. */
  readonly until: number;
}

/** Brokers that are remembered as full; anybody may say so. */
const BROKERS_MOST = 1024;

/**
 * - (N4) A broker says what its subscribers are full for when that changes, and again while it is so; what it
 *   has not said for {@link ENGINE_FULL_KEPT_MS} is no longer so: it may have died.
 * - As a {@link Gate} it is for one topic at a time: {@link gateFor}.
 */
export class FullBrokers {
  readonly #options: FullOptions;
  readonly #others = new Map<string, Full>();
  #waiting: Array<() => void> = [];
  #said: readonly string[] = [];
  #saidAt = -Infinity;
  #now: number;
  /** Stands for all that is full elsewhere: who waits asks again when anything of it changes. */
  readonly #gate: Gate;

  constructor(options: FullOptions, now: number) {
    this.#options = options;
    this.#now = now;
    this.#gate = { full: true, whenNotFull: (callback) => void this.#waiting.push(callback) };
    options.link.subscribe(options.subjects.broker("full"), ({ bytes }) => this.#heard(bytes));
    options.link.watch({ up: () => this.tell() });
  }

  /** Brokers that are full. */
  get size(): number {
    return this.#others.size;
  }

  /** Who has to become free before anything is published to a topic; undefined: nobody. */
  gateFor(topic: string): Gate | undefined {
    if (this.#others.size === 0) return undefined;
    for (const { patterns } of this.#others.values()) {
      for (let at = 0; at < patterns.length; at++) if (matches(patterns[at]!, topic)) return this.#gate;
    }
    return undefined;
  }

  /** What our subscribers are full for may have changed. */
  tell(): void {
    const own = narrowed(this.#options.own());
    if (own.length === this.#said.length && own.every((pattern, at) => pattern === this.#said[at])) return;
    this.#say(own);
  }

  /** Time has passed; `now` is milliseconds. */
  tick(now: number): void {
    this.#now = now;
    this.tell();
    // a clock that was set back must not keep anybody waiting
    const since = Math.abs(now - this.#saidAt);
    if (this.#said.length > 0 && since >= ENGINE_FULL_AGAIN_MS) this.#say(this.#said);
    let over = false;
    for (const [id, { until }] of this.#others) {
      if (until > now && until <= now + 2 * ENGINE_FULL_KEPT_MS) continue;
      this.#others.delete(id);
      over = true;
    }
    if (over) this.#goOn();
  }

  #say(own: readonly string[]): void {
    const { link, subjects, id } = this.#options;
    this.#said = own;
    this.#saidAt = this.#now;
    if (!link.up) return;
    link.publish(subjects.broker("full"), encodeText([id, ...own, ""].join("\n")));
    // nobody waits for that answer: it is to be written now
    link.flush(() => {});
  }

  #heard(bytes: Uint8Array): void {
    const [id = "", ...lines] = (decodeText(bytes) ?? "").split("\n");
    if (id === "" || id.length > ID_MOST || id === this.#options.id) return;
    const patterns = lines.slice(0, ENGINE_FULL_PATTERNS_MOST).filter((line) => {
      const parsed = parsePattern(line);
      return "name" in parsed && parsed.name === line;
    });
    if (patterns.length > 0) {
      if (this.#others.size >= BROKERS_MOST && !this.#others.has(id)) return;
      this.#others.set(id, { patterns, until: this.#now + ENGINE_FULL_KEPT_MS });
    } else if (!this.#others.delete(id)) {
      return;
    }
    this.#goOn();
  }

  #goOn(): void {
    const callbacks = this.#waiting;
    if (callbacks.length === 0) return;
    this.#waiting = [];
    for (const callback of callbacks) callback();
    this.#options.flush();
  }
}

const ID_MOST = 64;

/** Each once, in an order of their own, and few. */
function narrowed(patterns: Iterable<string>): string[] {
  const all = new Set<string>();
  for (const pattern of patterns) {
    all.add(pattern);
    if (all.size > ENGINE_FULL_PATTERNS_MOST) return ["#>"];
  }
  const each = [...all].sort();
  return each.filter((pattern) => !each.some((other) => other !== pattern && covers(other, pattern)));
}
