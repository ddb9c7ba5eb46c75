/**
 * What is measured of our store alone, by name.
 *
 * @module
 */
import { OWN_BROKER, wordsOf } from "../start.ts";
import type { Finding } from "./findings.ts";
import { opening } from "./opening.ts";
import { passing } from "./passing.ts";
import { replay } from "./replay.ts";

/** How much of everything. */
export interface CheckSizes {
  /** Messages that are replayed. */
  readonly messages: number;
  /** Bytes that pass; a tenth of them is kept. */
  readonly passing: number;
  /** Bytes of the store that is opened. */
  readonly stored: number;
  readonly rounds: number;
  /** How long publishers are watched before somebody replays. */
  readonly watchSeconds: number;
}

/** What a check is run with. */
export interface CheckOptions extends CheckSizes {
  /** Starts our broker. */
  readonly broker?: string;
  /** The folder whose disk is written to. */
  readonly place: string;
  readonly progress: (text: string) => void;
}

/** One of them. */
export interface Check {
  readonly name: string;
  readonly title: string;
  run(options: CheckOptions): Promise<readonly Finding[]>;
}

const MANY = 100;
/** Our broker keeps no less. */
const LEAST_RETAINED = 1024 * 1024;

/** In the order they run. */
export const CHECKS: readonly Check[] = [
  replaying("replay", "replay of a topic", 1),
  replaying("replay-many", `replay of ${MANY} topics`, MANY),
  {
    name: "passing",
    title: "much passes",
    run: (options) =>
      passing({
        ...named(options, "passing", "much passes"),
        retained: Math.max(LEAST_RETAINED, Math.floor(options.passing / 10)),
      }),
  },
  {
    name: "opening",
    title: "opening",
    run: (options) => opening(named(options, "opening", "opening")),
  },
];

function replaying(name: string, title: string, topics: number): Check {
  return { name, title, run: (options) => replay({ ...named(options, name, title), topics }) };
}

function named(
  { broker = OWN_BROKER, ...rest }: CheckOptions,
  name: string,
  title: string,
): Omit<CheckOptions, "broker"> & {
  readonly name: string;
  readonly title: string;
  readonly broker: readonly string[];
} {
  return { ...rest, name, title, broker: wordsOf(broker) };
}
