/**
 * Where connections come from, as far as they are counted by that.
 *
 * @module
 */

/** `127.0.0.1:40412` and `[::1]:40412` without the port; of what is no such address nothing. */
export function hostOf(address: string): string | undefined {
  const [, six, four] = /^(?:\[([^\]]+)\]|([^:]+)):\d+$/.exec(address) ?? [];
  const host = six ?? four;
  return host?.replace(/^::ffff:(?=\d+\.)/i, "");
}

/**
 * What counts as one: an IPv4 address, or 64 bits of an IPv6 address, since that is what one customer has;
 * `fe80::1%eth0` and `fe80::2` are one.
 */
export function networkOf(host: string): string {
  if (!host.includes(":")) return host;
  const [head = "", tail] = host.replace(/%.*$/, "").toLowerCase().split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array.from({ length: zeros }, () => "0"), ...back];
  return `${groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, "")).join(":")}::/64`;
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
