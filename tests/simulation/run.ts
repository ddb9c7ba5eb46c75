/**
 * One seed, from the beginning to the last sentence.
 *
 * @module
 */
import { openSubscriber } from "../../lib/client/subscribing/subscriber.ts";
import { publish, type Stage, SUB_PORT, SubscriberActor } from "./actors.ts";
import { areComparable, differences } from "./beside.ts";
import { Brokers } from "./brokers.ts";
import { type DeadLetter, History, isAway, isDead } from "./history.ts";
import { torment } from "./hostile.ts";
import { judgeDelays } from "./delays.ts";
import { judgeGroups } from "./groups.ts";
import { MemberActor } from "./members.ts";
import { judgeQueues } from "./queues.ts";
import { judge } from "./oracles.ts";
import { judgeTotals } from "./totals.ts";
import { planOf } from "./drawing.ts";
import { GuestActor, judgeGuests } from "./guests.ts";
import { type Fault, goesRight, type Plan } from "./plan.ts";
import { Accounts } from "./rights.ts";
import { States } from "./states.ts";
import { READER, Watch } from "./watch.ts";
import { Disk } from "./world/disk.ts";
import { Image } from "./world/image.ts";
import { Journal } from "./world/journal.ts";
import { Network } from "./world/network.ts";
import { Node, World } from "./world/world.ts";

/** What became of a seed. */
export interface Outcome {
  readonly seed: number;
  /** What is wrong, a sentence each. */
  readonly findings: readonly string[];
  readonly hash: string;
  readonly events: number;
  /** Milliseconds that passed in it. */
  readonly simulated: number;
  readonly states: States;
  readonly history: History;
}

/** After everything is healed it has to be over within so many milliseconds: nobody waits for ever. */
const HEALED_MS = 600_000;
/** Milliseconds in which what is on its way arrives. */
const QUIET_MS = 30_000;
const DRAIN_MS = 10_000;
const HOUR_MS = 3_600_000;
/** Bytes that ids take when they are counted first, and that one takes at most. */
const IDS_TOLD = 64 * 1024;
const ID_MOST = 500;

/**
 * Runs it, and where nothing goes wrong but that some clients are hostile, once more without them: the others
 * are to be answered the same (FAULTS, oracle 8).
 */
export async function simulate(seed: number, options: SimulateOptions = {}): Promise<Outcome> {
  const outcome = await runOnce(seed, options);
  const { change = (plan) => plan } = options;
  const plan = change(planOf(new World(seed).streams));
  if (!areComparable(plan) || outcome.findings.length > 0) return outcome;
  const without = await runOnce(seed, { change: (plan) => ({ ...change(plan), hostile: [] }) });
  const findings = differences({ beside: outcome.history, without: without.history, plan });
  return { ...outcome, findings, events: outcome.events + without.events };
}

export interface SimulateOptions {
  readonly say?: ((line: string) => void) | undefined;
  /** Takes things out of its plan. */
  readonly change?: (plan: Plan) => Plan;
}

