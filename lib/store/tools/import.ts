/**
 * Messages from outside, stored with the times they have.
 *
 * @module
 */
import { RunError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { DamageError } from "../log/damage.ts";
import { BATCH_BYTES_MOST, type NewBatch, type NewDelayed, topicProblem } from "../log/group.ts";
import { asStoreError } from "../sqlite/errors.ts";
import type { HeldFiles } from "../sqlite/held_files.ts";
import { type OpenForWriting, openForWriting } from "../sqlite/open_for_writing.ts";
import type { WalTail } from "../sqlite/wal_tail.ts";
import type { Writer } from "../sqlite/writer/writer.ts";
import { type ImportedMessage, recordOf, ttlOf } from "./message_parts.ts";

/** Bytes and messages from which what was added is committed. */
const COMMIT_BYTES = 8 * 1024 * 1024;
const COMMIT_MESSAGES = 20_000;

/**
 * - Messages are stored in the order in which they are added, over all topics; neighbours of one topic and
 *   time share a batch.
 * - A message's time is its own, but never before the one stored last, and never in the future.
 * - One that is to be delivered later waits for that, also where it is due by now: a broker delivers it.
 * - Commits do not wait for the disk; {@link close} does. What was killed before that has stored the first so
 *   many.
 */
export class Importer {
  readonly #dir: string;
  readonly #held: HeldFiles;
  readonly #writer: Writer;
  #records: Uint8Array[] = [];
  #batches: NewBatch[] = [];
  #delayed: NewDelayed[] = [];
  #bytes = 0;
  #time = 0;
  #messages = 0;

  private constructor(dir: string, { held, writer }: OpenForWriting) {
    this.#dir = dir;
    this.#held = held;
    this.#writer = writer;
  }

  /**
   * Opens the store in a directory, which is made where it is missing and which nobody may have open. Throws
   * RunError.
   */
  static open(dir: string): Importer {
    return new Importer(dir, openForWriting(dir, { sync: "interval", dedupWindow: 0, judge }));
  }

  /** Messages that are stored. */
  get messages(): number {
    return this.#messages;
  }

  /** Topics in the store. */
  get topics(): number {
    return this.#writer.topics;
  }

  /** Takes a message whose topic is canonical. Throws RunError where what was added cannot be stored. */
  add(message: ImportedMessage): void {
    const { topic } = message;
    const problem = topicProblem(topic);
    if (problem !== undefined) throw new RunError(problem);
    // "now" is a while, so that what has no time of its own shares a commit
    const now = this.#records.length === 0 || message.time !== undefined ? Date.now() : this.#time;
    const time = Math.min(message.time ?? now, now);
    // an earlier time becomes that of the message before it anyhow
    if (time > this.#time) {
      this.commit();
      this.#time = time;
    }
    const { at } = message;
    if (at === undefined) this.#append(topic, recordOf(message), ttlOf(message));
    else this.#delay(topic, recordOf(message), { due: at, ttl: ttlOf(message) });
    if (this.#bytes >= COMMIT_BYTES || this.#records.length >= COMMIT_MESSAGES) this.commit();
  }

  /** Stores what was added so far. Throws RunError. */
  commit(): void {
    const records = this.#records;
    if (records.length === 0) return;
    const bytes = new Uint8Array(this.#bytes);
    let at = 0;
    for (const record of records) {
      bytes.set(record, at);
      at += record.length;
    }
    const batches = this.#batches;
    const delayed = this.#delayed;
    this.#records = [];
    this.#batches = [];
    this.#delayed = [];
    this.#bytes = 0;
    this.#orThrow(() => this.#writer.commit({ batches, delayed }, bytes, this.#time));
    this.#messages += records.length;
    if (this.#writer.checkpointDue) this.#orThrow(() => this.#writer.checkpoint());
  }

  /** Writes all that was committed to disk; what was not is given up. Throws RunError where that fails. */
  close(): void {
    try {
      this.#writer.close();
    } catch (error) {
      throw asStoreError(this.#dir, error);
    } finally {
      this.#held.release();
    }
  }

  #append(topic: string, record: Uint8Array, ttl: number | undefined): void {
    const start = this.#bytes;
    this.#records.push(record);
    this.#bytes += record.length;
    const open = this.#batches.at(-1);
    if (
      open?.topic !== topic || open.end !== start || open.end - open.start + record.length > BATCH_BYTES_MOST
    ) {
      this.#batches.push({ topic, count: 1, start, end: this.#bytes, ttl });
    } else {
      this.#batches[this.#batches.length - 1] = {
        ...open,
        count: open.count + 1,
        end: this.#bytes,
        ttl: ttl === undefined ? open.ttl : Math.min(ttl, open.ttl ?? ttl),
      };
    }
  }

  #delay(
    topic: string,
    record: Uint8Array,
    { due, ttl }: { readonly due: number; readonly ttl: number | undefined },
  ): void {
    const start = this.#bytes;
    this.#records.push(record);
    this.#bytes += record.length;
    this.#delayed.push({ topic, count: 1, start, end: this.#bytes, ttl, due });
  }

  #orThrow(work: () => { readonly kind: string; readonly reason: string } | object | undefined): void {
    let outcome: ReturnType<typeof work>;
    try {
      outcome = work();
    } catch (error) {
      throw asStoreError(this.#dir, error);
    }
    if (outcome !== undefined && "reason" in outcome) {
      throw new RunError(`the store in ${quote(this.#dir)} takes no more: ${outcome.reason}`);
    }
  }
}

/** A start of the broker tells what that means, and how to go on. */
function judge(tail: WalTail | undefined): void {
  if ((tail?.commits ?? 0) > 0) {
    throw new DamageError("its write-ahead log is not whole (start a broker there, it says what that means)");
  }
}
