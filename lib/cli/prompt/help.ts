/**
 * What `help` prints at the prompt.
 *
 * @module
 */
import { GRAMMAR, type Role } from "../commands/grammar.ts";
import { wrap } from "../options/help.ts";

/** What the prompt has beyond the grammar of command files. */
const BEYOND = [
  "help, list               this; what was done so far",
  "Tab completes, the arrows give earlier lines, Ctrl-Z and fg stop and go on.",
];
/** A form, and behind two spaces what it does. */
const BESIDE = /^(?<form>\s*\S+(?: \S+)*) {2,}(?<does>\S.*)$/;
const INDENT = 6;

/** The grammar, and what there is beside it, in lines that fit the terminal. */
export function promptHelp(role: Role, columns: number): string[] {
  const lines = [...GRAMMAR[role], ...BEYOND];
  if (lines.every((line) => line.length <= columns)) return lines;
  return lines.flatMap((line) => {
    const { form = "", does } = BESIDE.exec(line)?.groups ?? {};
    if (does === undefined) return wrap(line, { width: columns });
    return [
      ...wrap(form, { width: columns, hang: INDENT }),
      ...wrap(does, { width: columns, indent: INDENT }),
    ];
  });
}
