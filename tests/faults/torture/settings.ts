/**
 * How the broker of a round is set, drawn from its seed.
 *
 * @module
 */
import type { Choice } from "./choice.ts";
import type { Policy } from "./history.ts";

export interface Settings {
  readonly durable: boolean;
  readonly retained: boolean;
  /** Killed in the middle and started again. */
  readonly kill: boolean;
  readonly policy: Policy;
  readonly drainMs: number;
  /** Little memory for all connections together. */
  readonly short: boolean;
  /** Groups share what is stored, by turns and by keys. */
  readonly groups: boolean;
  /** Some of what is stored comes later. */
  readonly delays: boolean;
  /** There are accounts, and one of them may do little. */
  readonly accounts: boolean;
  /** So many times as long as others: some things take their time. */
  readonly length: number;
  /** Beside the ports and the directory. */
  readonly args: readonly string[];
}

const POLICIES = { block: "block", drop: "drop-new", disconnect: "disconnect" } as const;
/** Of so many seeds that follow each other each of these kinds of rounds has one at least. */
const EACH = 10;
const OF_ITS_OWN = { long: 0, kill: 3, retained: 5, accounts: 6, shared: 7, short: 8 } as const;
/** How long who shares may keep a message, milliseconds, and how often it is given out: more than accidents do. */
export const ACK_TIMEOUT_MS = 5000;
const ATTEMPTS = 12;
const LENGTH = 6;

export function drawSettings(choice: Choice, seed: number): Settings {
  const is = (what: keyof typeof OF_ITS_OWN): boolean => seed % EACH === OF_ITS_OWN[what];
  const durable = choice.chance(0.5) || is("kill") || is("retained") || is("shared");
  const retained = durable && (choice.chance(0.25) || is("retained"));
  const drawn = choice.of(["block", "block", "block", "drop", "disconnect"] as const);
  const slow = is("retained") ? "block" : drawn;
  const outbox = choice.of(["1MiB", "1MiB", "4MiB", "64MiB"]);
  const sync = choice.of(["commit", "commit", "interval"]);
  const kept = choice.of(["1MiB", "4MiB"]);
  const kill = durable && (choice.chance(0.4) || is("kill"));
  const drainS = choice.of([1, 2, 5]);
  const short = choice.chance(0.1) || is("short");
  const args = ["--slow-consumer", slow, "--max-outbox", outbox, "--drain-timeout", `${drainS}s`];
  if (short) args.push("--max-memory", "64MiB");
  if (durable) args.push("--durable", "#d.>", "--sync", sync);
  if (retained) args.push("--retain-bytes", kept);
  const groups = durable && !retained && (choice.chance(0.5) || is("kill") || is("shared"));
  const delays = durable && !retained && (choice.chance(0.5) || is("kill") || is("shared"));
  const accounts = choice.chance(0.2) || is("accounts");
  if (groups) args.push("--ack-timeout", `${ACK_TIMEOUT_MS / 1000}s`, "--max-attempts", `${ATTEMPTS}`);
  if (accounts) args.push("--max-connections-per-address", "10000");
  const length = is("long") ? LENGTH : 1;
  const rooms = { durable, retained, kill, groups, delays, accounts, short };
  return { ...rooms, policy: POLICIES[slow], drainMs: drainS * 1000, length, args };
}
