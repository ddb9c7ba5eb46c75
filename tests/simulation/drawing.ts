/**
 * Draws a plan. Each part has numbers of its own, so that one that is added changes no other.
 *
 * @module
 */
import { SLOW_POLICIES, type SlowPolicy } from "../../lib/slow_policy.ts";
import type { RetentionRules } from "../../lib/store/types.ts";
import {
  type Fault,
  type FaultKind,
  FAULTS,
  type HostilePlan,
  HOSTILITIES,
  type JoinPlan,
  type LifePlan,
  type MemberPlan,
  type Plan,
  type PublisherPlan,
  type SubscriberPlan,
  type SubscriptionPlan,
  type Theme,
} from "./plan.ts";
import { guestOf } from "./drawing_guests.ts";
import { DURABLE, GROUPS, MANY, MEMORY, PATTERNS, QUEUES, SHARED } from "./topics.ts";
import type { DiskWeather } from "./world/disk.ts";
import type { Weather } from "./world/network.ts";
import type { Random, Streams } from "./world/random.ts";

const KIB = 1024;

/** Of those whose topics are stored this one's members are not asked what becomes of a message. */
const AUTO = "ü";
/** Messages that may wait for one of them. */
const WINDOWS = [1, 1, 2, 8, 64, 256, 4096];

/** Messages a second: what is asked for at the end of a world has to be through long before nobody waits any more. */
const RATES = [4, 20, 100];

/** How much longer than typical what is spread is on average. */
const SPREAD_MEAN = 3;
/** Bytes of outboxes: none of a world is greater. */
const OUTBOXES = [4, 16, 64, 1024];
const LOSSY: readonly SlowPolicy[] = ["drop-old", "drop-new", "latest", "latest", "disconnect"];

/** Publishers with such numbers are guests. */
const GUESTS_FROM = 90;

/** Those that are about what is stored. */
const STORED: ReadonlySet<Theme> = new Set(["ids", "retention", "replays", "followers", "queues"]);

/** Those in which much goes wrong. */
const OFTEN: ReadonlySet<Theme> = new Set(["ids", "retention", "queues"]);

/** Those that are about groups. */
const SHARING: ReadonlySet<Theme> = new Set(["groups", "queues"]);

/** Those in which outboxes are full soon. */
const SMALL: ReadonlySet<Theme> = new Set(["outboxes", "followers"]);

/** What the drawing of a part depends on beside its own numbers. */
interface About {
  readonly theme: Theme;
  readonly length: number;
  readonly durable: boolean;
  readonly calm: boolean;
  /** Groups that go by keys. */
  readonly keyed: readonly string[];
  /** Some messages are to come later. */
  readonly delays: boolean;
  /** The broker's clock jumps while members hold what they take their time for. */
  readonly steps: boolean;
  /** It is drained again and again, and nothing else goes wrong, while much waits to be stored. */
  readonly drains: boolean;
}

