/**
 * Rows of SQLite as typed values.
 *
 * @module
 */
import type { SQLOutputValue } from "node:sqlite";
import { DamageError } from "../log/damage.ts";

/** A row as it came. */
export type Row = Readonly<Record<string, SQLOutputValue>>;

/** A whole number. Throws DamageError where there is something else. */
export function int(row: Row, name: string): number {
  const value = row[name];
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw new DamageError(`a ${name} is not a whole number`);
}

/** A text. Throws DamageError where there is something else. */
export function text(row: Row, name: string): string {
  const value = row[name];
  if (typeof value === "string") return value;
  throw new DamageError(`a ${name} is not a text`);
}

/** Bytes. Throws DamageError where there is something else. */
export function blob(row: Row, name: string): Uint8Array {
  const value = row[name];
  if (value instanceof Uint8Array) return value;
  throw new DamageError(`the ${name} of a batch are no bytes`);
}
