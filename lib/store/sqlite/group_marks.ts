/**
 * How far groups have come: two tables, a row a group, and a row a topic of which a group has settled not
 * all.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { DamageError } from "../log/damage.ts";
import { GroupHolds } from "../log/group_holds.ts";
import type { MarksView } from "../log/groups.ts";
import type { GroupMark, GroupName, NamedMark, TopicMark } from "../types.ts";
import { int, type Row, text } from "./rows.ts";

const GROUP = "SELECT sequence, after, missed, crc FROM consumer WHERE name = ? AND pattern = ?";

/** What the row of a group says. */
interface Standing extends GroupName, Omit<GroupMark, "topics"> {
  /** Messages that were deleted before it had settled them, and that it has not been told of. */
  readonly missed: number;
}

/** The checksum of a group: CRC-32 of name, pattern, sequence, after and missed, a space between. */
function groupCrc({ name, pattern, sequence, after, missed }: Standing): number {
  return crc32(`${name} ${pattern} ${sequence} ${after} ${missed}`);
}

/** The checksum of a topic of a group: CRC-32 of all that its row says, an LF between. */
function topicCrc(group: GroupName, { topic, settled, attempts }: TopicMark): number {
  const { name, pattern } = group;
  return crc32([name, pattern, topic, settled, attempts].join("\n"));
}

