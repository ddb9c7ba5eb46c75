/**
 * What bench/main.ts and the generator's process say to each other: a job as one JSON argument, an outcome as one JSON
 * line.
 *
 * @module
 */
import type { Shape } from "../shapes.ts";
import type { DialectName } from "./dialects/mod.ts";

/** One run of one shape against one broker. */
export interface Job {
  readonly dialect: DialectName;
  readonly host: string;
  readonly publisherPort: number;
  readonly subscriberPort: number;
  /** The broker's process, to read its time and memory from. */
  readonly pid: number;
  readonly shape: Shape;
  /** Publishing lasts at most so long; the run ends with the last delivery. */
  readonly seconds: number;
  /** The same before the clock runs. */
  readonly warmSeconds: number;
  /** Nothing received for so long: given up. */
  readonly patienceSeconds: number;
  /** A run that takes longer is given up. */
  readonly mostSeconds: number;
  /** The device whose flushes are to be counted. */
  readonly disk?: string;
  /** `open` only: messages a second. */
  readonly rate?: number;
  /** Shapes with TLS only: who issued the broker's certificate, in PEM. */
  readonly ca?: string;
}

/** What a run showed. `problem` in place of a figure where there is none to give. */
export type Outcome =
  | FlowOutcome
  | LatencyOutcome
  | AckedOutcome
  | PairsOutcome
  | FloodsOutcome
  | ConnectOutcome
  | IdleOutcome
  | ScaleOutcome
  | StartupOutcome
  | { readonly kind: "failed"; readonly problem: string };

/** Part of one core each, from 0 to the number of cores; resident bytes. */
export interface Usage {
  readonly brokerCpu: number;
  readonly loadCpu: number;
  /** Seconds of processor time that the broker used, all its threads together. */
  readonly brokerSeconds: number;
  readonly brokerBytes: number;
  /** How often the disk was flushed, where that was asked for. */
  readonly flushes?: number;
}

/** Every message that was published was delivered to everyone it was for, and nothing besides. */
export interface FlowOutcome extends Usage {
  readonly kind: "flow";
  readonly published: number;
  readonly delivered: number;
  readonly seconds: number;
  /** Deliveries a second; publishes, where nobody subscribes. */
  readonly rate: number;
}

/** Microseconds. */
export interface LatencyOutcome extends Usage {
  readonly kind: "latency";
  readonly messages: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly most: number;
}

/** How long publishes took to be answered, one at a time. */
export interface AckedOutcome extends Omit<LatencyOutcome, "kind"> {
  readonly kind: "acked";
  /** Of several: what the slowest got of the mean, from 0 to 1. */
  readonly slowest?: number;
}

/** Many pairs with one message under way each. */
export interface PairsOutcome extends Omit<LatencyOutcome, "kind"> {
  readonly kind: "pairs";
  /** What the slowest pair got of the mean, from 0 to 1. */
  readonly slowest: number;
}

/** Many who publish without a pause, and one newcomer after the other. */
export interface FloodsOutcome extends Usage {
  readonly kind: "floods";
  /** Messages of the floods that were answered. */
  readonly messages: number;
  readonly seconds: number;
  readonly rate: number;
  /** What the slowest flood got of the mean, from 0 to 1. */
  readonly slowest: number;
  /** Floods whose connection the broker ended. */
  readonly cut: number;
  readonly newcomers: number;
  /** Newcomers who never got their message. */
  readonly unserved: number;
  /** How long newcomers took, microseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
  /** Why somebody was cut, or not served. */
  readonly said?: string;
}

/** Connections that were made, subscribed, answered and closed. */
export interface ConnectOutcome extends Usage {
  readonly kind: "connect";
  readonly connections: number;
  readonly seconds: number;
  readonly rate: number;
}

/** Resident bytes of the broker for each idle subscriber, above what it had before. */
export interface IdleOutcome {
  readonly kind: "idle";
  readonly connections: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly bytesEach: number;
}

/** How long something took, microseconds. */
export interface Took {
  readonly p50: number;
  readonly p99: number;
}

/** Many subscriptions, and one message at a time to the topics they are for. */
export interface ScaleOutcome {
  readonly kind: "scale";
  readonly connections: number;
  readonly subscriptions: number;
  /** Until all are connected, subscribed and answered. */
  readonly subscribeSeconds: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Resident bytes of the broker for each subscription. */
  readonly bytesEach: number;
  /** Messages of either pass. */
  readonly messages: number;
  /** To topics that were never published to before, until all their subscribers have the message. */
  readonly cold: Took;
  /** To the same topics again. */
  readonly warm: Took;
}

/** From exec to the line that says the broker listens. */
export interface StartupOutcome {
  readonly kind: "startup";
  readonly starts: number;
  /** The median, milliseconds. */
  readonly milliseconds: number;
}

/** The topic of connection i: all of one length, so that frames are. */
export function topicOf(index: number, topics: number): string {
  return `t${String(index % topics).padStart(5, "0")}`;
}

/** The level that {@link changingTopic} is below. */
export const CHANGING_LEVEL = "t";
/** Coprime to any number of topics in use, so that its multiples jump about among them and come to all. */
export const STRIDE = 7919;

/** The topic of message `index` of those that change with every message. */
export function changingTopic(index: number, topics: number): string {
  return `${CHANGING_LEVEL}.${String(index * STRIDE % topics).padStart(5, "0")}`;
}

/** A payload of printable bytes. */
export function payloadOf(size: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, at) => 97 + at % 26);
}
