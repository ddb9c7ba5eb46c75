/**
 * Who is measured, and how each is started: as a real process on free ports of the loopback address, with what keeps it
 * from leaving messages out turned on, and nothing else changed.
 *
 * @module
 */
import { type BenchCertificate, benchCertificate } from "./certificate.ts";
import type { DialectName } from "./load/dialects/mod.ts";
import type { Shape } from "./shapes.ts";
import {
  firstLine,
  freePort,
  HOST,
  OWN_BROKER,
  ROOT,
  type Running,
  startByReadyLine,
  startWithFile,
  versionOf,
  wordsOf,
} from "./start.ts";

/** One of those that are compared. */
export interface Peer {
  /** As the command line and the results name it. */
  readonly name: string;
  /** As a person reads it. */
  readonly title: string;
  /** What publishers and subscribers speak in the shape. */
  dialect(shape: Shape): DialectName;
  /** What an acknowledgement means, of those that keep messages. */
  readonly keeps?: string;
  /** What differs from how it comes, for the report. */
  readonly settings: string;
  /** Which it is, or `null` where it is not installed. */
  version(): Promise<string | null>;
  /** Whether the shape can be run on it. */
  runs(shape: Shape): boolean;
  start(shape: Shape): Promise<Running>;
}

/** What the peers are given at most in a classic line, whose default limit is 64 KiB. */
const CLASSIC_PAYLOAD_MOST = 60 * 1024;
const CROSSED = { hashbus2: "toClassic", hashbus: "toFrames" } as const;

/** What starts our broker, and a second one to hold it against. */
export interface Commands {
  readonly broker?: string;
  readonly against?: string;
}

/** Those that can be measured. `commands` starts our broker otherwise, and a second one beside it. */
export function allPeers(commands: Commands): readonly Peer[] {
  return [
    ...hashbus("hashbus", commands.broker ?? OWN_BROKER),
    ...(commands.against === undefined ? [] : hashbus("against", commands.against)),
    nats,
    redis,
    mosquitto,
    relay,
  ];
}

/** One broker, in either of its protocols. */
function hashbus(name: "hashbus" | "against", command: string): readonly Peer[] {
  return [
    ofOurs({ name: `${name}2`, title: `${name} v2`, dialect: "hashbus2", command }),
    ofOurs({ name, title: `${name} classic`, dialect: "hashbus", command }),
  ];
}

function ofOurs(
  { name, title, dialect, command }: {
    readonly name: string;
    readonly title: string;
    readonly dialect: "hashbus2" | "hashbus";
    readonly command: string;
  },
): Peer {
  const words = wordsOf(command);
  return {
    name,
    title,
    dialect: ({ crossed }) => crossed === true ? CROSSED[dialect] : dialect,
    settings: "as it comes; in the shape with a stuck subscriber --slow-consumer drop",
    version: () => versionOf(words),
    // a classic message has to fit a line
    runs: ({ size }) => dialect === "hashbus2" || size <= CLASSIC_PAYLOAD_MOST,
    start: async (shape) => {
      const slow = shape.mode === "stuck" ? ["--slow-consumer", "drop"] : [];
      return await startByReadyLine([...words, "-s", "0", "-p", "0", "-q", ...slow, ...await ownTls(shape)]);
    },
  };
}

async function ownTls(shape: Shape): Promise<string[]> {
  if (shape.tls === undefined) return [];
  const { certificate, key } = await benchCertificate();
  return ["--tls-cert", certificate, "--tls-key", key];
}

/** What is said about TLS in a file of settings. */
async function tlsText(
  shape: Shape,
  text: (files: BenchCertificate) => string,
): Promise<string> {
  return shape.tls === undefined ? "" : text(await benchCertificate());
}

/** Not: what only ours can do, and what only a line that says "ready" can show. */
function ofAnyBroker({ crossed, mode }: Shape): boolean {
  return crossed !== true && mode !== "startup";
}

