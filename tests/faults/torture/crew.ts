/**
 * Those who share what is stored: a publisher, and members of one group, plain or by keys, who settle most of
 * what they get, in any order, give some back, forget some, stand still, leave and come again.
 *
 * @module
 */
import { type Entry, moment, type What } from "../workers/diary.ts";
import type { Choice } from "./choice.ts";
import type { Message } from "./history.ts";
import { delay, Publisher, type World } from "./honest.ts";
import type { Said } from "./incoming.ts";
import { readPayload } from "./payload.ts";
import { Peer } from "./peer.ts";
import { ACK_TIMEOUT_MS } from "./settings.ts";
import { type Actor, keepOn } from "./workload.ts";

/** What is known of a group: its topic is its own. */
export interface CrewLog {
  readonly name: string;
  readonly topic: string;
  readonly byKey: boolean;
  /** In the order in which this process saw it. */
  readonly entries: Entry[];
  readonly published: Message[];
  /** Those that nobody can do. */
  readonly poisoned: Set<Message>;
  /** What is wrong by itself, a sentence each. */
  readonly wrong: string[];
}

const MEMBERS = 3;
const WINDOWS = [1, 4, 32];
const KEYS = 6;
const PAUSE_MS = 20;
/** It takes so long for one at most, milliseconds, and stands still for less than a lease lasts. */
const WORK_MS = 80;
const STILL_MS = 600;
const POISONED = 100;
const GIVEN_BACK = 0.03;
const FORGOTTEN = 0.002;
/** It takes longer than it may. */
const LATE = 0.002;
const LATE_BY_MS = 400;
/** Unanswered requests of its publisher. */
const OPEN = 100;
const LIFE_MS = 2500;

/**
 * A publisher and its members; `stop` stops the publisher, `leave` the members. `lost`: their broker is dead,
 * and the next one is not there yet.
 */
export function sharing(world: World, { choice, byKey }: {
  readonly choice: Choice;
  readonly byKey: boolean;
}): { readonly publisher: Publisher; readonly log: CrewLog; leave(): Promise<void>; lost(): void } & Actor {
  const name = byKey ? "keyed" : "plain";
  const log: CrewLog = {
    name,
    topic: `#d.g.${name}`,
    byKey,
    entries: [],
    published: [],
    poisoned: new Set(),
    wrong: [],
  };
  const publisher = new Publisher(world, true);
  let on = true;
  let here = true;
  const publishing = async (): Promise<void> => {
    if (!publisher.connected) await publisher.connect();
    for (let burst = choice.number(1, 6); burst > 0; burst--) {
      const message = publisher.publish({
        topic: log.topic,
        bytes: choice.of([30, 30, 200, 2000]),
        id: true,
        ...(choice.chance(0.8) ? { key: `k${choice.number(1, KEYS)}` } : {}),
      });
      if (message === undefined) return;
      log.published.push(message);
      if (log.published.length % POISONED === 0) log.poisoned.add(message);
    }
    await publisher.answered(OPEN, LIFE_MS);
    await delay(PAUSE_MS);
  };
  const done = keepOn(() => on, publishing).then(async () => {
    if (!publisher.connected) await publisher.connect();
  });
  const living: Member[] = [];
  const members = Array.from({ length: MEMBERS }, (_, at) => {
    const own = choice.own();
    let life = 0;
    return keepOn(() => here, () => {
      const member = new Member(world, { log, choice: own, who: `${name} ${at}.${life++}` });
      living[at] = member;
      return member.live(() => here, () => on);
    });
  });
  return {
    publisher,
    log,
    done,
    stop: () => void (on = false),
    leave: async () => {
      here = false;
      await Promise.all(members);
    },
    lost: () => {
      for (const member of living) member.lose();
    },
  };
}

/** One connection of a member. */
class Member {
  readonly #world: World;
  readonly #log: CrewLog;
  readonly #choice: Choice;
  readonly #who: string;
  #peer: Peer | undefined;
  #over = false;

  constructor(world: World, { log, choice, who }: {
    readonly log: CrewLog;
    readonly choice: Choice;
    readonly who: string;
  }) {
    this.#world = world;
    this.#log = log;
    this.#choice = choice;
    this.#who = who;
  }

