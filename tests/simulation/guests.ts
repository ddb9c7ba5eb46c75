/**
 * Who has an account whose rights change, and asks for more than it may have.
 *
 * @module
 */
import { openSubscriber } from "../../lib/client/subscribing/subscriber.ts";
import type { Subscriber } from "../../lib/client/mod.ts";
import { RefusedError } from "../../lib/errors.ts";
import { CONNECT_MS, guestPorts, machineOf, publish, type Stage } from "./actors.ts";
import { type History, nameOf, type Sent } from "./history.ts";
import type { GuestPlan } from "./plan.ts";
import type { States } from "./states.ts";
import type { Random } from "./world/random.ts";

/** Milliseconds until one that was thrown out comes again, or asks again for what it was refused. */
const AGAIN_MS = 700;

/** Milliseconds before its rights change in which it asks once more. */
const JUST_MS = 40;

/** Stays until it is told to leave, and comes again when it is thrown out. */
export class GuestActor {
  readonly #stage: Stage;
  readonly #plan: GuestPlan;
  readonly #at: number;
  #subscriber: Subscriber | undefined;
  #leaving = false;
  #living: Promise<void> = Promise.resolve();

  /** `at`: which of the guests it is. */
  constructor(stage: Stage, plan: GuestPlan, at: number) {
    this.#stage = stage;
    this.#plan = plan;
    this.#at = at;
  }

  run(): Promise<void> {
    this.#living = this.#live();
    return Promise.resolve();
  }

  async publish(): Promise<void> {
    const { plan } = this.#stage;
    await publish(this.#stage, this.#plan.publishes, { until: plan.length, port: guestPorts(this.#at).pub });
  }

  async leave(): Promise<void> {
    this.#leaving = true;
    await this.#subscriber?.close().catch(() => {}); // it may have been thrown out just now
    await this.#living;
  }

  async #live(): Promise<void> {
    const { world, plan } = this.#stage;
    for (let life = 1; !this.#leaving && (life === 1 || world.now < plan.length); life++) {
      const { host } = machineOf(this.#stage, { name: `${this.#plan.name}-${life}`, insists: true });
      try {
        await this.#liveOnce(host);
      } catch (error) {
        // thrown out, or what it had is refused when it comes again
        world.trace.add(`${this.#plan.name} ${String(error)}`);
      }
      await world.pause(AGAIN_MS);
    }
  }

  async #liveOnce(host: ReturnType<typeof machineOf>["host"]): Promise<void> {
    const { states, world } = this.#stage;
    const { name: id, protocol } = this.#plan;
    const { sub: port } = guestPorts(this.#at);
    const subscriber = await openSubscriber({
      id,
      port,
      protocol,
      connectTimeout: CONNECT_MS,
      onEvent: ({ type }) => {
        world.trace.add(`${id} ${type}`);
        if (type === "ended") states.reached("a guest's subscription ends");
      },
    }, host);
    this.#subscriber = subscriber;
    if (this.#leaving) return await subscriber.close();
    let over = false;
    const asking = this.#ask(subscriber, () => over);
    try {
      for await (const { topic } of subscriber) world.trace.add(`${id} got ${topic}`);
    } finally {
      over = true;
      await asking;
    }
  }

  /** Asks for all it wants again and again, for what it may have changes. */
  async #ask(subscriber: Subscriber, over: () => boolean): Promise<void> {
    const { world, states, plan } = this.#stage;
    const { name, subscriptions, joins } = this.#plan;
    const random = world.streams.of(`guest ${name} at ${world.now}`);
    while (!over() && !this.#leaving && world.now < plan.length) {
      const wants = [
        ...subscriptions.map(({ pattern, from, to }) => ({ pattern, options: { from, to } })),
        ...joins.map(({ pattern, group, from }) => ({ pattern, options: { group, from, to: undefined } })),
      ].filter(() => random.chance(0.7));
      for (const { pattern, options } of wants) {
        const { from, to } = options;
        const fields = {
          ...options,
          ...(from === undefined ? {} : { from }),
          ...(to === undefined ? {} : { to }),
        };
        const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
        await subscriber.subscribe(pattern, given).catch((error) => {
          if (error instanceof RefusedError && error.code === "DENIED") states.reached("a guest is refused");
        });
      }
      await world.pause(Math.min(random.spread(AGAIN_MS), this.#untilChange(random)));
    }
  }

  /** So that something is under way when its rights change: milliseconds until just before they do. */
  #untilChange(random: Random): number {
    const { now } = this.#stage.world;
    const next = this.#plan.rights.find(({ at }) => at > now);
    return next === undefined ? Infinity : Math.max(1, next.at - now - random.below(JUST_MS));
  }
}

/** What may not be published is refused, and nothing else is (P1); and none publishes faster than it may (A9). */
export function judgeGuests({ plan, history, accounts, states }: Stage): string[] {
  const wrong: string[] = [];
  for (const { name, publishes, rate } of plan.guests) {
    const account = accounts.account(name);
    const record = history.publishers.find((each) => each.name === publishes.name);
    if (rate !== undefined) {
      wrong.push(...judgeRate(name, { rate, sent: record?.sent ?? [], history, states }));
    }
    for (const sent of record?.sent ?? []) {
      const could = account.couldPublish(sent.topic, sent.at, sent.answeredAt ?? Infinity);
      if (sent.failed === "DENIED") states.reached("a guest's publish is refused");
      if (sent.failed === "DENIED" && could === "always") wrong.push(`${name} may publish ${nameOf(sent)}`);
      if (sent.ackedAt !== undefined && could === "never") {
        wrong.push(`${name} may not publish ${nameOf(sent)}`);
      }
    }
  }
  return wrong;
}

/** What is read at once may be beyond a second's worth: so many of the smallest messages. */
const READ_AT_ONCE = 8;

/** From a broker's start on no more was acknowledged than that time's worth, a second's, and what was read at once. */
function judgeRate(
  name: string,
  { rate, sent, history, states }: {
    readonly rate: number;
    readonly sent: readonly Sent[];
    readonly history: History;
    readonly states: States;
  },
): string[] {
  const acked = sent.flatMap(({ ackedAt }) => ackedAt === undefined ? [] : [ackedAt]);
  acked.sort((one, other) => one - other);
  for (const [at, start] of history.starts.entries()) {
    const end = history.starts[at + 1] ?? Infinity;
    const own = acked.filter((time) => time >= start && time < end);
    for (const [before, time] of own.entries()) {
      const most = rate * (1 + (time - start) / 1000);
      if (before + 1 >= most) states.reached("a guest publishes as fast as it may");
      if (before + 1 <= most + rate / 4 + READ_AT_ONCE) continue;
      return [`${name} published ${before + 1} messages in ${time - start} ms, and may ${rate} a second`];
    }
  }
  return [];
}
