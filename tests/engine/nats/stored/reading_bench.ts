/**
 * What reads the stream, whose answers are the test's.
 *
 * @module
 */
import type { NatsHeaders } from "../../../../lib/engine/nats/port.ts";
import { StreamLog } from "../../../../lib/engine/nats/stored/stream_log.ts";
import { Subjects } from "../../../../lib/engine/nats/subjects.ts";
import type {
  Cursor,
  Page,
  ReadEnd,
  ReadOutcome,
  SeekOutcome,
  SeekRange,
} from "../../../../lib/store/types.ts";
import { FakeLink } from "../../../support/fake_link.ts";
import { done, ScriptedStreams, stateOf } from "../../../support/scripted_streams.ts";

/** A message of the stream: its number, and its topic where that is not `#d`. */
export interface Brought {
  readonly topic?: string;
  readonly headers?: NatsHeaders;
  /** Milliseconds since 1970. */
  readonly time?: number;
  /** The consumer's number; left out: the one behind that of the message before. */
  readonly given?: number;
  /** How many more the consumer has. */
  readonly pending?: number;
  /** Bytes of its payload, where they matter. */
  readonly size?: number;
}

/** A link to a stream, and the inboxes that readers of it have. */
export class ReadingBench {
  readonly link = new FakeLink();
  readonly streams = new ScriptedStreams();
  readonly unreadable: string[] = [];
  readonly parts: {
    readonly link: FakeLink;
    readonly streams: ScriptedStreams;
    readonly subjects: Subjects;
    readonly inbox: () => string;
    readonly onUnreadable: (reason: string) => void;
  };
  /** The inbox that was made last: messages come there. */
  inboxes = 0;
  #given = 0;

  constructor() {
    const { link, streams } = this;
    this.parts = {
      link,
      streams,
      subjects: new Subjects("p"),
      inbox: () => `in.${++this.inboxes}`,
      onUnreadable: (reason) => void this.unreadable.push(reason),
    };
  }

  /** The consumer that was asked for first is made. */
  opens(consumer = "c"): void {
    this.#given = 0;
    this.streams.readers.shift()!(done(consumer));
  }

  comes(
    sequence: number,
    { topic = "#d", headers, time = 1, given, pending = 0, size = 0 }: Brought = {},
  ): void {
    this.#given = given ?? this.#given + 1;
    this.link.comes(`in.${this.inboxes}`, `${sequence}`.padEnd(size), `p.stored.${topic.slice(1)}`, {
      reply: `$JS.ACK.s.c.1.${sequence}.${this.#given}.${time}000000.${pending}`,
      ...(headers === undefined ? {} : { headers }),
    });
  }

  /** NATS says of a request that there is no more. */
  hasNoMore(status = 404): void {
    this.link.comes(`in.${this.inboxes}`, "", `in.${this.inboxes}`, { status });
  }

  /** NATS says of a request that the next message has more bytes than it allows. */
  hasTooLarge(): void {
    const inbox = `in.${this.inboxes}`;
    this.link.comes(inbox, "", inbox, { status: 409, description: "Message Size Exceeds MaxBytes" });
  }

  /** Who asked for the messages behind a number, or the last, is answered; undefined: there are none. */
  finds(sequence?: number, time = 1): void {
    for (const answer of this.streams.edges.splice(0)) {
      answer(sequence === undefined ? { kind: "none" } : done({ sequence, time }));
    }
  }

  /** What was asked for since the last call, of the stream and of consumers: `state`, `c asks 512`. */
  asked(): string[] {
    const pulled = this.link.takeAsked().flatMap((each) => {
      const [, consumer, batch] =
        /^pub API\.CONSUMER\.MSG\.NEXT\.s\.(\S+) \{"batch":(\d+),(?:"max_bytes":\d+,)?"no_wait":true\}/.exec(
          each,
        ) ?? [];
      return batch !== undefined ? [`${consumer} asks ${batch}`] : each.startsWith("unsub") ? [each] : [];
    });
    return [...this.streams.takeAsked(), ...pulled];
  }
}

/** The payloads of a page. */
export function payloadsIn({ bytes }: Page): string[] {
  const text = new TextDecoder().decode(bytes);
  return [...text.matchAll(/^pub #\S+ \d+.*\n(.*)$/gm)].map(([, payload]) => payload!);
}

/** A page as it was answered: its messages, how its cursors end, and where they are. */
export type Shown = readonly [payloads: string[], ends: readonly ReadEnd[], after: readonly number[]];

export function cursorOf(of: Partial<Cursor> = {}): Cursor {
  return { pattern: "#d", after: 0, sequence: 0, time: 0, to: undefined, ...of };
}

/** A log over it; the feed has handed on everything up to `feed.position`. */
export class LogBench extends ReadingBench {
  readonly log: StreamLog;
  readonly feed = { position: 0, whenLive: (callback: () => void): void => void this.waiting.push(callback) };
  /** Who waits until the feed is live. */
  readonly waiting: Array<() => void> = [];
  readonly #later: Array<() => void> = [];
  now = 1_000;

  constructor(position = 0) {
    super();
    this.feed.position = position;
    this.log = new StreamLog({
      ...this.parts,
      feed: this.feed,
      now: () => this.now,
      later: (go) => void this.#later.push(go),
    });
  }

  /** What is to be tried again in a moment; how much that is. */
  retries(): number {
    const all = this.#later.splice(0);
    for (const go of all) go();
    return all.length;
  }

  /** Pages as they come. */
  reads(cursors: readonly Cursor[], upTo?: number, most = 1e6): Shown[] {
    const shown: Shown[] = [];
    this.log.read(cursors, { most, upTo }, (outcome: ReadOutcome) => {
      if (outcome.kind !== "page") throw new Error(outcome.reason);
      const { page, ends, cursors } = outcome;
      shown.push([payloadsIn(page), ends, cursors.map(({ after }) => after)]);
    });
    return shown;
  }

  /** Where it begins, once that is found. */
  seeks(range: Partial<SeekRange>, pattern = "#d"): SeekOutcome[] {
    const found: SeekOutcome[] = [];
    const to = undefined;
    this.log.seek(
      pattern,
      { from: { kind: "earliest" }, to, ...range },
      (outcome) => void found.push(outcome),
    );
    return found;
  }

  /** The state of the stream is told to who asked for it first. */
  ends(last: number, first = 1): void {
    this.streams.states.shift()!(stateOf(last, { first }));
  }
}
