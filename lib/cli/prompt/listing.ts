/**
 * What `list` prints at the prompt.
 *
 * @module
 */
import { visible } from "../../text.ts";

/** Rows that are printed; more would push what one looks for off the screen. */
const ROWS_MOST = 100;
/** A name that is longer has its number right behind it. */
const NAME_MOST = 40;

/** One thing, and what there is to say of it. */
export type ListRow = readonly [name: string, says: string];

/** The rows with their second halves below one another. */
export function listing(rows: readonly ListRow[]): string[] {
  const shown = rows.slice(0, ROWS_MOST).map(([name, says]): ListRow => [visible(name), says]);
  const width = Math.max(...shown.map(([name]) => name.length).filter((length) => length <= NAME_MOST));
  const more = rows.length > ROWS_MOST ? [`and ${rows.length - ROWS_MOST} more`] : [];
  return [...shown.map(([name, says]) => `${name.padEnd(width)}  ${says}`), ...more];
}
