/**
 * A stream of JetStream that there is not, whose consumers live at servers that may lag: each gives out only
 * what its own has.
 *
 * @module
 */
import type {
  Asked,
  EdgeMessage,
  ReaderSpec,
  StreamsPort,
  StreamState,
} from "../../lib/engine/nats/streams_port.ts";
import type { FakeLink } from "./fake_link.ts";

interface Consumer {
  readonly name: string;
  next: number;
  given: number;
  /** What its server has: the messages up to this number. */
  has: number;
  waiting: { inbox: string; left: number; noWait: boolean }[];
}

/** When all of it was stored, milliseconds. */
const STORED = 1000;

/** Its one topic is `#d`; the number of a message is its payload. */
export class LaggingStream implements Pick<StreamsPort, "state" | "addReader" | "remove" | "next" | "edge"> {
  readonly stream = "s";
  readonly api = "$JS.API";
  readonly filtersMost = 64;
  /** Its last message. */
  last = 0;
  /** What the server has that the next consumer comes to. */
  has = 0;
  /** Whether who leads it answers. */
  answers = true;
  /** Whether servers say when they have no more. */
  tells = true;
  /** Messages that have the subject of no topic. */
  readonly unreadable = new Set<number>();
  readonly consumers: Consumer[] = [];
  readonly #link: FakeLink;

  constructor(link: FakeLink) {
    this.#link = link;
  }

  /** As the engine takes it: what is not asked of it here is missing. */
  get port(): StreamsPort {
    return this as unknown as StreamsPort;
  }

  state(done: (asked: Asked<StreamState>) => void): void {
    const { last } = this;
    if (!this.answers) return done({ kind: "failed", reason: "no leader" });
    done({ kind: "done", value: { created: "now", first: 1, last, messages: last, bytes: 0, subjects: 1 } });
  }

  addReader({ start }: ReaderSpec, done: (asked: Asked<string>) => void): void {
    if (!this.answers) return done({ kind: "failed", reason: "no leader" });
    const name = `c${this.consumers.length}`;
    // a server knows nothing of numbers that it does not have
    const from = start.kind === "sequence" ? start.sequence : 1;
    const isLate = start.kind === "time" && start.time > STORED;
    const least = start.kind === "last of each" ? Math.max(1, this.has) : from;
    const next = isLate ? this.has + 1 : Math.min(least, this.has + 1);
    this.consumers.push({ name, next, given: 0, has: this.has, waiting: [] });
    done({ kind: "done", value: name });
  }

  remove(_consumer: string, done: (asked: Asked<true>) => void): void {
    done({ kind: "done", value: true });
  }

  next(_subject: string, from: number, done: (asked: Asked<EdgeMessage>) => void): void {
    if (!this.answers) return done({ kind: "failed", reason: "no leader" });
    done(from > this.last ? { kind: "none" } : { kind: "done", value: { sequence: from, time: STORED } });
  }

  edge(_subject: string, which: "first" | "last", done: (asked: Asked<EdgeMessage>) => void): void {
    if (!this.answers) return done({ kind: "failed", reason: "no leader" });
    if (this.last === 0) return done({ kind: "none" });
    done({ kind: "done", value: { sequence: which === "first" ? 1 : this.last, time: STORED } });
  }

  /** Answers what was asked for over the link since the last call. */
  go(): void {
    for (const asked of this.#link.takeAsked()) {
      const [, consumer, request, reply] =
        /^pub \$JS\.API\.CONSUMER\.MSG\.NEXT\.s\.(\S+) (\{.*?\}) (\{.*\})$/.exec(asked) ?? [];
      if (consumer === undefined) continue;
      const { batch, no_wait: noWait = false } = JSON.parse(request!);
      const inbox = JSON.parse(reply!).reply as string;
      this.consumers.find(({ name }) => name === consumer)!.waiting.push({ inbox, left: batch, noWait });
    }
    for (const consumer of this.consumers) this.#give(consumer);
    this.#link.read();
  }

  #give(consumer: Consumer): void {
    for (let [first] = consumer.waiting; first !== undefined; [first] = consumer.waiting) {
      if (consumer.next > consumer.has) {
        if (!first.noWait || !this.tells) return;
        consumer.waiting.shift();
        this.#link.comes(first.inbox, "", first.inbox, { status: 404 });
        continue;
      }
      if (--first.left === 0) consumer.waiting.shift();
      const sequence = consumer.next++;
      const tokens = ["s", consumer.name, 1, sequence, ++consumer.given, `${STORED}000000`];
      const reply = `$JS.ACK.${tokens.join(".")}.${consumer.has - sequence}`;
      const subject = this.unreadable.has(sequence) ? "p.stored.d..d" : "p.stored.d";
      this.#link.comes(first.inbox, `${sequence}`, subject, { reply });
    }
  }
}
