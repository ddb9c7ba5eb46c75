/**
 * `--show-config`: which options are in force, as one would write them, and where each comes from.
 *
 * @module
 */
import { jsonLine } from "../../text.ts";
import { shellWord } from "./shell.ts";
import type { Given, Option, Program, Table } from "./table.ts";

/** How it is shown. */
export interface Shown {
  /** The width there is; Infinity where nobody's eyes measure it. */
  readonly width: number;
  /** A JSON object a line. */
  readonly json: boolean;
}

/** The options that are given or have a default, one a line (on a narrow terminal: two). */
export function configText(
  program: Program<Table>,
  { places, shown }: { readonly places: readonly ReadonlyMap<string, Given>[]; readonly shown: Shown },
): string {
  const rows = Object.entries(program.options).flatMap(([name, row]) => {
    const given = places.find((place) => place.has(name))?.get(name);
    const values = row.show(given?.texts ?? []);
    if (given === undefined && values.length === 0) return [];
    return [{ name, row, values, from: given?.from ?? "default" }];
  });
  const lines = shown.json ? rows.map(jsonOf) : aligned(rows, shown.width);
  return lines.map((line) => `${line}\n`).join("");
}

interface Row {
  readonly name: string;
  readonly row: Option<unknown>;
  readonly values: readonly string[];
  readonly from: string;
}

function jsonOf({ name, row, values, from }: Row): string {
  if (row.secret === true) return jsonLine({ option: name, secret: true, from });
  return jsonLine({ option: name, value: row.many ? values : values.at(-1), from });
}

const GAP = 2;

function aligned(rows: readonly Row[], width: number): string[] {
  const cells = rows.map(({ name, row, values, from }) => {
    const value = row.secret === true ? "(secret)" : values.map(shellWord).join(" ");
    return { name, value, from };
  });
  const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length));
  const names = widest(cells.map(({ name }) => name)) + GAP;
  const values = widest(cells.map(({ value }) => value)) + GAP;
  const fits = names + values + widest(cells.map(({ from }) => from)) <= width;
  return cells.flatMap(({ name, value, from }) => {
    if (fits) return [`${name.padEnd(names)}${value.padEnd(values)}${from}`];
    return [`${name.padEnd(names)}${value}`, `${" ".repeat(GAP)}${from}`];
  });
}
