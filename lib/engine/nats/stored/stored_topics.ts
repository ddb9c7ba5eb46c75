/**
 * The topics of which the stream has something.
 *
 * @module
 */
import type { StoredTopic, TopicsOutcome, TopicsQuery } from "../../../store/types.ts";
import { compareNames } from "../../../topics/compare_names.ts";
import { matches } from "../../../topics/topic.ts";
import type { StreamsPort } from "../streams_port.ts";
import type { Subjects } from "../subjects.ts";

/** Finds those that are asked for, in the order of their names. */
export function listTopics(
  query: TopicsQuery,
  { streams, subjects }: { readonly streams: StreamsPort; readonly subjects: Subjects },
  done: (outcome: TopicsOutcome) => void,
): void {
  const { names, match, contains, after, most } = query;
  streams.subjects(subjects.stored(match ?? "#>"), (asked) => {
    if (asked.kind !== "done") {
      return done({ kind: "failed", reason: asked.kind === "failed" ? asked.reason : "there is no stream" });
    }
    const found: string[] = [];
    for (const subject of asked.value.keys()) {
      const topic = subjects.topicOfStored(subject);
      if (topic === undefined) continue;
      const isWanted = names?.includes(topic) ??
        ((match === undefined || matches(match, topic)) &&
          (contains === undefined || topic.includes(contains)) &&
          (after === undefined || compareNames(topic, after) > 0));
      if (isWanted) found.push(topic);
    }
    found.sort(compareNames);
    const page = found.slice(0, most);
    edges(page, { streams, subjects }, (topics) => {
      done({ kind: "topics", topics, next: page.length < found.length ? page.at(-1) : undefined });
    });
  });
}

/** Their first and last numbers; one that has gone meanwhile is left out. */
function edges(
  page: readonly string[],
  { streams, subjects }: { readonly streams: StreamsPort; readonly subjects: Subjects },
  done: (topics: readonly StoredTopic[]) => void,
): void {
  const found = new Map<string, StoredTopic>();
  let left = page.length;
  if (left === 0) return done([]);
  for (const topic of page) {
    const subject = subjects.stored(topic);
    streams.edge(subject, "first", (first) => {
      streams.edge(subject, "last", (last) => {
        if (first.kind === "done" && last.kind === "done") {
          found.set(topic, { topic, first: first.value.sequence, last: last.value.sequence });
        }
        if (--left > 0) return;
        done(page.flatMap((name) => found.get(name) ?? []));
      });
    });
  }
}