/** What this seed draws. */
export function planOf(streams: Streams): Plan {
  const of = (part: string): Random => streams.of(`plan: ${part}`);
  const theme = of("theme").pick<Theme>([
    ...Array<Theme>(4).fill("anything"),
    "ids",
    "retention",
    "replays",
    "followers",
    "outboxes",
    "outboxes",
    "hostility",
    "groups",
    "groups",
    "queues",
    "queues",
    "queues",
  ]);
  const length = of("length").between(5, 40) * 1000;
  const durable = STORED.has(theme) || of("durable").chance(theme === "groups" ? 0.3 : 0.75);
  const calm = theme !== "ids" && theme !== "retention" && of("calm").chance(0.25);
  const about = {
    theme,
    length,
    durable,
    calm,
    keyed: of("keyed groups").pick<readonly string[]>([[], [], ["g"], ["g", AUTO]]),
    delays: durable && of("delays").chance(0.35),
    steps: theme === "queues" && of("clock steps").chance(0.3),
    drains: durable && !calm && of("drains").chance(0.1),
  };
  return {
    theme,
    length,
    durable,
    sql: of("sql").chance(theme === "retention" ? 0.7 : 0.12),
    retain: durable ? retainOf(of("retain"), about) : {},
    dedupWindow: of("window").pick([2_000, 120_000, 120_000, 120_000]),
    outbox: of("outbox").pick(SMALL.has(theme) ? [4, 4, 16] : OUTBOXES) * KIB,
    memory: of("memory").chance(0.07) ? of("memory size").pick([256, 512, 2048]) * KIB : undefined,
    slowConsumer: of("slow consumer").pick<SlowPolicy>([
      ...Array<SlowPolicy>(9).fill("block"),
      "drop-new",
      "disconnect",
    ]),
    payload: of("payload").pick([1024, 8192, 8192]),
    line: of("line").pick([6, 64]) * KIB,
    stallTimeout: of("stall").pick([1_000, 5_000, 5_000, 20_000]),
    ackTimeout: of("ack timeout").pick([2_000, 5_000, 5_000, 30_000]),
    maxAttempts: of("attempts").pick([1, 2, 3, 5]),
    weather: weatherOf(of("weather"), about),
    disk: diskOf(of("disk"), about),
    publishers: some(
      of("publishers"),
      [1, 4],
      (at) =>
        besideOf(of(`keys of publisher ${at}`), {
          ...publisherOf(of(`publisher ${at}`), { name: `p${at}`, about }),
          about,
        }),
    ),
    subscribers: some(
      of("subscribers"),
      theme === "replays" || theme === "followers" ? [3, 5] : [1, 5],
      (at) => subscriberOf(of(`subscriber ${at}`), { name: `s${at}`, about }),
    ),
    members: SHARING.has(theme) || of("grouping").chance(0.15)
      ? some(
        of("members"),
        SHARING.has(theme) ? [2, 6] : [1, 2],
        (at) => memberOf(of(`member ${at}`), { name: `w${at}`, about }),
      )
      : [],
    guests: of("guesting").chance(0.15)
      ? some(of("guests"), [1, 3], (at) => {
        const draw = of(`guest ${at}`);
        const publishes = publisherOf(draw, { name: `p${GUESTS_FROM + at}`, about });
        const asks = (classic: boolean): SubscriptionPlan => subscriptionOf(draw, { ...about, classic });
        const rated = of(`rate of guest ${at}`);
        const rate = rated.chance(0.6) ? rated.pick(RATES) : undefined;
        return guestOf(draw, { at, length, stored: durable && theme !== "retention", publishes, rate, asks });
      })
      : [],
    hostile: theme === "hostility" || of("hostility").chance(0.4)
      ? some(of("hostiles"), [1, 3], (at) => hostileOf(of(`hostile ${at}`), { name: `h${at}`, length }))
      : [],
    faults: calm ? [] : faultsOf(of("faults"), about),
  };
}

function retainOf(draw: Random, { theme }: About): RetentionRules {
  if (theme !== "retention" && !draw.chance(theme === "queues" ? 0.3 : 0.1)) return {};
  const bytes = draw.pick([1, 1, 4, 40]) * KIB;
  if (theme === "queues") return { overrides: [{ pattern: "#d.>", bytes }] };
  return draw.pick<RetentionRules>([
    { bytes },
    { bytes },
    { age: draw.pick([1_000, 5_000]) },
    { overrides: [{ pattern: "#d.b.>", bytes: KIB }, { pattern: "#d.a", age: 500 }] },
  ]);
}

function weatherOf(draw: Random, { calm, theme, steps, drains }: About): Weather {
  return {
    latency: draw.pick(steps || drains ? [0.05, 0.05, 0.5, 0.5] : [0.05, 0.5, 5, 40]),
    cuts: draw.pick([0, 0.3, 0.9]),
    crumbs: draw.pick([0, 0.1, 0.8]),
    capacity: draw.pick(theme === "groups" || SMALL.has(theme) ? [1, 4] : [1, 4, 16, 64]) * KIB,
    refusals: calm ? 0 : draw.pick([0, 0, 0.2]),
  };
}

function diskOf(draw: Random, { calm, theme, drains }: About): DiskWeather {
  if (drains) return { commit: draw.pick([20, 200]), read: 1, refusals: 0, losses: 0 };
  const follows = theme === "followers";
  return {
    commit: draw.pick(theme === "queues" ? [2, 20, 20, 200] : follows ? [0.2, 2, 20] : [0.2, 2, 20, 200]),
    read: draw.pick(follows ? [1, 20, 60] : [0.1, 1, 20]),
    refusals: calm ? 0 : draw.pick([0, 0, 0.05]),
    losses: calm ? 0 : draw.pick([0, 0, 0, 0.005]),
  };
}

