/**
 * The broker's command line.
 *
 * @module
 */
import { UsageError } from "../../errors.ts";
import {
  CONNECTIONS_PER_ADDRESS,
  DEFAULT_LIMITS,
  DRAIN_TIMEOUT_MS,
  LIMIT_SPECS,
  type Limits,
  type LimitSpec,
  limitsWith,
  STALL_TIMEOUT_MS,
} from "../../limits.ts";
import { BROKER_HOST } from "../options/host.ts";
import {
  flag,
  list,
  type Option,
  option,
  optionMaybe,
  optionOr,
  type Program,
  type Values,
} from "../options/table.ts";
import { checkEngineOptions, ENGINE_OPTIONS } from "./engine/options.ts";
import { checkGroupOptions, GROUP_OPTIONS, type GroupsJob } from "./groups/options.ts";
import { checkTlsOptions, TLS_OPTIONS } from "./tls/options.ts";
import { RETAIN, RETAIN_AGE, RETAIN_BYTES, RETAIN_GROUPS } from "./retain.ts";
import { checkStoredOptions } from "./stored.ts";
import {
  choice,
  count,
  DURATION,
  FILE,
  FOLDER,
  type Kind,
  PATTERN,
  port,
  showSize,
  size,
} from "../options/units.ts";
import { VERSION } from "../version.ts";

const DEFAULT_SUB_PORT = 9090;
const DEFAULT_PUB_PORT = 9000;
const DEFAULT_HTTP_PORT = 9080;
/** The file name that means stdin. */
const STDIN = "-";

const DAY_MS = 86_400_000;
/** A clock that ticks four times a second tells no shorter time; a longer one is what `extend` is for. */
const ACK_TIMEOUT: Kind<number> = {
  ...DURATION,
  read: (text) => {
    const read = DURATION.read(text);
    const fits = "value" in read && read.value >= 250 && read.value <= DAY_MS;
    return fits ? read : { expected: "a duration from 250ms to 1d, such as 30s or 5m" };
  },
};

