/**
 * The broker's command line.
 *
 * @module
 */
import {
  DEDUP_WINDOW_MS,
  DEFAULT_LIMITS,
  DRAIN_TIMEOUT_MS,
  LIMIT_SPECS,
  type Limits,
  type LimitSpec,
  STALL_TIMEOUT_MS,
} from "../limits.ts";
import {
  flag,
  list,
  type Option,
  option,
  optionMaybe,
  optionOr,
  type Program,
  type Values,
} from "./options.ts";
import { choice, count, DURATION, PATTERN, port, showSize, size, WORD } from "./units.ts";
import { VERSION } from "./version.ts";

const DEFAULT_SUB_PORT = 9090;
const DEFAULT_PUB_PORT = 9000;

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
  host: optionOr(WORD, {
    letters: "H",
    placeholder: "ADDRESS",
    fallback: "127.0.0.1",
    help: "address to listen on; 0.0.0.0 or :: lets other machines in (127.0.0.1)",
  }),
  "slow-consumer": optionOr(choice("block", "drop", "disconnect"), {
    fallback: "block",
    help:
      "what happens to a subscriber that reads too slowly: block makes its publishers wait while it makes progress, drop leaves messages out, disconnect ends its connection (block)",
  }),
  "stall-timeout": optionOr(DURATION, {
    fallback: STALL_TIMEOUT_MS,
    help: "with block: a connection that takes no byte for this long is cut off (5s)",
  }),
  "drain-timeout": optionOr(DURATION, {
    fallback: DRAIN_TIMEOUT_MS,
    help: "how long SIGTERM waits for what is queued to leave (10s)",
  }),
  data: option(WORD, {
    placeholder: "DIR",
    help: "store durable topics in SQLite in DIR, and acknowledge a message when it is on disk",
  }),
  durable: list(PATTERN, { help: "which topics are durable; may be given more than once (all)" }),
  sync: optionOr(choice("commit", "interval"), {
    fallback: "commit",
    help:
      "commit: fsync before acknowledging; interval: every 100 ms, so that a power cut can cost what was acknowledged since (commit)",
  }),
  "retain-age": option(DURATION, { help: "delete stored messages older than this (keep all)" }),
  "retain-bytes": option(size({ least: 1024 * 1024, most: Number.MAX_SAFE_INTEGER }), {
    help: "delete the oldest stored messages beyond this (keep all)",
  }),
  "dedup-window": optionOr(DURATION, {
    fallback: DEDUP_WINDOW_MS,
    help:
      "how long a durable message's id= is remembered, so that it is stored once however often it is sent (2m)",
  }),
  config: option(WORD, {
    placeholder: "FILE",
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
  "max-outbox": limitOption("outbox"),
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
    { command: "printf 'p1 pub #hello hi\\n' | nc -N 127.0.0.1 9000", does: "publishes without any client" },
  ],
  notes: [
    "Whoever reaches the ports may publish and subscribe to everything: open them (-H) only in a network you trust.",
    "SIGTERM and SIGINT: stops accepting, delivers what it has accepted, exits 0. A second SIGINT exits at once.",
  ],
};

/** What the broker's options come to. */
export type BrokerOptions = Values<typeof OPTIONS>;

/** The limits among the options. */
export function limitsOf(options: BrokerOptions): Limits {
  return {
    ...DEFAULT_LIMITS,
    line: options["max-line"],
    payload: options["max-payload"],
    topic: options["max-topic"],
    patterns: options["max-patterns"],
    connections: options["max-connections"],
    outbox: options["max-outbox"],
  };
}

function limitOption(key: keyof Limits): Option<number> {
  const spec = LIMIT_SPECS.find((each) => each.key === key) as LimitSpec;
  const { unit, fallback, least, most, meaning } = spec;
  const kind = unit === "bytes" ? size({ least, most }) : count({ least, most });
  const shown = unit === "bytes" ? showSize(fallback) : fallback;
  return optionOr(kind, { fallback, help: `most ${meaning} (${shown})` });
}
