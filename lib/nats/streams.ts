/**
 * The driver of {@link StreamsPort}: one JetStream stream and its consumers.
 *
 * @module
 */
import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  DeliverPolicy,
  JetStreamApiError,
  type JetStreamManager,
  ReplayPolicy,
} from "@nats-io/jetstream";
import { createHash } from "node:crypto";
import type {
  Asked,
  ConsumerStart,
  EdgeMessage,
  GroupConsumer,
  GroupSpec,
  ReaderSpec,
  StreamsPort,
  StreamState,
} from "../engine/nats/streams_port.ts";
import type { GroupName } from "../store/types.ts";

/** Nanoseconds in a millisecond: what JetStream counts in. */
const NANOS = 1_000_000;
/** A reader that nobody asks for so long goes by itself, milliseconds. */
const READER_IDLE_MS = 60_000;
/** Messages of a group that may be given out and not acknowledged, over all brokers. */
const GROUP_OPEN_MOST = 1_000_000;
/** JetStream's code for a consumer that is not there. */
const NO_CONSUMER = 10014;
/** Consumers have several filters from this server version on. */
const SEVERAL_FILTERS = [2, 10];
/** So many at most, for each message is compared with all of them. */
const FILTERS_MOST = 64;
/** What the consumers of groups are called begins with this. */
const GROUP = "group-";

/** Which message of a subject. */
type MessageQuery = { readonly last_by_subj: string } | {
  readonly seq: number;
  readonly next_by_subj: string;
};

/** Guarantees: each call is answered once, in any order. */
export class JetStreams implements StreamsPort {
  readonly stream: string;
  readonly api: string;
  readonly filtersMost: number;
  readonly #manager: JetStreamManager;

  constructor(
    manager: JetStreamManager,
    { stream, api, version }: { readonly stream: string; readonly api: string; readonly version: string },
  ) {
    this.#manager = manager;
    this.stream = stream;
    this.api = api;
    this.filtersMost = isAtLeast(version, SEVERAL_FILTERS) ? FILTERS_MOST : 1;
  }

  state(done: (asked: Asked<StreamState>) => void): void {
    answer(done, async () => {
      const { state, created } = await this.#manager.streams.info(this.stream);
      const { first_seq: first, last_seq: last, messages, bytes, num_subjects: subjects = 0 } = state;
      return { created, first: messages === 0 ? last + 1 : first, last, messages, bytes, subjects };
    });
  }

