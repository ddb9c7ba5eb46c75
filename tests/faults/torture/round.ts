/**
 * A round: a broker of its own, honest clients, hostile ones among them, and at the end the account.
 *
 * @module
 */
import { Broker } from "./broker.ts";
import { Choice } from "./choice.ts";
import type { Counters } from "./counters.ts";
import { dribbling } from "./dribbler.ts";
import { unfinished } from "./covers.ts";
import { asked, mib } from "./findings.ts";
import { uncollected } from "./growth.ts";
import { History } from "./history.ts";
import { delay, Subscriber, type World } from "./honest.ts";
import { beHostile } from "./hostile_run.ts";
import type { HostileReport } from "./hostile_worker.ts";
import { DRAWN_KINDS, HOARDER, type KindName, STEADY_CUT } from "./kinds.ts";
import { judgeConnection } from "./oracle.ts";
import { judgeTimes, type Patience, probing, type Times, timesOf, type Wait, waitsOf } from "./probe.ts";
import { moment } from "../workers/diary.ts";
import { GuestFile } from "./guest.ts";
import { drawSettings, type Settings } from "./settings.ts";
import { Shares } from "./shares.ts";
import { stating } from "./states.ts";
import { judgeStored } from "./stored_oracle.ts";
import { straggling } from "./straggler.ts";
import { type Actor, publishing, reading } from "./workload.ts";

export interface RoundOptions {
  readonly seed: number;
  /** The broker's command; its arguments are added. */
  readonly command: readonly string[];
  readonly counters: Counters;
  /** How long the clients are at it, milliseconds, in most rounds: each tenth seed's takes six times as long. */
  readonly ms: number;
  /** The hostile kinds; otherwise the seed draws up to three. */
  readonly kinds?: readonly KindName[];
  readonly limits?: Partial<Limits>;
  readonly trace?: (line: string) => void;
}

/** Beyond this a round has found something. */
export interface Limits extends Patience {
  /** Bytes kept for a byte sent. */
  readonly factor: number;
  /** Bytes kept in all. */
  readonly most: number;
  /** How long memory may take to come back, milliseconds. */
  readonly backMs: number;
}

export interface RoundReport {
  readonly seed: number;
  readonly kinds: readonly KindName[];
  readonly settings: Settings;
  readonly published: number;
  readonly received: number;
  readonly times: Times;
  readonly findings: readonly string[];
}

const LIMITS: Limits = { p99: 20, worst: 500, factor: 4, most: 1.25 * 1024 ** 3, backMs: 60_000 };
/** What a collector may have left about it when they have gone, that tells nothing. */
const LEFT_BYTES = 96 * 1024 ** 2;
const HOSTILE_BYTES = 24 * 1024 ** 2;
/** More than all there is, where there is little. */
const HOARDER_BYTES = 96 * 1024 ** 2;
/** Rounds that are longer see requests cut that are not whole in time. */
const DEADLINE_ROUND_MS = 45_000;
/** Who reads its replies waits for who does not read no longer than until that one is cut (`--stall-timeout`). */
export const MOST_WAIT_MS = 8000;
const SETTLE_MS = 30_000;
const QUIET_MS = 700;
/** It is over within `--drain-timeout`, of 1 s half a second later, and seen to be a little later. */
const END_MS = 500;
const SHORT_DRAIN_MS = 2000;
const SHORT_END_MS = 500;

