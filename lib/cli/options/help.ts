/**
 * The help text, laid out for the width there is.
 *
 * @module
 */
import { allOptions, type Option, type Program, REST, type Table } from "./table.ts";

/** Widest line of the help, however wide the terminal. */
const WIDTH_MOST = 100;
/** On a narrower terminal an option's meaning goes under it instead of beside it. */
const BESIDE_FROM = 64;

/** The help of a program in lines of at most `width` characters (words longer than that stay whole). */
export function helpText(program: Program<Table>, width: number): string {
  const most = Math.min(Math.max(width, 20), WIDTH_MOST);
  const lines = [...wrap(program.summary, { width: most }), "", "Usage:"];
  for (const usage of program.usage) lines.push(...wrap(usage, { width: most, indent: 2, hang: 6 }));
  lines.push(...wrap(`${program.name} completions bash|zsh|fish`, { width: most, indent: 2, hang: 6 }));
  lines.push("", "Options:", ...optionLines(program, most));
  if (program.examples.length > 0) lines.push("", "Examples:");
  for (const { command, does } of program.examples) {
    lines.push(...wrap(command, { width: most, indent: 2, hang: 6 }));
    lines.push(...wrap(does, { width: most, indent: 6 }));
  }
  for (const note of program.notes) lines.push("", ...wrap(note, { width: most }));
  return `${lines.join("\n")}\n`;
}

function optionLines(program: Program<Table>, width: number): string[] {
  const rows = [...allOptions(program)].map(([name, row]) => ({ form: form(name, row), help: row.help }));
  const column = Math.min(30, Math.max(...rows.map((row) => row.form.length)) + 4);
  return rows.flatMap(({ form, help }) => {
    if (width < BESIDE_FROM) {
      return [...wrap(form, { width, indent: 2, hang: 6 }), ...wrap(help, { width, indent: 6 })];
    }
    const beside = wrap(help, { width, indent: column });
    const head = `  ${form}`;
    if (head.length > column - 2) return [head, ...beside];
    return [head.padEnd(column) + (beside[0] ?? "").slice(column), ...beside.slice(1)];
  });
}

/** `-p, --port PORT`: in brackets what may be left out, with dots what may be given many times. */
function form(name: string, row: Option<unknown>): string {
  if (row.takes === "rest") return `${REST} ${row.placeholder}`;
  const forms = [...row.letters ?? "", ...row.shares?.letter ?? ""].map((letter) => `-${letter}`);
  const written = [...forms, `--${name}`].join(", ");
  if (row.takes === "none") return written;
  const value = row.takes === "optional" ? `[${row.placeholder}]` : row.placeholder;
  return `${written} ${value}${row.many ? " ..." : ""}`;
}

/** Where a text stands. */
export interface Layout {
  readonly width: number;
  readonly indent?: number;
  /** The indent of the lines after the first. */
  readonly hang?: number;
}

/** The text in lines of at most `width`, broken between words; a word that is longer is left whole. */
export function wrap(text: string, { width, indent = 0, hang = indent }: Layout): string[] {
  const lines: string[] = [];
  let line = " ".repeat(indent);
  let empty = true;
  for (const word of text.split(" ")) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = " ".repeat(hang);
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}
