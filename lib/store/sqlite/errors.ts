/**
 * Errors of SQLite as what they mean here.
 *
 * @module
 */
import { RunError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { DamageError } from "../log/damage.ts";
import { asRunError } from "./files.ts";

/** Result codes of SQLite that are told apart; the lower byte of what an error carries. */
export const BUSY = 5;
export const READ_ONLY = 8;
export const IO_ERROR = 10;
const CORRUPT = 11;
export const FULL = 13;
export const TOO_BIG = 18;
const NOT_A_DATABASE = 26;
/** An extended code: what was to be written was not. */
const IO_ERROR_WRITE = 778;

/** The primary result code of an error of SQLite's; undefined: it is none, or does not say. */
export function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") {
    return undefined;
  }
  return error.errcode & 0xff;
}

/** Whether an error of SQLite's is of a write, not of an fsync or a read. */
export function isWriteError(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === IO_ERROR_WRITE;
}

/** Whether an error says that the file is not what it should be. */
export function isDamage(error: unknown): boolean {
  if (error instanceof DamageError) return true;
  const code = resultCode(error);
  if (code === CORRUPT || code === NOT_A_DATABASE) return true;
  // what the statements without a code say, and an integer that is too large to be ours
  return error instanceof Error &&
    (/malformed|not a database/.test(error.message) ||
      ("code" in error && error.code === "ERR_OUT_OF_RANGE"));
}

/** What an error says, with SQLite's own code where it has one. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const extended = "errcode" in error && typeof error.errcode === "number"
    ? ` (SQLite ${error.errcode})`
    : "";
  return `${error.message}${extended}`;
}

/** What to say of a store that is not as it was written. */
export function damaged(dir: string, what: string): RunError {
  return new RunError(
    `the store in ${
      quote(dir)
    } is damaged: ${what}; "broker --data DIR --data-check" tells all that is, nothing was changed`,
  );
}

/** What stopped the use of the store in a directory, as it is told: RunError, or what is no error of its. */
export function asStoreError(dir: string, error: unknown): Error {
  if (error instanceof RunError) return error;
  return isDamage(error) ? damaged(dir, reasonOf(error)) : asRunError(dir, error);
}