function hostileOf(
  draw: Random,
  { name, length }: { readonly name: string; readonly length: number },
): HostilePlan {
  const kind = draw.pick([...HOSTILITIES, "makes mistakes"] as const);
  return { name, kind, at: draw.below(length) };
}

function some<T>(draw: Random, [least, most]: readonly [number, number], make: (at: number) => T): T[] {
  return Array.from({ length: draw.between(least, most) }, (_, at) => make(at + 1));
}

function publisherOf(
  draw: Random,
  { name, about: { theme, length, durable } }: { readonly name: string; readonly about: About },
): Omit<PublisherPlan, "delays" | "keys"> {
  const all = durable ? [...DURABLE, ...MEMORY] : MEMORY;
  const own = STORED.has(theme) ? DURABLE : theme === "groups" ? MEMORY : all;
  const topics = Array.from({ length: draw.between(1, 4) }, () => draw.pick(own));
  if (draw.chance(0.15)) {
    const many = durable && draw.chance(0.7) ? MANY.durable : MANY.memory;
    topics.push(...Array.from({ length: draw.pick([8, 60]) }, (_, at) => `${many}.${at + 1}`));
  }
  const crowded = theme === "outboxes" || theme === "groups";
  const burst = draw.pick(crowded ? [8, 60] : [1, 1, 8, 60]);
  const messages = draw.pick([20, 100, 400, 400]);
  // many publish all the time, so that what goes wrong meets them
  const steady = Math.min(length / 10, length * (1 + burst) / (2 * SPREAD_MEAN * messages));
  const every = draw.chance(STORED.has(theme) ? 0.1 : 0.4) ? draw.pick([2, 20, 200, 2000]) : steady;
  return {
    name,
    protocol: draw.pick(["2", "2", "2", "auto", "classic"]),
    topics: [...new Set(topics)],
    messages,
    every,
    burst,
    bytes: draw.pick(crowded ? [60, 600, 4000] : [8, 60, 600, 4000, 4000]),
    ttl: draw.pick([0, 0, 0.2]),
    fields: draw.pick([0, 0.3]),
    repeats: theme === "ids" ? draw.pick([0.1, 0.3]) : draw.pick([0, 0, 0.1]),
  };
}

/** The classic protocol has neither. */
function besideOf(
  draw: Random,
  { about: { delays, keyed }, ...plan }: Omit<PublisherPlan, "delays" | "keys"> & { readonly about: About },
): PublisherPlan {
  const part = draw.pick([0, 0.1, 0.5]);
  const keys = draw.pick([0, 1, 3, 20]);
  const able = plan.protocol === "2";
  return { ...plan, delays: able && delays ? part : 0, keys: able && keyed.length > 0 ? keys : 0 };
}

function subscriberOf(
  draw: Random,
  { name, about }: { readonly name: string; readonly about: About },
): SubscriberPlan {
  const { theme, length } = about;
  const protocol = draw.pick(["2", "2", "2", "auto", "classic"] as const);
  const subscriptions = new Map<string, SubscriptionPlan>();
  for (let left = draw.between(1, theme === "replays" ? 6 : 3); left > 0; left--) {
    const subscription = subscriptionOf(draw, { ...about, classic: protocol === "classic" });
    subscriptions.set(subscription.pattern, subscription);
  }
  const sleepless = theme === "outboxes" ? 0.2 : 0.5;
  return {
    name,
    protocol,
    subscriptions: [...subscriptions.values()],
    thinks: draw.pick([0, 0, 0, 1, 30]),
    ...(draw.chance(sleepless) ? {} : { sleeps: { at: draw.below(length), ms: draw.between(1, 20) * 1000 } }),
  };
}

