/**
 * What a seed draws: who there is, what they do, and what goes wrong.
 *
 * @module
 */
import type { RetentionRules } from "../../lib/store/types.ts";
import { SLOW_POLICIES, type SlowPolicy } from "../../lib/slow_policy.ts";
import type { Random, Streams } from "./world/random.ts";
import type { DiskWeather } from "./world/disk.ts";
import type { Weather } from "./world/network.ts";

/** What can go wrong. */
export const FAULTS = [
  "kill the broker",
  "drain the broker",
  "freeze the broker",
  "jump the clock",
  "reset a connection",
  "cut a cable",
  "stall a connection",
] as const;
export type FaultKind = typeof FAULTS[number];

export interface Fault {
  readonly kind: FaultKind;
  /** Milliseconds from the beginning. */
  readonly at: number;
  readonly ms: number;
}

export interface PublisherPlan {
  readonly name: string;
  readonly protocol: "2" | "classic" | "auto";
  readonly topics: readonly string[];
  readonly messages: number;
  /** Milliseconds between two bursts, typically, and messages in one at most. */
  readonly every: number;
  readonly burst: number;
  readonly bytes: number;
  /** How many of them have a ttl, headers, or the id of one before. */
  readonly ttl: number;
  readonly repeats: number;
}

export interface SubscriptionPlan {
  readonly pattern: string;
  readonly at: number;
  readonly from?: "earliest" | "latest" | `-${number}` | number;
  readonly to?: number;
  readonly slow?: SlowPolicy;
  /** When it is taken back. */
  readonly until?: number;
}

export interface SubscriberPlan {
  readonly name: string;
  readonly protocol: "2" | "classic" | "auto";
  readonly subscriptions: readonly SubscriptionPlan[];
  /** Milliseconds it thinks over a message, and when it stops reading for a while. */
  readonly thinks: number;
  readonly sleeps?: { readonly at: number; readonly ms: number };
}

export interface HostilePlan {
  readonly name: string;
  readonly kind: "garbage" | "never reads" | "dribbles" | "floods" | "sub and unsub";
  readonly at: number;
}

/** All of it. */
export interface Plan {
  /** Milliseconds until everything is healed. */
  readonly length: number;
  readonly durable: boolean;
  /** It is the real SQL that stores, not a model of a log. */
  readonly sql: boolean;
  readonly retain: RetentionRules;
  readonly dedupWindow: number;
  readonly outbox: number;
  /** Bytes a payload may have. */
  readonly payload: number;
  readonly stallTimeout: number;
  readonly weather: Weather;
  readonly disk: DiskWeather;
  readonly publishers: readonly PublisherPlan[];
  readonly subscribers: readonly SubscriberPlan[];
  readonly hostile: readonly HostilePlan[];
  readonly faults: readonly Fault[];
}

const DURABLE = ["#d.a", "#d.b", "#d.b.x", "#d.c.y"];
const MEMORY = ["#m.a", "#m.b", "#m.b.x"];
const PATTERNS = ["#d.>", "#d.a", "#d.b", "#d.*.x", "#d.b.>", "#m.>", "#m.a", "#m.*", "#>"];

/**
 * What this seed draws. Each part has numbers of its own, so that one that is added changes no other, and known
 * seeds stay what they are.
 */
export function planOf(streams: Streams): Plan {
  const of = (part: string): Random => streams.of(`plan: ${part}`);
  const length = of("length").between(5, 40) * 1000;
  const durable = of("durable").chance(0.8);
  const calm = of("calm").chance(0.25);
  const retained = durable && of("retained").chance(0.2);
  return {
    length,
    durable,
    sql: of("sql").chance(0.15),
    retain: retained ? { bytes: of("retain").between(2, 40) * 1024 } : {},
    dedupWindow: of("window").pick([2_000, 120_000, 120_000]),
    outbox: of("outbox").pick([4, 16, 64, 1024]) * 1024,
    payload: of("payload").pick([1024, 1024, 8192, 8192]),
    stallTimeout: of("stall").pick([1_000, 5_000, 5_000, 20_000]),
    weather: weatherOf(of("weather"), calm),
    disk: diskOf(of("disk"), calm),
    publishers: some(
      of("publishers"),
      [1, 4],
      (at) => publisherOf(of(`publisher ${at}`), { name: `p${at}`, length, durable }),
    ),
    subscribers: some(
      of("subscribers"),
      [1, 5],
      (at) => subscriberOf(of(`subscriber ${at}`), { name: `s${at}`, length, durable }),
    ),
    hostile: of("hostility").chance(0.5)
      ? []
      : some(of("hostiles"), [1, 3], (at) => hostileOf(of(`hostile ${at}`), { name: `h${at}`, length })),
    faults: calm ? [] : faultsOf(of("faults"), { length }),
  };
}

