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
  /** Beside the ports and the directory. */
  readonly args: readonly string[];
}

const DRAIN_S = 5;
const POLICIES = { block: "block", drop: "drop-new", disconnect: "disconnect" } as const;

export function drawSettings(choice: Choice): Settings {
  const durable = choice.chance(0.5);
  const retained = durable && choice.chance(0.25);
  const slow = choice.of(["block", "block", "block", "drop", "disconnect"] as const);
  const outbox = choice.of(["1MiB", "1MiB", "4MiB", "64MiB"]);
  const sync = choice.of(["commit", "commit", "interval"]);
  const args = ["--slow-consumer", slow, "--max-outbox", outbox, "--drain-timeout", `${DRAIN_S}s`];
  if (durable) args.push("--durable", "#d.>", "--sync", sync);
  if (retained) args.push("--retain-bytes", choice.of(["1MiB", "4MiB"]));
  const kill = durable && choice.chance(0.4);
  return { durable, retained, kill, policy: POLICIES[slow], drainMs: DRAIN_S * 1000, args };
}
