/**
 * The options of a connection, checked and with their defaults.
 *
 * @module
 */
import { TIMER_MOST_MS } from "../../limits.ts";
import { RunError } from "../../errors.ts";
import { quote } from "../../text.ts";
import type { Host } from "../host.ts";
import type { ClientTls } from "../sockets/socket.ts";
import type { ClientCredentials, ClientEvent, ConnectOptions, Protocol } from "../types.ts";

/** What a client is. */
export type Role = "publisher" | "subscriber";

/** {@link ConnectOptions} with nothing left open. */
export interface Settings {
  readonly role: Role;
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** `host:port` for people, an IPv6 address in brackets. */
  readonly address: string;
  readonly localPort: number | undefined;
  readonly tls: ClientTls | undefined;
  readonly connectTimeout: number;
  readonly reconnect: boolean;
  readonly protocol: Protocol;
  readonly credentials: ClientCredentials | undefined;
  readonly pingAfter: number;
  readonly helloPatience: number;
  /** Never throws. */
  readonly onEvent: (event: ClientEvent) => void;
  readonly signal: AbortSignal | undefined;
  readonly machine: Host;
}

const PROTOCOLS: ReadonlySet<string> = new Set<Protocol>(["auto", "classic", "2"]);
/** The broker's, for each of them. */
export const DEFAULT_PORT: Readonly<Record<Role, number>> = { publisher: 9000, subscriber: 9090 };
const DEFAULT_CONNECT_TIMEOUT_MS = 5_000;
const DEFAULT_PING_AFTER_MS = 15_000;
const DEFAULT_HELLO_PATIENCE_MS = 10_000;

/** Fills in the defaults. Throws RunError for an option that cannot be meant. */
export function resolveSettings(role: Role, options: ConnectOptions, machine: Host): Settings {
  const { id, host = "127.0.0.1", port = DEFAULT_PORT[role], localPort } = options;
  if (id === "" || !id.isWellFormed() || /[\s\p{Cc}\p{Cf}]/u.test(id)) {
    throw new RunError(
      `an id is one word without white space, control or invisible characters, ${quote(id)} is not`,
    );
  }
  if (host === "") throw new RunError("the host is empty: leave it out for 127.0.0.1");
  checkPort("port", port);
  if (localPort !== undefined) checkPort("local port", localPort);
  const connectTimeout = options.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT_MS;
  checkTime("connectTimeout", connectTimeout);
  const pingAfter = options.pingAfter ?? DEFAULT_PING_AFTER_MS;
  checkTime("pingAfter", pingAfter);
  const helloPatience = options.helloPatience ?? DEFAULT_HELLO_PATIENCE_MS;
  checkTime("helloPatience", helloPatience);
  const protocol = options.protocol ?? "auto";
  if (!PROTOCOLS.has(protocol)) {
    throw new RunError(`the protocol is auto, classic or 2, ${quote(String(protocol))} is none`);
  }
  const { credentials } = options;
  if (credentials !== undefined) checkCredentials(credentials, protocol);
  return {
    role,
    id,
    host,
    port,
    address: host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`,
    localPort,
    tls: resolveTls(options, host),
    connectTimeout,
    reconnect: options.reconnect ?? true,
    // the classic protocol has no place for them, so no other broker is spoken to than one that takes them
    protocol: credentials === undefined ? protocol : "2",
    credentials,
    pingAfter,
    helloPatience,
    onEvent: (event) => tell(options, event),
    signal: options.signal,
    machine,
  };
}

/** Throws RunError; the token is told to nobody. */
function checkCredentials({ user, token }: ClientCredentials, protocol: Protocol): void {
  if (protocol === "classic") {
    throw new RunError("credentials need protocol 2: the classic protocol has no place for them");
  }
  if (user === "" || !user.isWellFormed() || /[\s\p{Cc}\p{Cf}]/u.test(user)) {
    throw new RunError(
      `the name of a user is one word without white space, control or invisible characters, ` +
        `${quote(user)} is not`,
    );
  }
  if (token === "") throw new RunError(`the token of user ${quote(user)} is empty`);
  if (!token.isWellFormed()) throw new RunError(`the token of user ${quote(user)} is no text`);
}

function resolveTls({ tls }: ConnectOptions, host: string): ClientTls | undefined {
  if (tls === undefined || tls === false) return undefined;
  const { ca = [], serverName = host } = tls === true ? {} : tls;
  const issuers = typeof ca === "string" ? [ca] : ca;
  for (const issuer of issuers) {
    if (issuer.includes("-----BEGIN CERTIFICATE-----")) continue;
    throw new RunError(
      `ca is certificates in PEM, with a line -----BEGIN CERTIFICATE-----, not ${quote(issuer)}`,
    );
  }
  if (serverName === "") throw new RunError("the serverName of TLS is empty: leave it out for the host");
  return { serverName, ca: issuers };
}

function tell(options: ConnectOptions, event: ClientEvent): void {
  try {
    options.onEvent?.(event);
  } catch (error) {
    reportError(error);
  }
}

/** Throws RunError for what is no time to wait. */
export function checkTime(name: string, ms: number): void {
  if (typeof ms === "number" && ms >= 0 && ms <= TIMER_MOST_MS) return;
  throw new RunError(`${name} is milliseconds from 0 to ${TIMER_MOST_MS}, ${ms} is not`);
}

function checkPort(name: string, port: number): void {
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return;
  throw new RunError(`a ${name} is a number from 1 to 65535, ${port} is not`);
}
