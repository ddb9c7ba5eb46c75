/**
 * Options about what is stored: whether anything is, and where.
 *
 * @module
 */
import { UsageError } from "../../errors.ts";

/** As the command line has them. */
export interface StoredFlags {
  readonly data: string | undefined;
  readonly engine: readonly string[] | undefined;
  readonly durable: readonly string[];
  readonly "engine-replicas": number | undefined;
  readonly sync: string | undefined;
  readonly "retain-age": number | undefined;
  readonly "retain-bytes": number | undefined;
  readonly "retain-groups": string | undefined;
  readonly retain: readonly unknown[];
  readonly "dedup-window": number | undefined;
  readonly "ack-timeout": number | undefined;
  readonly "max-attempts": number | undefined;
}

type Flag = Exclude<keyof StoredFlags, "data" | "engine">;

const STORED: readonly Flag[] = [
  "durable",
  "engine-replicas",
  "sync",
  "retain-age",
  "retain-bytes",
  "retain-groups",
  "retain",
  "dedup-window",
  "ack-timeout",
  "max-attempts",
];

/** What NATS's own configuration says. */
const NOT_OF_NATS: ReadonlyMap<Flag, string> = new Map([
  ["sync", "how NATS writes to disk stands in its own configuration (sync_interval)"],
  ["retain-groups", "NATS deletes by age and size, whatever groups have settled"],
]);

/** Throws UsageError where something is said about what is stored, and nothing is, or not by this broker. */
export function checkStoredOptions(options: StoredFlags): void {
  const { data, engine, durable } = options;
  const given = STORED.filter((name) => {
    const value = options[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined;
  });
  if (engine !== undefined) {
    if (data !== undefined) {
      throw new UsageError(
        "--data stores on this machine and --engine in NATS: take one (with --engine, --durable PATTERN " +
          "says what NATS stores)",
      );
    }
    for (const name of given) {
      const why = NOT_OF_NATS.get(name);
      if (why !== undefined) throw new UsageError(`--${name} is not for --engine: ${why}; leave it out`);
    }
    if (durable.length === 0) {
      requireNone(given, "--durable PATTERN NATS stores nothing", "--durable PATTERN");
    }
  } else if (data === undefined) {
    requireNone(given, "--data DIR none is", "--data DIR");
  }
}

/** Throws UsageError for what is given and for nothing. */
function requireNone(flags: readonly Flag[], without: string, add: string): void {
  const given = flags.map((name) => `--${name}`);
  const [last, ...before] = given.reverse();
  if (last === undefined) return;
  const named = before.length === 0 ? last : `${before.reverse().join(", ")} and ${last}`;
  const [say, it] = before.length === 0 ? ["is", "it"] : ["are", "them"];
  throw new UsageError(
    `${named} ${say} about messages that are stored, and without ${without}: add ${add}, ` +
      `or leave ${it} out; see broker --help`,
  );
}
