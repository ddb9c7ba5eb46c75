/**
 * How we connect to NATS.
 *
 * @module
 */
import { type ConnectionOptions, credsAuthenticator } from "@nats-io/transport-node";

/** Who we are to NATS: at most one way of saying so, and perhaps TLS. */
export interface NatsCredentials {
  /** The content of a `.creds` file. */
  readonly creds?: Uint8Array | undefined;
  readonly token?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** PEM texts; undefined: no TLS, unless the server asks for it. */
  readonly tls?: {
    readonly ca?: string | undefined;
    readonly cert?: string | undefined;
    readonly key?: string | undefined;
  } | undefined;
}

/** A connection. */
export interface LinkOptions {
  /** `host:port` each: any that answers will do. */
  readonly servers: readonly string[];
  /** As NATS's monitoring shows it. */
  readonly name: string;
  readonly credentials: NatsCredentials;
  /** Whether what it sends comes back to its own subscriptions. */
  readonly echo: boolean;
  /** Milliseconds that one attempt may take. */
  readonly timeout: number;
}

/**
 * A server that answers nothing for four of these is lost, milliseconds: one that is gone says so at once,
 * and on a busy machine the answer lies behind much else.
 */
const PING_MS = 5_000;
/** Between two attempts to come back to one server, and so many more by chance, milliseconds. */
const RECONNECT_MS = 250;

/** The same as the NATS client takes it. */
export function connectionOptions(
  { servers, name, credentials, echo, timeout }: LinkOptions,
): ConnectionOptions & { readonly timeout: number } {
  const { creds, token, user, password, tls } = credentials;
  return {
    servers: [...servers],
    name,
    noEcho: !echo,
    timeout,
    pingInterval: PING_MS,
    maxPingOut: 3,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    reconnectJitter: RECONNECT_MS,
    reconnectJitterTLS: RECONNECT_MS,
    // a server that is being set up anew may know nobody for a moment
    ignoreAuthErrorAbort: true,
    ...(creds === undefined ? {} : { authenticator: credsAuthenticator(creds) }),
    ...(token === undefined ? {} : { token }),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { pass: password }),
    ...(tls === undefined ? {} : { tls: withoutUndefined(tls) }),
  };
}

function withoutUndefined<Of extends object>(of: Of): { [K in keyof Of]: Exclude<Of[K], undefined> } {
  return Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)) as {
    [K in keyof Of]: Exclude<Of[K], undefined>;
  };
}