const OPTIONS = {
  "sub-port": optionMaybe(port(0), {
    letters: "s",
    fallback: DEFAULT_SUB_PORT,
    bare: DEFAULT_SUB_PORT,
    help: `port for subscribers; 0 takes a free one (${DEFAULT_SUB_PORT})`,
  }),
  "pub-port": optionMaybe(port(0), {
    letters: "p",
    fallback: DEFAULT_PUB_PORT,
    bare: DEFAULT_PUB_PORT,
    help: `port for publishers; 0 takes a free one (${DEFAULT_PUB_PORT})`,
  }),
  host: optionOr(BROKER_HOST, {
    letters: "H",
    placeholder: "ADDRESS",
    fallback: "127.0.0.1",
    help: "address to listen on; 0.0.0.0 or :: lets other machines in (127.0.0.1)",
  }),
  ...TLS_OPTIONS,
  http: optionMaybe(port(0), {
    fallback: undefined,
    bare: DEFAULT_HTTP_PORT,
    help:
      `port for a dashboard, metrics and an API over HTTP; 0 takes a free one (none, ${DEFAULT_HTTP_PORT})`,
  }),
  "http-host": list(BROKER_HOST, {
    help: "a name that requests over HTTP may be for beside the addresses it listens on; may be given more " +
      "than once",
  }),
  "slow-consumer": optionOr(choice("block", "drop", "disconnect"), {
    fallback: "block",
    help: "what happens to a subscriber that reads too slowly: block makes its publishers wait while it " +
      "makes progress, drop leaves messages out, disconnect ends its connection (block)",
  }),
  "stall-timeout": optionOr(DURATION, {
    fallback: STALL_TIMEOUT_MS,
    help: "with block: a connection that takes no byte for this long is cut off (5s)",
  }),
  "login-timeout": option(DURATION, {
    help: "with --users: a connection that has not logged in after this long is ended (10s)",
  }),
  "drain-timeout": optionOr(DURATION, {
    fallback: DRAIN_TIMEOUT_MS,
    help: "SIGTERM delivers what is queued, and ends the broker within this time (10s)",
  }),
  data: option(FOLDER, {
    help: "store durable topics in SQLite in DIR, and acknowledge a message when it is on disk",
  }),
  durable: list(PATTERN, {
    help: "which topics are durable; may be given more than once (with --data all, with --engine none)",
  }),
  sync: option(choice("commit", "interval"), {
    help: "commit: fsync before acknowledging; interval: every 100 ms, " +
      "so that a power cut can cost what was acknowledged since (commit)",
  }),
  "retain-age": option(RETAIN_AGE, { help: "delete stored messages older than this (keep all)" }),
  "retain-bytes": option(RETAIN_BYTES, {
    help: "delete the oldest stored messages beyond this (keep all)",
  }),
  "retain-groups": option(RETAIN_GROUPS, {
    help: "of what would be deleted and a group has not settled: hold it back, or ignore the group (hold)",
  }),
  retain: list(RETAIN, {
    help: "other limits for the topics of a pattern, in quotes: '#orders.> age=7d bytes=1GiB'; " +
      "the first that takes a topic in holds; [[retain]] in the config file",
  }),
  "dedup-window": option(DURATION, {
    help: "how long a durable message's id= is remembered, so that it is stored once however often it is " +
      "sent (2m)",
  }),
  "ack-timeout": option(ACK_TIMEOUT, {
    help: "how long a worker may hold a message of a durable topic before another gets it (30s)",
  }),
  "max-attempts": option(count({ least: 1, most: 1_000_000 }), {
    help: "how often such a message is given out before it goes to #dead.<group>.<topic> (5)",
  }),
  "data-check": flag({
    help: "verify everything in --data DIR, tell what is wrong, and exit: 0 all whole, 1 not",
  }),
  export: option(PATTERN, {
    once: true,
    help: "write the stored messages of a pattern to stdout, a JSON object a line, and exit ('#>': all)",
  }),
  import: optionMaybe(FILE, {
    once: true,
    fallback: undefined,
    bare: STDIN,
    help: "store such lines from FILE, or from stdin, and exit",
  }),
  ...GROUP_OPTIONS,
  ...ENGINE_OPTIONS,
  users: option(FILE, {
    help: "TOML file with accounts and what each may do: nobody else comes in; read again when it changes " +
      "and on SIGHUP (everybody may do everything)",
  }),
  "hash-secret": flag({
    help: "read a secret from the terminal or stdin, print what stands for it in --users FILE, and exit",
  }),
  config: option(FILE, {
    help: "TOML file with these long options; the command line wins",
  }),
  "log-format": optionOr(choice("text", "json"), { fallback: "text", help: "how log lines look (text)" }),
  verbose: flag({ letters: "v", help: "log every connection too" }),
  quiet: flag({ letters: "q", help: "log only warnings and errors" }),
  "max-line": limitOption("line"),
  "max-payload": limitOption("payload"),
  "max-topic": limitOption("topic"),
  "max-patterns": limitOption("patterns"),
  "max-connections": limitOption("connections"),
  "max-connections-per-address": option(count({ least: 1, most: 1_000_000 }), {
    help: `most connections at once from one address, of IPv6 from one /64 (any number; with --users ${
      CONNECTIONS_PER_ADDRESS.toLocaleString("en")
    })`,
  }),
  "max-topics": limitOption("topics"),
  "max-groups": limitOption("groups"),
  "max-outbox": limitOption("outbox"),
  "max-memory": option(size(specOf("memory")), {
    help: `most ${specOf("memory").meaning} (${showSize(DEFAULT_LIMITS.memory)}, or what --max-outbox and ` +
      "twice --max-payload need)",
  }),
};

/** The broker as its command line and its help see it. */
export const BROKER: Program<typeof OPTIONS> = {
  name: "broker",
  version: VERSION,
  summary:
    "Takes messages from publishers on one port and hands each to every subscriber of its topic on another.",
  usage: ["broker -s [PORT] -p [PORT] [options]"],
  options: OPTIONS,
  examples: [
    { command: "broker -s -p", does: "listens on the default ports, on this machine only" },
    { command: "broker -s 9090 -p 9000 -H 0.0.0.0", does: "lets every machine in that reaches this one" },
    {
      command: "broker -s -p --data ./data",
      does: "keeps messages on disk, too, and acknowledges them then",
    },
    {
      command: "broker --data ./data --export '#orders.>' > orders.jsonl",
      does: "writes what is stored, also while a broker runs there",
    },
    {
      command: "broker --data ./data --groups",
      does: "how far the groups have come, also while a broker runs there",
    },
    {
      command: "broker -s -p --engine nats://a:4222,b:4222",
      does: "shares topics with every broker that does the same",
    },
    {
      command: "broker -s -p --http",
      does: "serves a dashboard, metrics and an API at http://127.0.0.1:9080, too",
    },
    { command: "printf 'p1 pub #hello hi\\n' | nc -N 127.0.0.1 9000", does: "publishes without any client" },
  ],
  notes: [
    "Without --users whoever reaches the ports may publish and subscribe to everything: " +
    "open them (-H) only in a network you trust.",
    "SIGTERM and SIGINT: stops accepting, delivers what it has accepted, exits 0. " +
    "A second SIGINT exits at once.",
  ],
};

