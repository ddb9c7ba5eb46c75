/**
 * What becomes of a message that was given out as often as it may be: it is published to a topic of its own,
 * with headers that say where it comes from and why.
 *
 * @module
 */
import { encodeText } from "../../wire/bytes.ts";
import { encodeHeader } from "../../wire/fields.ts";
import { RecordReader } from "../../wire/records.ts";
import type { Run } from "../../wire/run.ts";
import type { Release, TopicLimit } from "../durable/topic_limit.ts";
import type { Cause } from "./redelivery.ts";

/** Where dead letters are; durable wherever anything is. */
export const DEAD_LETTERS = "#dead.>";

/** Patterns of durable topics with that one: dead letters are stored wherever anything is. */
export function withDeadLetters(patterns: readonly string[]): readonly string[] {
  return patterns.includes("#>") || patterns.includes(DEAD_LETTERS) ? patterns : [...patterns, DEAD_LETTERS];
}

/** What is known of messages that are dead. */
export interface Death {
  /** The group's name. */
  readonly group: string;
  /** How often they were given out. */
  readonly attempts: number;
  readonly cause: Cause;
  /** Bytes that the name of a topic may have. */
  readonly topicMost: number;
  /** Whether their topic may begin. */
  readonly topics: Pick<TopicLimit, "reserve">;
}

/** As {@link import("../../store/types.ts").Append}, without its ids. */
export interface DeadLetters {
  readonly topic: string;
  readonly count: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Called when they are stored. */
  readonly stored: Release;
}

const decoder = new TextDecoder();

/**
 * The topic of a group's dead letters from another: `#dead.g.orders.eu`. Where that name would be too long it
 * is that of all the group's: a header says which topic it was.
 */
export function deadTopicOf(topic: string, { group, topicMost }: Pick<Death, "group" | "topicMost">): string {
  const own = `#dead.${group}.${topic.slice(1)}`;
  return encodeText(own).length > topicMost ? `#dead.${group}` : own;
}

/** A stored run's messages as dead letters: all that they had, but for a time to live (G11). */
export function deadLettersOf(run: Run, death: Death): DeadLetters {
  const { group, attempts, cause } = death;
  const { topic, topicBytes } = run.route;
  const own = deadTopicOf(topic, death);
  // of all the group's there is one a group, and so no bound on it
  const stored = death.topics.reserve(own);
  const dead = stored === undefined ? `#dead.${group}` : own;
  const { chunk: { bytes }, start, end } = run.records;
  const reader = new RecordReader({ bytes, start, end, topicBytes });
  const parts: Uint8Array[] = [];
  for (let sequence = run.stored!.first; reader.next(); sequence++) {
    const { payloadStart, payloadEnd, fieldsStart, fieldsEnd } = reader;
    const fields = decoder.decode(bytes.subarray(fieldsStart, fieldsEnd)).split(" ").filter(isKept);
    const headers = encodeHeader("dead-topic", topic) + encodeHeader("dead-seq", `${sequence}`) +
      encodeHeader("dead-group", group) + encodeHeader("dead-attempts", `${attempts}`) +
      encodeHeader("dead-reason", cause);
    const own = fields.map((field) => ` ${field}`).join("");
    parts.push(
      encodeText(`pub ${dead} ${payloadEnd - payloadStart}${own}${headers}\n`),
      // with the LF behind it
      bytes.subarray(payloadStart, payloadEnd + 1),
    );
  }
  return { topic: dead, count: run.count, bytes: joined(parts), stored: stored ?? (() => {}) };
}

/** What died once before says only of the last time. */
function isKept(field: string): boolean {
  return field !== "" && !field.startsWith("ttl=") && !field.startsWith("h.dead-");
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
