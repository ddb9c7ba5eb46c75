/**
 * The engine that a command line asks for, connected.
 *
 * @module
 */
import { UsageError } from "../../../errors.ts";
import type { Log } from "../../../log.ts";
import type { NatsCredentials, NatsSource } from "../../../nats/mod.ts";
import type { RetentionRules } from "../../../store/types.ts";
import { visible } from "../../../text.ts";
import { readBytes, readTextSync } from "../../process/files.ts";
import { ENGINE_DEFAULTS, type EngineOptions } from "./options.ts";

/** What it is told of what is stored. */
export interface StoredOptions {
  readonly durable: readonly string[];
  readonly retain: RetentionRules;
  readonly dedupWindow: number | undefined;
  readonly ackTimeout: number | undefined;
  readonly maxAttempts: number | undefined;
}

/**
 * Undefined: none is asked for, and nothing of it is loaded. Rejects with UsageError for a file that cannot
 * be read, with RunError where NATS is not there.
 */
export async function openEngine(
  options: EngineOptions,
  { stored, log }: { readonly stored: StoredOptions; readonly log: Log },
): Promise<NatsSource | undefined> {
  const { engine: servers } = options;
  if (servers === undefined) return undefined;
  const credentials = await credentialsFrom(options);
  const { openNats } = await import("../../../nats/mod.ts");
  const source = await openNats({
    servers,
    prefix: options["engine-prefix"] ?? ENGINE_DEFAULTS.prefix,
    plain: options["engine-plain"],
    replicas: options["engine-replicas"] ?? ENGINE_DEFAULTS.replicas,
    connectTimeout: options["connect-timeout"] ?? ENGINE_DEFAULTS.connectTimeout,
    name: "hashbus broker",
    credentials,
    ...stored,
    log,
  });
  const { serverName: server, version } = source;
  const durable = stored.durable.length === 0 ? undefined : stored.durable.join(" ");
  log.info("connected to NATS", { server, version, durable });
  if (durable !== undefined) {
    log.warn("NATS acknowledges what it has written, and not what is on disk", {
      hint: "it syncs every two minutes unless its sync_interval says otherwise: docs/scaling.md",
    });
  }
  return source;
}

/** What the files say that the options name. Rejects with UsageError. */
export async function credentialsFrom(options: EngineOptions): Promise<NatsCredentials> {
  const { "engine-creds": creds, "engine-token-file": token, "engine-user": user } = options;
  const { "engine-password-file": password, "engine-ca": ca, "engine-cert": cert } = options;
  const { "engine-key": key, "engine-tls": tls } = options;
  const pem = (path: string | undefined, what: string): string | undefined =>
    path === undefined ? undefined : readTextSync(path, what);
  return {
    ...(creds === undefined ? {} : { creds: await readBytes(creds, "the credentials (--engine-creds)") }),
    ...(token === undefined ? {} : { token: firstLine(token, "a token") }),
    ...(user === undefined || password === undefined
      ? {}
      : { user, password: firstLine(password, "a password") }),
    ...(tls || ca !== undefined || cert !== undefined
      ? {
        tls: {
          ca: pem(ca, "the issuers (--engine-ca)"),
          cert: pem(cert, "the certificate (--engine-cert)"),
          key: pem(key, "its key (--engine-key)"),
        },
      }
      : {}),
  };
}

function firstLine(path: string, what: string): string {
  const [first = ""] = readTextSync(path, `${what} for NATS in`).split("\n");
  const secret = first.replace(/\r$/, "");
  if (secret !== "") return secret;
  throw new UsageError(`${visible(path)}: the first line is to be ${what} for NATS, and it is empty`);
}
