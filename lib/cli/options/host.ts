/**
 * Hosts as people write them: `localhost`, `::1`, `[::1]`, and where a port may stand behind it,
 * `localhost:9000`, `[::1]:9000`.
 *
 * @module
 */
import { UsageError } from "../../errors.ts";
import { quote } from "../../text.ts";
import type { Given } from "./table.ts";
import type { Kind, Read } from "./units.ts";

/** A host, and the port behind it where there is one, as it is written. */
export interface HostPort {
  /** A name or an address, IPv6 without brackets. */
  readonly host: string;
  readonly port: string | undefined;
}

/** Takes a host and a port apart. */
export function splitHost(text: string): Read<HostPort> {
  if (text.includes("://")) {
    return {
      problem: `a host is no URL, ${quote(text)} is: put it into HASHBUS_URL, or take host:port of it`,
    };
  }
  const [, bracketed, plain, port] = IPV6.test(text) ? [text, text] : HOST_PORT.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || /[\s\p{Cc}\p{Cf}]/u.test(host)) return { expected: HOSTS };
  return { value: { host, port } };
}

const IPV6 = /^[0-9a-f.]*:[0-9a-f.]*:[0-9a-f:.]*(?:%.*)?$/i;
const HOST_PORT = /^(?:\[([0-9a-f.]*:[0-9a-f:.]*(?:%[^\]]*)?)\]|([^[\]:]+))(?::(.*))?$/i;
const HOSTS = "a host name or address, such as localhost, 10.0.0.5 or ::1";

/** A host alone: the port has an option of its own. */
export const HOST: Kind<string> = {
  placeholder: "HOST",
  config: ["string"],
  read: (text) => {
    const split = splitHost(text);
    if (!("value" in split)) return split;
    const { host, port } = split.value;
    if (port === undefined) return { value: host };
    return { problem: `${quote(text)} has a port in it: say that with pub-port and sub-port` };
  },
};

/** A host of a broker's own, whose ports are options, too. */
export const BROKER_HOST: Kind<string> = {
  ...HOST,
  read: (text) => {
    const split = splitHost(text);
    if ("expected" in split) return split;
    if ("value" in split && split.value.port === undefined) return { value: split.value.host };
    const has = "value" in split ? "has a port in it" : "is a URL";
    return { problem: `${quote(text)} ${has}: take the host alone, ports are -s, -p and --http` };
  },
};

/**
 * What was given, with the port that stands behind the `host` as the `port`.
 * Throws UsageError where another one is given, too.
 */
export function withPortOfHost(given: ReadonlyMap<string, Given>): ReadonlyMap<string, Given> {
  const host = given.get("host");
  const text = host?.texts.at(-1);
  if (host === undefined || text === undefined) return given;
  const split = splitHost(text);
  if (!("value" in split) || split.value.port === undefined) return given;
  const { port } = split.value;
  const other = given.get("port");
  const otherPort = other?.texts.at(-1);
  if (other !== undefined && Number(otherPort) !== Number(port)) {
    throw new UsageError(
      `${host.source} says port ${quote(port)} and ${other.source} says ${quote(otherPort ?? "")}: take one`,
    );
  }
  return new Map(given)
    .set("host", { ...host, texts: [split.value.host] })
    .set("port", { ...host, texts: [port] });
}
