/**
 * How much of its input a publisher has handed on: what decides whether one that was stopped did its work.
 *
 * @module
 */

/** What is worked through. */
export interface Input {
  readonly unit: "command" | "message";
  /** How many there are. Undefined: until the input ends. */
  readonly total?: number;
  /** How many were done before it. */
  readonly done: number;
}

/** Nothing has begun at first, and nothing is done then. */
export class Extent {
  #input: Input = { unit: "message", done: 0 };
  #typed = false;
  #whole = false;

  /** Whether nothing is left to hand on. */
  get isWhole(): boolean {
    return this.#whole;
  }

  begin(input: Input): void {
    this.#input = input;
    this.#typed = this.#whole = false;
  }

  /** A command was typed, and waits or is on its way. */
  type(): void {
    this.#typed = true;
    this.#whole = false;
  }

  /** All was handed on. */
  end(): void {
    this.#whole = true;
  }

  /** How far it came. `done`: acknowledged or refused so far; undefined where that is not known for sure. */
  text(done: number | undefined): string {
    const { unit, total, done: before } = this.#input;
    if (this.#typed) return "stopped before the last command was published";
    const of = total === undefined ? "" : ` of ${total.toLocaleString("en")}`;
    const rest = total === undefined ? ", stdin was not at its end" : "";
    if (done === undefined) {
      return total === undefined ? `stopped${rest}` : `stopped before all${of} ${unit}s`;
    }
    const many = done - before;
    const units = (total ?? many) === 1 ? unit : `${unit}s`;
    return `stopped after ${many.toLocaleString("en")}${of} ${units}${rest}`;
  }
}