function weatherOf(draw: Random, calm: boolean): Weather {
  return {
    latency: draw.pick([0.05, 0.5, 5, 40]),
    cuts: draw.pick([0, 0.3, 0.9]),
    crumbs: draw.pick([0, 0.1, 0.8]),
    capacity: draw.pick([1, 4, 16, 64]) * 1024,
    refusals: calm ? 0 : draw.pick([0, 0, 0.2]),
  };
}

function diskOf(draw: Random, calm: boolean): DiskWeather {
  return {
    commit: draw.pick([0.2, 2, 20, 200]),
    read: draw.pick([0.1, 1, 20]),
    refusals: calm ? 0 : draw.pick([0, 0, 0.05]),
    losses: calm ? 0 : draw.pick([0, 0, 0, 0.005]),
  };
}

function hostileOf(
  draw: Random,
  { name, length }: { readonly name: string; readonly length: number },
): HostilePlan {
  const kind = draw.pick(["garbage", "never reads", "dribbles", "floods", "sub and unsub"] as const);
  return { name, kind, at: draw.below(length) };
}

function some<T>(draw: Random, [least, most]: readonly [number, number], make: (at: number) => T): T[] {
  return Array.from({ length: draw.between(least, most) }, (_, at) => make(at + 1));
}

function publisherOf(
  draw: Random,
  { name, length, durable }: { readonly name: string; readonly length: number; readonly durable: boolean },
): PublisherPlan {
  const all = durable ? [...DURABLE, ...MEMORY] : MEMORY;
  const topics = Array.from({ length: draw.between(1, 4) }, () => draw.pick(all));
  const every = draw.pick([2, 20, 200, 2000]);
  return {
    name,
    protocol: draw.pick(["2", "2", "2", "auto", "classic"]),
    topics: [...new Set(topics)],
    messages: Math.min(draw.pick([20, 100, 400, 400]), Math.ceil(length / every) * 4),
    every,
    burst: draw.pick([1, 1, 8, 60]),
    bytes: draw.pick([8, 60, 600, 4000, 4000]),
    ttl: draw.pick([0, 0, 0.2]),
    repeats: draw.pick([0, 0, 0.1]),
  };
}

function subscriberOf(
  draw: Random,
  { name, length, durable }: { readonly name: string; readonly length: number; readonly durable: boolean },
): SubscriberPlan {
  const protocol = draw.pick(["2", "2", "2", "auto", "classic"] as const);
  const subscriptions = new Map<string, SubscriptionPlan>();
  for (let left = draw.between(1, 3); left > 0; left--) {
    const pattern = draw.pick(PATTERNS);
    const replays = durable && protocol !== "classic" && draw.chance(0.5);
    const from = draw.pick(["earliest", "earliest", "latest", "-10", 1, 5] as const);
    const to = typeof from !== "number" || draw.chance(0.6) ? undefined : from + draw.below(40);
    const slow = protocol === "classic" || draw.chance(0.5) ? undefined : draw.pick(SLOW_POLICIES);
    const at = draw.chance(0.5) ? 0 : draw.below(length);
    const until = draw.chance(0.8) ? undefined : at + draw.below(length);
    subscriptions.set(pattern, {
      pattern,
      at,
      ...(replays ? { from, ...(to === undefined ? {} : { to }) } : {}),
      ...(slow === undefined ? {} : { slow }),
      ...(until === undefined ? {} : { until }),
    });
  }
  return {
    name,
    protocol,
    subscriptions: [...subscriptions.values()],
    thinks: draw.pick([0, 0, 0, 1, 30]),
    ...(draw.chance(0.5) ? {} : { sleeps: { at: draw.below(length), ms: draw.between(1, 20) * 1000 } }),
  };
}

function faultsOf(draw: Random, { length }: { readonly length: number }): Fault[] {
  const on = FAULTS.filter(() => draw.chance(0.4));
  if (on.length === 0) return [];
  return some(draw, [1, 8], () => ({
    kind: draw.pick(on),
    at: draw.below(length),
    ms: draw.pick([10, 300, 3_000, 12_000]),
  })).sort((one, other) => one.at - other.at);
}
