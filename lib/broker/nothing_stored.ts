/**
 * Options about what is stored, where this broker does not store it.
 *
 * @module
 */
import { RunError } from "../errors.ts";
import type { BrokerOptions, DataOptions, EngineOption, StoreOption } from "./options.ts";

/** What may be said of where something is stored. */
type Stored = BrokerOptions & DataOptions & StoreOption & EngineOption;

/**
 * Throws RunError for options about what is stored, where nothing is or an engine knows them itself: who
 * gives them counts on them.
 */
export function requireNothingStored(options: Stored): void {
  const { durable = [], sync, dedupWindow, retain = {}, data, store, engine } = options;
  const { age, bytes, groups, overrides = [] } = retain;
  const retained = age !== undefined || bytes !== undefined || groups !== undefined || overrides.length > 0;
  const given = Object.entries({
    data: data !== undefined,
    store: store !== undefined,
    durable: durable.length > 0,
    sync: sync !== undefined,
    dedupWindow: dedupWindow !== undefined,
    retain: retained,
  }).filter(([, isGiven]) => isGiven).map(([name]) => `\`${name}\``);
  if (given.length === 0) return;
  const list = given.join(", ");
  throw new RunError(
    engine === undefined
      ? `nothing is stored without \`data\` or a store: give one, or no ${list}`
      : `an engine knows itself what it stores, and how: give it or ${list}`,
  );
}
