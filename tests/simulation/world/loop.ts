/**
 * The event loop of a broker in a world.
 *
 * @module
 */
import type { OwnedLoop } from "../../../lib/sessions/mod.ts";
import type { States } from "../states.ts";
import type { Random } from "./random.ts";
import type { Node } from "./world.ts";

/** Milliseconds that one look at the clock lets pass: in a world nothing takes time by itself. */
const LOOK_MS = 0.01;

/** Turns when the world says so; work takes time, so that turns end. */
export class WorldLoop implements OwnedLoop {
  readonly #node: Node;
  readonly #random: Random;
  readonly #states: States;
  /** Milliseconds that were worked. */
  #worked = 0;

  constructor(node: Node, random: Random, states: States) {
    this.#states = states;
    this.#node = node;
    this.#random = random;
  }

  now(): number {
    this.#worked += this.#random.chance(0.01) ? 3 : LOOK_MS;
    return this.#node.clock.now() + this.#worked;
  }

  later(callback: () => void): void {
    this.#states.reached("a fairness round");
    this.#node.after(this.#random.spread(0.05), callback);
  }

  settled(callback: () => void): void {
    this.#node.after(0, callback);
  }

  open(): void {}

  close(): void {}
}
