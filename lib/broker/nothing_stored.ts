/**
 * Options about what is stored, where nothing is.
 *
 * @module
 */
import { RunError } from "../errors.ts";
import type { BrokerOptions, DataOptions } from "./options.ts";

/** Throws RunError for options about what is stored: who gives them counts on it. */
export function requireNothingStored(options: BrokerOptions & DataOptions): void {
  const { durable = [], sync, dedupWindow, retain = {} } = options;
  const { age, bytes, overrides = [] } = retain;
  const retained = age !== undefined || bytes !== undefined || overrides.length > 0;
  const given = Object.entries({
    durable: durable.length > 0,
    sync: sync !== undefined,
    dedupWindow: dedupWindow !== undefined,
    retain: retained,
  }).filter(([, isGiven]) => isGiven).map(([name]) => `\`${name}\``);
  if (given.length === 0) return;
  throw new RunError(`nothing is stored without \`data\` or a store: give one, or no ${given.join(", ")}`);
}
