/**
 * How many connections there may be at once: in all, and from one network.
 *
 * @module
 */
import { DESCRIPTORS_KEPT } from "../../limits.ts";
import type { LogFields } from "../../log.ts";
import type { Guest, Lobby } from "./lobby.ts";
import { hostOf, NetworkCounts, networkOf } from "./networks.ts";

/** One that may leave to make room. */
export interface Leaver extends Guest {
  cut(reason: "made room"): void;
}

/** What bounds them. */
export interface CapacityOptions {
  readonly connections: number;
  /** From one IPv4 address, or 64 bits of IPv6. */
  readonly perAddress: number;
  readonly lobby: Pick<Lobby<Leaver>, "whoMakesRoom">;
}

/** A place that is taken, until it is left. */
export interface TakenPlace {
  leave(): void;
}

/** No place: which limit that is, for the log. */
export interface NoPlace {
  readonly limit: LogFields;
}

/** Guarantee: a flood that never logs in keeps nobody out who does. */
export class Capacity {
  readonly #networks = new NetworkCounts();
  readonly #perAddress: number;
  readonly #lobby: CapacityOptions["lobby"];
  /** As many as may be, or as the system has turned out to have room for. */
  #most: number;

  constructor({ connections, perAddress, lobby }: CapacityOptions) {
    this.#most = connections;
    this.#perAddress = perAddress;
    this.#lobby = lobby;
  }

  /**
   * A place for one more from `address`, beside so many. Where all are taken, one that has not been let in
   * makes room.
   */
  take(address: string, beside: number): TakenPlace | NoPlace {
    const host = hostOf(address);
    const network = host === undefined ? undefined : networkOf(host);
    if (network !== undefined && this.#networks.of(network) >= this.#perAddress) {
      return { limit: { limit: this.#perAddress, from: network } };
    }
    if (beside >= this.#most) {
      const first = this.#lobby.whoMakesRoom();
      if (first === undefined) return { limit: { limit: this.#most } };
      first.cut("made room");
    }
    if (network === undefined) return NOWHERE;
    this.#networks.add(network);
    return new Place(this.#networks, network);
  }

  /**
   * There are no descriptors for more than these: from now on some are kept for what is no connection, which
   * may have to open something, half of them where there are few. How many there may be, where that is less
   * than before.
   */
  takeFewer(connections: number): number | undefined {
    const most = Math.max(1, connections - DESCRIPTORS_KEPT, Math.ceil(connections / 2));
    if (most >= this.#most) return undefined;
    return this.#most = most;
  }
}

/** Of a class, for there may be ten thousand. */
class Place implements TakenPlace {
  readonly #networks: NetworkCounts;
  readonly #network: string;

  constructor(networks: NetworkCounts, network: string) {
    this.#networks = networks;
    this.#network = network;
  }

  leave(): void {
    this.#networks.remove(this.#network);
  }
}

const NOWHERE: TakenPlace = { leave: () => {} };
