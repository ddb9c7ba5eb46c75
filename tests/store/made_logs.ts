/**
 * Logs made at random, in memory and as a database, and what is in them, message by message.
 *
 * @module
 */
import fc from "fast-check";
import { DatabaseSync } from "node:sqlite";
import { groupAppends } from "../../lib/store/log/group.ts";
import { MemoryLog } from "../../lib/store/log/memory_log.ts";
import { createSchema, FORMAT } from "../../lib/store/sqlite/schema.ts";
import { batchCrc, topicCrc } from "../../lib/store/sqlite/stored_rows.ts";
import { encodeText } from "../../lib/wire/bytes.ts";

/** A message as it is known who reads nothing. */
export interface Known {
  readonly topic: string;
  readonly sequence: number;
  readonly batch: number;
  readonly time: number;
  readonly payload: string;
  /** When it is not to be delivered any more. */
  readonly expires: number;
}

/** A log, and what is left in it in the order of its batches. */
export interface MadeLog {
  readonly log: MemoryLog;
  readonly known: readonly Known[];
  readonly deleted: number;
}

/** What a batch is made of: of each message its time to live, 0 for none. */
interface MadeBatch {
  readonly topic: string;
  readonly ttls: readonly number[];
  readonly later: number;
}

export const TOPICS = ["#a", "#b", "#c.d", "#c.é"] as const;

/** Appends what is made of records to a topic, as one commit. */
export function append(
  log: MemoryLog,
  topic: string,
  { records, now, ttl }: {
    readonly records: string;
    readonly now: number;
    readonly ttl?: number | undefined;
  },
): void {
  const bytes = encodeText(records);
  const grouped = groupAppends([{ topic, count: records.match(/^pub /gm)?.length ?? 0, bytes, ttl }]);
  const together = new Uint8Array(grouped.length);
  grouped.copyTo(together);
  log.append(grouped, together, { now });
}

/**
 * Batches of a few messages of four topics, a few milliseconds apart, of which the oldest were deleted. Now and
 * then the clock is set back.
 */
export const madeLog: fc.Arbitrary<MadeLog> = fc.record({
  batches: fc.array(
    fc.record<MadeBatch>({
      topic: fc.constantFrom(...TOPICS),
      ttls: fc.array(fc.constantFrom(0, 0, 0, 3, 9), { minLength: 1, maxLength: 3 }),
      later: fc.constantFrom(0, 1, 2, 0, 1, 2, -8),
    }),
    { maxLength: 14 },
  ),
  gone: fc.constantFrom(0, 0, 1, 3, 6, 14),
}).map(({ batches, gone }) => {
  const log = new MemoryLog();
  const known: Known[] = [];
  const next = new Map<string, number>();
  let [now, time] = [100, 0];
  for (const { topic, ttls, later } of batches) {
    now += later;
    time = Math.max(time, now);
    const payloads = ttls.map((_, at) => "x".repeat((known.length + at) % 5));
    const records = ttls.map((ttl, at) => {
      const fields = ttl === 0 ? "" : ` ttl=${ttl / 1000}`;
      return `pub ${topic} ${payloads[at]!.length}${fields}\n${payloads[at]}\n`;
    });
    const timed = ttls.filter((ttl) => ttl > 0);
    const ttl = timed.length === 0 ? undefined : Math.min(...timed);
    append(log, topic, { records: records.join(""), now, ttl });
    const first = next.get(topic) ?? 1;
    next.set(topic, first + ttls.length);
    for (const [at, each] of ttls.entries()) {
      const expires = each === 0 ? Infinity : now + each;
      const place = { topic, sequence: first + at, batch: log.last, time };
      known.push({ ...place, payload: payloads[at]!, expires });
    }
  }
  const deleted = Math.min(gone, batches.length);
  if (deleted > 0) log.trim(log.agedAfter(0, deleted), { groupsMiss: false });
  return { log, known: known.filter(({ batch }) => batch > deleted), deleted };
});

/** The same log as a database. */
export function databaseOf(log: MemoryLog): DatabaseSync {
  const db = new DatabaseSync(":memory:");
  const clock = { created: 0, epoch: 0, clock: 0, deletedTime: 0 };
  const deletedLast = log.batches === 0 ? log.last : 0;
  createSchema(db, { id: "test", format: FORMAT, ...clock, deleted: log.deleted, deletedLast });
  const putTopic = db.prepare("INSERT INTO topic VALUES (?, ?, ?, ?)");
  for (const [id, name] of log.matching("#>").after(0)) {
    const { floor } = log.topicOf(id);
    putTopic.run(id, name, floor, topicCrc({ id, floor, name }));
  }
  const put = db.prepare("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  for (const batch of log.batchesAfter(0)) {
    const { id, topic, first, count, time, bytes, expires } = batch;
    put.run(id, topic, first, count, time, batchCrc(batch, bytes), bytes, expires ?? null);
  }
  return db;
}
