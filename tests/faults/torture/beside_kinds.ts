/**
 * Hostile clients that only ask how long others wait: floods of what is stored, each of which costs the store
 * something else. In rounds and in the table of memory they would repeat what others do there.
 *
 * @module
 */
import { type Hostile, times } from "./hostile.ts";
import type { Kind } from "./kinds.ts";
import { TABLE_KIND_NAMES, TABLE_KINDS, type TableKind } from "./table_kinds.ts";

/** What an id may have (V6), less a number. */
const LONG_ID = "i".repeat(240);

/** Publishes as long as its time lasts, and reads the replies. */
async function pour(hostile: Hostile, next: () => string | Uint8Array): Promise<void> {
  const socket = await hostile.open("pub");
  hostile.drain(socket);
  await hostile.endless(socket, next);
}

/** Publishes to so many topics in turn. */
function known(topics: number): Kind {
  return async (hostile) => {
    const encoder = new TextEncoder();
    const pieces = Array.from(
      { length: topics / 1000 },
      (_, piece) => encoder.encode(times((at) => `pub #d.known.${at} 1\nx\n`, 1000, 1000 * piece)),
    );
    let next = 0;
    await pour(hostile, () => pieces[next++ % pieces.length]!);
  };
}

const STORED_KINDS = {
  "durable flood": async (hostile) => {
    const bytes = new TextEncoder().encode(times(() => `pub #d.flood 512\n${"x".repeat(512)}\n`, 200));
    await pour(hostile, () => bytes);
  },
  "1,000 known topics": known(1000),
  "100,000 known topics": known(100_000),
  "ids of 240 bytes": async (hostile) => {
    let number = 0;
    await pour(hostile, () => times((at) => `pub #d.ids 1 id=${LONG_ID}${at}\nx\n`, 200, number += 200));
  },
  "ids that do not count up": async (hostile) => {
    const { random } = hostile.options;
    const id = (): string => Math.floor(random() * 2 ** 48).toString(16);
    await pour(hostile, () => times(() => `pub #d.ids 1 id=${id()}\nx\n`, 1000));
  },
  "ids sent again": async (hostile) => {
    const bytes = new TextEncoder().encode(
      times((at) => `pub #d.again 1 id=${at.toString(36)}\nx\n`, 10_000),
    );
    await pour(hostile, () => bytes);
  },
} satisfies Record<string, Kind>;

/** All kinds that are set beside two who wait for each answer. */
export const BESIDE_KINDS: Readonly<Record<BesideKind, Kind>> = { ...TABLE_KINDS, ...STORED_KINDS };
export type BesideKind = TableKind | keyof typeof STORED_KINDS;
export const BESIDE_KIND_NAMES: readonly BesideKind[] = [
  ...TABLE_KIND_NAMES,
  ...Object.keys(STORED_KINDS) as (keyof typeof STORED_KINDS)[],
];