const nats: Peer = {
  name: "nats",
  title: "nats-server",
  dialect: () => "nats",
  settings: "max_pending 1GB, write_deadline 60s; as it comes in the shape with a stuck subscriber",
  version: () => firstLine(["nats-server", "--version"]),
  runs: ofAnyBroker,
  start: async (shape) => {
    const port = freePort();
    const limits = shape.mode === "stuck" ? "" : 'max_pending: 1GB\nwrite_deadline: "60s"\n';
    const tls = await tlsText(
      shape,
      ({ certificate, key }) => `tls { cert_file: "${certificate}", key_file: "${key}" }\n`,
    );
    return await startWithFile(
      { name: "nats.conf", text: `listen: ${HOST}:${port}\n${limits}${tls}` },
      (file) => ["nats-server", "-c", file],
      port,
    );
  },
};

const redis: Peer = {
  name: "redis",
  title: "redis",
  dialect: () => "redis",
  settings:
    "no persistence, client-output-buffer-limit pubsub 0 0 0, maxclients 15000; limits as they come in the shape with a stuck subscriber",
  version: () => firstLine(["redis-server", "--version"]),
  runs: ofAnyBroker,
  start: async (shape) => {
    const port = freePort();
    const limits = shape.mode === "stuck" ? "" : "client-output-buffer-limit pubsub 0 0 0\n";
    const ports = shape.tls === undefined ? `port ${port}\n` : await tlsText(
      shape,
      ({ certificate, key }) =>
        `port 0\ntls-port ${port}\ntls-cert-file ${certificate}\ntls-key-file ${key}\n` +
        `tls-ca-cert-file ${certificate}\ntls-auth-clients no\n`,
    );
    return await startWithFile(
      {
        name: "redis.conf",
        text: `bind ${HOST}\n${ports}save ""\nappendonly no\nmaxclients 15000\n${limits}`,
      },
      (file) => ["redis-server", file],
      port,
    );
  },
};

const mosquitto: Peer = {
  name: "mosquitto",
  title: "mosquitto",
  dialect: () => "mqtt",
  settings:
    "QoS 0, no persistence, max_queued_messages 0 and max_queued_bytes 0 (no limit); limits as they come in the shape with a stuck subscriber",
  version: () => firstLine(["mosquitto", "-h"]),
  runs: ofAnyBroker,
  start: async (shape) => {
    const port = freePort();
    const limits = shape.mode === "stuck" ? "" : "max_queued_messages 0\nmax_queued_bytes 0\n";
    const tls = await tlsText(shape, ({ certificate, key }) => `certfile ${certificate}\nkeyfile ${key}\n`);
    return await startWithFile(
      {
        name: "mosquitto.conf",
        text:
          `listener ${port} ${HOST}\n${tls}allow_anonymous true\npersistence false\nlog_type error\n${limits}`,
      },
      (file) => ["mosquitto", "-c", file],
      port,
    );
  },
};

/** Not a broker: what Deno moves when nobody reads the bytes. */
const relay: Peer = {
  name: "relay",
  title: "raw relay",
  dialect: () => "relay",
  settings: "bytes moved unread by a Deno program: the limit; answers by arithmetic where nobody subscribes",
  version: () => Promise.resolve(`Deno ${Deno.version.deno}`),
  // it cuts where reads end, so two publishers of one subscriber would mix
  runs: ({ mode, publishers, subscribers, topics, crossed, tls }) =>
    crossed !== true && tls !== true && (mode === "flow" || mode === "ping" || mode === "open") &&
    publishers === topics &&
    (topics === 1 || topics === subscribers),
  start: (shape) => {
    const pairs = shape.topics > 1 ? ["--pairs"] : [];
    // a frame: "pub #t00000 ", the length, an LF, the payload, an LF
    const answer = shape.subscribers === 0
      ? ["--answer", String(shape.size + `${shape.size}`.length + 14)]
      : [];
    return startByReadyLine([Deno.execPath(), "run", "-A", `${ROOT}bench/relay.ts`, ...pairs, ...answer]);
  },
};
