/**
 * Which topics are stored.
 *
 * @module
 */
import { matches } from "../../topics/topic.ts";
import type { StoredTopic, TopicsOutcome, TopicsQuery } from "../topic_types.ts";
import { nextSequence } from "./find.ts";
import type { LogView, TopicRow } from "./view.ts";

/** Topics that are read at a time, and looked at in one call: it does not keep other reads waiting. */
const READ = 500;
const LOOKS_MOST = 10_000;

/** A part of them. Throws DamageError. */
export function topicsOf(view: LogView, query: TopicsQuery): TopicsOutcome {
  const { after = "", most, match, contains, names } = query;
  if (names !== undefined) return { kind: "topics", topics: namedTopics(view, names), next: undefined };
  const topics: StoredTopic[] = [];
  let at = after;
  for (let looks = 0; looks < LOOKS_MOST; looks += READ) {
    const rows = view.namesAfter(at, READ);
    for (const row of rows) {
      at = row.name;
      if (match !== undefined && !matches(match, at)) continue;
      if (contains !== undefined && !at.includes(contains)) continue;
      const stored = storedTopic(view, row);
      if (stored !== undefined) topics.push(stored);
      if (topics.length === most) return { kind: "topics", topics, next: at };
    }
    if (rows.length < READ) return { kind: "topics", topics, next: undefined };
  }
  return { kind: "topics", topics, next: at };
}

function namedTopics(view: LogView, names: readonly string[]): StoredTopic[] {
  return names.flatMap((name) => {
    const row = view.topicNamed(name);
    return row === undefined ? [] : storedTopic(view, row) ?? [];
  });
}

/** Undefined: nothing of it is stored any more. */
function storedTopic(view: LogView, { id, name, floor }: TopicRow): StoredTopic | undefined {
  const first = view.next(id, floor)?.first;
  return first === undefined ? undefined : { topic: name, first, last: nextSequence(view, id) - 1 };
}
