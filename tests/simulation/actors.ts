/**
 * Honest clients: the library as it ships, in a world.
 *
 * @module
 */
import { RefusedError } from "../../lib/errors.ts";
import type { Host } from "../../lib/client/host.ts";
import { openPublisher } from "../../lib/client/publishing/publisher.ts";
import { openSubscriber } from "../../lib/client/subscribing/subscriber.ts";
import type { ClientEvent, Message, Publisher, PublishOptions, Subscriber } from "../../lib/client/mod.ts";
import type { Gap } from "../../lib/client/mod.ts";
import {
  fieldsOf,
  type History,
  isDead,
  isDurable,
  type PublisherRecord,
  type Sent,
  type SubscriberRecord,
  type SubscriptionRecord,
} from "./history.ts";
import type { Plan, PublisherPlan, SubscriberPlan, SubscriptionPlan } from "./plan.ts";
import type { Accounts } from "./rights.ts";
import type { States } from "./states.ts";
import type { Network } from "./world/network.ts";
import type { Random } from "./world/random.ts";
import { EPOCH, Node, type World } from "./world/world.ts";

/** Where brokers listen. */
export const PUB_PORT = 9000;
export const SUB_PORT = 9090;
/** Where guests connect, each at a port of its own. */
export function guestPorts(at: number): { readonly pub: number; readonly sub: number } {
  return { pub: 9200 + at, sub: 9300 + at };
}
/** Milliseconds a client tries to connect at the start: longer than any broker is away. */
export const CONNECT_MS = 600_000;

/** What actors stand in. */
export interface Stage {
  readonly plan: Plan;
  readonly world: World;
  readonly network: Network;
  readonly history: History;
  readonly states: States;
  /** Those of guests; where there are none, nobody has an account. */
  readonly accounts: Accounts;
  /** What went wrong where nobody is to see it. */
  readonly errors: string[];
}

/** A machine of a client. */
export function machineOf(
  { world, network }: Stage,
  { name, insists }: { readonly name: string; readonly insists: boolean },
): { readonly node: Node; readonly host: Host } {
  const node = new Node(world, { name });
  const random = world.streams.of(`client ${name}`);
  return {
    node,
    host: {
      clock: node.clock,
      random: () => random.next(),
      random32: () => random.random32(),
      // what a classic broker says is understood by its pauses: a system does not cut three bytes in two
      connect: ({ port }, signal) => network.connect(node, port, { signal, lines: !insists }),
    },
  };
}

/** Publishes what its plan says, or what of it can be until then; resolves when all of it is answered, or nothing more will be. */
export async function publish(
  stage: Stage,
  plan: PublisherPlan,
  { until, port = PUB_PORT }: { readonly until: number; readonly port?: number },
): Promise<void> {
  const { world, history, states } = stage;
  const random = world.streams.of(`publisher ${plan.name}`);
  const keys = world.streams.of(`keys of ${plan.name}`);
  const delays = world.streams.of(`delays of ${plan.name}`);
  const record: PublisherRecord = { name: plan.name, protocol: plan.protocol, sent: [], lostAt: [] };
  history.publishers.push(record);
  const { host } = machineOf(stage, { name: plan.name, insists: plan.protocol === "2" });
  const onEvent = (event: ClientEvent): void => {
    world.trace.add(`${plan.name} ${event.type}`);
    if (event.type === "lost") record.lostAt.push(world.now);
  };
  const { name: id, protocol } = plan;
  let publisher: Publisher;
  try {
    publisher = await openPublisher(
      { id, port, protocol, connectTimeout: CONNECT_MS, onEvent },
      host,
    );
  } catch (error) {
    record.over = String(error);
    return;
  }
  if (publisher.protocol === "classic") states.reached("a classic client");
  const answers: Promise<void>[] = [];
  for (let number = 1; number <= plan.messages && world.now < until;) {
    await world.pause(Math.min(random.spread(plan.every), until - world.now));
    for (let left = random.between(1, plan.burst); left > 0 && number <= plan.messages; left--) {
      answers.push(send(stage, { publisher, record, plan, random, keys, delays, number: number++ }));
    }
    if (publisher.pending > 200) await publisher.drained();
  }
  await Promise.all(answers);
  await publisher.close().catch((error) => record.over = String(error));
}

