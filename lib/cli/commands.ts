/**
 * The grammar of command files and of the keyboard: one command a line.
 *
 *     [seconds] pub #topic message to the end of the line
 *     [seconds] sub #topic-or-pattern
 *     [seconds] unsub #topic-or-pattern
 *     [seconds] quit
 *
 * Blank lines and lines that start with `#` say nothing; no command starts with one.
 *
 * @module
 */
import { quote } from "../text.ts";
import { parsePattern, parseTopic } from "../topics/topic.ts";
import { nearest } from "./suggest.ts";

/** Who runs the commands: a publisher knows `pub`, a subscriber `sub` and `unsub`, both know `quit`. */
export type Role = "publisher" | "subscriber";

/** What a command does, names in their canonical form. */
export type Action =
  | { readonly verb: "pub"; readonly topic: string; readonly message: string }
  | { readonly verb: "sub"; readonly pattern: string }
  | { readonly verb: "unsub"; readonly pattern: string }
  | { readonly verb: "quit" };

/** One command, and what is slept before it. */
export interface Command {
  /** Milliseconds. */
  readonly wait: number;
  readonly action: Action;
}

/** What a line says. */
export type ParsedLine =
  | { readonly kind: "command"; readonly command: Command }
  | { readonly kind: "nothing" }
  | { readonly kind: "problem"; readonly problem: string };

/** The verbs of each role, in the order of the help. */
export const VERBS: Readonly<Record<Role, readonly string[]>> = {
  publisher: ["pub", "quit"],
  subscriber: ["sub", "unsub", "quit"],
};

/** The grammar as `help` prints it at the keyboard. */
export const GRAMMAR: Readonly<Record<Role, readonly string[]>> = {
  publisher: [
    "[seconds] pub #topic message   publish the rest of the line",
    "[seconds] quit                 leave (so do Ctrl-C and Ctrl-D)",
    "Seconds are waited first. The # of a topic may be left out.",
  ],
  subscriber: [
    "[seconds] sub #topic     subscribe to a topic or a pattern: #orders.* #orders.> #>",
    "[seconds] unsub #topic   what one subscribed to, in the same words",
    "[seconds] quit           leave (so do Ctrl-C and Ctrl-D)",
    "Seconds are waited first. The # of a topic may be left out.",
  ],
};

const WAIT_MOST_S = 10_000_000;
const NOTHING: ParsedLine = { kind: "nothing" };

/**
 * Reads one line (without its line end). The message of a `pub` is what follows the one space after its topic, verbatim.
 * Example: `3 pub #hello This is the first message`.
 */
export function parseLine(line: string, role: Role): ParsedLine {
  const text = line.trimStart();
  if (text === "" || text.startsWith("#")) return NOTHING;
  const [first, afterFirst] = splitWord(text);
  if (!/^[-+]?[\d.]/.test(first)) return parseAction(text, { role, wait: 0 });
  const seconds = /^(\d+\.?\d*|\.\d+)$/.test(first) ? Number(first) : NaN;
  if (!(seconds <= WAIT_MOST_S)) {
    return problem(`seconds are a number from 0 to ${WAIT_MOST_S}, such as 3 or 0.5, not ${quote(first)}`);
  }
  const rest = afterFirst.trimStart();
  if (rest === "") return problem(`a command is missing after ${quote(first)}: ${expectedVerbs(role)}`);
  return parseAction(rest, { role, wait: seconds * 1000 });
}

function parseAction(text: string, { role, wait }: { role: Role; wait: number }): ParsedLine {
  const [verb, afterVerb] = splitWord(text);
  const args = afterVerb.trimStart();
  if (!VERBS[role].includes(verb)) return problem(wrongVerb(verb, role));
  switch (verb) {
    case "pub": {
      const [topic, message] = splitWord(args);
      const parsed = parseTopic(topic);
      if ("problem" in parsed) return problem(parsed.problem);
      return { kind: "command", command: { wait, action: { verb, topic: parsed.name, message } } };
    }
    case "sub":
    case "unsub": {
      const [pattern, rest] = splitWord(args);
      const parsed = parsePattern(pattern);
      if ("problem" in parsed) return problem(parsed.problem);
      if (rest.trim() !== "") {
        return problem(`${verb} takes one topic or pattern, ${quote(rest.trim())} is too much`);
      }
      return { kind: "command", command: { wait, action: { verb, pattern: parsed.name } } };
    }
    default:
      if (args.trim() !== "") return problem(`quit takes nothing, ${quote(args.trim())} is too much`);
      return { kind: "command", command: { wait, action: { verb: "quit" } } };
  }
}

/** The first word and what follows the one space or tab after it. */
function splitWord(text: string): readonly [word: string, rest: string] {
  const at = text.search(/[ \t]/);
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function wrongVerb(verb: string, role: Role): string {
  const other: Role = role === "publisher" ? "subscriber" : "publisher";
  if (VERBS[other].includes(verb)) {
    return `${quote(verb)} is a ${other}'s command; a ${role} has ${VERBS[role].join(", ")}`;
  }
  const guess = nearest(verb.toLowerCase(), VERBS[role]);
  const hint = guess === undefined ? expectedVerbs(role) : `did you mean ${quote(guess)}?`;
  return `unknown command ${quote(verb)}, ${hint}`;
}

function expectedVerbs(role: Role): string {
  return `expected ${VERBS[role].join(", ")}`;
}

function problem(text: string): ParsedLine {
  return { kind: "problem", problem: text };
}
