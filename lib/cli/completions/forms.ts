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

/** What stands behind `--` on the command line of a program, where anything may. */
export function rowBehind(program: Program<Table>): Option<unknown> | undefined {
  return [...allOptions(program).values()].find(({ takes }) => takes === "rest");
}

/** The options of a program in the order of its help; {@link rowBehind} is none of them. */
export function formsOf(program: Program<Table>): Forms[] {
  return [...allOptions(program)].filter(([, row]) => row.takes !== "rest").map(([name, row]) => {
    const letters = [...row.letters ?? ""];
    return { name, row, letters, written: [...letters.map((letter) => `-${letter}`), `--${name}`] };
  });
}
