/**
 * What honest clients do, in phases that the seed draws.
 *
 * @module
 */
import type { Choice } from "./choice.ts";
import type { Policy } from "./history.ts";
import { delay, isOpen, Publisher, Subscriber, type World } from "./honest.ts";
import type { Settings } from "./settings.ts";

/** Unanswered requests of one publisher. */
const WINDOW = 300;
const PHASE_MS = 1200;
/** Nobody is cut for standing still this long (`--stall-timeout` is 5 s). */
const PAUSE_MS = 1500;
/** Nor ever where nobody waits for it. */
const LONG_PAUSE_MS = 4000;

/** One that goes on until it is told to stop, and comes back when its connection is lost. */
export interface Actor {
  readonly done: Promise<void>;
  stop(): void;
}

interface Phase {
  readonly topic: (number: number) => string;
  readonly bytes: number;
  readonly burst: number;
  readonly pauseMs: number;
  readonly ttl?: number;
  readonly headers: boolean;
}

function drawPhase(choice: Choice, durable: boolean): Phase {
  const area = durable && choice.chance(0.5) ? "#d.h" : "#t";
  const letter = choice.of(["a", "b", "c"]);
  const topic = choice.of([
    (): string => `${area}.${letter}`,
    (number: number): string => `${area}.${"ab"[number & 1]}`,
    (number: number): string => `${area}.${letter}.${"xyz"[number % 3]}`,
    (number: number): string => `${area}.many.${number}`,
  ]);
  const big = choice.chance(0.2);
  const ttl = choice.chance(0.15) ? choice.of([0.05, 0.5, 60]) : undefined;
  return {
    topic,
    bytes: big ? choice.of([60_000, 200_000]) : choice.of([20, 40, 400, 3000]),
    burst: big ? 2 : choice.of([1, 5, 20, 60]),
    pauseMs: big ? 60 : choice.of([20, 50, 100]),
    headers: choice.chance(0.3),
    ...(ttl === undefined ? {} : { ttl }),
  };
}

/** A publisher that publishes, in phases. */
export function publishing(
  world: World,
  settings: Settings,
  choice: Choice,
): { publisher: Publisher } & Actor {
  const publisher = new Publisher(world, choice.chance(0.6));
  const ids = choice.chance(0.5);
  let on = true;
  const once = async (): Promise<void> => {
    if (!publisher.connected) await publisher.connect();
    const phase = drawPhase(choice, settings.durable);
    const until = performance.now() + PHASE_MS;
    // a classic line has its limit
    const bytes = publisher.v2 ? phase.bytes : Math.min(phase.bytes, 60_000);
    for (let number = 0; on && publisher.connected && performance.now() < until;) {
      for (let left = phase.burst; left > 0; left--) {
        const topic = phase.topic(number++);
        publisher.publish({ ...phase, bytes, topic, id: ids && topic.startsWith("#d.") });
      }
      await publisher.answered(WINDOW, PHASE_MS);
      await delay(phase.pauseMs);
    }
    if (!on || !choice.chance(0.12)) return;
    const midframe = choice.chance(0.5);
    // with much on its way
    for (let number = 0; number < 60; number++) {
      const topic = phase.topic(number);
      publisher.publish({ ...phase, bytes, topic, id: ids && topic.startsWith("#d.") });
    }
    await delay(choice.number(0, 3));
    publisher.leave(midframe);
    world.counters.add(midframe ? "midframe" : "reconnects");
  };
  const done = keepOn(() => on, once).then(async () => {
    // what has an id and no answer goes once more
    if (!publisher.connected) await publisher.connect();
  });
  return { publisher, done, stop: () => void (on = false) };
}

/** A subscriber with several subscriptions that stands still, changes its mind, leaves and comes back. */
export function reading(
  world: World,
  settings: Settings,
  { choice, name }: { readonly choice: Choice; readonly name: string },
): { current: () => Subscriber | undefined } & Actor {
  const v2 = choice.chance(0.75);
  /** Nobody waits for it: it may stand still for long. */
  const lossy = v2 && choice.chance(0.4);
  let subscriber: Subscriber | undefined;
  let times = 0;
  let on = true;
  const once = async (): Promise<void> => {
    if (subscriber === undefined || !subscriber.connected) {
      subscriber = await Subscriber.connect(world, {
        v2,
        name: `${name}.${times++}${v2 ? "" : " (classic)"}`,
      });
      for (let many = choice.number(1, 4); many > 0; many--) {
        await subscribe(subscriber, { settings, choice, lossy });
      }
      if (overlap(subscriber)) world.counters.add("overlaps");
    }
    await delay(choice.number(50, 800));
    if (on) await act(subscriber, { world, settings, choice, lossy });
  };
  const done = keepOn(() => on, once).then(() => subscriber?.resume());
  return { current: () => subscriber, done, stop: () => void (on = false) };
}

