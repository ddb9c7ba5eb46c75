/**
 * Who keeps messages, and how safely: each started on an empty folder of its own in the same place, so that all of them
 * write to the same disk.
 *
 * @module
 */
import { removed } from "./place.ts";
import { STREAM } from "../load/dialects/durable.ts";
import type { DialectName } from "../load/dialects/mod.ts";
import { topicsOf } from "../load/frames.ts";
import { Wire } from "../load/wire.ts";
import type { Commands, Peer } from "../peers.ts";
import type { Shape } from "../shapes.ts";
import {
  firstLine,
  freePort,
  HOST,
  OWN_BROKER,
  type Running,
  startByReadyLine,
  startWithFile,
  versionOf,
  wordsOf,
} from "../start.ts";

/** Those whose acknowledgements are compared. `place`: the folder on the disk they write to. */
export function durablePeers(commands: Commands, place: string): readonly Peer[] {
  const { broker = OWN_BROKER, against } = commands;
  const ours = (name: string, how: Omit<Ours, "name" | "place">): Peer => ofOurs({ name, place, ...how });
  return [
    ours("hashbus2", { title: "hashbus v2", dialect: "synced2", command: broker }),
    ours("hashbus", { title: "hashbus classic", dialect: "hashbus", command: broker }),
    ours("interval2", {
      title: "hashbus interval",
      dialect: "interval2",
      command: broker,
      sync: "interval",
    }),
    ...(against === undefined
      ? []
      : [ours("against2", { title: "against v2", dialect: "synced2", command: against })]),
    redis(place),
    jetstream(place, { name: "jetstream", title: "JetStream file", always: false }),
    jetstream(place, { name: "jetstream-always", title: "JetStream always", always: true }),
    beanstalk(place),
  ];
}

interface Ours {
  readonly name: string;
  readonly title: string;
  readonly dialect: DialectName;
  readonly command: string;
  readonly place: string;
  readonly sync?: "interval";
}

function ofOurs({ name, title, dialect, command, place, sync }: Ours): Peer {
  const words = wordsOf(command);
  const how = sync === undefined ? [] : ["--sync", sync];
  return {
    name,
    title,
    dialect: () => dialect,
    keeps: sync === undefined ? "fsynced" : "written, fsynced within 100 ms",
    settings: ["--data DIR", ...how].join(" "),
    version: () => versionOf(words),
    // classic has no groups, and others confirm what is on disk
    runs: (shape) => runs(shape) && (shape.mode !== "queue" || dialect === "synced2"),
    start: async () => {
      const folder = await Deno.makeTempDir({ dir: place, prefix: `${name}-` });
      return await startByReadyLine(
        [...words, "-s", "0", "-p", "0", "-q", "--data", `${folder}/data`, ...how],
        { after: () => removed(folder) },
      );
    },
  };
}

function redis(place: string): Peer {
  return {
    name: "redis",
    title: "Redis AOF always",
    dialect: () => "redisStream",
    keeps: "fsynced",
    settings: 'XADD; appendonly yes, appendfsync always, save "", auto-aof-rewrite-percentage 0',
    version: () => firstLine(["redis-server", "--version"]),
    runs,
    start: async () => {
      const port = freePort();
      const text =
        `bind ${HOST}\nport ${port}\nsave ""\nappendonly yes\nappendfsync always\nauto-aof-rewrite-percentage 0\n`;
      return await startWithFile(
        { name: "redis.conf", text, place },
        (file) => ["redis-server", file],
        port,
      );
    },
  };
}

/** A work queue alone. */
function beanstalk(place: string): Peer {
  return {
    name: "beanstalkd",
    title: "beanstalkd",
    dialect: () => "beanstalk",
    keeps: "fsynced",
    settings: "-b DIR -f 0: a binlog, fsynced at each write",
    version: () => firstLine(["beanstalkd", "-v"]),
    runs: ({ mode }) => mode === "queue",
    start: async () => {
      const port = freePort();
      return await startWithFile(
        { name: "unused", text: "", place },
        // it runs where its file is
        () => ["beanstalkd", "-l", HOST, "-p", `${port}`, "-b", ".", "-f", "0"],
        port,
      );
    },
  };
}

function jetstream(
  place: string,
  { name, title, always }: { readonly name: string; readonly title: string; readonly always: boolean },
): Peer {
  const sync = always ? ", sync_interval: always" : "";
  return {
    name,
    title,
    dialect: () => "jetstream",
    keeps: always ? "fsynced" : "written, fsynced within 2 minutes",
    settings: `one stream, storage file${sync}; otherwise as it comes`,
    async version(): Promise<string | null> {
      const said = await firstLine(["nats-server", "--version"]);
      return said === null || !always || await knowsAlways() ? said : null;
    },
    runs,
    start: async (shape) => {
      const port = freePort();
      const text = `listen: ${HOST}:${port}\njetstream { store_dir: "jetstream"${sync} }\n`;
      const server = await startWithFile(
        { name: "nats.conf", text, place },
        (file) => ["nats-server", "-c", file],
        port,
      );
      try {
        await createStream(server, shape);
        return server;
      } catch (error) {
        await server[Symbol.asyncDispose]();
        throw error;
      }
    },
  };
}

/** Before 2.10 there is no such setting. */
async function knowsAlways(): Promise<boolean> {
  const file = await Deno.makeTempFile({ prefix: "hashbus-bench-" });
  try {
    await Deno.writeTextFile(file, 'jetstream { store_dir: "/tmp/none", sync_interval: always }\n');
    const { success } = await new Deno.Command("nats-server", {
      args: ["-t", "-c", file],
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } finally {
    await Deno.remove(file);
  }
}

async function createStream({ publisherPort: port }: Running, shape: Shape): Promise<void> {
  const publishers = Array.from({ length: shape.publishers }, (_, at) => at);
  const subjects = [...new Set(publishers.flatMap((publisher) => topicsOf(shape, publisher)))];
  const config = JSON.stringify({ name: STREAM, subjects, storage: "file" });
  const encoder = new TextEncoder();
  const wire = await Wire.open({ host: HOST, port }, {
    send: encoder.encode(
      `CONNECT {"verbose":false}\r\nSUB _INBOX.create 1\r\nPUB $JS.API.STREAM.CREATE.${STREAM} _INBOX.create ` +
        `${config.length}\r\n${config}\r\n`,
    ),
    until: encoder.encode('"did_create":true}\r\n'),
  });
  wire.close();
}

function runs({ durable }: Shape): boolean {
  return durable === true;
}
