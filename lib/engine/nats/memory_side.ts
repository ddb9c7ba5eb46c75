/**
 * Topics in memory over core NATS.
 *
 * @module
 */
import type { Run } from "../../wire/run.ts";
import { Groups } from "../groups/groups.ts";
import { inMemory } from "../receipts.ts";
import type { Routing, SubscribedRoute } from "../routing.ts";
import type { Gate, GroupSnapshot, Joining, LinkSnapshot, Member, Membership, Publisher } from "../types.ts";
import type { NatsEngineOptions } from "./engine.ts";

/** What it is made of. */
export interface MemorySideOptions extends Omit<NatsEngineOptions, "stored"> {
  readonly routing: Routing;
  /** Hands a run to the local subscribers of its topic; how many there are. */
  readonly deliver: (run: Run) => number;
}

/** The side of the engine that keeps nothing. */
export class MemorySide {
  readonly #options: MemorySideOptions;
  readonly #groups: Groups;

  constructor(options: MemorySideOptions) {
    this.#options = options;
    this.#groups = new Groups(options);
  }

  gateOf(_route: SubscribedRoute, _publisher?: Publisher): Gate | undefined {
    return undefined;
  }

  publish(run: Run, publisher: Publisher): void {
    const answer = publisher.hold(run.count);
    const reached = this.#options.deliver(run);
    run.release();
    answer.acknowledge(inMemory(reached));
  }

  interest(_pattern: string, _change: "added" | "removed"): void {}

  subscribed(_done: () => void): boolean {
    return true;
  }

  join(joining: Joining, member: Member): Membership {
    return this.#groups.join(joining, member);
  }

  groups(): GroupSnapshot[] {
    return this.#groups.snapshot();
  }

  /** How NATS is reached. */
  link(): LinkSnapshot {
    const { version: _, ...state } = this.#options.link.state;
    return { kind: "NATS", ...state, pending: 0, refused: 0, unreadable: 0 };
  }

  tick(_now: number): void {}

  trouble(): string | undefined {
    return undefined;
  }

  whenIdle(callback: () => void): void {
    callback();
  }

  close(closed: () => void): void {
    const { link, groupLink } = this.#options;
    link.close(() => groupLink.close(closed));
  }
}
