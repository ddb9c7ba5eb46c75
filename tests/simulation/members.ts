/**
 * Members of groups: the library as it ships, of programs that come, leave in order, are killed, and come again.
 *
 * @module
 */
import { openSubscriber } from "../../lib/client/subscribing/subscriber.ts";
import { isLeased, type LeasedMessage, type Message, type Subscriber } from "../../lib/client/mod.ts";
import { CONNECT_MS, machineOf, type Stage, SUB_PORT } from "./actors.ts";
import type { Line, MemberRecord } from "./history.ts";
import type { JoinPlan, LifePlan, MemberPlan } from "./plan.ts";
import { Tap } from "./tap.ts";
import type { Random } from "./world/random.ts";

/** One that stays, life after life, until it is told to leave. */
export class MemberActor {
  readonly plan: MemberPlan;
  readonly #stage: Stage;
  #last: Life | undefined;

  constructor(stage: Stage, plan: MemberPlan) {
    this.#stage = stage;
    this.plan = plan;
  }

  /** Resolves when it is there for the last time, and has asked for all it wants. */
  async run(): Promise<void> {
    const { world } = this.#stage;
    for (const [at, life] of this.plan.lives.entries()) {
      await world.pause(Math.max(0, life.at - world.now));
      const one = new Life(this.#stage, { plan: this.plan, life, name: `${this.plan.name}-${at + 1}` });
      this.#last = one;
      await one.begin();
      if (life.ms === undefined) return;
      await world.pause(life.ms);
      await one.end(life.ends);
    }
  }

  /** Leaves, if it is there. */
  async leave(): Promise<void> {
    await this.#last?.end("leaves");
  }
}

/** One process of it. */
class Life {
  readonly record: MemberRecord;
  readonly #stage: Stage;
  readonly #plan: MemberPlan;
  readonly #life: LifePlan;
  readonly #machine: ReturnType<typeof machineOf>;
  readonly #random: Random;
  #subscriber: Subscriber | undefined;
  #consumed: Promise<void> = Promise.resolve();
  #killed = false;
  #ended = false;

  constructor(
    stage: Stage,
    { plan, life, name }: { readonly plan: MemberPlan; readonly life: LifePlan; readonly name: string },
  ) {
    this.#stage = stage;
    this.#plan = plan;
    this.#life = life;
    this.#machine = machineOf(stage, { name, insists: true });
    this.#random = stage.world.streams.of(`worries of ${name}`);
    this.record = { name, joins: [], got: [], lines: [], losses: [] };
    stage.history.members.push(this.record);
  }

  async begin(): Promise<void> {
    const { world } = this.#stage;
    const { record } = this;
    try {
      this.#subscriber = await openSubscriber({
        id: record.name,
        port: SUB_PORT,
        protocol: "2",
        connectTimeout: CONNECT_MS,
        onEvent: ({ type }) => {
          world.trace.add(`${record.name} ${type}`);
          if (type === "lost") record.losses.push({ at: world.now, how: "lost" });
        },
      }, {
        ...this.#machine.host,
        connect: async (address, signal) => {
          const socket = await this.#machine.host.connect(address, signal);
          const line: Line = { member: record.name, beganAt: world.now, given: [], entered: [], left: [] };
          record.lines.push(line);
          return new Tap(socket, { line, now: () => world.now });
        },
      });
    } catch (error) {
      record.over = String(error);
      return;
    }
    this.#consumed = this.#consume(this.#subscriber);
    const joins = this.#plan.joins.map((join) => this.#join(join));
    // who is killed is not waited for
    if (this.#life.ms === undefined) await Promise.all(joins);
  }