/** What the broker's options come to. */
export type BrokerOptions = Values<typeof OPTIONS>;

/** What the broker is started for. */
export type BrokerPlan =
  | { readonly kind: "serve" }
  | { readonly kind: "hash secret" }
  | { readonly kind: "check"; readonly dir: string }
  | { readonly kind: "export"; readonly dir: string; readonly pattern: string }
  | { readonly kind: "import"; readonly dir: string; readonly path: string }
  | { readonly kind: "groups"; readonly dir: string; readonly job: GroupsJob };

/** Throws UsageError for options that do not go together. */
export function planBroker(options: BrokerOptions): BrokerPlan {
  const { data: dir, export: pattern, import: path } = options;
  const jobs: BrokerPlan[] = [];
  const asked: string[] = [];
  const add = (flag: string, job: (dir: string) => BrokerPlan): void => {
    if (dir === undefined && options.engine !== undefined) {
      throw new UsageError(
        `${flag} is for what is stored in --data DIR, and not offered for what --engine keeps in NATS: ` +
          "leave --engine out, or see its groups with --http (/api/groups)",
      );
    }
    if (dir === undefined) {
      throw new UsageError(`${flag} needs --data DIR, the directory with the store; see broker --help`);
    }
    jobs.push(job(dir));
    asked.push(flag);
  };
  if (options["data-check"]) add("--data-check", (dir) => ({ kind: "check", dir }));
  if (pattern !== undefined) add("--export", (dir) => ({ kind: "export", dir, pattern }));
  if (path !== undefined) add("--import", (dir) => ({ kind: "import", dir, path }));
  checkGroupOptions(options);
  if (options["http-host"].length > 0 && options.http === undefined) {
    throw new UsageError("--http-host names what requests over HTTP may be for: give --http, too");
  }
  if (options["login-timeout"] !== undefined && options.users === undefined) {
    throw new UsageError("--login-timeout is how long a login may take: give --users FILE, too");
  }
  checkTlsOptions(options);
  const { "reset-group": reset, "delete-group": deleted, from = "now", json } = options;
  const addGroups = (flag: string, job: GroupsJob): void =>
    add(flag, (dir) => ({ kind: "groups", dir, job }));
  if (options.groups) addGroups("--groups", { do: "list", json });
  if (reset !== undefined) addGroups("--reset-group", { do: "reset", group: reset, from });
  if (options.redrive !== undefined) addGroups("--redrive", { do: "redrive", name: options.redrive });
  if (deleted !== undefined) addGroups("--delete-group", { do: "delete", group: deleted });
  if (options["hash-secret"]) {
    jobs.push({ kind: "hash secret" });
    asked.push("--hash-secret");
  }
  const [job, second] = jobs;
  if (second !== undefined) throw new UsageError(`${asked.join(" and ")} do not go together: take one`);
  checkEngineOptions(options);
  checkStoredOptions(options);
  requireRoom(options);
  return job ?? { kind: "serve" };
}

/** Throws UsageError where one connection may need more memory than there is for all. */
function requireRoom(options: BrokerOptions): void {
  const memory = options["max-memory"];
  if (memory === undefined) return;
  const { outbox, payload } = limitsOf(options);
  const [what, needed] = outbox >= 2 * payload
    ? [`--max-outbox ${showSize(outbox)}`, outbox]
    : [`twice --max-payload ${showSize(payload)}`, 2 * payload];
  if (memory >= needed) return;
  throw new UsageError(
    `--max-memory "${showSize(memory)}" is for all connections together and less than one may need, ` +
      `${what}: give ${showSize(needed)} or more, or lower that; see broker --help`,
  );
}

/** The limits among the options. */
export function limitsOf(options: BrokerOptions): Limits {
  const memory = options["max-memory"];
  return limitsWith({
    ...(memory === undefined ? {} : { memory }),
    line: options["max-line"],
    payload: options["max-payload"],
    topic: options["max-topic"],
    patterns: options["max-patterns"],
    connections: options["max-connections"],
    topics: options["max-topics"],
    groups: options["max-groups"],
    outbox: options["max-outbox"],
  });
}

function specOf(key: keyof Limits): LimitSpec {
  return LIMIT_SPECS.find((each) => each.key === key)!;
}

function limitOption(key: keyof Limits): Option<number> {
  const { unit, fallback, least, most, meaning } = specOf(key);
  const kind = unit === "bytes" ? size({ least, most }) : count({ least, most });
  const shown = unit === "bytes" ? showSize(fallback) : fallback;
  return optionOr(kind, { fallback, help: `most ${meaning} (${shown})` });
}
