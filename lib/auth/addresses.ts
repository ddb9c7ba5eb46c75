/**
 * Lists of addresses: `127.0.0.1`, `10.0.0.0/8`, `fd00::/8`.
 *
 * @module
 */
import { BlockList, isIP } from "node:net";

/** Addresses that are listed, one by one and by the network. */
export class AddressList {
  readonly #list = new BlockList();

  /** Adds an address or a network; false: it is neither. */
  add(text: string): boolean {
    const [, address = "", bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
    const version = isIP(address);
    if (version === 0 || address.includes("%")) return false;
    // an IPv4 address in its IPv6 form is meant as what it is
    if (MAPPED.test(address)) return bits === undefined && this.add(address.replace(MAPPED, ""));
    const [family, width] = version === 4 ? ["ipv4", 32] as const : ["ipv6", 128] as const;
    if (Number(bits ?? width) > width) return false;
    this.#list.addSubnet(address, Number(bits ?? width), family);
    return true;
  }

  /** Whether an address is listed, an IPv4 one also in its IPv6 form; what is no address is not. */
  has(text: string): boolean {
    const address = text.replace(/%.*$/, "").replace(MAPPED, "");
    const version = isIP(address);
    return version !== 0 && this.#list.check(address, version === 4 ? "ipv4" : "ipv6");
  }
}

const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i;
