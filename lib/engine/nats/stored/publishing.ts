/**
 * Messages on their way into the stream.
 *
 * @module
 */
import type { Counters } from "../../../counters.ts";
import type { Flushable, FlushList } from "../../../flush_list.ts";
import { encodeText } from "../../../wire/bytes.ts";
import { RecordReader } from "../../../wire/records.ts";
import type { Run } from "../../../wire/run.ts";
import type { Acknowledgement, Gate, Publisher } from "../../types.ts";
import { fieldsText, headersOfFields, headersSize, tooLong } from "../plain.ts";
import { type NatsHeaders, type NatsLink, type NatsMessage, notTaken } from "../port.ts";
import type { Subjects } from "../subjects.ts";
import { AGAIN_MS, PATIENCE_MS, RESEND_MS, SENT_BYTES_MOST, SENT_MOST } from "./limits.ts";
import { type PubAck, readPubAck } from "./pub_ack.ts";

/** What it works with. */
export interface PublishingParts {
  readonly link: NatsLink;
  readonly subjects: Subjects;
  readonly flushes: FlushList;
  readonly counters: Counters;
  /** A subject below which nobody else listens. */
  readonly inbox: string;
  /** Any text that no other broker has: ids of its messages begin with it. */
  readonly name: string;
  readonly now: () => number;
}

/** A message of the broker's own. */
export interface OwnMessage {
  /** Canonical. */
  readonly topic: string;
  readonly bytes: Uint8Array;
  readonly headers: NatsHeaders;
  /** What is published with it before is not stored again. */
  readonly id: string;
}

/** What was published and has no answer yet. */
interface Sent {
  readonly topic: string;
  readonly bytes: Uint8Array;
  readonly headers: NatsHeaders;
  readonly size: number;
  readonly since: number;
  /** In the order in which they were published. */
  readonly number: number;
  /** When it was refused for the moment, it is sent once more then; else undefined. */
  again: number | undefined;
  /** When it was sent last. */
  at: number;
  readonly answered: (how: PubAck) => void;
}

/** What a message takes beside its bytes, about. */
const SENT_BYTES = 300;
const MESSAGE_ID = "Nats-Msg-Id";
const ID = encodeText("id");

/**
 * - Acknowledged is what the stream has, and nothing else (N7); what it has already by its id is
 *   acknowledged and not stored again (D6).
 * - Every message has an id, so that what has no answer can be sent once more: when the link is back, or when
 *   the answer takes long. What has none after {@link PATIENCE_MS} is refused; it may have been stored (N8).
 * - So much may be without an answer: then it is full.
 */
export class Publishing implements Gate, Flushable {
  readonly #parts: PublishingParts;
  readonly #sent = new Map<string, Sent>();
  /** Topics that were denied since a flush was answered last, and with what reason. */
  readonly #deniedTopics = new Map<string, string>();
  readonly #notFull: Array<() => void> = [];
  readonly #idle: Array<() => void> = [];
  #bytes = 0;
  #count = 0;
  #announced = false;
  #away: number | undefined;
  #trouble: string | undefined;
  /** When the last answer came, and the number of the last message that has one. */
  #heard = 0;
  #last = 0;

