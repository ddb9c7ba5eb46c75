/**
 * A table of the config file as the one text that an option's kind reads.
 * No argument can hold a NUL, so it is none of those.
 *
 * @module
 */

const NUL = "\0";

/** A key of a table, and what stands there. */
export interface TableEntry {
  readonly key: string;
  readonly value: string;
}

/** The text of a table; no NUL may be in it. */
export function tableText(entries: readonly TableEntry[]): string {
  return entries.map(({ key, value }) => `${NUL}${key}=${value}`).join("");
}

/** Whether it is the text of a table. */
export function isTableText(text: string): boolean {
  return text.startsWith(NUL);
}

/** The entries of a table's text. */
export function tableEntries(text: string): TableEntry[] {
  return text.split(NUL).slice(1).map((entry) => {
    const equals = entry.indexOf("=");
    return { key: entry.slice(0, equals), value: entry.slice(equals + 1) };
  });
}
