/**
 * How far groups have come, in memory.
 *
 * @module
 */
import type { GroupMark, GroupName, NamedMark, TopicMark } from "../types.ts";
import { GroupHolds } from "./group_holds.ts";
import type { MarksView } from "./groups.ts";

/** One group's, with all its topics. */
interface Entry {
  readonly sequence: number;
  readonly after: number;
  missed: number;
  readonly topics: Map<string, TopicMark>;
}

/** What is put last counts; a topic of which nothing is said any more is not kept. */
export class MemoryMarks implements MarksView {
  /** What they keep from being deleted. */
  readonly holds = new GroupHolds((group, topic) => this.settledOf(group, topic));
  readonly #entries = new Map<string, Entry>();

  get count(): number {
    return this.#entries.size;
  }

  /** Those behind one, in the order of their patterns and names. */
  namesAfter(group: GroupName, limit: number): GroupName[] {
    const keys = [...this.#entries.keys()].filter((key) => key > keyOf(group)).sort().slice(0, limit);
    return keys.map((key) => {
      const [pattern, name] = key.split(" ") as [string, string];
      return { name, pattern };
    });
  }

  forget(group: GroupName): void {
    this.#entries.delete(keyOf(group));
    this.holds.delete(group);
  }

  put({ name, pattern, sequence, after, topics }: NamedMark): void {
    const key = keyOf({ name, pattern });
    const known = this.#entries.get(key)?.topics ?? new Map<string, TopicMark>();
    this.#entries.set(key, { sequence, after, missed: 0, topics: known });
    this.holds.put({ name, pattern, sequence, after });
    for (const mark of topics) {
      if (mark.settled === "" && mark.attempts === "") known.delete(mark.topic);
      else known.set(mark.topic, mark);
    }
  }

  /** Messages it had not settled are deleted. */
  miss(group: GroupName, messages: number): void {
    const entry = this.#entries.get(keyOf(group));
    if (entry !== undefined) entry.missed += messages;
  }

  /** So many since its last mark. */
  missedBy(group: GroupName): number {
    return this.#entries.get(keyOf(group))?.missed ?? 0;
  }

  standing(group: GroupName): Omit<GroupMark, "topics"> | undefined {
    return this.#entries.get(keyOf(group));
  }

  settledOf(group: GroupName, topic: string): string {
    return this.#entries.get(keyOf(group))?.topics.get(topic)?.settled ?? "";
  }

  get(group: GroupName): GroupMark | undefined {
    const entry = this.#entries.get(keyOf(group));
    if (entry === undefined) return undefined;
    const { sequence, after, topics } = entry;
    return { sequence, after, topics: [...topics.values()] };
  }
}

/** Neither has white space. */
function keyOf({ name, pattern }: GroupName): string {
  return `${pattern} ${name}`;
}