  constructor(parts: PublishingParts) {
    this.#parts = parts;
    const { link, inbox } = parts;
    link.subscribe(`${inbox}.*`, (message) => this.#answer(message));
    link.watch({
      down: () => {
        this.#away = parts.now();
      },
      up: () => {
        this.#away = undefined;
        for (const [token, sent] of this.#sent) this.#resend(token, sent);
        this.#tellRoom();
      },
      denied: ({ operation, subject, reason }) => {
        const topic = operation === "publish" ? parts.subjects.topicOfStored(subject) : undefined;
        if (topic !== undefined) this.#deniedTopics.set(topic, reason);
      },
    });
  }

  /** Why nothing can be stored; undefined: something can. */
  get trouble(): string | undefined {
    return this.#away === undefined ? this.#trouble : "NATS is away";
  }

  /** Messages that have no answer. */
  get size(): number {
    return this.#sent.size;
  }

  get full(): boolean {
    if (this.#away !== undefined) return this.#parts.now() - this.#away < PATIENCE_MS;
    return this.#bytes >= SENT_BYTES_MOST || this.#sent.size >= SENT_MOST;
  }

  whenNotFull(callback: () => void): void {
    if (this.full) this.#notFull.push(callback);
    else callback();
  }

  /** A publisher's. Kept by who calls; released here. */
  publish(run: Run, publisher: Publisher): void {
    const refusal = this.#refusalOf(run);
    if (refusal !== undefined) {
      publisher.hold(run.count).refuse(refusal.code, refusal.reason);
      run.release();
      return;
    }
    this.#parts.counters.published(run.count, run.bytes);
    const { topic, topicBytes } = run.route;
    const { chunk: { bytes }, start, end } = run.records;
    const reader = new RecordReader({ bytes, start, end, topicBytes });
    let left = run.count;
    while (reader.next()) {
      const fields = fieldsText(bytes, reader.fieldsStart, reader.fieldsEnd);
      const headers = fields === "" ? NO_HEADERS : storedHeaders(fields, this.#parts.subjects);
      const answer = publisher.hold(1);
      this.#put({
        topic,
        bytes: bytes.subarray(reader.payloadStart, reader.payloadEnd),
        headers,
        id: reader.find(ID) ? idOf(topic, fieldsText(bytes, reader.valueStart, reader.valueEnd)) : undefined,
      }, (how) => {
        tell(answer, topic, how);
        if (--left === 0) run.release();
      });
    }
  }

  /** One of the broker's own. */
  send(message: OwnMessage, done: (stored: boolean) => void): void {
    this.#put(message, ({ kind }) => done(kind === "stored" || kind === "known"));
  }

  /** Calls back once nothing is without an answer. */
  whenIdle(callback: () => void): void {
    if (this.#sent.size === 0) callback();
    else this.#idle.push(callback);
  }

  /** What was published is written. */
  ready(): void {
    this.#announced = false;
    this.#parts.link.flush((taken) => {
      if (taken) this.#refuseDenied();
      // all of it is sent once more
      else this.#deniedTopics.clear();
    });
  }

  /** Time has passed. */
  tick(now: number): void {
    let sent = false;
    for (const [token, each] of this.#sent) {
      // as long as answers come in their turn, its own is still to come
      const since = each.number < this.#last ? each.since : Math.max(each.since, this.#heard);
      if (now - since >= PATIENCE_MS) {
        this.#end(token, each, { kind: "unknown", reason: this.trouble ?? "NATS does not answer" });
      } else if (this.#away === undefined && this.#isDue(each, now)) {
        this.#resend(token, each);
        sent = true;
      }
    }
    if (sent) this.#parts.flushes.flush();
    if (this.#notFull.length > 0) this.#tellRoom();
  }

  #isDue({ again, at, number }: Sent, now: number): boolean {
    if (again !== undefined) return now >= again;
    return now - (number < this.#last ? at : Math.max(at, this.#heard)) >= RESEND_MS;
  }

  /** Nothing is answered any more. */
  close(): void {
    for (const [token, each] of this.#sent) {
      this.#end(token, each, { kind: "unknown", reason: "the broker ends" });
    }
  }

  #refusalOf(run: Run): { readonly code: "STORE" | "BAD_FIELD"; readonly reason: string } | undefined {
    if (run.due !== undefined) return { code: "BAD_FIELD", reason: NO_DELAY };
    if (this.#away === undefined) return undefined;
    return { code: "STORE", reason: "NATS is away: nothing can be stored until it is back" };
  }

  #put(
    { topic, bytes, headers, id }: Omit<OwnMessage, "id"> & { readonly id: string | undefined },
    answered: Sent["answered"],
  ): void {
    const { name, link, subjects, now } = this.#parts;
    const number = ++this.#count;
    const token = number.toString(36);
    const all = [...headers, [MESSAGE_ID, id ?? `${name}-${token}`] as const];
    const size = bytes.length + headersSize(all);
    const large = size > link.maxPayload ? tooLarge(link.maxPayload) : tooLong(all, subjects);
    if (large !== undefined) {
      return answered({ kind: "refused", code: "PAYLOAD_TOO_LARGE", reason: large });
    }
    const since = now();
    const sent: Sent = {
      topic,
      bytes,
      headers: all,
      size,
      since,
      number,
      again: undefined,
      at: since,
      answered,
    };
    const problem = this.#away === undefined ? this.#send(token, sent) : undefined;
    if (problem !== undefined) {
      return answered({ kind: "refused", code: "PAYLOAD_TOO_LARGE", reason: problem });
    }
    this.#sent.set(token, sent);
    this.#bytes += size + SENT_BYTES;
  }

  /** Once more. The server may be another by now, one that takes less. */
  #resend(token: string, sent: Sent): void {
    const problem = this.#send(token, sent);
    if (problem === undefined) return;
    const reason = `${problem}; it may have been stored`;
    this.#end(token, sent, { kind: "refused", code: "PAYLOAD_TOO_LARGE", reason });
  }