/** The tables, through the connection that writes. Its changes are part of the caller's transaction. */
export class GroupMarksTable {
  readonly #put: StatementSync;
  readonly #get: StatementSync;
  readonly #putTopic: StatementSync;
  readonly #delete: StatementSync;
  readonly #forget: readonly StatementSync[];
  readonly #settled: StatementSync;
  readonly #db: DatabaseSync;
  /** Made when somebody first asks for it: where nothing is ever deleted nobody does. */
  #holds: GroupHolds | undefined;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#forget = ["consumer", "consumer_topic"].map((table) =>
      db.prepare(`DELETE FROM ${table} WHERE name = ? AND pattern = ?`)
    );
    this.#settled = db.prepare(
      "SELECT settled FROM consumer_topic WHERE name = ? AND pattern = ? AND topic = ?",
    );
    this.#put = db.prepare(
      `INSERT INTO consumer (name, pattern, sequence, after, missed, crc) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (name, pattern) DO UPDATE SET sequence = excluded.sequence, after = excluded.after,
          missed = excluded.missed, crc = excluded.crc`,
    );
    this.#get = db.prepare(GROUP);
    this.#putTopic = db.prepare(
      `INSERT INTO consumer_topic (name, pattern, topic, settled, attempts, crc) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (name, pattern, topic)
        DO UPDATE SET settled = excluded.settled, attempts = excluded.attempts, crc = excluded.crc`,
    );
    this.#delete = db.prepare("DELETE FROM consumer_topic WHERE name = ? AND pattern = ? AND topic = ?");
  }

  /** What they keep from being deleted. */
  get holds(): GroupHolds {
    if (this.#holds !== undefined) return this.#holds;
    this.#holds = new GroupHolds(({ name, pattern }, topic) => {
      const row = this.#settled.get(name, pattern, topic);
      return row === undefined ? undefined : text(row, "settled");
    });
    for (const row of this.#db.prepare("SELECT name, pattern, sequence, after FROM consumer").iterate()) {
      this.#holds.put({
        name: text(row, "name"),
        pattern: text(row, "pattern"),
        sequence: int(row, "sequence"),
        after: int(row, "after"),
      });
    }
    return this.#holds;
  }

  /** What was put or forgotten is committed. */
  committed(
    { marks, forget }: { readonly marks: readonly NamedMark[]; readonly forget: readonly GroupName[] },
  ): void {
    if (this.#holds === undefined) return;
    for (const group of forget) this.#holds.delete(group);
    for (const mark of marks) this.#holds.put(mark);
  }

  /** It has missed so many more. */
  miss({ name, pattern }: GroupName, messages: number): void {
    const row = this.#get.get(name, pattern);
    if (row === undefined) return;
    const before = standingFrom({ name, pattern }, row);
    const { sequence, after } = before;
    const missed = before.missed + messages;
    this.#put.run(name, pattern, sequence, after, missed, groupCrc({ ...before, missed }));
  }

  forget({ name, pattern }: GroupName): void {
    for (const statement of this.#forget) statement.run(name, pattern);
  }

  put(mark: NamedMark): void {
    const { name, pattern, sequence, after, topics } = mark;
    this.#put.run(name, pattern, sequence, after, 0, groupCrc({ ...mark, missed: 0 }));
    for (const one of topics) {
      const { topic, settled, attempts } = one;
      if (settled === "" && attempts === "") this.#delete.run(name, pattern, topic);
      else this.#putTopic.run(name, pattern, topic, settled, attempts, topicCrc(mark, one));
    }
  }
}

/** Reads them, through any connection. */
export class GroupMarksReader implements MarksView {
  readonly #count: StatementSync;
  readonly #group: StatementSync;
  readonly #topics: StatementSync;
  readonly #topic: StatementSync;
  readonly #names: StatementSync;
  readonly #strays: StatementSync;

  constructor(db: DatabaseSync) {
    this.#count = db.prepare("SELECT count(*) AS groups FROM consumer");
    this.#names = db.prepare(
      `SELECT name, pattern FROM consumer WHERE (name, pattern) > (?, ?) ORDER BY name, pattern LIMIT ?`,
    );
    this.#strays = db.prepare(
      `SELECT DISTINCT name, pattern FROM consumer_topic
        WHERE (name, pattern) NOT IN (SELECT name, pattern FROM consumer) LIMIT ?`,
    );
    this.#group = db.prepare(GROUP);
    this.#topics = db.prepare(
      `SELECT topic, settled, attempts, crc FROM consumer_topic
        WHERE name = ? AND pattern = ? ORDER BY topic`,
    );
    this.#topic = db.prepare(
      `SELECT topic, settled, attempts, crc FROM consumer_topic
        WHERE name = ? AND pattern = ? AND topic = ?`,
    );
  }

  /** How many groups there are. */
  get count(): number {
    return int(this.#count.get() ?? {}, "groups");
  }

  /** Those behind one, in the order of their names and patterns. */
  namesAfter({ name, pattern }: GroupName, limit: number): GroupName[] {
    return this.#names.all(name, pattern, limit).map((row) => (
      { name: text(row, "name"), pattern: text(row, "pattern") }
    ));
  }

  /** Of topics whose group is not there: these belong to nobody. */
  strays(limit: number): readonly string[] {
    return this.#strays.all(limit).map((row) => `${text(row, "name")} of ${text(row, "pattern")}`);
  }

  /** Messages that were deleted since its last mark, and that it had not settled. */
  missedBy(group: GroupName): number {
    return this.standing(group)?.missed ?? 0;
  }

  standing(group: GroupName): Standing | undefined {
    const row = this.#group.get(group.name, group.pattern);
    return row === undefined ? undefined : standingFrom(group, row);
  }

  settledOf(group: GroupName, topic: string): string {
    const row = this.#topic.get(group.name, group.pattern, topic);
    return row === undefined ? "" : topicFrom(group, row).settled;
  }

  /** Throws DamageError where a row is not as it was written. */
  get(group: GroupName): GroupMark | undefined {
    const standing = this.standing(group);
    if (standing === undefined) return undefined;
    const { sequence, after } = standing;
    const topics = this.#topics.all(group.name, group.pattern).map((row) => topicFrom(group, row));
    return { sequence, after, topics };
  }
}

function standingFrom(group: GroupName, row: Row): Standing {
  const { name, pattern } = group;
  const [sequence, after, missed] = [int(row, "sequence"), int(row, "after"), int(row, "missed")];
  const standing = { name, pattern, sequence, after, missed };
  if (groupCrc(standing) !== int(row, "crc")) throw damaged(group);
  return standing;
}

function topicFrom(group: GroupName, row: Row): TopicMark {
  const mark = { topic: text(row, "topic"), settled: text(row, "settled"), attempts: text(row, "attempts") };
  if (topicCrc(group, mark) !== int(row, "crc")) throw damaged(group);
  return mark;
}

function damaged({ name, pattern }: GroupName): DamageError {
  return new DamageError(`what is known of group ${name} of ${pattern} does not match its checksum`);
}
