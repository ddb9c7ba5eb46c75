/**
 * What this broker sends of topics in memory, and what of it NATS has taken.
 *
 * @module
 */
import type { ChunkPool } from "../../buffers.ts";
import type { WireCode } from "../../errors.ts";
import type { Flushable, FlushList } from "../../flush_list.ts";
import { ENGINE_AWAY_MS, ENGINE_PACK_BYTES, ENGINE_WINDOW_BYTES } from "../../limits.ts";
import { encodeText } from "../../wire/bytes.ts";
import { RecordReader } from "../../wire/records.ts";
import type { Run } from "../../wire/run.ts";
import { inMemory } from "../receipts.ts";
import type { Acknowledgement, Gate, Publisher, Receipt } from "../types.ts";
import { encodeStamp, STAMP_MOST, stampText } from "./packed.ts";
import { FROM } from "./plain.ts";
import { type NatsDenied, type NatsLink, notTaken } from "./port.ts";
import { type Question, Questions } from "./questions.ts";
import { plainOf, tooLargeOf } from "./sendable.ts";
import type { Subjects } from "./subjects.ts";

/** What it needs. */
export interface OutgoingOptions {
  readonly link: NatsLink;
  readonly subjects: Subjects;
  readonly flushes: FlushList;
  readonly pool: ChunkPool;
  readonly id: string;
  /** Whether a topic's messages go one by one. */
  readonly isPlain: (topic: string) => boolean;
  /** Hands a run to local subscribers. */
  readonly deliver: (run: Run) => number;
}

/** A run that waits for the end of the read that brought it. */
interface Waiting {
  readonly run: Run;
  readonly answer: Acknowledgement;
  /** It asks for answers, and nobody here has it: whether anybody elsewhere does. */
  readonly question: Question | undefined;
  /** Why it could not be written. */
  problem: Problem | undefined;
}

/** Why NATS does not have a run. */
interface Problem {
  readonly code: WireCode;
  readonly reason: string;
}

/** What lies before a PING. */
interface Written {
  readonly waiting: readonly Waiting[];
  readonly bytes: number;
  readonly ping: number;
}

const REPLY = encodeText("reply");
/** Who has it is not known: there may be subscribers of other brokers. */
const TAKEN: Receipt = { reached: undefined, level: "memory", last: undefined, topic: undefined };
/**
 * PINGs without an answer beside which less than a packed message waits: so what many bring, each little, is
 * written together, and one who brings little waits no longer than NATS takes.
 */
const ASKED_MOST = 2;
/**
 * - What is published in one read is written behind it, in the order of the calls; consecutive runs to one
 *   topic together.
 * - A run is acknowledged when NATS has answered a PING behind it (N1), and refused where the link went down
 *   before (N3): then it is not known whether others have it.
 * - As a {@link Gate} it is full while so many bytes have no answer, and for a while where NATS is away. Then
 *   what is published all the same is refused.
 */
export class Outgoing implements Gate, Flushable {
  readonly #options: OutgoingOptions;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** PINGs that have no answer, and the number of the last one. */
  #asked = 0;
  #pings = 0;
  /**
   * Topics that NATS denied, the last denied last; what lies before a PING up to that number is refused when
   * that is answered. Nothing is looked through at a denial: each message of thousands has its own.
   */
  readonly #deniedTopics = new Map<string, Problem & { readonly upTo: number }>();
  /** Bytes of what waits or has no answer, and how many runs. */
  #bytes = 0;
  #runs = 0;
  #announced = false;
  #notFull: Array<() => void> = [];
  #idle: Array<() => void> = [];
  #number = 0;
  readonly #questions: Questions;
  /** Goes up each time the link is lost: what came before may still be on its way by another server. */
  #age = 0;
  #now: number;
  /** When the link went down; undefined: it is up. */
  #downSince: number | undefined;
  #refused = 0;

  constructor(options: OutgoingOptions, now: number) {
    this.#options = options;
    this.#questions = new Questions(options);
    this.#now = now;
    options.link.watch({
      down: () => {
        this.#age++;
        this.#downSince = this.#now;
        // what waits is refused
        options.flushes.flush();
      },
      up: () => {
        this.#downSince = undefined;
        this.#tell();
        options.flushes.flush();
      },
      denied: (denied) => this.#denied(denied),
    });
  }

  /** Messages that were refused for NATS was away. */
  get refused(): number {
    return this.#refused;
  }

  /** Requests of which it is to be told yet whether anybody is there for them. */
  get questions(): number {
    return this.#questions.size;
  }

  /** Bytes that NATS has not answered for. */
  get pending(): number {
    return this.#bytes;
  }

