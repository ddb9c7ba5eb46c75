/**
 * Everything that is stored of a pattern, message by message: what waits until it is due, in the order in
 * which it will be, and then what is in its topic, in commit order.
 *
 * It reads as any reader of SQLite's does, a little at a time and without the lock, so a broker may have the
 * store open: no commit waits for it, and what is committed or deleted meanwhile is there or not, but never
 * half. What waits is read in one transaction, as long as that takes: so what becomes due meanwhile is there
 * once.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { RunError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { matches } from "../../topics/topic.ts";
import { encodeText } from "../../wire/bytes.ts";
import { RecordReader } from "../../wire/records.ts";
import { DamageError, misplaced, missing } from "../log/damage.ts";
import { type Batch, type BatchRef, endOf, type LogView } from "../log/view.ts";
import { connect } from "../sqlite/connection.ts";
import { allDelayed, delayedFrom } from "../sqlite/delayed.ts";
import { damaged, isDamage, READ_ONLY, reasonOf, resultCode } from "../sqlite/errors.ts";
import { asRunError, filesIn, requireStore } from "../sqlite/files.ts";
import { inspect } from "../sqlite/inspect.ts";
import { text } from "../sqlite/rows.ts";
import { SqliteView } from "../sqlite/view.ts";
import { type ExportedMessage, type MessageParts, partsOf } from "./message_parts.ts";

/** Batches passed, and bytes of them read, in one transaction: a WAL cannot be shortened while one lasts. */
const BATCHES_MOST = 256;
const BYTES_MOST = 4 * 1024 * 1024;

/**
 * The stored messages of a pattern, up to what was committed last when it began. Throws RunError where there
 * is no store, or as soon as it comes to something damaged, behind all that lies before that.
 */
export function* exportMessages(dir: string, pattern: string): Generator<ExportedMessage, void> {
  const files = filesIn(dir);
  requireStore(files);
  try {
    inspect(files);
    const db = connect(files.database, { readOnly: true, sync: "commit" });
    try {
      const view = new SqliteView(db);
      let last = 0;
      yield* view.during(() => {
        last = view.last;
        return waitingOf(db, pattern);
      });
      yield* messagesOf(view, { pattern, last });
    } finally {
      db.close();
    }
  } catch (error) {
    if (isDamage(error)) throw damaged(dir, reasonOf(error));
    if (resultCode(error) === undefined) throw asRunError(dir, error);
    const hint = resultCode(error) === READ_ONLY
      ? ": SQLite writes beside what it reads, so copy it elsewhere"
      : "";
    throw new RunError(`the store in ${quote(dir)} cannot be read, ${reasonOf(error)}${hint}`);
  }
}

/** A batch of a topic that is wanted. */
interface Wanted {
  readonly name: string;
  readonly batch: Batch;
}

function* waitingOf(db: DatabaseSync, pattern: string): Generator<ExportedMessage, void> {
  for (const row of allDelayed(db)) {
    if (!matches(pattern, text(row, "topic"))) continue;
    const { topic, id, due, published, bytes, count } = delayedFrom(row);
    for (const parts of recordsIn(bytes, { topic, count })) {
      if (parts === undefined) throw new DamageError(`of the delayed run ${id} of ${topic} not all is there`);
      yield { topic, seq: undefined, time: published, at: due, ...parts };
    }
  }
}

/** So many records as their parts; undefined where one is not there whole. */
function* recordsIn(
  bytes: Uint8Array,
  { topic, count }: { readonly topic: string; readonly count: number },
): Generator<MessageParts | undefined> {
  const topicBytes = encodeText(topic).length;
  const reader = new RecordReader({ bytes, start: 0, end: bytes.length, topicBytes });
  for (let left = count; left > 0; left--) yield reader.next() ? partsOf(bytes, reader) : undefined;
}

function* messagesOf(
  view: SqliteView,
  { pattern, last }: { readonly pattern: string; readonly last: number },
): Generator<ExportedMessage, void> {
  const next = new Map<number, number>();
  for (let after = 0; after < last;) {
    const wanted: Wanted[] = [];
    let failure: unknown;
    view.snapshot(() => {
      try {
        after = readBatches(view, { pattern, after, last, next, wanted });
      } catch (error) {
        failure = error;
      }
    });
    for (const { name, batch } of wanted) yield* messagesIn(name, batch);
    if (failure !== undefined) throw failure;
  }
}

/** Reads some batches behind one into `wanted`; the last it has seen. */
function readBatches(
  view: LogView,
  { pattern, after, last, next, wanted }: {
    readonly pattern: string;
    readonly after: number;
    readonly last: number;
    /** By topic, the sequence number to go on with. */
    readonly next: Map<number, number>;
    readonly wanted: Wanted[];
  },
): number {
  const topics = view.matching(pattern);
  let bytes = 0;
  let at = after;
  for (const ref of view.refsAfter(after, BATCHES_MOST)) {
    if (ref.id <= at) throw misplaced(ref.id);
    if (ref.id > last) return last;
    const name = topics.get(ref.topic);
    if (name !== undefined) {
      checkOrder(view, ref, next.get(ref.topic));
      const batch = view.load(ref);
      next.set(ref.topic, endOf(batch));
      wanted.push({ name, batch });
      bytes += batch.bytes.length;
    }
    at = ref.id;
    if (bytes >= BYTES_MOST) return at;
  }
  return at === after ? last : at;
}

/** Throws unless its topic goes on with this batch, or begins now after something was trimmed. */
function checkOrder(view: LogView, ref: BatchRef, next: number | undefined): void {
  if (ref.first === next) return;
  const { floor, name } = view.topicOf(ref.topic);
  if (ref.first === floor) return;
  throw missing(name, next ?? floor, ref.first);
}

function* messagesIn(topic: string, batch: Batch): Generator<ExportedMessage, void> {
  const { bytes, time, count, first, id } = batch;
  let seq = first;
  for (const parts of recordsIn(bytes, { topic, count })) {
    if (parts === undefined) {
      throw new DamageError(`of ${topic} the message ${seq}, batch ${id}: it is not there whole`);
    }
    yield { topic, seq: seq++, time, ...parts };
  }
}