async function send(
  { world, history, states }: Stage,
  { publisher, record, plan, random, keys, delays, number }: {
    readonly publisher: Publisher;
    readonly record: PublisherRecord;
    readonly plan: PublisherPlan;
    readonly random: Random;
    readonly keys: Random;
    readonly delays: Random;
    readonly number: number;
  },
): Promise<void> {
  const topic = random.pick(plan.topics);
  const plain = plan.protocol === "classic";
  const repeats = plain || !random.chance(plan.repeats) ? undefined : toRepeat(record, { random, topic });
  const ttl = !plain && random.chance(plan.ttl) ? random.pick([0.01, 0.5, 5]) : undefined;
  const later = repeats === undefined && isDurable(topic) && delays.chance(plan.delays)
    ? drawLater(delays, world.now)
    : undefined;
  const own = !plain && (repeats !== undefined || random.chance(plan.repeats));
  const id = own ? `${plan.name}/${(repeats ?? { number }).number}` : undefined;
  const drawn = !plain && random.chance(plan.fields) ? drawFields(random) : {};
  const fields = plan.keys > 0 && keys.chance(0.8) ? { ...drawn, key: `k${keys.below(plan.keys)}` } : drawn;
  const stem = `${plan.name}.${number}.`;
  const length = Math.max(0, random.below(plan.bytes) - stem.length);
  // what is no line of the classic protocol goes over v2 as it is
  const filling = !plain && random.chance(plan.fields) ? random.pick(FILLINGS) : "x";
  const text = stem + filling.repeat(Math.ceil(length / filling.length)).slice(0, length);
  const sent: Sent = {
    publisher: plan.name,
    number,
    topic,
    text,
    at: world.now,
    ttl,
    repeats,
    id,
    later,
    key: plan.protocol === "2" ? fields.key : undefined,
    fields: fieldsOf({ ...fields, headers: Object.entries(fields.headers ?? {}) }),
  };
  record.sent.push(sent);
  history.add(sent);
  try {
    const receipt = await publisher.publish(topic, text, {
      ...fields,
      ...(ttl === undefined ? {} : { ttl }),
      ...(id === undefined ? {} : { id }),
      ...whenOf(later),
    });
    sent.ackedAt = sent.answeredAt = world.now;
    if (receipt.seq !== undefined) sent.seq = receipt.seq;
    if (receipt.level !== undefined) sent.level = receipt.level;
    if (receipt.subs !== undefined) sent.subs = receipt.subs;
    if (later !== undefined) states.reached("a message is to come later");
    else if (receipt.level === "synced" && receipt.seq === undefined) {
      states.reached("a resend answered from memory");
    }
    world.trace.add(`${plan.name} ok ${number} ${receipt.seq ?? ""}`);
  } catch (error) {
    sent.answeredAt = world.now;
    sent.failed = error instanceof RefusedError ? error.code : String(error);
    if (error instanceof RefusedError) states.reached("a request refused");
    world.trace.add(`${plan.name} refused ${number} ${sent.failed}`);
  }
}

/** What payloads are full of: what could be taken for frames, lines and ends of them, and more than a byte. */
const FILLINGS = ["x", "x", "\npub #m.a 1\nx\n", "ü", "a b\n", "\0\n", "\\n"];

/** One before it whose id it has: that one is under way, or was answered long ago. */
function toRepeat(
  { sent }: PublisherRecord,
  { random, topic }: { readonly random: Random; readonly topic: string },
): Sent | undefined {
  const before = sent.filter((each) =>
    each.topic === topic && each.id !== undefined && each.repeats === undefined
  );
  return random.chance(0.5) || before.length === 0 ? before.at(-1) : random.pick(before);
}

/** Now and then it is due at the same millisecond as another, or has been before it is sent. */
function drawLater(random: Random, now: number): NonNullable<Sent["later"]> {
  if (random.chance(0.5)) return { delay: random.pick([1, 50, 1_000, 10_000, 30_000]) };
  const at = Math.round(now / 1000 + random.pick([-1, 1, 2, 5, 20])) * 1000;
  return { at: Math.max(0, at) };
}

function whenOf(later: Sent["later"]): PublishOptions {
  if (later === undefined) return {};
  return "delay" in later ? later : { at: new Date(EPOCH + later.at) };
}

function drawFields(random: Random): PublishOptions {
  return {
    ...random.pick<PublishOptions>([{}, { key: "a/1" }, { key: "100 %\n" }, { key: "ü=," }]),
    ...random.pick<PublishOptions>([{}, {}, { reply: "#m.answers" }]),
    ...random.pick<PublishOptions>([
      {},
      { headers: { "content type": "text/ü\r\n" } },
      { headers: { a: "", "%": "%25", "=": " " } },
    ]),
  };
}

/** A subscriber that stays until it is told to leave. */
export class SubscriberActor {
  readonly record: SubscriberRecord;
  readonly plan: SubscriberPlan;
  readonly #stage: Stage;
  #subscriber: Subscriber | undefined;
  #consumed: Promise<void> = Promise.resolve();

