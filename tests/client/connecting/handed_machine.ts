/**
 * What a client has of a machine, moved by a test: its time, its chance, and who takes its connections.
 *
 * @module
 */
import type { Host } from "../../../lib/client/host.ts";
import type { SocketAddress } from "../../../lib/client/sockets/socket.ts";
import { HandedClock } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";
import { HandedSocket } from "../links/handed_socket.ts";

/** A try to connect that nobody has taken yet. */
interface Try extends PromiseWithResolvers<HandedSocket> {
  readonly to: SocketAddress;
}

/** Nothing is connected and no time passes but by the test. Connections leave from port 1, 2, 3, … */
export class HandedMachine implements Host {
  readonly clock = new HandedClock();
  /** What chance gives: with 1 a pause is as long as it may be. */
  chance = 1;
  /** Tries so far. */
  tries = 0;
  #accepted = 0;
  readonly #waiting: Try[] = [];
  #more = Promise.withResolvers<void>();

  readonly random = (): number => this.chance;
  readonly random32 = (): number => 7;

  connect(to: SocketAddress, signal: AbortSignal): Promise<HandedSocket> {
    this.tries++;
    const settle = { ...Promise.withResolvers<HandedSocket>(), to };
    signal.addEventListener("abort", () => {
      const at = this.#waiting.indexOf(settle);
      if (at >= 0) this.#waiting.splice(at, 1);
      settle.reject(signal.reason);
    });
    this.#waiting.push(settle);
    this.#more.resolve();
    this.#more = Promise.withResolvers();
    return settle.promise;
  }

  /** How many tries nobody has taken. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Where the next try goes to, which waits until it is taken. */
  async next(): Promise<SocketAddress> {
    return (await this.#first()).to;
  }

  /** Takes the next connection. */
  async accept(): Promise<HandedSocket> {
    const { resolve } = await this.#first();
    this.#waiting.shift();
    const socket = new HandedSocket(++this.#accepted);
    resolve(socket);
    return socket;
  }

  /** Takes the next connection and hears hello on it. */
  async hello(id = "p1"): Promise<HandedSocket> {
    const socket = await this.accept();
    await socket.says(`${id} hello 2\n`);
    return socket;
  }

  /** Does not. */
  async refuse(error: Error = new Deno.errors.ConnectionRefused()): Promise<void> {
    const { reject } = await this.#first();
    this.#waiting.shift();
    reject(error);
  }

  async #first(): Promise<Try> {
    while (this.#waiting[0] === undefined) await within("a try to connect", this.#more.promise);
    return this.#waiting[0];
  }
}
