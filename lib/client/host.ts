/**
 * What a client has of the machine it runs on.
 *
 * @module
 */
import { type Clock, SYSTEM_CLOCK } from "../clock.ts";
import { connectFromAnyPort } from "./sockets/any_port_socket.ts";
import { connectFromPort } from "./sockets/fixed_port_socket.ts";
import type { Socket, SocketAddress } from "./sockets/socket.ts";

/** Time, chance and the network; a simulation has others. */
export interface Host {
  readonly clock: Clock;
  /** At least 0, less than 1. */
  random(): number;
  /** 32 bits that nobody can guess. */
  random32(): number;
  /** One try to connect. Rejects with what went wrong, or with the signal's reason. */
  connect(to: SocketAddress, signal: AbortSignal): Promise<Socket>;
}

/** This machine. */
export const THIS_MACHINE: Host = {
  clock: SYSTEM_CLOCK,
  random: Math.random,
  random32: () => crypto.getRandomValues(new Uint32Array(1))[0]!,
  connect: (to, signal) =>
    to.localPort === undefined
      ? connectFromAnyPort(to, signal)
      : connectFromPort(to, { localPort: to.localPort, signal }),
};
