/**
 * A log in memory.
 *
 * @module
 */
import { compareNames } from "../../topics/compare_names.ts";
import type { GroupName } from "../types.ts";
import { DamageError, missingTopic } from "./damage.ts";
import { Beginnings } from "./beginnings.ts";
import { type CommitNumbers, type Grouped, UNBEGUN } from "./group.ts";
import { type Matching, MatchingNames } from "./matching.ts";
import { MemoryDelayed } from "./memory_delayed.ts";
import { MemoryMarks } from "./memory_marks.ts";
import { ReplayMemory } from "./replay_memory.ts";
import type { AgedBatch, TrimPort } from "./retention.ts";
import { type Batch, type BatchRef, endOf, type LogView, type TopicRow } from "./view.ts";

interface MemoryTopic {
  readonly id: number;
  readonly name: string;
  floor: number;
  next: number;
  readonly batches: Batch[];
}

/** Everything that was appended and not trimmed, by commit order and by topic. */
export class MemoryLog implements LogView, TrimPort {
  last = 0;
  time = 0;
  deleted = 0;
  readonly replays = new ReplayMemory();
  readonly marks = new MemoryMarks();
  readonly delayed = new MemoryDelayed();
  #bytes = 0;
  readonly #batches: Batch[] = [];
  readonly #topics = new Map<string, MemoryTopic>();
  readonly #byId = new Map<number, MemoryTopic>();
  readonly #names: string[] = [];

  get bytes(): number {
    return this.#bytes + this.delayed.bytes;
  }
  get batches(): number {
    return this.#batches.length;
  }
  get topics(): number {
    return this.#topics.size;
  }

  /** Appends batches whose records lie in `bytes`, and keeps what is not due yet. */
  append(
    { batches, delayed }: Pick<Grouped, "batches" | "delayed">,
    bytes: Uint8Array,
    { now, topicsMost = Infinity }: { readonly now: number; readonly topicsMost?: number | undefined },
  ): CommitNumbers {
    const batch = this.last + 1;
    const beginnings = new Beginnings({ topics: this.topics, most: topicsMost });
    this.time = Math.max(this.time, now);
    const firsts = batches.map((one) => {
      const topic = this.#open(one, beginnings);
      if (topic === undefined) return UNBEGUN;
      const { id, next: first } = topic;
      const { count, ttl } = one;
      const expires = ttl === undefined ? undefined : now + ttl;
      const records = bytes.slice(one.start, one.end);
      const stored = { id: ++this.last, topic: id, first, count, time: this.time, bytes: records, expires };
      this.#batches.push(stored);
      topic.batches.push(stored);
      topic.next += count;
      this.#bytes += records.length;
      return first;
    });
    const later: { begun: number[]; unbegun: number[] } = { begun: [], unbegun: [] };
    const kept = delayed.filter((run, place) => {
      const before = this.topics;
      const topic = this.#open(run, beginnings);
      if (topic === undefined) later.unbegun.push(place);
      else if (this.topics > before) later.begun.push(place);
      return topic !== undefined;
    });
    this.delayed.put(kept, bytes, this.time);
    return { batch, firsts, time: this.time, later };
  }

  topicNamed(name: string): TopicRow | undefined {
    return this.#topics.get(name);
  }

  namesAfter(name: string, limit: number): readonly TopicRow[] {
    const behind = [...this.#topics.values()].filter((topic) => compareNames(topic.name, name) > 0);
    return behind.sort((one, other) => compareNames(one.name, other.name)).slice(0, limit);
  }

  topicOf(id: number): MemoryTopic {
    const topic = this.#byId.get(id);
    if (topic === undefined) throw missingTopic(id);
    return topic;
  }

  nameOf(id: number): string {
    return this.topicOf(id).name;
  }

  matching(pattern: string): Matching {
    return new MatchingNames(pattern, this.#names);
  }

  holding(topic: number, sequence: number): BatchRef | undefined {
    const { batches } = this.topicOf(topic);
    return batches[indexOf(batches, ({ first }) => first > sequence) - 1];
  }

  next(topic: number, sequence: number): BatchRef | undefined {
    const { batches } = this.topicOf(topic);
    return batches[indexOf(batches, ({ first }) => first >= sequence)];
  }

  refsAfter(id: number, limit: number): readonly BatchRef[] {
    const from = indexOf(this.#batches, (batch) => batch.id > id);
    return this.#batches.slice(from, from + limit);
  }

  agedAfter(id: number, limit: number): readonly AgedBatch[] {
    const from = indexOf(this.#batches, (batch) => batch.id > id);
    return this.#batches.slice(from, from + limit).map((batch) => ({ ...batch, size: batch.bytes.length }));
  }

  agedOf(topic: number, sequence: number, limit: number): readonly AgedBatch[] {
    const { batches } = this.topicOf(topic);
    const from = indexOf(batches, ({ first }) => first >= sequence);
    return batches.slice(from, from + limit).map((batch) => ({ ...batch, size: batch.bytes.length }));
  }

  isHeld(batch: AgedBatch): boolean {
    return this.marks.holds.has(this.nameOf(batch.topic), batch);
  }

  get holdChanges(): number {
    return this.marks.holds.changes;
  }

  timeAt(id: number): { readonly id: number; readonly time: number } | undefined {
    return this.#batches[indexOf(this.#batches, (batch) => batch.id >= id)];
  }

  *batchesAfter(after: number): Generator<Batch> {
    for (let at = indexOf(this.#batches, ({ id }) => id > after); at < this.#batches.length; at++) {
      yield this.#batches[at]!;
    }
  }

  load(ref: BatchRef): Batch {
    const batch = this.#batches[indexOf(this.#batches, ({ id }) => id >= ref.id)];
    if (batch?.id !== ref.id) throw new DamageError(`batch ${ref.id} is missing`);
    return batch;
  }

  loadNext(topic: number, sequence: number): Batch | undefined {
    const { batches } = this.topicOf(topic);
    return batches[indexOf(batches, ({ first }) => first >= sequence)];
  }

  trim(batches: readonly AgedBatch[], { groupsMiss }: { readonly groupsMiss: boolean }): void {
    const missed = new Map<GroupName, number>();
    if (groupsMiss) {
      for (const batch of batches) this.marks.holds.count(this.nameOf(batch.topic), batch, missed);
    }
    for (const [group, messages] of missed) this.marks.miss(group, messages);
    for (const ref of batches) {
      this.#batches.splice(indexOf(this.#batches, ({ id }) => id >= ref.id), 1);
      const topic = this.topicOf(ref.topic);
      topic.batches.shift();
      topic.floor = endOf(ref);
      this.#bytes -= ref.size;
      this.deleted++;
    }
  }

  #open(
    { topic: name, mayBegin }: Grouped["batches"][number],
    beginnings: Beginnings,
  ): MemoryTopic | undefined {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    if (!beginnings.mayBegin(mayBegin)) return undefined;
    beginnings.topics++;
    const topic: MemoryTopic = { id: this.#topics.size + 1, name, floor: 1, next: 1, batches: [] };
    this.#topics.set(name, topic);
    this.#byId.set(topic.id, topic);
    this.#names[topic.id] = name;
    return topic;
  }
}

/** The first index for which `is` holds, given that it holds for all behind it. */
function indexOf<T>(list: readonly T[], is: (item: T) => boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (is(list[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