  async end(how: LifePlan["ends"]): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const { world, network, states } = this.#stage;
    world.trace.add(`${this.record.name} ${how}`);
    switch (how) {
      case "is killed":
        states.reached("a member is killed");
        this.#killed = true;
        this.record.losses.push({ at: world.now, how });
        for (const join of this.record.joins) join.endedAt = world.now;
        for (const line of this.record.lines) line.endedAt ??= world.now;
        this.#machine.node.die();
        return network.kill(this.#machine.node);
      case "closes":
        states.reached("a member closes");
        // who iterates slowly leaves behind what has come to it
        this.record.losses.push({ at: world.now, how });
        break;
      case "leaves":
        states.reached("a member leaves");
        await Promise.all(this.#plan.joins.map((join) => this.#leave(join)));
        break;
    }
    for (const join of this.record.joins) join.endedAt ??= world.now;
    await this.#subscriber?.close();
    await this.#consumed;
  }

  async #join(plan: JoinPlan): Promise<void> {
    const { world, states } = this.#stage;
    const { group, pattern, window, later, ack, from, by } = plan;
    const terms = {
      group,
      ...(ack === undefined ? {} : { ack }),
      ...(from === undefined ? {} : { from }),
      ...(by === undefined ? {} : { by }),
    };
    const record: MemberRecord["joins"][number] = { plan, askedAt: world.now };
    this.record.joins.push(record);
    try {
      await this.#subscriber?.subscribe(pattern, { ...terms, window });
      if (from !== undefined) states.reached("a group begins at the earliest");
      record.okAt = world.now;
      if (later === undefined) return;
      await world.pause(later.ms);
      if (this.#ended) return;
      await this.#subscriber?.subscribe(pattern, { ...terms, window: later.window });
      states.reached("a member changes its window");
    } catch (error) {
      record.refused = String(error);
    }
  }

  async #leave({ group, pattern }: JoinPlan): Promise<void> {
    const { world } = this.#stage;
    const record = this.record.joins.find(({ plan }) => plan.group === group && plan.pattern === pattern);
    if (record === undefined) return;
    record.endedAt = world.now;
    await this.#subscriber?.unsubscribe(pattern, { group }).catch((error) =>
      record.refused ??= String(error)
    );
  }

  async #consume(subscriber: Subscriber): Promise<void> {
    const { world } = this.#stage;
    const { thinks, sleeps } = this.#plan;
    let slept = false;
    try {
      for await (const message of subscriber) {
        if (this.#killed) return;
        this.#note(message);
        if (isLeased(message)) void this.#settle(message);
        if (thinks > 0) await world.pause(thinks);
        if (sleeps === undefined || slept || world.now < sleeps.at) continue;
        slept = true;
        await world.pause(sleeps.ms);
      }
    } catch (error) {
      this.record.over = String(error);
    }
  }

  /** Does with it what is to be done, or forgets it. What that comes to is seen on its connection. */
  async #settle(message: LeasedMessage): Promise<void> {
    const { world, plan: { length, ackTimeout } } = this.#stage;
    const { nack, forgets, late } = this.#plan.worries;
    const fate = this.#random.next();
    const how = this.#random.next();
    // who is well does what is to be done
    const worries = world.now < length;
    const nobody = (): void => {};
    if (!worries || fate >= nack + forgets + late) return message.ack().catch(nobody);
    if (fate < nack) {
      return message.nack(how < 0.5 ? {} : { delay: Math.round(10_000 * (how - 0.5)) }).catch(nobody);
    }
    if (fate < nack + forgets) return;
    // now and then it is in time
    if (how < 0.6) {
      await world.pause(ackTimeout * 0.7);
      await message.extend().catch(nobody);
      await world.pause(ackTimeout * 0.7);
    } else {
      await world.pause(ackTimeout * (0.9 + how));
    }
    if (!this.#killed) await message.ack().catch(nobody);
  }

  #note({ group = "", topic, text, seq }: Message): void {
    const { world } = this.#stage;
    this.record.got.push({ at: world.now, group, topic, text, seq });
    world.trace.add(`${this.record.name} got ${group} ${topic} ${text.slice(0, 20)}`);
  }
}
