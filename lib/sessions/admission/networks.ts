/**
 * Where connections come from, as far as they are counted by that.
 *
 * @module
 */
export { networkOf } from "../../auth/networks.ts";

/** `127.0.0.1:40412` and `[::1]:40412` without the port; of what is no such address nothing. */
export function hostOf(address: string): string | undefined {
  const [, six, four] = /^(?:\[([^\]]+)\]|([^:]+)):\d+$/.exec(address) ?? [];
  const host = six ?? four;
  return host?.replace(/^::ffff:(?=\d+\.)/i, "");
}

/** How many connections there are from each network. */
export class NetworkCounts {
  readonly #counts = new Map<string, number>();

  /** How many there are from there. */
  of(network: string): number {
    return this.#counts.get(network) ?? 0;
  }

  add(network: string): void {
    this.#counts.set(network, this.of(network) + 1);
  }

  remove(network: string): void {
    const left = this.of(network) - 1;
    if (left > 0) this.#counts.set(network, left);
    else this.#counts.delete(network);
  }
}
