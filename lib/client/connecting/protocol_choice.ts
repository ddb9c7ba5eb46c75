/**
 * Which protocol to begin a connection with, learnt from the connections before.
 *
 * @module
 */
import type { Protocol } from "../types.ts";

/**
 * `auto` says hello and stays classic where the broker is. A broker that was learnt to be classic is not
 * asked again: one that takes hello badly need not be made to twice.
 *
 * One that does not answer hello (closes the connection, or is silent) is tried again at once without; if
 * that connection is answered, the broker is classic. If not, it was not the hello, and it is said again. A
 * broker that has spoken v2 is not taken for a classic one because it was stopped between hello and its
 * answer: it has to leave hello unanswered twice in a row.
 */
export class ProtocolChoice {
  readonly #wanted: Protocol;
  #learnt: "nothing" | "2" | "2, once unanswered" | "classic" | "classic, on trial" = "nothing";

  constructor(wanted: Protocol) {
    this.#wanted = wanted;
  }

  /** Whether to say hello. */
  get saysHello(): boolean {
    if (this.#wanted !== "auto") return this.#wanted === "2";
    return this.#learnt !== "classic" && this.#learnt !== "classic, on trial";
  }

  /** Whether the broker has to speak v2. */
  get insists(): boolean {
    return this.#wanted === "2";
  }

  /** The broker answered hello. */
  learn(protocol: "2" | "classic"): void {
    this.#learnt = protocol;
  }

  /** The broker did not answer hello; true: try at once without. */
  helloUnanswered(): boolean {
    if (this.insists) return false;
    if (this.#learnt === "2") {
      this.#learnt = "2, once unanswered";
      return false;
    }
    this.#learnt = "classic, on trial";
    return true;
  }

  /** A connection that began without hello has ended; whether the broker had answered anything on it. */
  served(answered: boolean): void {
    if (this.#learnt === "classic, on trial") this.#learnt = answered ? "classic" : "nothing";
  }
}
