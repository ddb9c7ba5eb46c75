/**
 * What happened, as those saw it who are honest: what was published and how it was answered, and what each
 * connection asked for and got, in the order in which it came. The oracle judges nothing else.
 *
 * @module
 */

/** A message. Its number is its place in what its publisher (one connection) sent. */
export interface Message {
  readonly publisher: number;
  readonly number: number;
  readonly topic: string;
  readonly stream: Stream;
  /** Its place in its stream. */
  readonly index: number;
  readonly sentAt: number;
  /** Seconds it may wait. */
  readonly ttl?: number;
  readonly key?: string;
  /** Seconds until it is due. */
  readonly later?: number;
  /** When it was acknowledged. */
  ackedAt?: number;
  refused?: string;
  /** Its number in its durable topic, where the broker said it. */
  seq?: number;
}

/** What one publisher sent to one topic: arrives in this order (C6). */
export interface Stream {
  readonly publisher: number;
  readonly topic: string;
  readonly messages: Message[];
}

export type Policy = "block" | "drop-old" | "drop-new" | "latest" | "disconnect";

/** A subscription of a connection, from the request on. */
export interface Subscription {
  readonly pattern: string;
  /** What it asked for last, or the broker's own. */
  policy: Policy;
  /** What it had asked for before that. */
  changed?: Policy[];
  /** `from=` of a replay. */
  readonly from?: string;
  readonly to?: string;
  readonly sentAt: number;
  okAt?: number;
  refused?: string;
  /** When the unsub was sent, and answered; or the `sub` with `from=` of the same pattern that took its place. */
  unsubAt?: number;
  goneAt?: number;
}

/** What came, in order. */
export type Happened =
  | { readonly is: "got"; readonly message: Message; readonly seq?: number; readonly at: number }
  | { readonly is: "altered"; readonly what: string; readonly at: number }
  | { readonly is: "gap"; readonly pattern: string; readonly count: number; readonly at: number }
  | { readonly is: "subscribed"; readonly subscription: Subscription; readonly at: number }
  | { readonly is: "live" | "end" | "failed"; readonly pattern: string; readonly at: number };

/** A connection of an honest subscriber. */
export interface Connection {
  readonly name: string;
  readonly v2: boolean;
  readonly openedAt: number;
  readonly subscriptions: Subscription[];
  readonly happened: Happened[];
  closedAt?: number;
  /** Why it ended, where the broker ended it. */
  cut?: string;
}

export class History {
  readonly publishers: Message[][] = [];
  readonly streams = new Map<string, Stream>();
  readonly connections: Connection[] = [];

  /** The next publisher's number. */
  publisher(): number {
    return this.publishers.push([]) - 1;
  }

  publish(
    publisher: number,
    { topic, ...more }: Pick<Message, "topic" | "sentAt" | "ttl" | "key" | "later">,
  ): Message {
    const key = `${publisher} ${topic}`;
    let stream = this.streams.get(key);
    if (stream === undefined) this.streams.set(key, stream = { publisher, topic, messages: [] });
    const sent = this.publishers[publisher] ?? [];
    const message: Message = {
      publisher,
      number: sent.length,
      topic,
      stream,
      index: stream.messages.length,
      ...more,
    };
    sent.push(message);
    stream.messages.push(message);
    return message;
  }

  connection(name: string, v2: boolean): Connection {
    const connection: Connection = { name, v2, openedAt: performance.now(), subscriptions: [], happened: [] };
    this.connections.push(connection);
    return connection;
  }
}

const known = new Map<string, boolean>();
const KNOWN_MOST = 500_000;

/** Whether a pattern takes a topic in (T3), the plain way, and remembered. */
export function matches(pattern: string, topic: string): boolean {
  const key = `${pattern} ${topic}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  if (known.size >= KNOWN_MOST) known.clear();
  const answer = compare(pattern.slice(1).split("."), topic.slice(1).split("."));
  known.set(key, answer);
  return answer;
}

function compare(want: readonly string[], have: readonly string[]): boolean {
  for (let at = 0; at < want.length; at++) {
    if (want[at] === ">") return have.length > at;
    if (have[at] === undefined || (want[at] !== "*" && want[at] !== have[at])) return false;
  }
  return want.length === have.length;
}