  addReader({ filters, start }: ReaderSpec, done: (asked: Asked<string>) => void): void {
    const config = {
      ...startOf(start),
      ...(filters.length === 1 ? { filter_subject: filters[0]! } : { filter_subjects: [...filters] }),
      ack_policy: AckPolicy.None,
      replay_policy: ReplayPolicy.Instant,
      inactive_threshold: READER_IDLE_MS * NANOS,
      num_replicas: 1,
      mem_storage: true,
    };
    answer(done, async () => (await this.#manager.consumers.add(this.stream, config)).name);
  }

  remove(consumer: string, done: (asked: Asked<true>) => void): void {
    answer(done, async () => {
      await this.#manager.consumers.delete(this.stream, consumer);
      return true as const;
    });
  }

  openGroup(spec: GroupSpec, done: (asked: Asked<GroupConsumer>) => void): void {
    answer(done, async () => {
      const { group, filter, settling, start } = spec;
      const ackWait = spec.ackWait * NANOS;
      const found = await this.#find(group);
      if (found !== undefined) {
        const { name, config } = found;
        // what members are told of how long they may hold a message is to be true, also at other brokers
        if ((config.ack_wait ?? 0) >= ackWait) return groupOf(found);
        return groupOf(await this.#manager.consumers.update(this.stream, name, { ack_wait: ackWait }));
      }
      const config: Partial<ConsumerConfig> = {
        ...(start === undefined ? { deliver_policy: DeliverPolicy.New } : startOf(start)),
        durable_name: nameOf(group),
        description: JSON.stringify({ ...group, ack: settling }),
        filter_subject: filter,
        ack_policy: AckPolicy.Explicit,
        ack_wait: ackWait,
        max_deliver: -1,
        max_ack_pending: GROUP_OPEN_MOST,
        replay_policy: ReplayPolicy.Instant,
      };
      const made = groupOf(await this.#manager.consumers.add(this.stream, config));
      if (made === undefined) throw new TypeError("a consumer that was just made is one of ours");
      return made;
    });
  }

  group(group: GroupName, done: (asked: Asked<GroupConsumer>) => void): void {
    answer(done, async () => {
      const found = await this.#find(group);
      return found && groupOf(found);
    });
  }

  groups(done: (asked: Asked<readonly GroupConsumer[]>) => void): void {
    answer(done, async () => {
      const found: GroupConsumer[] = [];
      for await (const info of this.#manager.consumers.list(this.stream)) {
        const group = groupOf(info);
        if (group !== undefined) found.push(group);
      }
      return found;
    });
  }

  subjects(filter: string, done: (asked: Asked<ReadonlyMap<string, number>>) => void): void {
    answer(done, async () => {
      const { state } = await this.#manager.streams.info(this.stream, { subjects_filter: filter });
      return new Map(Object.entries(state.subjects ?? {}));
    });
  }

  edge(subject: string, which: "first" | "last", done: (asked: Asked<EdgeMessage>) => void): void {
    if (which === "first") this.next(subject, 1, done);
    else this.#message({ last_by_subj: subject }, done);
  }

  next(subject: string, from: number, done: (asked: Asked<EdgeMessage>) => void): void {
    this.#message({ seq: from, next_by_subj: subject }, done);
  }

  #message(query: MessageQuery, done: (asked: Asked<EdgeMessage>) => void): void {
    answer(done, async () => {
      const message = await this.#manager.streams.getMessage(this.stream, query);
      return message === null ? undefined : { sequence: message.seq, time: message.time.getTime() };
    });
  }

  async #find(group: GroupName): Promise<ConsumerInfo | undefined> {
    try {
      const found = await this.#manager.consumers.info(this.stream, nameOf(group));
      if (groupOf(found) === undefined) throw new Error("another program's consumer has the group's name");
      return found;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }
}

/** Answers with what is fetched; with `none` where that is undefined or JetStream has no such thing. */
function answer<Value>(
  done: (asked: Asked<Value>) => void,
  fetch: () => Promise<Value | undefined>,
): void {
  fetch().then(
    (value) => value === undefined ? NONE : { kind: "done" as const, value },
    (error: unknown) => isMissing(error) ? NONE : { kind: "failed" as const, reason: reasonOf(error) },
  ).then(done).catch(reportError);
}

const NONE = { kind: "none" } as const;

function isMissing(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === NO_CONSUMER;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function startOf(start: ConsumerStart): Partial<ConsumerConfig> {
  switch (start.kind) {
    case "sequence":
      return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: start.sequence };
    case "time":
      return {
        deliver_policy: DeliverPolicy.StartTime,
        opt_start_time: new Date(start.time).toISOString(),
      };
    case "all":
      return { deliver_policy: DeliverPolicy.All };
    case "last of each":
      return { deliver_policy: DeliverPolicy.LastPerSubject };
  }
}

/** A pattern is no name to JetStream, and may be too long for one. */
function nameOf({ name, pattern }: GroupName): string {
  return GROUP + createHash("sha256").update(`${name} ${pattern}`).digest("base64url");
}

/** What a consumer is to us; undefined: nothing. */
function groupOf(
  { name: consumer, config, created, num_pending, num_ack_pending: outstanding }: ConsumerInfo,
): GroupConsumer | undefined {
  const described = readDescription(config.description ?? "");
  if (described === undefined || nameOf(described.group) !== consumer) return undefined;
  return { ...described, consumer, created, lag: num_pending + outstanding, outstanding };
}

function readDescription(text: string): Pick<GroupConsumer, "group" | "settling"> | undefined {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof read !== "object" || read === null) return undefined;
  const { name, pattern, ack } = read as Record<string, unknown>;
  if (typeof name !== "string" || typeof pattern !== "string") return undefined;
  return ack === "auto" || ack === "explicit" ? { group: { name, pattern }, settling: ack } : undefined;
}

function isAtLeast(version: string, least: readonly number[]): boolean {
  const parts = version.split(".").map((part) => Number.parseInt(part, 10));
  for (const [at, wanted] of least.entries()) {
    const part = parts[at] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}
