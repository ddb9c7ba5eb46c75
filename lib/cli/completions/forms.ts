/**
 * What the scripts for all shells need to know of an option.
 *
 * @module
 */
import { allOptions, type Option, type Program, type Table } from "../options/table.ts";

/** An option as it is written. */
export interface Forms {
  readonly name: string;
  readonly row: Option<unknown>;
  /** `p` of `-p`. */
  readonly letters: readonly string[];
  /** `-p`, `--port`. */
  readonly written: readonly string[];
}

/** The options of a program in the order of its help. */
export function formsOf(program: Program<Table>): Forms[] {
  return [...allOptions(program)].map(([name, row]) => {
    const letters = [...row.letters ?? ""];
    return { name, row, letters, written: [...letters.map((letter) => `-${letter}`), `--${name}`] };
  });
}
