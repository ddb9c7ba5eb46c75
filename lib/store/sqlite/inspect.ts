/**
 * What the header of a database says, read before SQLite may touch it.
 *
 * @module
 */
import { RunError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { asRunError, type DataFiles, sizeOf } from "./files.ts";
import { APPLICATION_ID, FORMAT, OPEN_BIT } from "./schema.ts";

const MAGIC = "SQLite format 3\0";
/** Where a database's header has them, and how long it is. */
const READ_VERSION_AT = 19;
const USER_VERSION_AT = 60;
const APPLICATION_ID_AT = 68;
const HEADER_BYTES = 100;
/** The read version of a database that has a write-ahead log, as every store that a broker opened has. */
const WITH_WAL = 2;

/**
 * Judges the database without changing a byte of it or beside it: whether it is ours, of a version that is
 * understood, and whether what was committed last is there. Throws RunError. Gives the format where it is a
 * copy that says that somebody has it open, for `VACUUM INTO` made it while that was so: such a copy is whole
 * without a write-ahead log.
 */
export function inspect({ dir, database, wal }: DataFiles): number | undefined {
  const header = new Uint8Array(HEADER_BYTES);
  let length: number;
  try {
    using file = Deno.openSync(database, { read: true });
    length = file.readSync(header) ?? 0;
  } catch (error) {
    throw asRunError(dir, error);
  }
  if (length === 0) {
    throw new RunError(`${quote(database)} is empty: restore it, or remove it to begin with an empty store`);
  }
  if (length < HEADER_BYTES || new TextDecoder().decode(header.subarray(0, MAGIC.length)) !== MAGIC) {
    throw new RunError(
      `${quote(database)} is no store of hashbus: restore it from a copy, or take another directory`,
    );
  }
  const view = new DataView(header.buffer);
  if (view.getUint32(APPLICATION_ID_AT) !== APPLICATION_ID) {
    throw new RunError(`${quote(database)} belongs to another program: take another directory`);
  }
  const version = view.getUint32(USER_VERSION_AT);
  const format = version & (OPEN_BIT - 1);
  if (format > FORMAT || version >= 2 * OPEN_BIT) {
    throw new RunError(
      `${
        quote(database)
      } was written by a newer version (format ${format}, this one reads up to ${FORMAT}): run that version`,
    );
  }
  if (version < OPEN_BIT) return undefined;
  if (header[READ_VERSION_AT] !== WITH_WAL) return format;
  if ((sizeOf(wal) ?? 0) === 0) {
    throw new RunError(
      `${
        quote(wal)
      } is missing or empty although the store was not closed, so the newest messages are gone: ` +
        "put it back (docs/store.md says how to go on without, and with a copy made by .backup)",
    );
  }
  return undefined;
}
