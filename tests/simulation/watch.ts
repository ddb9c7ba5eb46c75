/**
 * What has to hold of a broker at every moment, and the states it is seen in: looked at behind events, not at
 * the end, for what is given back is not seen any more then.
 *
 * @module
 */
import type { BrokerSnapshot } from "../../lib/broker/mod.ts";
import { DELAYED_SLICE_BYTES, HELD_FACTOR, HIGH_WATER } from "../../lib/limits.ts";
import { keepsNewest } from "../../lib/slow_policy.ts";
import type { Stage } from "./actors.ts";

/** Events between two looks. */
const EVERY = 32;
/** The id of those who read what is stored and are in no plan. */
export const READER = "reader";
/** Bytes that are being written, which count until they are, and one run where nothing else waits. */
const RUN_MOST = 64 * 1024;
/** A connection's share beside its outbox: what is half read, replies, a page of a replay. */
const BESIDE = 512 * 1024;

type Connection = BrokerSnapshot["connections"][number];

/** Looks at one broker behind every few events, as long as `snapshot` gives something. */
export class Watch {
  readonly #stage: Stage;
  readonly #snapshot: () => BrokerSnapshot | undefined;
  /** By connection: those who read what is stored, of which a page may be held. */
  readonly #readers: ReadonlySet<string>;
  /** By group, messages that may wait for one member at most. */
  readonly #windows = new Map<string, number>();
  /** Connections that hold, or may, what a subscription with `block` has waiting, though that has ended. */
  readonly #blocking = new Set<number>();
  /** What may wait beyond an outbox: a run, or what is due at once where messages are to come later. */
  readonly #beyond: number;
  #events = 0;
  #complained = false;

  constructor(stage: Stage, snapshot: () => BrokerSnapshot | undefined) {
    this.#stage = stage;
    this.#snapshot = snapshot;
    const { subscribers, publishers, guests, durable } = stage.plan;
    const publishes = [...publishers, ...guests.map((guest) => guest.publishes)];
    const isLater = durable && publishes.some(({ delays }) => delays > 0);
    this.#beyond = isLater ? DELAYED_SLICE_BYTES : RUN_MOST;
    const reading = subscribers.filter(({ subscriptions }) =>
      subscriptions.some(({ from }) => from !== undefined)
    );
    for (const { joins } of stage.plan.members) {
      for (const { group, pattern, window, later } of joins) {
        // of what is stored it is counted what is not settled, whoever has it
        if (!pattern.startsWith("#m")) continue;
        const key = `${group} ${pattern}`;
        this.#windows.set(key, Math.max(this.#windows.get(key) ?? 0, window, later?.window ?? 0));
      }
    }
    this.#readers = new Set([READER, ...[...guests, ...reading].map(({ name }) => name)]);
  }

  /** An event has happened. */
  event(): void {
    if (++this.#events % EVERY !== 0) return;
    const snapshot = this.#snapshot();
    if (snapshot === undefined) return;
    const { states } = this.#stage;
    const { totals, connections, held, groups } = snapshot;
    for (const connection of connections) this.#bound(connection);
    for (const group of groups) this.#shared(group);
    const memory = this.#stage.plan.memory;
    if (memory !== undefined && held > memory / 2) states.reached("half of the memory is used");
    if (memory !== undefined && held > memory + (1 + connections.length) * BESIDE) {
      this.#complain(`${held} bytes are held for ${connections.length} connections, of ${memory}`);
    }
    if (held < 0) this.#complain(`${held} bytes are held`);
    if (totals.expired > 0) states.reached("a message outlives its ttl");
    if (connections.some(({ waits }) => waits)) states.reached("a publisher waits for a full outbox");
  }

  /** No outbox holds more than it may (docs/operations.md, "What an outbox holds"). */
  #bound({ subscriptions, held, id, number }: Connection): void {
    if (subscriptions.length === 0 || this.#readers.has(id)) return;
    const { outbox } = this.#stage.plan;
    const lossy = subscriptions.every(({ slow }) => slow !== "block");
    if (!lossy) this.#blocking.add(number);
    // who keeps the newest has half as much again for it, and one message that is greater than that the same
    const newest = subscriptions.some(({ slow }) => keepsNewest(slow));
    const drops = (newest ? 2 : 1.5) * outbox;
    if (lossy && held <= drops) this.#blocking.delete(number);
    const most = this.#blocking.has(number) ? Math.max(HELD_FACTOR * HIGH_WATER, 2 * outbox) : drops;
    if (held > most + this.#beyond) {
      this.#complain(`${held} bytes are held for ${id === "" ? number : id}, of ${outbox}`);
    } else if (lossy && held > outbox / 2) {
      this.#stage.states.reached("an outbox is nearly full");
    }
  }

  /** Nothing waits for a member beyond its window (G3). */
  #shared({ name, pattern, members, held, waiting }: BrokerSnapshot["groups"][number]): void {
    if (waiting > 0) this.#stage.states.reached("no member of a group has room");
    const window = this.#windows.get(`${name} ${pattern}`);
    if (window !== undefined && held > members * window) {
      this.#complain(`${held} messages wait for ${members} members of ${name} with windows of ${window}`);
    }
    if (held < 0 || waiting < 0) this.#complain(`group ${name} holds ${held}, and ${waiting} wait`);
  }

  /** Once: it would be said at each event. */
  #complain(what: string): void {
    if (this.#complained) return;
    this.#complained = true;
    this.#stage.errors.push(what);
  }
}
