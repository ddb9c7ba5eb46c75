/**
 * How many connections there may be: in all, and from one address.
 *
 * @module
 */
import { DESCRIPTORS_KEPT } from "../../limits.ts";
import type { LogFields } from "../../log.ts";
import { hostOf, NetworkCounts, networkOf } from "./networks.ts";

/** Who is ended to make room. */
export interface MakesRoom {
  cut(reason: "made room"): void;
}

/** A place that was taken, or the limit that leaves none, as the log has it. */
export type Taken = { readonly leave: () => void } | { readonly limit: LogFields };

/** What places are like. */
export interface PlacesOptions {
  /** In all. */
  readonly most: number;
  /** From one IPv4 address, or 64 bits of IPv6. */
  readonly perAddress: number;
  /** One that has not been let in; undefined: there is none. */
  readonly whoMakesRoom: () => MakesRoom | undefined;
}

/**
 * Where all places are taken, one that has not been let in makes room (A8): so a flood that never logs in
 * keeps nobody out who does.
 */
export class Places {
  readonly #networks = new NetworkCounts();
  readonly #options: PlacesOptions;
  /** As many as may be, or as the system has turned out to have room for. */
  #most: number;
  #taken = 0;

  constructor(options: PlacesOptions) {
    this.#options = options;
    this.#most = options.most;
  }

  /** `address`: with its port; what is no address of a network is only counted with all. */
  take(address: string): Taken {
    const { perAddress, whoMakesRoom } = this.#options;
    const host = hostOf(address);
    const network = host === undefined ? undefined : networkOf(host);
    if (network !== undefined && this.#networks.of(network) >= perAddress) {
      return { limit: { limit: perAddress, from: network } };
    }
    if (this.#taken >= this.#most) {
      const first = whoMakesRoom();
      if (first === undefined) return { limit: { limit: this.#most } };
      first.cut("made room");
    }
    this.#taken++;
    if (network !== undefined) this.#networks.add(network);
    return {
      leave: () => {
        this.#taken--;
        if (network !== undefined) this.#networks.remove(network);
      },
    };
  }

  /**
   * There are no descriptors for more than there are: from now on some are kept for what is no connection,
   * which may have to open something, half of them where there are few. How many there may be now; undefined:
   * as many as before.
   */
  takeFewer(): number | undefined {
    const most = Math.max(1, this.#taken - DESCRIPTORS_KEPT, Math.ceil(this.#taken / 2));
    if (most >= this.#most) return undefined;
    return this.#most = most;
  }
}
