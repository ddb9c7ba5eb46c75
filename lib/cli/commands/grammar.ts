/**
 * The grammar of command files and of the keyboard: one command a line.
 *
 *     [seconds] pub #topic message to the end of the line
 *     [seconds] json {"topic":"#topic","payload":"hi","headers":{"k":"v"},"key":"k","ttl":5,"reply":"#r"}
 *     [seconds] sub #topic-or-pattern [from=…] [to=…] [slow=…]
 *     [seconds] unsub #topic-or-pattern
 *     [seconds] quit
 *
 * Blank lines and lines that start with `#` say nothing; no command starts with one.
 *
 * @module
 */
import type { SlowPolicy } from "../../slow_policy.ts";
import { quote } from "../../text.ts";
import { type Parsed, parsePattern, parseTopic } from "../../topics/topic.ts";
import { type PublishLine, readPublishLine } from "../messages/message_line.ts";
import { POSITION, type Position, START, type Start, wrongOrder } from "../options/position.ts";
import { nearest } from "../options/suggest.ts";
import { type Read, SLOW } from "../options/units.ts";

/** Who runs the commands: a publisher knows `pub`, a subscriber `sub` and `unsub`, both know `quit`. */
export type Role = "publisher" | "subscriber";

/** A publisher's message, in its two forms: a line of text, and whatever JSON can say. */
export type PublishAction =
  | { readonly verb: "pub"; readonly topic: string; readonly message: string }
  | { readonly verb: "json"; readonly topic: string; readonly message: PublishLine };

/** How one subscription differs from what the command line says of all. */
export interface SubFields {
  readonly from?: Start;
  readonly to?: Position;
  readonly slow?: SlowPolicy;
}

/** What a command does, names in their canonical form. */
export type Action =
  | PublishAction
  | { readonly verb: "sub"; readonly pattern: string } & SubFields
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
  publisher: ["pub", "json", "quit"],
  subscriber: ["sub", "unsub", "quit"],
};

/** The grammar as `help` prints it at the keyboard. */
export const GRAMMAR: Readonly<Record<Role, readonly string[]>> = {
  publisher: [
    "[seconds] pub #topic message   publish the rest of the line",
    '[seconds] json {"topic": "#a", "payload": "hi"}   with headers, key, ttl, reply',
    "[seconds] quit                 leave (so do Ctrl-C and Ctrl-D)",
    "Seconds are waited first. The # of a topic may be left out.",
  ],
  subscriber: [
    "[seconds] sub #topic     subscribe to a topic or a pattern: #orders.* #orders.> #>",
    "   from=earliest          with what is stored: earliest, latest, 7, 09:00, -10m, -10",
    "   to=09:30               up to there",
    "   slow=drop-old          when it cannot keep up: block, drop-old, drop-new, latest",
    "[seconds] unsub #topic   what one subscribed to, in the same words",
    "[seconds] quit           leave (so do Ctrl-C and Ctrl-D)",
    "Seconds are waited first. The # of a topic may be left out.",
  ],
};

const WAIT_MOST_S = 10_000_000;
const NOTHING: ParsedLine = { kind: "nothing" };

/**
 * Reads one line (without its line end). The message of a `pub` is what follows the one
 * space after its topic, verbatim. Example: `3 pub #hello This is the first message`.
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
      const parsed = parseKnown(topic);
      if ("problem" in parsed) return problem(parsed.problem);
      return { kind: "command", command: { wait, action: { verb, topic: parsed.name, message } } };
    }
    case "json": {
      const read = readPublishLine(args);
      if ("problem" in read) return problem(read.problem);
      const { message } = read;
      if (message.topic === undefined) return problem(`"topic" is missing`);
      return { kind: "command", command: { wait, action: { verb, topic: message.topic, message } } };
    }
    case "sub":
    case "unsub": {
      const [pattern, rest] = splitWord(args);
      const parsed = parsePattern(pattern);
      if ("problem" in parsed) return problem(parsed.problem);
      if (verb === "sub") return parseSub(parsed.name, { wait, words: rest.split(/\s+/).filter(Boolean) });
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

/** As {@link parseTopic}; a file and a pipe have the same few topics again and again. */
function parseKnown(topic: string): Parsed {
  const known = TOPICS.get(topic);
  if (known !== undefined) return known;
  const parsed = parseTopic(topic);
  if (TOPICS.size >= TOPICS_KEPT) TOPICS.clear();
  TOPICS.set(topic, parsed);
  return parsed;
}

const TOPICS = new Map<string, Parsed>();
const TOPICS_KEPT = 1000;

/** The fields of a `sub`, as on the wire: `from=-10m slow=latest`. */
function parseSub(pattern: string, { wait, words }: { wait: number; words: readonly string[] }): ParsedLine {
  const fields: { -readonly [Name in keyof SubFields]: SubFields[Name] } = {};
  for (const word of words) {
    const equals = word.indexOf("=");
    if (equals <= 0) {
      return problem(`sub takes one topic or pattern and ${SUB_FIELDS}, ${quote(word)} is too much`);
    }
    const name = word.slice(0, equals);
    const text = word.slice(equals + 1);
    if (Object.hasOwn(fields, name)) return problem(`${name}= is given twice`);
    switch (name) {
      case "from": {
        const read = START.read(text);
        if (!("value" in read)) return wrongField(name, text, read);
        fields.from = read.value;
        break;
      }
      case "to": {
        const read = POSITION.read(text);
        if (!("value" in read)) return wrongField(name, text, read);
        fields.to = read.value;
        break;
      }
      case "slow": {
        const read = SLOW.read(text);
        if (!("value" in read)) return wrongField(name, text, read);
        fields.slow = read.value;
        break;
      }
      case "group":
      case "ack":
      case "window":
        return problem(`${name}= needs work-queue groups, which this version does not have`);
      default:
        return problem(`sub has no ${quote(`${name}=`)}, it takes ${SUB_FIELDS}`);
    }
  }
  if (fields.from === "now" && fields.to !== undefined) {
    return problem("to= ends what is stored, and from now on nothing is: leave from=now out");
  }
  if (fields.from !== undefined && fields.to !== undefined) {
    const wrong = wrongOrder({ from: fields.from, to: fields.to, now: Date.now() });
    if (wrong !== undefined) return problem(`from=: ${wrong}`);
  }
  return { kind: "command", command: { wait, action: { verb: "sub", pattern, ...fields } } };
}

const SUB_FIELDS = "from=, to= and slow=";

function wrongField(
  name: string,
  text: string,
  read: Exclude<Read<unknown>, { value: unknown }>,
): ParsedLine {
  return problem(
    "problem" in read ? `${name}=: ${read.problem}` : `${name}= takes ${read.expected}, not ${quote(text)}`,
  );
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
