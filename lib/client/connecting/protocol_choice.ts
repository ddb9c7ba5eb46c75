/**
 * Which protocol to begin a connection with, learnt from the connections before.
 *
 * @module
 */
import type { Protocol } from "../types.ts";

/**
 * `auto` says hello and stays classic where the broker is. A broker that was learnt to be classic is not
 * asked again: one that takes hello badly need not be made to.
 *
 * One that closes the connection at hello is tried again at once without; if that connection is answered, the
 * broker is classic. If not, it was not the hello, and it is said again. It is said once more on the next
 * connection in any case: one that speaks v2 and was killed at that very moment looks the same, if it is back
 * at once. Who hangs up a second time is classic for good. One that is silent has told nothing:
 * it may be busy, stopped or far away, and is tried without hello beside the connection that waits for its
 * answer ({@link import("./trial.ts")}).
 *
 * A client that has once spoken v2 stays with it, whatever is left unanswered: what it has sent with ids and
 * headers would be sent again without. Only other words than `OK_2`, which no v2 broker says, show that there
 * is another broker now: it is spoken to in classic, on that connection, and the next one says hello again.
 */
export class ProtocolChoice {
  readonly #wanted: Protocol;
  #learnt: "nothing" | "2" | "classic" | "classic, on trial" | "classic, hung up" = "nothing";
  /** Whether a broker that hung up at hello was served without it before. */
  #hungUp = false;

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

  /** The broker answered hello, or has shown beside it what it speaks. */
  learn(protocol: "2" | "classic"): void {
    if (this.#learnt !== "2") this.#learnt = protocol;
    this.#hungUp = false;
  }

  /** Whether the next connection shows whether the broker serves one without hello. */
  get onTrial(): boolean {
    return this.#wanted === "auto" && this.#learnt === "classic, on trial";
  }

  /** Whether this client has spoken v2 to the broker. */
  get spoke2(): boolean {
    return this.#learnt === "2";
  }

  /** Whether its answer to hello is all there is to wait for. */
  get expects2(): boolean {
    return this.insists || this.spoke2;
  }

  /** The broker closed the connection at hello; true: try at once without. */
  helloUnanswered(): boolean {
    if (this.expects2) return false;
    this.#learnt = "classic, on trial";
    return true;
  }

  /** A connection that began without hello on trial was answered, or has ended without that. */
  served(answered: boolean): void {
    if (!this.onTrial) return;
    if (!answered) this.#learnt = "nothing";
    else if (this.#hungUp) this.#learnt = "classic";
    else this.#learnt = "classic, hung up";
    this.#hungUp ||= answered;
  }
}
