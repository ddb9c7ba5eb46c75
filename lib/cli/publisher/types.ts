/**
 * Messages on their way out: what is known of one, who takes it, what comes back.
 *
 * @module
 */
import type { PublishLine } from "../messages/message_line.ts";
import type { ConnectionEvent } from "../client/notices.ts";

/** What goes with a message, and what is asked of its answer. */
export interface MessageOptions {
  readonly headers?: ReadonlyMap<string, string>;
  readonly key?: string;
  /** Seconds. */
  readonly ttl?: number;
  /** Milliseconds until it is delivered. */
  readonly delay?: number;
  /** When it is delivered. */
  readonly at?: Date;
  readonly reply?: string;
  readonly id?: string;
  /** Milliseconds until it is acknowledged; it fails after that. */
  readonly timeout?: number;
  /** Fewer subscribers than this are a refusal. */
  readonly minSubs?: number;
}

/** What the broker says of a message it took; a classic one says nothing. */
export interface Answer {
  readonly seq?: number;
  readonly level?: string;
  readonly subs?: number;
}

/** Where messages go. The library's Publisher is one. */
export interface MessagePublisher {
  readonly protocol: "classic" | "2";
  /** Resolves when acknowledged; rejects with RefusedError when this one message was refused. */
  publish(topic: string, payload?: string | Uint8Array, options?: MessageOptions): Promise<Answer>;
  /** As `publish`; what the broker refuses is an event. The number of the message. */
  send(topic: string, payload?: string | Uint8Array, options?: MessageOptions): number;
  readonly full: boolean;
  ready(): Promise<void>;
  readonly pending: number;
  drained(): Promise<void>;
}

/** Where a message stands: in words (`x.cmd:3`), as a line of stdin; empty: nowhere, it is the only one. */
export type Place = string | number;

/** A message to be sent. */
export interface Outgoing {
  readonly topic: string;
  readonly payload: string | Uint8Array;
  readonly options: MessageOptions | undefined;
  readonly place: Place;
}

/** Hands what the client library tells to who sends. */
export class Refusals {
  /** Whether the broker is silent, and what it speaks is not known yet. */
  onTrial = false;
  /** Told the number of a message, as `send` gave it, and why it was refused or given up. */
  listener: (number: number, error: Error) => void = () => {};

  /** For the client library's `onEvent`. */
  readonly onEvent = (event: ConnectionEvent): void => {
    switch (event.type) {
      case "refused":
        return this.listener(event.number, event.error);
      case "silent":
        this.onTrial = true;
        return;
      case "fallback":
      case "upgraded":
      case "restored":
        this.onTrial = false;
    }
  };
}

/** The options of a line of JSON, those of the command line for what it leaves open; undefined: none. */
export function optionsOf(
  { headers, key, ttl, reply, delay, at }: Omit<PublishLine, "topic" | "payload">,
  base: MessageOptions | undefined,
): MessageOptions | undefined {
  const said = {
    ...(headers.size === 0 ? {} : { headers: new Map([...base?.headers ?? [], ...headers]) }),
    ...(key === undefined ? {} : { key }),
    ...(ttl === undefined ? {} : { ttl }),
    ...(delay === undefined ? {} : { delay: Math.round(1000 * delay) }),
    ...(at === undefined ? {} : { at: new Date(at) }),
    ...(reply === undefined ? {} : { reply }),
  };
  if (Object.keys(said).length === 0) return base;
  return { ...(delay === undefined && at === undefined ? base : withoutDelay(base)), ...said };
}

/** There is one way to say when. */
function withoutDelay({ delay: _delay, at: _at, ...others }: MessageOptions = {}): MessageOptions {
  return others;
}

/** Why a message cannot be counted, as `--min-subs` asks, a clause; undefined: it can. */
export function laterProblem({ minSubs, delay, at }: MessageOptions = {}): string | undefined {
  if (minSubs === undefined || (delay === undefined && at === undefined)) return undefined;
  const name = delay === undefined ? "at" : "delay";
  return `--min-subs counts who gets a message now, and with "${name}" nobody does yet`;
}