  get full(): boolean {
    return this.#downSince === undefined
      ? this.#bytes >= ENGINE_WINDOW_BYTES
      : this.#now - this.#downSince < ENGINE_AWAY_MS;
  }

  whenNotFull(callback: () => void): void {
    this.#notFull.push(callback);
  }

  /** Why what is published is refused, a clause; undefined: it is not. */
  get trouble(): string | undefined {
    if (this.#downSince === undefined) return undefined;
    return `NATS cannot be reached (${this.#options.link.state.server})`;
  }

  /** Takes a run that is kept, and releases it. */
  publish(run: Run, publisher: Publisher): void {
    const { link, flushes, deliver, subjects } = this.#options;
    const isPlain = this.#options.isPlain(run.route.topic);
    const answer = publisher.hold(run.count);
    if (!link.up || this.#downSince !== undefined) return this.#refuse(run, answer, UNAVAILABLE);
    const large = tooLargeOf(run, { isPlain, maxPayload: link.maxPayload, subjects });
    if (large !== undefined) {
      answer.refuse("PAYLOAD_TOO_LARGE", large);
      return run.release();
    }
    // the reply subject of a plain message is where its answers go
    const asks = deliver(run) === 0 && isRequest(run) && !isPlain;
    const question = asks ? this.#questions.begin() : undefined;
    this.#waiting.push({ run, answer, question, problem: undefined });
    const bytes = sizeOf(run);
    this.#bytes += bytes;
    this.#waitingBytes += bytes;
    this.#runs++;
    if (this.#announced) return;
    this.#announced = true;
    flushes.add(this);
  }

  /** Writes what was published in a read. */
  ready(): void {
    this.#announced = false;
    const waiting = this.#waiting;
    const { link } = this.#options;
    if (waiting.length === 0) return;
    if (!link.up) return this.#refuseWaiting();
    if (this.#asked >= ASKED_MOST && this.#waitingBytes < ENGINE_PACK_BYTES) return;
    this.#waiting = [];
    const bytes = this.#waitingBytes;
    this.#waitingBytes = 0;
    for (let at = 0; at < waiting.length;) {
      const { run, question } = waiting[at]!;
      let end = at + 1;
      if (question === undefined) {
        while (waiting[end]?.run.route === run.route && waiting[end]!.question === undefined) end++;
      }
      this.#send(waiting, at, end);
      at = end;
    }
    this.#asked++;
    const ping = ++this.#pings;
    link.flush((taken) => this.#answered({ waiting, bytes, ping }, taken));
    // what was written lies in the link's own memory by now
    for (const { run } of waiting) run.release();
  }

  /** Time has passed. */
  tick(now: number): void {
    this.#now = now;
    if (this.#downSince !== undefined && !this.full) this.#tell();
  }

  /** Calls back once when everything has its answer. */
  whenIdle(callback: () => void): void {
    if (this.#runs === 0) callback();
    else this.#idle.push(callback);
  }

  /** Sends consecutive runs to one topic. */
  #send(waiting: readonly Waiting[], from: number, end: number): void {
    const { route } = waiting[from]!.run;
    if (this.#options.isPlain(route.topic)) {
      for (const each of waiting.slice(from, end)) this.#write([each], () => this.#sendPlain(each.run));
      return;
    }
    const most = Math.min(ENGINE_PACK_BYTES, this.#options.link.maxPayload - STAMP_MOST);
    for (let at = from; at < end;) {
      const first = waiting[at]!;
      let bytes = sizeOf(first.run);
      if (bytes > most) {
        this.#write([first], () => this.#sendInParts(first, most));
        at++;
        continue;
      }
      let next = at + 1;
      for (; next < end && bytes + sizeOf(waiting[next]!.run) <= most; next++) {
        bytes += sizeOf(waiting[next]!.run);
      }
      const together = waiting.slice(at, next);
      this.#write(together, () => {
        const { question } = first;
        this.#sendPacked(route.topic, together.map(({ run }) => run.records.view), { bytes, question });
      });
      at = next;
    }
  }

  /** Who cannot be written is refused when the rest is answered, which is written all the same. */
  #write(waiting: readonly Waiting[], write: () => void): void {
    try {
      write();
    } catch (error) {
      for (const each of waiting) each.problem = { code: "PAYLOAD_TOO_LARGE", reason: notTaken(error) };
    }
  }

  #sendInParts({ run, question }: Waiting, most: number): void {
    const { chunk, start, end } = run.records;
    const reader = new RecordReader({ bytes: chunk.bytes, start, end, topicBytes: run.route.topicBytes });
    let from = start;
    const send = (to: number): void => {
      if (to > from) {
        this.#sendPacked(run.route.topic, [chunk.bytes.subarray(from, to)], { bytes: to - from, question });
      }
      from = to;
    };
    while (reader.next()) if (reader.end - from > most) send(reader.start);
    send(end);
  }

  #sendPacked(
    topic: string,
    records: readonly Uint8Array[],
    { bytes, question }: { readonly bytes: number; readonly question: Question | undefined },
  ): void {
    const { link, subjects } = this.#options;
    const stamp = encodeStamp({ sender: this.#sender, number: ++this.#number });
    // the client keeps it until it is written
    const packed = new Uint8Array(stamp.length + bytes);
    packed.set(stamp);
    let at = stamp.length;
    for (const part of records) {
      packed.set(part, at);
      at += part.length;
    }
    link.publish(subjects.run(topic), packed, question === undefined ? undefined : { reply: question.reply });
    if (question !== undefined) question.sent++;
  }

  #sendPlain(run: Run): void {
    const { link, subjects } = this.#options;
    const { chunk, start, end } = run.records;
    const { topic, topicBytes } = run.route;
    const reader = new RecordReader({ bytes: chunk.bytes, start, end, topicBytes });
    while (reader.next()) {
      const { headers = [], reply } = plainOf(reader, { bytes: chunk.bytes, subjects });
      headers.push([FROM, stampText({ sender: this.#sender, number: ++this.#number })]);
      link.publish(subjects.one(topic), chunk.bytes.subarray(reader.payloadStart, reader.payloadEnd), {
        headers,
        reply,
      });
    }
  }

  get #sender(): string {
    return `${this.#options.id}.${this.#age}`;
  }

  #answered({ waiting, bytes, ping }: Written, taken: boolean): void {
    const wasFull = this.#bytes >= ENGINE_WINDOW_BYTES;
    this.#asked--;
    this.#bytes -= bytes;
    this.#runs -= waiting.length;
    for (const each of waiting) {
      const { run: { route: { topic } }, answer, question } = each;
      const problem = each.problem ?? this.#deniedTopics.get(topic);
      const isForNobody = question !== undefined && this.#questions.end(question);
      if (problem !== undefined) answer.refuse(problem.code, problem.reason);
      else if (taken) answer.acknowledge(isForNobody ? inMemory(0) : TAKEN);
      else answer.refuse("UNAVAILABLE", LOST);
    }
    for (const [topic, { upTo }] of this.#deniedTopics) {
      if (upTo > ping) break;
      this.#deniedTopics.delete(topic);
    }
    if (wasFull && this.#downSince === undefined && !this.full) this.#tell();
    this.ready();
    this.#options.flushes.flush();
    if (this.#runs === 0) this.#tellIdle();
  }

  /**
   * All that is on its way there is denied, whichever of it NATS has come to. It is those messages' trouble,
   * and not the broker's: what goes elsewhere is taken.
   */
  #denied({ operation, subject, reason }: NatsDenied): void {
    if (operation !== "publish") return;
    const { subjects } = this.#options;
    const topic = subjects.topicOfRun(subject) ?? subjects.topicOfOne(subject);
    if (topic === undefined || this.#asked === 0) return;
    this.#deniedTopics.delete(topic);
    this.#deniedTopics.set(topic, { code: "DENIED", reason, upTo: this.#pings });
  }

  /** Those that were not written. */
  #refuseWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const each of waiting) {
      this.#bytes -= sizeOf(each.run);
      this.#runs--;
      if (each.question !== undefined) this.#questions.end(each.question);
      this.#refuse(each.run, each.answer, LOST);
    }
    if (this.#runs === 0) this.#tellIdle();
  }

  #refuse(run: Run, answer: Acknowledgement, reason: string): void {
    this.#refused += run.count;
    answer.refuse("UNAVAILABLE", reason);
    run.release();
  }

  #tell(): void {
    const callbacks = this.#notFull;
    this.#notFull = [];
    for (const callback of callbacks) callback();
  }

  #tellIdle(): void {
    const callbacks = this.#idle;
    this.#idle = [];
    for (const callback of callbacks) callback();
  }
}

const UNAVAILABLE = "NATS, which the brokers share, cannot be reached: try again";
const LOST = "NATS was lost before it had answered: it is not known who has this message";

/** Whether one of its messages has a `reply=`. */
function isRequest({ hasFields, records, route: { topicBytes } }: Run): boolean {
  if (!hasFields) return false;
  const { chunk, start, end } = records;
  const reader = new RecordReader({ bytes: chunk.bytes, start, end, topicBytes });
  while (reader.next()) if (reader.find(REPLY)) return true;
  return false;
}

function sizeOf({ records: { start, end } }: Run): number {
  return end - start;
}
