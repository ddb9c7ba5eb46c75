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
 * One that closes the connection at hello is tried again at once without; if that connection is answered, the
 * broker is classic. If not, it was not the hello, and it is said again. One that is silent has told nothing:
 * it may be busy, stopped or far away, and is tried without hello beside the connection that waits for its
 * answer ({@link import("./trial.ts")}). A broker that has spoken v2 is not taken for a classic one because
 * it was stopped between hello and its answer: it has to leave hello unanswered twice in a row.
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

  /** Whether the next connection shows whether the broker serves one without hello. */
  get onTrial(): boolean {
    return this.#wanted === "auto" && this.#learnt === "classic, on trial";
  }

  /** Whether the broker is known to speak v2, so that its answer to hello is worth waiting for. */
  get expects2(): boolean {
    return this.insists || this.#learnt === "2";
  }

  /** The broker closed the connection at hello; true: try at once without. */
  helloUnanswered(): boolean {
    if (!this.helloSilent()) return false;
    this.#learnt = "classic, on trial";
    return true;
  }

  /** The broker has not answered hello yet; true: try without beside it. */
  helloSilent(): boolean {
    if (this.insists) return false;
    if (this.#learnt !== "2") return true;
    this.#learnt = "2, once unanswered";
    return false;
  }

  /** A connection that began without hello has ended; whether the broker had answered anything on it. */
  served(answered: boolean): void {
    if (this.#learnt === "classic, on trial") this.#learnt = answered ? "classic" : "nothing";
  }
}
