/**
 * Which `Host` and which pages a request may come from: a page of another site can make a browser send
 * requests here, or, with a name of its own that it lets point at this machine, even read the answers.
 *
 * @module
 */
import { quote } from "../../text.ts";
import { Problem } from "../problem.ts";

/** Names and addresses that requests may be for. */
export interface HostRules {
  /** Where it listens. */
  readonly hostname: string;
  /** Further names, as `--http-host` gives them. */
  readonly names: readonly string[];
}

const LOOPBACK_NAMES = new Set(["localhost", "127.0.0.1", "[::1]"]);
const ANY = new Set(["0.0.0.0", "::"]);
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const IPV6 = /^\[[0-9a-f:.]+\]$/;
/** A host and perhaps a port, in lower case. */
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/;

/** Whether a request for such a `Host`, in lower case, is for this server. Its port may be another. */
export function isOurs(host: string, { hostname, names }: HostRules): boolean {
  const name = HOST.exec(host)?.[1];
  if (name === undefined) return false;
  if (names.some((other) => bracketed(other.toLowerCase()) === name)) return true;
  const ours = bracketed(hostname.toLowerCase());
  if (name === ours) return true;
  // an address cannot be made to point elsewhere, as a name can
  if (ANY.has(hostname)) return LOOPBACK_NAMES.has(name) || IPV4.test(name) || IPV6.test(name);
  return isLoopback(ours) && LOOPBACK_NAMES.has(name);
}

function isLoopback(name: string): boolean {
  return LOOPBACK_NAMES.has(name) || /^127\./.test(name);
}

function bracketed(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

/** What of a request says where it comes from. */
export interface Coming {
  readonly method: string;
  /** Whether it is for a page or a file of ours: who follows a link may come from anywhere. */
  readonly isPage: boolean;
  readonly host: string | null;
  readonly origin: string | null;
  /** `Sec-Fetch-Site` and `Sec-Fetch-Mode`. */
  readonly site: string | null;
  readonly mode: string | null;
}

/** Throws Problem for a request that is not for this server, or is sent by another site's page. */
export function checkComing(coming: Coming, rules: HostRules): void {
  const { host, origin, site, mode, isPage, method } = coming;
  if (host === null || host === "") {
    throw new Problem(400, "BAD_REQUEST", "the request has no Host: send one, as HTTP/1.1 asks for");
  }
  if (!isOurs(host.toLowerCase(), rules)) {
    const shown = quote(host);
    throw new Problem(
      403,
      "FOREIGN",
      `the request is for host ${shown}, and this is none of its names: use its address, or start the ` +
        `broker with --http-host for that name`,
    );
  }
  if (origin !== null && hostOf(origin) !== withoutDefaultPort(host.toLowerCase())) throw foreign();
  if (site === null || site === "same-origin" || site === "none") return;
  if (isPage && mode === "navigate" && (method === "GET" || method === "HEAD")) return;
  throw foreign();
}

function foreign(): Problem {
  return new Problem(
    403,
    "FOREIGN",
    "the request comes from the page of another site, which may do nothing here",
  );
}

/** The host of an origin, its port with it; undefined: it is none (`null`). */
function hostOf(origin: string): string | undefined {
  const [, host] = /^https?:\/\/([^/?#@]+)$/.exec(origin.toLowerCase()) ?? [];
  return host === undefined ? undefined : withoutDefaultPort(host);
}

/** A browser leaves them out. */
function withoutDefaultPort(host: string): string {
  return host.replace(/:(?:80|443)$/, "");
}
