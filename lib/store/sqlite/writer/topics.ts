/**
 * The topics as the connection that writes sees them.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { missingTopic } from "../../log/damage.ts";
import type { TopicRow } from "../../log/view.ts";
import { int } from "../rows.ts";
import { topicCrc, topicFrom } from "../stored_rows.ts";

/** Topics remembered between commits; beyond it all are read anew. */
const TOPICS_MOST = 100_000;

/** A topic and the sequence number its next message gets. */
export interface OpenTopic {
  readonly id: number;
  next: number;
}

/**
 * The table `topic`. What is changed is part of the caller's transaction, and remembered once that is
 * committed.
 */
export class Topics {
  readonly #known = new Map<string, OpenTopic>();
  /** Those that the last commit stored something in. */
  #lately: ReadonlyMap<string, OpenTopic> = new Map();
  readonly #insert: StatementSync;
  readonly #named: StatementSync;
  readonly #byId: StatementSync;
  readonly #newestOf: StatementSync;
  readonly #setFloor: StatementSync;
  #count: number;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare("INSERT INTO topic VALUES (?, ?, ?, ?)");
    this.#named = db.prepare("SELECT * FROM topic WHERE name = ?");
    this.#byId = db.prepare("SELECT * FROM topic WHERE id = ?");
    this.#newestOf = db.prepare("SELECT first, count FROM batch WHERE topic = ? ORDER BY first DESC LIMIT 1");
    this.#setFloor = db.prepare("UPDATE topic SET floor = ?, crc = ? WHERE id = ?");
    this.#count = int(db.prepare("SELECT coalesce(max(id), 0) AS id FROM topic").get() ?? {}, "id");
  }

  /** How many there are, which is the greatest id as well. */
  get count(): number {
    return this.#count;
  }

  /** A copy, to be changed freely; undefined: nothing was ever stored in it. */
  find(name: string): OpenTopic | undefined {
    const known = this.#lately.get(name) ?? this.#known.get(name);
    if (known !== undefined) return { ...known };
    const row = this.#named.get(name);
    if (row === undefined) return undefined;
    const { id, floor } = topicFrom(row);
    const newest = this.#newestOf.get(id);
    return { id, next: newest === undefined ? floor : int(newest, "first") + int(newest, "count") };
  }

  add(name: string, id: number): OpenTopic {
    this.#insert.run(id, name, 1, topicCrc({ id, floor: 1, name }));
    return { id, next: 1 };
  }

  /**
   * The transaction is committed: the topics it stored something in, and how many there are now. Those that
   * are new are remembered when something is stored in them again: of most that come by the thousand nothing
   * is.
   */
  committed(touched: ReadonlyMap<string, OpenTopic>, count: number): void {
    if (this.#known.size + touched.size > TOPICS_MOST) this.#known.clear();
    for (const [name, topic] of touched) if (topic.id <= this.#count) this.#known.set(name, topic);
    this.#count = count;
    this.#lately = touched;
  }

  setFloor(id: number, floor: number): void {
    this.#setFloor.run(floor, topicCrc({ id, floor, name: this.nameOf(id) }), id);
  }

  nameOf(id: number): string {
    return this.#row(id).name;
  }

  /** The id of a topic that something was stored in. */
  idOf(name: string): number {
    const found = this.#lately.get(name) ?? this.#known.get(name) ?? this.find(name);
    if (found === undefined) throw missingTopic(name);
    return found.id;
  }

  #row(id: number): TopicRow {
    const row = this.#byId.get(id);
    if (row === undefined) throw missingTopic(id);
    return topicFrom(row);
  }
}