  constructor(stage: Stage, plan: SubscriberPlan) {
    this.#stage = stage;
    this.plan = plan;
    this.record = { name: plan.name, protocol: plan.protocol, got: [], subscriptions: [] };
    stage.history.subscribers.push(this.record);
  }

  /** Connects, and subscribes when its plan says so. */
  async run(): Promise<void> {
    const { world, states } = this.#stage;
    const { name: id, protocol, subscriptions } = this.plan;
    const { host } = machineOf(this.#stage, { name: id, insists: protocol === "2" });
    try {
      this.#subscriber = await openSubscriber({
        id,
        port: SUB_PORT,
        protocol,
        connectTimeout: CONNECT_MS,
        onEvent: (event) => this.#told(event),
      }, host);
    } catch (error) {
      this.record.over = String(error);
      return;
    }
    if (this.#subscriber.protocol === "classic") states.reached("a classic client");
    this.#consumed = this.#consume(this.#subscriber);
    await Promise.all(subscriptions.map(async (plan) => {
      await world.pause(plan.at);
      await this.#subscribe(plan);
    }));
  }

  /** Leaves. */
  async leave(): Promise<void> {
    await this.#subscriber?.close();
    await this.#consumed;
  }

  async #subscribe(plan: SubscriptionPlan): Promise<void> {
    const { world, states } = this.#stage;
    const { pattern, from, to, slow, until, at } = plan;
    const record: SubscriptionRecord = { plan, askedAt: world.now };
    this.record.subscriptions.push(record);
    try {
      await this.#subscriber?.subscribe(pattern, {
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        ...(slow === undefined ? {} : { slow }),
      });
      record.okAt = world.now;
    } catch (error) {
      if (error instanceof RefusedError) states.reached("a request refused");
      record.refused = String(error);
      return;
    }
    if (until === undefined) return;
    await world.pause(until - at);
    record.endedAt = world.now;
    states.reached("an unsubscribe in a flood");
    await this.#subscriber?.unsubscribe(pattern).catch((error) => record.refused = String(error));
  }

  async #consume(subscriber: Subscriber): Promise<void> {
    const { world } = this.#stage;
    const { thinks, sleeps } = this.plan;
    let slept = false;
    try {
      for await (const item of subscriber.withGaps()) {
        this.#note(item);
        if (thinks > 0) await world.pause(thinks);
        if (sleeps !== undefined && !slept && world.now >= sleeps.at) {
          slept = true;
          await world.pause(sleeps.ms);
        }
      }
    } catch (error) {
      this.record.over = String(error);
    }
  }

  #note(item: Message | Gap): void {
    const { world, states } = this.#stage;
    const { got, name } = this.record;
    if ("missed" in item) {
      states.reached("a drop at the cap");
      got.push({ is: "gap", at: world.now, pattern: item.pattern, missed: item.missed });
      world.trace.add(`${name} gap ${item.pattern} ${item.missed}`);
      return;
    }
    // a dead letter has the text of what died, and is judged elsewhere
    if (isDead(item.topic)) return;
    got.push({ is: "message", at: world.now, topic: item.topic, text: item.text, seq: item.seq });
    this.#compare(item);
    world.trace.add(`${name} got ${item.topic} ${item.seq ?? ""} ${item.text.slice(0, 20)}`);
  }

  /** What was given with it came with it (V1), but where somebody on its way speaks classic. */
  #compare(message: Message): void {
    const { history, errors } = this.#stage;
    const sent = history.find(message.text);
    if (sent === undefined || this.#subscriber?.protocol !== "2") return;
    const fields = fieldsOf(message);
    if (fields !== sent.fields) {
      errors.push(
        `${this.record.name}: ${sent.publisher}.${sent.number} came with ${fields} not ${sent.fields}`,
      );
    }
    if (message.ttl !== sent.ttl || (sent.id !== undefined && message.id !== sent.id)) {
      errors.push(`${this.record.name}: ${sent.publisher}.${sent.number} came with another id or ttl`);
    }
  }

  #told(event: ClientEvent): void {
    const { world, states } = this.#stage;
    const { got } = this.record;
    world.trace.add(`${this.record.name} ${event.type}`);
    switch (event.type) {
      case "lost":
      case "restored":
        got.push({ is: event.type, at: world.now });
        if (event.type === "restored" && this.plan.subscriptions.some(({ from }) => from !== undefined)) {
          states.reached("a replay is resumed");
        }
        break;
      case "live":
      case "end":
      case "failed":
      case "trimmed":
        got.push({ is: event.type, at: world.now, pattern: event.pattern });
        if (event.type === "live") states.reached("a replay becomes live");
        if (event.type === "end") states.reached("a replay ends");
        break;
    }
  }
}