async function runOnce(
  seed: number,
  { say, change = (plan) => plan }: SimulateOptions,
): Promise<Outcome> {
  const world = new World(seed, say);
  const plan = change(planOf(world.streams));
  const states = new States();
  const network = new Network(world, { weather: { ...plan.weather }, states });
  const history = new History();
  const errors: string[] = [];
  const accounts = new Accounts(plan.guests, { states });
  const stage: Stage = { plan, world, network, history, states, accounts, errors };
  const disk = plan.durable
    ? new Disk({
      weather: { ...plan.disk },
      medium: new (plan.sql ? Image : Journal)(plan),
      random: world.streams.of("disk"),
      states,
      now: () => world.now,
    })
    : undefined;
  const brokers = new Brokers(stage, { disk });
  const watch = new Watch(stage, () => brokers.broker?.snapshot());
  const findings: string[] = [];
  let step = "beginning";
  const main = async (): Promise<void> => {
    brokers.start();
    const subscribers = plan.subscribers.map((each) => new SubscriberActor(stage, each));
    const members = plan.members.map((each) => new MemberActor(stage, each));
    const guests = plan.guests.map((each, at) => new GuestActor(stage, each, at));
    for (const { rights } of plan.guests) {
      for (const { at } of rights) {
        world.after(at, () => {
          // a broker that is frozen reads its files when it is thawed, and one that is not there when it starts
          brokers.node?.after(0, () => brokers.renew());
        });
      }
    }
    const subscribed = Promise.all([...subscribers, ...members, ...guests].map((each) => each.run()));
    const published = Promise.all([
      ...plan.publishers.map((each) => publish(stage, each, { until: plan.length })),
      ...guests.map((guest) => guest.publish()),
    ]);
    const over = (): boolean => world.now >= plan.length;
    const tormented = Promise.all(plan.hostile.map((each) => torment(stage, each, over)));
    for (const fault of plan.faults) world.after(fault.at, () => strike(fault, { stage, brokers, disk }));
    step = "publishing, while things go wrong";
    await world.pause(plan.length);
    step = "healing";
    Object.assign(network.weather, { latency: 0.5, refusals: 0, capacity: 64 * 1024 });
    disk?.heal();
    network.heal();
    brokers.node?.thaw();
    await tormented;
    step = "all published messages answered";
    await published;
    step = "all subscriptions made";
    await subscribed;
    step = "all that was to come later is due";
    for (let jumped: Node | undefined; brokers.delayed !== 0; jumped = brokers.node) {
      // by a clock that jumped it may not be for hours
      if (!goesRight(plan) && brokers.node !== jumped) brokers.node?.jump(10 * HOUR_MS);
      await world.pause(1000);
    }
    await world.pause(QUIET_MS);
    step = "giving out what groups hold";
    for (let quiet = 0; quiet < 3; quiet++) {
      const { groups } = brokers.broker?.snapshot() ?? { groups: [] };
      // of a group whose last member is on its way back the broker knows nothing
      if (groups.some(({ held, waiting }) => held + waiting > 0) || history.members.some(isAway)) quiet = 0;
      await world.pause(1000);
    }
    step = "reading what is stored";
    if (plan.durable) Object.assign(history, await readAll(stage));
    history.left = brokers.broker?.snapshot().connections ?? [];
    step = "the members leave";
    history.over = world.now;
    await Promise.all(members.map((member) => member.leave()));
    step = "the guests leave";
    await Promise.all(guests.map((guest) => guest.leave()));
    step = "the subscribers leave";
    await Promise.all(subscribers.map((subscriber) => subscriber.leave()));
    await world.pause(1000);
    step = "the broker drains";
    findings.push(...await leave(stage, { brokers, plan }));
  };
  // what nobody catches would end a broker
  const uncaught = (event: PromiseRejectionEvent | ErrorEvent): void => {
    event.preventDefault();
    errors.push(`uncaught: ${event instanceof ErrorEvent ? event.error : event.reason}`);
  };
  addEventListener("unhandledrejection", uncaught);
  addEventListener("error", uncaught);
  const running = main();
  let ended: boolean | undefined;
  try {
    ended = await world.run(running, plan.length + HEALED_MS, () => watch.event());
    if (ended) await running;
  } catch (error) {
    // as well what an event throws, or what the steps above do not expect
    ended = undefined;
    errors.push(`thrown while ${step}: ${error instanceof Error ? error.stack : error}`);
  } finally {
    removeEventListener("unhandledrejection", uncaught);
    removeEventListener("error", uncaught);
  }
  if (ended === false) findings.push(`still ${step} ${HEALED_MS / 1000} s after all was healed`);
  if (ended === true) {
    findings.push(
      ...judge(history, plan),
      ...judgeDelays(history, { plan, states }),
      ...judgeGuests(stage),
    );
  }
  findings.push(...accounts.findings);
  findings.push(...errors);
  return {
    seed,
    findings,
    hash: world.trace.hash,
    events: world.events,
    simulated: world.now,
    states,
    history,
  };
}

/** Everything that is stored, as a reader finds it who comes last. */
async function readAll({ world, network }: Stage): Promise<Pick<History, "stored" | "dead">> {
  const node = new Node(world, { name: "reader" });
  const random = world.streams.of("reader");
  const reader = await openSubscriber({ id: READER, port: SUB_PORT, protocol: "2" }, {
    clock: node.clock,
    random: () => random.next(),
    random32: () => random.random32(),
    connect: ({ port }, signal) => network.connect(node, port, { signal }),
  });
  const stored: { topic: string; seq: number; text: string }[] = [];
  const dead: DeadLetter[] = [];
  const reading = (async (): Promise<void> => {
    for await (const { topic, seq = 0, text, headers } of reader) {
      if (!isDead(topic)) {
        stored.push({ topic, seq, text });
        continue;
      }
      const of = (name: string): string => headers.get(`dead-${name}`) ?? "";
      dead.push({
        topic,
        seq,
        text,
        group: of("group"),
        of: of("topic"),
        ofSeq: Number(of("seq")),
        attempts: Number(of("attempts")),
        reason: of("reason"),
      });
    }
  })();
  for (const pattern of ["#d.>", "#dead.>"]) {
    await reader.subscribe(pattern, { from: "earliest" });
    await reader.caughtUp(pattern);
  }
  await reader.close();
  await reading;
  return { stored, dead };
}

