/**
 * The stream that keeps the durable topics of all brokers with one prefix.
 *
 * @module
 */
import {
  DiscardPolicy,
  JetStreamApiError,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from "@nats-io/jetstream";
import { PATIENCE_MS } from "../engine/nats/stored/limits.ts";
import { Subjects } from "../engine/nats/subjects.ts";
import { RunError } from "../errors.ts";
import { DEDUP_WINDOW_MS } from "../limits.ts";
import type { NatsConnectionLink } from "./link.ts";
import type { RetentionRules } from "../store/types.ts";
import { JetStreams } from "./streams.ts";

/** Nanoseconds in a millisecond: what JetStream counts in. */
const NANOS = 1_000_000;
/** JetStream's code for a stream that is not there. */
const NO_STREAM = 10059;
/** Who has no answer by then asks again: a server that was killed gives none, milliseconds. */
const ANSWER_MS = 3_000;
/** Between two attempts, milliseconds. */
const RETRY_MS = 250;
/** What has no answer is sent again until it is refused, and has been on its way by then, milliseconds. */
const WINDOW_LEAST_MS = 2 * PATIENCE_MS;
const API = "$JS.API";
/** What the description of a stream of ours begins with; the patterns of its topics follow. */
const DESCRIBED = "hashbus, durable: ";

/** What is asked for, as {@link import("./options.ts").NatsOptions} has it. */
export interface StreamOptions {
  readonly prefix: string;
  readonly replicas: number;
  readonly connectTimeout: number;
  readonly durable: readonly string[];
  readonly retain?: RetentionRules | undefined;
  readonly dedupWindow?: number | undefined;
}

/** What has to be the same for all brokers. */
type Terms = Pick<
  StreamConfig,
  "subjects" | "num_replicas" | "max_age" | "max_bytes" | "duplicate_window" | "description"
>;

/** Makes the stream where there is none; rejects with RunError where there is one of other terms. */
export async function openStream(link: NatsConnectionLink, options: StreamOptions): Promise<JetStreams> {
  const refused = refusalOf(options);
  if (refused !== undefined) throw new RunError(refused);
  const { connection } = link;
  const until = performance.now() + options.connectTimeout;
  const stream = options.prefix.replaceAll(".", "_");
  for (;;) {
    try {
      const manager = await jetstreamManager(connection, { timeout: ANSWER_MS });
      const info = await found(stream, manager.streams) ??
        await manager.streams.add(configOf(stream, options));
      const problem = problemOf(info, termsOf(options));
      if (problem !== undefined) throw new RunError(problem);
      return new JetStreams(manager, { stream, api: API, version: connection.info!.version });
    } catch (error) {
      if (error instanceof RunError) throw error;
      // its class is not to be had, and it is no JetStreamError
      const isOff = error instanceof Error && error.name === "JetStreamNotEnabled";
      // a server that has it and is just starting says the same
      if (isOff && connection.info?.jetstream !== true) throw new RunError(NOT_ENABLED);
      const reason = error instanceof Error ? error.message : String(error);
      if (performance.now() + RETRY_MS > until) {
        throw new RunError(isOff ? NOT_ENABLED : `NATS does not keep the durable topics: ${reason}`);
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** What no stream can do, as a line; undefined: it can. */
function refusalOf({ retain, dedupWindow }: StreamOptions): string | undefined {
  if (retain?.overrides !== undefined && retain.overrides.length > 0) {
    return "--retain for some topics alone is not for topics on NATS (--engine): leave out the patterns, " +
      "or give those topics brokers with a prefix of their own (--engine-prefix)";
  }
  const age = retain?.age ?? 0;
  if ((dedupWindow ?? DEDUP_WINDOW_MS) < WINDOW_LEAST_MS) return tooShort("--dedup-window");
  return age !== 0 && age < WINDOW_LEAST_MS ? tooShort("--retain-age") : undefined;
}

function tooShort(option: string): string {
  return `${option} is at least ${WINDOW_LEAST_MS / 1000}s for topics on NATS (--engine): ` +
    "what has no answer is sent once more, and NATS is to know until then that it has it";
}

const NOT_ENABLED =
  "JetStream is off in NATS, and --durable asks for it: switch it on in its configuration (jetstream {}), " +
  "or leave out --durable";

async function found(
  stream: string,
  streams: { info(stream: string): Promise<StreamInfo> },
): Promise<StreamInfo | undefined> {
  try {
    return await streams.info(stream);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === NO_STREAM) return undefined;
    throw error;
  }
}

function termsOf({ prefix, replicas, retain, dedupWindow, durable }: StreamOptions): Terms {
  const age = retain?.age ?? 0;
  const window = dedupWindow ?? DEDUP_WINDOW_MS;
  return {
    subjects: [new Subjects(prefix).stored("#>")],
    num_replicas: replicas,
    max_age: age * NANOS,
    max_bytes: retain?.bytes ?? -1,
    // longer than what is kept JetStream does not remember
    duplicate_window: (age === 0 ? window : Math.min(age, window)) * NANOS,
    description: DESCRIBED + [...durable].sort().join(" "),
  };
}

function configOf(name: string, options: StreamOptions): Partial<StreamConfig> & { name: string } {
  return {
    ...termsOf(options),
    name,
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    allow_direct: true,
  };
}

/** What a broker calls what a stream calls otherwise. */
const OPTIONS: Readonly<Record<keyof Terms, string>> = {
  subjects: "--engine-prefix",
  num_replicas: "--engine-replicas",
  max_age: "--retain",
  max_bytes: "--retain-bytes",
  duplicate_window: "--dedup-window",
  description: "--durable",
};

/** How a stream differs from what this broker asks for, as a line; undefined: it does not. */
function problemOf({ config }: StreamInfo, terms: Terms): string | undefined {
  for (const [name, option] of Object.entries(OPTIONS)) {
    const has = shown(config[name as keyof Terms]);
    const wanted = shown(terms[name as keyof Terms]);
    if (has === wanted) continue;
    return `the stream ${JSON.stringify(config.name)} of NATS has ${name} ${has}, and this broker asks for ` +
      `${wanted} (${option}): start all brokers with the same, or change the stream first (nats stream edit)`;
  }
  return undefined;
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}