interface Taste {
  readonly settings: Settings;
  readonly choice: Choice;
  readonly lossy: boolean;
}

async function act(subscriber: Subscriber, { world, settings, choice, lossy }: Taste & {
  readonly world: World;
}): Promise<void> {
  const what = choice.random();
  const { record } = subscriber;
  if (what < 0.45) {
    const patient = record.v2 &&
      record.subscriptions.every(({ policy }) => policy !== "block" && policy !== "disconnect");
    world.counters.add("paused");
    if (record.subscriptions.some(({ from }) => from !== undefined)) world.counters.add("held");
    subscriber.pause();
    await delay(choice.number(50, patient ? LONG_PAUSE_MS : PAUSE_MS));
    subscriber.resume();
  } else if (what < 0.6) {
    const of = record.subscriptions.filter(({ unsubAt, okAt }) =>
      unsubAt === undefined && okAt !== undefined
    );
    if (of.length > 0) await subscriber.unsubscribe(choice.of(of));
    if (choice.chance(0.7)) await subscribe(subscriber, { settings, choice, lossy });
    world.counters.add("resubscribed");
  } else if (what < 0.75) {
    await subscribe(subscriber, { settings, choice, lossy });
  } else if (what < 0.82) {
    const midframe = choice.chance(0.5);
    subscriber.leave(midframe);
    world.counters.add(midframe ? "midframe" : "reconnects");
  }
}

const LOSSY = ["drop-old", "drop-new", "latest"] as const;
const LIVE = ["#t.>", "#t.a", "#t.*", "#t.b", "#t.*.x", "#t.many.*", "#d.h.>", "#d.h.a", "#d.h.*"];
const STORED = ["#d.h.>", "#d.h.a", "#d.h.b", "#d.h.*", "#d.h.*.x"];

async function subscribe(subscriber: Subscriber, { choice, settings, lossy }: Taste): Promise<void> {
  const { record } = subscriber;
  const replay = record.v2 && settings.durable && choice.chance(0.4);
  const pattern = choice.of(replay ? STORED : LIVE);
  const policy = lossy ? choice.of(LOSSY) : drawPolicy(choice, settings);
  const from = choice.of(["earliest", "earliest", "1", "now", "latest", "-10", "-2s", "3", "100000"]);
  const to = choice.chance(0.2) ? choice.of(["latest", "5", "-1s"]) : undefined;
  const open = record.subscriptions.find(isOpen(pattern));
  if (open !== undefined && (!replay || from === "now")) {
    // one that ends may be over, and then a new one begins
    if (record.v2 && policy !== undefined && open.to === undefined) await subscriber.change(open, policy);
    return;
  }
  const live = record.v2 && policy !== undefined ? { policy } : {};
  const bounded = to === undefined || from === "now" ? { from } : { from, to };
  await subscriber.subscribe(pattern, replay ? bounded : live);
}

function drawPolicy(choice: Choice, settings: Settings): Policy | undefined {
  if (choice.chance(0.35)) return undefined;
  const policy = choice.of(
    ["block", "block", "drop-old", "drop-new", "latest", "latest", "disconnect"] as const,
  );
  return policy === "block" && settings.policy !== "block" ? undefined : policy;
}

function overlap({ record }: Subscriber): boolean {
  const patterns = record.subscriptions.map(({ pattern }) => pattern);
  return patterns.some((one) =>
    one.endsWith(">") && patterns.some((other) => other !== one && other.startsWith(one.slice(0, -1)))
  );
}

/** Again and again; what the end of a connection breaks is begun anew. */
export async function keepOn(on: () => boolean, once: () => Promise<void>): Promise<void> {
  while (on()) {
    try {
      await once();
    } catch {
      await delay(50);
    }
  }
}