export async function runRound(options: RoundOptions): Promise<RoundReport> {
  const directory = await Deno.makeTempDir({ prefix: "hashbus-torture-" });
  try {
    return await new Round(options, `${directory}/data`).run();
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

class Round {
  readonly #options: RoundOptions;
  readonly #limits: Limits;
  readonly #choice: Choice;
  readonly #settings: Settings;
  readonly #kinds: readonly KindName[];
  readonly #ms: number;
  readonly #args: readonly string[];
  readonly #findings: string[] = [];
  #broker!: Broker;
  #world!: World;
  readonly #startedAt = performance.now();
  #killedAt: number | undefined;
  readonly #kills: number[] = [];
  readonly #users: string;
  #stopping = false;

  constructor(options: RoundOptions, data: string) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#choice = new Choice(options.seed);
    this.#settings = drawSettings(this.#choice.own(), options.seed);
    this.#ms = options.ms * this.#settings.length;
    const drawn = this.#choice.own();
    const some = Array.from({ length: drawn.number(0, 3) }, () => drawn.of(DRAWN_KINDS));
    this.#kinds = options.kinds ?? (this.#settings.short ? [...some, HOARDER] : some);
    const { args, durable, accounts } = this.#settings;
    this.#users = `${data}.users.toml`;
    this.#args = [
      ...args,
      ...(durable ? ["--data", data] : []),
      ...(accounts ? ["--users", this.#users] : []),
    ];
  }

  async run(): Promise<RoundReport> {
    const { command, counters, seed } = this.#options;
    this.#trace(
      `${this.#startedAt.toFixed(0)}: broker ${this.#args.join(" ")}; ${
        this.#kinds.join(", ") || "nobody hostile"
      }`,
    );
    const file = this.#settings.accounts ? await GuestFile.write(this.#users) : undefined;
    this.#broker = await Broker.start(command, this.#args);
    const { subPort, pubPort } = this.#broker;
    const history = new History();
    const { policy, accounts } = this.#settings;
    this.#world = { history, counters, subPort, pubPort, policy, accounts };
    let times: Times = { count: 0, p50: 0, p99: 0, worst: 0 };
    let received = 0;
    try {
      times = await this.#work(file);
      for (const { happened } of history.connections) received += happened.length;
    } catch (error) {
      const { overgrown, over } = this.#broker;
      this.#find(
        overgrown
          ? "the broker took over 3 GiB and was killed"
          : `${over ? "the broker is over: " : ""}${error}`,
      );
    }
    await this.#broker.kill();
    if (/internal error/.test(this.#broker.log)) this.#find("internal error in the log");
    for (const line of this.#broker.log.split("\n")) {
      if (/slow consumer disconnected/.test(line)) counters.add("evicted");
    }
    let published = 0;
    for (const messages of history.publishers) published += messages.length;
    const { kinds, findings } = { kinds: this.#kinds, findings: this.#findings };
    return { seed, kinds, settings: this.#settings, published, received, times, findings };
  }

  async #work(file: GuestFile | undefined): Promise<Times> {
    const world = this.#world;
    const ms = this.#ms;
    const { retained } = this.#settings;
    const choice = this.#choice.own();
    const publishers = Array.from({ length: 4 }, () => publishing(world, this.#settings, choice.own()));
    const readers = Array.from(
      { length: 6 },
      (_, at) => reading(world, this.#settings, { choice: choice.own(), name: `reader ${at}` }),
    );
    const probes = [true, false].map((v2) =>
      probing(world, { v2, topic: `#q.${v2 ? "frames" : "lines"}`, everyMs: 25 })
    );
    const laggards = [
      ...(choice.chance(0.5) ? [stating(world)] : []),
      ...(retained ? [straggling(world)] : []),
    ];
    const dribblers = ms > DEADLINE_ROUND_MS
      ? [dribbling(world, (from, to) => this.#broker.starved.between(from, to))]
      : [];
    const shares = new Shares(world, { settings: this.#settings, choice: choice.own(), file });
    const actors: Actor[] = [
      ...publishers,
      ...readers,
      ...probes,
      ...laggards,
      ...dribblers,
      ...shares.actors,
    ];
    await delay(ms * 0.2);
    waitsOf(probes.map(({ publisher }) => publisher));
    const hostile = this.#beHostile(ms * 0.5);
    if (this.#settings.kill) {
      await delay(ms * (0.2 + choice.random() * 0.4));
      await this.#kill(shares);
    }
    const reports = await hostile;
    const waits = waitsOf(probes.map(({ publisher }) => publisher));
    await delay(ms * 0.2);
    this.#trace("all stop");
    for (const actor of actors) actor.stop();
    await Promise.all(actors.map(({ done }) => done));
    const all = [...publishers, ...probes, ...laggards, ...shares.publishers];
    for (const { publisher } of all) {
      if (!await publisher.answered(0, SETTLE_MS)) this.#find(`${publisher.open} requests have no answer`);
    }
    const subscribers = [...readers, ...laggards].map(({ current }) => current()).filter((each) =>
      each !== undefined
    );
    await this.#settle(subscribers);
    // before this process is busy for so long that leases end
    for (const what of await shares.end({ kills: this.#kills, withinMs: SETTLE_MS })) this.#find(what);
    this.#judge();
    for (const { findings } of dribblers) for (const what of findings) this.#find(what);
    await this.#stored();
    for (const subscriber of subscribers) subscriber.leave();
    for (const { publisher } of all) publisher.leave();
    await this.#memory(reports);
    this.#patience(waits);
    await this.#stop();
    return timesOf(waits);
  }

  /** All hostile kinds at once, until they have left. */
  async #beHostile(ms: number): Promise<{ base: number; sent: number }> {
    const base = this.#broker.rss;
    this.#broker.forgetPeak();
    const reports = await Promise.all(this.#kinds.map((kind) => this.#one(kind, ms)));
    if (reports.length === 0) await delay(ms);
    const sent = reports.reduce((sum, report) => sum + report.sent, 0);
    return { base, sent };
  }

  async #one(kind: KindName, ms: number): Promise<HostileReport> {
    const { subPort, pubPort } = this.#world;
    const { durable } = this.#settings;
    const seed = Math.floor(this.#choice.random() * 2 ** 31);
    this.#options.counters.add("hostile");
    const bytes = kind === HOARDER ? HOARDER_BYTES : HOSTILE_BYTES;
    const report = await beHostile({ kind, seed, subPort, pubPort, ms, durable, bytes });
    this.#trace(`${kind}: ${JSON.stringify(report)}`);
    const ended = this.#stopping || this.#world.killed === true;
    if (report.cut?.includes(STEADY_CUT) === true && !ended) this.#find(`${kind}: ${STEADY_CUT}`);
    const waits = kind !== "reads steadily, but slowly" && report.waited > MOST_WAIT_MS;
    if (waits) {
      this.#find(`${kind}: its publisher waits ${report.waited.toFixed(0)} ms`);
    }
    return report;
  }

  async #kill(shares: Shares): Promise<void> {
    const { command, counters } = this.#options;
    this.#trace("kill -9");
    this.#world.killed = true;
    this.#kills.push(moment());
    await this.#broker.kill();
    shares.lost();
    this.#killedAt = performance.now();
    counters.add("kills");
    this.#broker = await Broker.start(command, this.#args);
    counters.add("restarts");
    this.#world.subPort = this.#broker.subPort;
    this.#world.pubPort = this.#broker.pubPort;
  }

  /**
   * Until everybody has what waited for it, every replay has said that it is over, and nobody has got anything
   * for a while: who was live may have had to read again.
   */
  async #settle(subscribers: readonly Subscriber[]): Promise<void> {
    const until = performance.now() + SETTLE_MS;
    let before = -1;
    const all = Promise.all(subscribers.map((subscriber) => subscriber.caughtUp()));
    let caughtUp = false;
    void all.then(() => caughtUp = true);
    const reading = (): boolean => subscribers.some(({ record }) => unfinished(record).length > 0);
    for (let quiet = 0; quiet < QUIET_MS || !caughtUp || reading(); quiet += 50) {
      await delay(50);
      const now = subscribers.reduce((sum, subscriber) => sum + subscriber.received, 0);
      if (now !== before) quiet = 0;
      before = now;
      if (performance.now() > until) return this.#find("subscribers are not through after 30 s");
    }
  }

  #judge(): void {
    const { history, counters } = this.#world;
    const options = {
      classicLoses: this.#settings.policy === "drop-new",
      durable: this.#settings.durable,
      retained: this.#settings.retained,
      short: this.#settings.short,
    };
    for (const connection of history.connections) {
      const found = judgeConnection(connection, history, options);
      for (const what of found) this.#find(what);
      if (found.length > 0) this.#trace(`${connection.name}: ${asked(connection, this.#startedAt)}`);
      const { cut, openedAt, subscriptions, name } = connection;
      if (cut === undefined) continue;
      // with the broker that was killed
      if (this.#killedAt !== undefined && openedAt < this.#killedAt) continue;
      if (subscriptions.some(({ policy, changed = [] }) => [policy, ...changed].includes("disconnect"))) {
        continue;
      }
      this.#find(`${name} was cut and had done nothing: ${cut}`);
    }
    for (const stream of history.streams.values()) {
      for (const { ttl, ackedAt } of stream.messages) {
        if (ttl === 0.05 && ackedAt !== undefined) counters.add("expired");
      }
    }
  }

  /** Everything that is stored, read once more. */
  async #stored(): Promise<void> {
    if (!this.#settings.durable) return;
    const { history } = this.#world;
    const subscriber = await Subscriber.connect(this.#world, { v2: true, name: "all that is stored" });
    await subscriber.subscribe("#d.h.>", { from: "earliest" });
    const until = performance.now() + SETTLE_MS;
    const over = (): boolean => subscriber.record.happened.some(({ is }) => is === "live");
    while (!over() && performance.now() < until) await delay(50);
    if (!over()) return this.#find("what is stored is not read to its end within 30 s");
    const found = judgeStored(subscriber.record, history, {
      retained: this.#settings.retained,
      isDurable: (topic) => topic.startsWith("#d.h."),
    });
    for (const what of found) this.#find(what);
    subscriber.leave();
  }

  async #memory({ base, sent }: { base: number; sent: number }): Promise<void> {
    if (this.#kinds.length === 0 || this.#killedAt !== undefined) return;
    const { peak } = this.#broker;
    const kept = peak - base - uncollected(this.#kinds.length);
    const factor = kept / Math.max(1, sent);
    this.#trace(
      `memory: ${mib(base)}, at most ${mib(peak)}, ${mib(sent)} sent, now ${mib(this.#broker.rss)}`,
    );
    if (factor > this.#limits.factor) this.#find(`${mib(peak - base)} kept for ${mib(sent)} sent`);
    if (peak > this.#limits.most) this.#find(`${mib(peak)} kept`);
    const until = performance.now() + this.#limits.backMs;
    const much = base * 1.2 + LEFT_BYTES;
    while (this.#broker.rss > much && performance.now() < until) await delay(200);
    if (this.#broker.rss > much) {
      this.#find(`${mib(this.#broker.rss)} are left of ${mib(peak)}, ${mib(base)} before`);
    }
  }

  /** What is judged is what the broker made them wait for: not that it, or this, had no processor. */
  #patience(waits: readonly Wait[]): void {
    if (waits.length === 0 || this.#kinds.length === 0 || this.#killedAt !== undefined) return;
    const all = timesOf(waits);
    const own = timesOf(waits, ({ from, to }) => this.#broker.starved.between(from, to));
    this.#trace(
      `quiet publishers p99 ${all.p99.toFixed(1)} worst ${all.worst.toFixed(1)} ms; ` +
        `without waits for a processor ${own.p99.toFixed(1)} and ${own.worst.toFixed(1)}`,
    );
    const { length: hostile } = this.#kinds;
    for (const what of judgeTimes(own, { patience: this.#limits, hostile })) this.#find(what);
  }

  /** SIGTERM, in half of the rounds with the hostile clients there once more. */
  async #stop(): Promise<void> {
    const beside = this.#kinds.length > 0 && this.#choice.chance(0.5);
    const { drainMs } = this.#settings;
    const again = beside ? this.#kinds.map((kind) => this.#one(kind, 2500 + drainMs)) : [];
    if (beside) await delay(1000);
    if (this.#broker.over) throw new Error("the broker ended by itself");
    this.#stopping = true;
    const { code, ms: all } = await this.#broker.stop(drainMs + 10_000);
    const now = performance.now();
    const ms = all - this.#broker.starved.between(now - all, now);
    this.#options.counters.add("drains");
    if (code === 1) this.#options.counters.add("undelivered");
    this.#trace(`SIGTERM${beside ? " beside them" : ""}: ${code} after ${all.toFixed(0)} ms`);
    if (ms > drainMs + END_MS + (drainMs < SHORT_DRAIN_MS ? SHORT_END_MS : 0)) {
      this.#find(`SIGTERM took ${ms.toFixed(0)} ms, --drain-timeout is ${drainMs} ms`);
    }
    if (code !== 0 && !(beside && code === 1)) this.#find(`SIGTERM ended it with ${code}`);
    if (code === 1 && !/before --drain-timeout/.test(this.#broker.log)) {
      this.#find("SIGTERM ended it with 1 and the log does not say why");
    }
    await Promise.all(again);
  }

  #find(what: string): void {
    this.#findings.push(what);
    this.#trace(`FOUND ${what}`);
  }

  #trace(line: string): void {
    this.#options.trace?.(`  ${((performance.now() - this.#startedAt) / 1000).toFixed(2)} ${line}`);
  }
}