function subscriptionOf(
  draw: Random,
  { theme, length, durable, classic }: About & { readonly classic: boolean },
): SubscriptionPlan {
  const crowded = theme === "outboxes";
  const follows = theme === "followers" && !classic;
  const pattern = draw.pick(follows ? PATTERNS.filter((each) => !each.startsWith("#m")) : PATTERNS);
  const often = follows || theme === "replays" ? 0.9 : crowded ? 0.2 : 0.5;
  const replays = durable && !classic && draw.chance(often);
  const from = draw.pick(["earliest", "earliest", "latest", "-10", 1, 5] as const);
  const to = typeof from !== "number" || draw.chance(0.6) ? undefined : from + draw.below(40);
  const slow = classic || draw.chance(crowded ? 0.1 : follows ? 0.9 : 0.5)
    ? undefined
    : draw.pick(crowded ? LOSSY : SLOW_POLICIES);
  const at = draw.chance(0.5) ? 0 : draw.below(length);
  const until = draw.chance(0.8) ? undefined : at + draw.below(length);
  return {
    pattern,
    at,
    ...(replays ? { from, ...(to === undefined ? {} : { to }) } : {}),
    ...(slow === undefined ? {} : { slow }),
    ...(until === undefined ? {} : { until }),
  };
}

function memberOf(
  draw: Random,
  { name, about: { length, theme, durable, keyed, steps } }: { readonly name: string; readonly about: About },
): MemberPlan {
  const joins = new Map<string, JoinPlan>();
  for (let left = draw.pick([1, 1, 1, 2]); left > 0; left--) {
    const group = draw.pick(GROUPS);
    const stored = theme === "queues" || (durable && draw.chance(0.5));
    const pattern = draw.pick(stored ? QUEUES : SHARED);
    // all members of a group have the same
    const settles = stored && group !== AUTO;
    const later = { ms: draw.spread(length / 8), window: draw.pick(WINDOWS) };
    const join: JoinPlan = {
      group,
      pattern,
      window: draw.pick(WINDOWS),
      ...(settles ? { ack: "explicit" } : {}),
      ...(stored && draw.chance(0.5) ? { from: "earliest" } : {}),
      ...(keyed.includes(group) ? { by: "key" } : {}),
      ...(draw.chance(0.2) ? { later } : {}),
    };
    joins.set(`${group} ${pattern}`, join);
  }
  const lives: LifePlan[] = [];
  let at = draw.chance(0.6) ? 0 : draw.below(length / 2);
  for (let left = draw.pick([0, 0, 1, 1, 3]); left > 0; left--) {
    const ms = 1 + draw.below(length / 3);
    lives.push({ at, ms, ends: draw.pick(["leaves", "closes", "is killed"]) });
    at += ms + Math.floor(draw.spread(500));
  }
  // what is over by then does not begin
  const last: LifePlan = { at, ends: "leaves" };
  return {
    name,
    joins: [...joins.values()],
    lives: [...lives, last].filter(({ at }) => at < length),
    worries: {
      nack: draw.pick([0, 0.05, 0.3]),
      forgets: draw.pick([0, 0, 0.05]),
      late: draw.pick(steps ? [0.1, 0.3, 0.3] : [0, 0, 0.05]),
    },
    thinks: draw.pick([0, 0, 0, 1, 30]),
    ...(draw.chance(0.7) ? {} : { sleeps: { at: draw.below(length), ms: draw.between(1, 20) * 1000 } }),
  };
}

/** Those without which a theme would be none. */
const FAULTS_OF: Readonly<Record<Theme, readonly FaultKind[]>> = {
  anything: [],
  ids: ["fill the disk", "reset a connection", "kill the broker"],
  retention: ["kill the broker", "kill the broker", "drain the broker"],
  replays: [],
  followers: [],
  outboxes: [],
  hostility: [],
  groups: [],
  queues: ["kill the broker", "kill the broker", "jump the clock"],
};

function faultsOf(draw: Random, { theme, length, steps, drains }: About): Fault[] {
  if (drains) {
    return some(draw, [2, 5], () => ({
      kind: "drain the broker" as const,
      at: draw.below(length),
      ms: draw.pick([3_000, 12_000]),
    })).sort((one, other) => one.at - other.at);
  }
  const often = theme === "outboxes" || theme === "hostility" ? 0.15 : 0.35;
  const drawn = [...FAULTS.filter(() => draw.chance(often)), ...FAULTS_OF[theme]];
  const on = steps ? ["jump the clock", "jump the clock", "kill the broker"] as const : drawn;
  if (on.length === 0) return [];
  return some(draw, [OFTEN.has(theme) ? 4 : 1, 8], () => ({
    kind: draw.pick(on),
    at: draw.below(length),
    ms: draw.pick([10, 300, 3_000, 12_000]),
  })).sort((one, other) => one.at - other.at);
}