  /** Why it cannot be sent, a clause; undefined: it has been. One message's trouble is no other's. */
  #send(token: string, sent: Sent): string | undefined {
    const { link, subjects, inbox, now, flushes } = this.#parts;
    sent.at = now();
    sent.again = undefined;
    try {
      link.publish(subjects.stored(sent.topic), sent.bytes, {
        headers: sent.headers,
        reply: `${inbox}.${token}`,
      });
    } catch (error) {
      return notTaken(error);
    }
    if (!this.#announced) flushes.add(this);
    this.#announced = true;
    return undefined;
  }

  #answer(message: NatsMessage): void {
    const { subject } = message;
    const token = subject.slice(subject.lastIndexOf(".") + 1);
    const sent = this.#sent.get(token);
    if (sent === undefined) return;
    this.#heard = this.#parts.now();
    this.#last = Math.max(this.#last, sent.number);
    const how = readPubAck(message);
    if (how.kind === "later") {
      sent.again = this.#heard + AGAIN_MS;
      return;
    }
    this.#trouble = how.kind === "refused" ? how.reason : undefined;
    this.#end(token, sent, how);
  }

  /**
   * All that is on its way there is denied. It is looked for once NATS has answered for all that was sent
   * together: each message of thousands has its own denial. That is their trouble and not the broker's: what
   * goes elsewhere is stored.
   */
  #refuseDenied(): void {
    if (this.#deniedTopics.size === 0) return;
    for (const [token, sent] of this.#sent) {
      const reason = this.#deniedTopics.get(sent.topic);
      if (reason !== undefined) this.#end(token, sent, { kind: "refused", code: "DENIED", reason });
    }
    this.#deniedTopics.clear();
    this.#parts.flushes.flush();
  }

  #end(token: string, sent: Sent, how: PubAck): void {
    this.#sent.delete(token);
    this.#bytes -= sent.size + SENT_BYTES;
    sent.answered(how);
    if (this.#notFull.length > 0) this.#tellRoom();
    if (this.#sent.size === 0) { for (const callback of this.#idle.splice(0)) callback(); }
  }

  #tellRoom(): void {
    if (this.#away === undefined && 2 * this.#bytes >= SENT_BYTES_MOST) return;
    if (this.full) return;
    for (const callback of this.#notFull.splice(0)) callback();
  }
}

const NO_HEADERS: NatsHeaders = [];
/** What JetStream cannot do (N12). */
const NO_DELAY =
  "delay= and at= are not for topics on NATS (--engine): leave them out, or use a broker with --data";

function tooLarge(most: number): string {
  return `NATS takes messages of at most ${most} bytes with their headers`;
}

/** Fields as they stand in a record, as headers: a stored message has no subject that answers go to. */
export function storedHeaders(fields: string, subjects: Subjects): NatsHeaders {
  return headersOfFields(fields, { subjects, replyAs: "header" }).headers ?? NO_HEADERS;
}

/** What JetStream knows a message by (N9): in its topic, and as it is written, which any header can hold. */
function idOf(topic: string, written: string): string {
  return `${topic} ${written}`;
}

function tell(answer: Acknowledgement, topic: string, how: PubAck): void {
  switch (how.kind) {
    case "stored":
      return answer.acknowledge({ reached: undefined, level: "engine", last: how.sequence, topic });
    case "known":
      return answer.acknowledge(KNOWN);
    case "unknown":
      return answer.refuse("STORE", `${how.reason}: it may have been stored`);
    case "refused":
      return answer.refuse(how.code, how.reason);
  }
}

const KNOWN = { reached: undefined, level: "engine", last: undefined, topic: undefined } as const;
