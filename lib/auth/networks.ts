/**
 * Where who comes is from, as far as it is counted by that.
 *
 * @module
 */

/**
 * What counts as one: an IPv4 address, or 64 bits of an IPv6 address, since that is what one customer has;
 * `fe80::1%eth0` and `fe80::2` are one.
 */
export function networkOf(host: string): string {
  if (!host.includes(":")) return host;
  const [head = "", tail] = host.replace(/%.*$/, "").toLowerCase().split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - front.length - back.length;
  const groups = [...front, ...Array.from({ length: zeros }, () => "0"), ...back];
  return `${groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, "")).join(":")}::/64`;
}
