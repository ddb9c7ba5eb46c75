/**
 * Topics as NATS subjects, and back.
 *
 *     #a.b   in memory, a message each     hashbus.memory.one.a.b
 *            in memory, many packed        hashbus.memory.run.a.b
 *            stored                        hashbus.stored.a.b
 *
 * A topic has no empty segment, no white space, no control characters, and neither `*` nor `>` (T1, T3): that
 * is all NATS forbids, and behind our prefix no segment has a meaning to NATS. So a topic stands as it is, in
 * UTF-8, without its `#`; a pattern has the same wildcards with the same meaning.
 *
 * @module
 */
import { SUBJECT_TOPIC_MOST } from "../../limits.ts";
import { parseTopic } from "../../topics/topic.ts";

/** What a prefix is made of: tokens that every NATS tool can type. */
const PREFIX = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;
/** Bytes of a prefix. */
const PREFIX_MOST = 64;

/** Why a prefix is none, a clause for a person; undefined: it is one. */
export function prefixProblem(prefix: string): string | undefined {
  if (prefix.length > PREFIX_MOST) return `a prefix has at most ${PREFIX_MOST} characters`;
  if (PREFIX.test(prefix)) return undefined;
  return "a prefix is words of letters, digits, - and _ with dots between them";
}

/** The subjects below one prefix. Topics and patterns are canonical. */
export class Subjects {
  readonly prefix: string;
  readonly #one: string;
  readonly #run: string;
  readonly #stored: string;

  /** `prefix`: one that {@link prefixProblem} has nothing against. */
  constructor(prefix: string) {
    this.prefix = prefix;
    this.#one = `${prefix}.memory.one.`;
    this.#run = `${prefix}.memory.run.`;
    this.#stored = `${prefix}.stored.`;
  }

  /** Of a topic in memory, one message each. */
  one(topic: string): string {
    return this.#one + topic.slice(1);
  }

  /** Of a topic in memory, packed. */
  run(topic: string): string {
    return this.#run + topic.slice(1);
  }

  /** What is subscribed to for a pattern of topics in memory: both. */
  memory(pattern: string): string {
    return `${this.prefix}.memory.*.${pattern.slice(1)}`;
  }

  /** Of a durable topic or pattern. */
  stored(pattern: string): string {
    return this.#stored + pattern.slice(1);
  }

  /** What brokers say to each other. */
  broker(what: string): string {
    return `${this.prefix}.broker.${what}`;
  }

  /** The topic of {@link one}; undefined: it is none of ours. */
  topicOfOne(subject: string): string | undefined {
    return topicBehind(this.#one, subject);
  }

  /** The topic of {@link run}. */
  topicOfRun(subject: string): string | undefined {
    return topicBehind(this.#run, subject);
  }

  /** The topic of {@link stored}. */
  topicOfStored(subject: string): string | undefined {
    return topicBehind(this.#stored, subject);
  }
}

/** NATS programs may write any name there: one that is no topic is not taken. */
function topicBehind(start: string, subject: string): string | undefined {
  if (!subject.startsWith(start)) return undefined;
  const topic = `#${subject.slice(start.length)}`;
  const parsed = parseTopic(topic, SUBJECT_TOPIC_MOST);
  return "name" in parsed && parsed.name === topic ? topic : undefined;
}