/** The last broker ends in good order, and leaves nothing behind. */
async function leave(
  { states, network, history }: Stage,
  { brokers, plan }: { readonly brokers: Brokers; readonly plan: Plan },
): Promise<string[]> {
  const wrong: string[] = [];
  const remains = await brokers.drain(DRAIN_MS);
  if (remains === undefined) return ["there was no broker to drain"];
  states.reached("a drain in time");
  const { snapshot, timers, cut } = remains;
  if (cut > 0) wrong.push(`${cut} connections were cut off by the last drain`);
  if (snapshot.held > 0 && !areIds(snapshot.held, { history, plan })) {
    wrong.push(`${snapshot.held} bytes are still held when everybody has left`);
  }
  if (snapshot.connections.length > 0) wrong.push(`${snapshot.connections.length} connections are left`);
  if (snapshot.subscriptions > 0) wrong.push(`${snapshot.subscriptions} subscriptions are left`);
  if (snapshot.groups.length > 0) wrong.push(`${snapshot.groups.length} groups are left`);
  if (snapshot.replays > 0) wrong.push(`${snapshot.replays} replays are left`);
  if (timers > 0) wrong.push(`${timers} timers are left`);
  const open = network.wires.filter(({ open }) => open).length;
  if (open > 0) wrong.push(`${open} connections are open`);
  wrong.push(...judgeTotals(history, { plan, totals: snapshot.totals }));
  const dropped = history.starts.length > 1 ? undefined : snapshot.totals.dropped;
  wrong.push(...judgeGroups(history, { plan, states, dropped }), ...judgeQueues({ history, plan, states }));
  return wrong;
}

/**
 * Ids are remembered when everybody has left. They are counted once they are many, and what is left of them then
 * may be any number of bytes.
 */
function areIds(
  held: number,
  { history, plan }: { readonly history: History; readonly plan: Plan },
): boolean {
  const most = ID_MOST * history.byText.size;
  return plan.durable && most >= IDS_TOLD && held <= IDS_TOLD + most;
}

function strike(
  { kind, ms }: Fault,
  { stage, brokers, disk }: {
    readonly stage: Stage;
    readonly brokers: Brokers;
    readonly disk: Disk | undefined;
  },
): void {
  const { world, network, states } = stage;
  const random = world.streams.of(`fault at ${world.now}`);
  world.trace.add(kind);
  const wires = network.wires;
  const wire = wires.length === 0 ? undefined : random.pick(wires);
  switch (kind) {
    case "kill the broker":
      states.reached("a broker is killed");
      return brokers.kill();
    case "drain the broker":
      void brokers.drain(ms).then((remains) => {
        if (remains === undefined) return;
        states.reached(remains.cut > 0 ? "a drain cuts somebody off" : "a drain in time");
      });
      return;
    case "freeze the broker": {
      const { node } = brokers;
      node?.freeze();
      states.reached("a broker is frozen");
      world.after(ms, () => node?.thaw());
      return;
    }
    case "jump the clock":
      states.reached("a clock jumps");
      return brokers.node?.jump(random.pick([ms, -ms, ms, -ms, HOUR_MS, -HOUR_MS]));
    case "reset a connection":
      if (wire !== undefined) states.reached("a connection is reset");
      return wire?.reset();
    case "cut a cable":
      if (wire !== undefined) states.reached("a cable is cut");
      return wire?.cutCable();
    case "fill the disk":
      if (disk !== undefined) states.reached("the disk is full");
      return disk?.fill(ms);
    case "hang the disk":
      if (disk !== undefined) states.reached("the disk hangs");
      return disk?.hang(ms);
    case "stall a connection":
      if (wire !== undefined) states.reached("a connection stalls");
      return wire?.stall(ms);
  }
}