  /** Until its connection ends or its life does; without accidents while `uneasy` no longer holds. */
  async live(here: () => boolean, uneasy: () => boolean): Promise<void> {
    const { byKey, topic } = this.#log;
    const choice = this.#choice;
    const peer = this.#peer = await Peer.connect(this.#world.subPort, {
      v2: true,
      message: (_, payload, seq, said) => this.#got(payload, seq ?? 0, said),
      closed: () => this.#end(),
    });
    const group = `group=${this.#log.name} ack=explicit from=earliest window=${choice.of(WINDOWS)}`;
    const answer = await peer.ask(`sub ${topic} ${group}${byKey ? " by=key" : ""}\n`);
    if (answer?.ok === false) {
      // where memory is short
      if (!/BUSY/.test(answer.line)) this.#log.wrong.push(`${this.#who} is not let in: ${answer.line}`);
      this.#world.counters.add("busy");
      peer.close();
      return await delay(200);
    }
    const until = moment() + choice.number(500, 4 * LIFE_MS);
    while (here() && !peer.closed) {
      await delay(50);
      if (!uneasy()) continue;
      if (choice.chance(0.02)) {
        this.#world.counters.add("idled");
        peer.pause();
        await delay(choice.number(50, STILL_MS));
        peer.resume();
      }
      if (moment() < until) continue;
      this.#world.counters.add("left");
      break;
    }
    peer.close();
  }

  /**
   * Its broker is dead. Who stands still would read what that gave it when the next one has given it to others,
   * and it would look as if it came then.
   */
  lose(): void {
    this.#peer?.close();
  }

  #got(payload: Uint8Array, seq: number, { attempt }: Said): void {
    const { topic, wrong, poisoned } = this.#log;
    const who = readPayload(topic, payload);
    const message = who && this.#world.history.publishers[who.publisher]?.[who.number];
    if (message === undefined || message.topic !== topic) {
      wrong.push(`${this.#who} got ${payload.length} bytes as ${seq} that nobody sent`);
      return;
    }
    message.seq ??= seq;
    if (message.seq !== seq) wrong.push(`${seq} is what was ${message.seq}`);
    this.#note("got", seq, attempt);
    this.#world.counters.add("shared");
    if (attempt > 1) this.#world.counters.add("redelivered");
    const answer = drawAnswer(this.#choice.random(), { poisoned: poisoned.has(message) });
    if (answer === undefined) return;
    const ms = answer.late ? ACK_TIMEOUT_MS + LATE_BY_MS : this.#choice.random() * WORK_MS;
    setTimeout(() => this.#settle(answer.what, seq), ms);
  }

  #settle(what: "ack" | "nack", seq: number): void {
    if (this.#over) return;
    this.#note(what === "ack" ? "acks" : "nacks", seq);
    this.#peer?.request(`${what} ${this.#log.name} ${this.#log.topic} ${seq}\n`, (answer) => {
      if (answer === undefined || this.#over) return;
      if (answer.ok) {
        if (what === "ack") this.#note("acked", seq);
        return;
      }
      if (!/^err NOT_HELD/.test(answer.line)) this.#log.wrong.push(`${this.#who}: ${answer.line}`);
      this.#world.counters.add("late ack");
      this.#note("refused", seq);
    });
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#note("lost", 0);
  }

  #note(what: What, seq: number, attempt = 0): void {
    this.#log.entries.push({ who: this.#who, what, seq, attempt, at: moment() });
  }
}

/**
 * What a member says of a message, and whether it says so when its time is over; undefined: nothing. What is
 * poisoned nobody ever acknowledges, who is late neither: the lease may hold until it comes all the same.
 */
export function drawAnswer(
  chance: number,
  { poisoned }: { readonly poisoned: boolean },
): { readonly what: "ack" | "nack"; readonly late: boolean } | undefined {
  if (chance < FORGOTTEN) return undefined;
  const late = chance < FORGOTTEN + LATE;
  const gives = poisoned || (!late && chance < FORGOTTEN + LATE + GIVEN_BACK);
  return { what: gives ? "nack" : "ack", late };
}
