/**
 * How far groups have come: two tables, a row a group, and a row a topic of which a group has settled not
 * all.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { DamageError } from "../log/damage.ts";
import type { GroupMark, GroupName, NamedMark, TopicMark } from "../types.ts";
import { int, type Row, text } from "./rows.ts";

/** The checksum of a group: CRC-32 of name, pattern, sequence and after, a space between. */
function groupCrc({ name, pattern, sequence, after }: GroupName & Omit<GroupMark, "topics">): number {
  return crc32(`${name} ${pattern} ${sequence} ${after}`);
}

/** The checksum of a topic of a group: CRC-32 of all that its row says, an LF between. */
function topicCrc(group: GroupName, { topic, settled, attempts }: TopicMark): number {
  const { name, pattern } = group;
  return crc32([name, pattern, topic, settled, attempts].join("\n"));
}

/** The tables, through the connection that writes. Its changes are part of the caller's transaction. */
export class GroupMarksTable {
  readonly #put: StatementSync;
  readonly #putTopic: StatementSync;
  readonly #delete: StatementSync;

  constructor(db: DatabaseSync) {
    this.#put = db.prepare(
      `INSERT INTO consumer (name, pattern, sequence, after, crc) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (name, pattern)
        DO UPDATE SET sequence = excluded.sequence, after = excluded.after, crc = excluded.crc`,
    );
    this.#putTopic = db.prepare(
      `INSERT INTO consumer_topic (name, pattern, topic, settled, attempts, crc) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (name, pattern, topic)
        DO UPDATE SET settled = excluded.settled, attempts = excluded.attempts, crc = excluded.crc`,
    );
    this.#delete = db.prepare("DELETE FROM consumer_topic WHERE name = ? AND pattern = ? AND topic = ?");
  }

  put(mark: NamedMark): void {
    const { name, pattern, sequence, after, topics } = mark;
    this.#put.run(name, pattern, sequence, after, groupCrc(mark));
    for (const one of topics) {
      const { topic, settled, attempts } = one;
      if (settled === "" && attempts === "") this.#delete.run(name, pattern, topic);
      else this.#putTopic.run(name, pattern, topic, settled, attempts, topicCrc(mark, one));
    }
  }
}

/** Reads them, through any connection. */
export class GroupMarksReader {
  readonly #group: StatementSync;
  readonly #topics: StatementSync;

  constructor(db: DatabaseSync) {
    this.#group = db.prepare("SELECT sequence, after, crc FROM consumer WHERE name = ? AND pattern = ?");
    this.#topics = db.prepare(
      `SELECT topic, settled, attempts, crc FROM consumer_topic
        WHERE name = ? AND pattern = ? ORDER BY topic`,
    );
  }

  /** Throws DamageError where a row is not as it was written. */
  get(group: GroupName): GroupMark | undefined {
    const row = this.#group.get(group.name, group.pattern);
    if (row === undefined) return undefined;
    const mark = { sequence: int(row, "sequence"), after: int(row, "after") };
    if (groupCrc({ ...group, ...mark }) !== int(row, "crc")) throw damaged(group);
    const topics = this.#topics.all(group.name, group.pattern).map((row) => topicFrom(group, row));
    return { ...mark, topics };
  }
}

function topicFrom(group: GroupName, row: Row): TopicMark {
  const mark = { topic: text(row, "topic"), settled: text(row, "settled"), attempts: text(row, "attempts") };
  if (topicCrc(group, mark) !== int(row, "crc")) throw damaged(group);
  return mark;
}

function damaged({ name, pattern }: GroupName): DamageError {
  return new DamageError(`what is known of group ${name} of ${pattern} does not match its checksum`);
}
