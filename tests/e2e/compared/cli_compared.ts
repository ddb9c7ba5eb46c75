/**
 * What docs/cli-compared.md says: the actions, with a command of each tool, and the table of keys.
 *
 * @module
 */

/** The tools, in the order of the table. */
const TOOLS = ["hashbus", "Mosquitto", "kcat", "nats"] as const;
/** Their programs: Tab completes these names. */
const PROGRAMS = /\b(?:publisher|subscriber|mosquitto_pub|mosquitto_sub|kcat|nats)\b/g;

/** An action of the document. */
export interface Written {
  readonly title: string;
  /** By tool. */
  readonly commands: ReadonlyMap<string, string>;
}

/** Keys to type, or that it cannot be done in one command. */
export type Keys = number | "-";

/** The actions of the document: `## 3. Lines`, and the lines `hashbus: …` of the block below it. */
export function readActions(text: string): Written[] {
  return text.split(/^## (?=\d+\. )/m).slice(1).map((section) => {
    const [head = "", ...rest] = section.split("\n");
    const commands = rest.flatMap((line) => {
      const [, tool, command] = /^ {4}(\w+): (.*)$/.exec(line) ?? [];
      return tool === undefined || command === undefined ? [] : [[tool, command] as const];
    });
    return { title: head.replace(/^\d+\. /, ""), commands: new Map(commands) };
  });
}

/** How many keys each tool takes. */
export function keysOf(commands: ReadonlyMap<string, string>): Keys[] {
  return TOOLS.map((tool) => {
    const command = commands.get(tool);
    return command === undefined ? "-" : command.replaceAll(PROGRAMS, "").trim().length;
  });
}

/** The rows of the table. */
export function tableOf(text: string): [string, ...Keys[]][] {
  const rows = text.matchAll(/^\| \d+\. (.*?) *\|(.*)\|$/gm);
  return [...rows].map(([, title = "", cells = ""]) => [
    title,
    ...cells.split("|").map((cell) => cell.trim()).map((cell) => cell === "-" ? cell : Number(cell)),
  ]);
}
