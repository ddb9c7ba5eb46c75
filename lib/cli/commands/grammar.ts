/**
 * The grammar of command files and of the keyboard: one command a line.
 *
 *     [seconds] pub #topic message to the end of the line
 *     [seconds] json {"topic":"#topic","payload":"hi","headers":{"k":"v"},"key":"k","ttl":5,"reply":"#r"}
 *     [seconds] sub #topic-or-pattern [from=…] [to=…] [slow=…] [group=…] [window=…] [ack=…] [by=key]
 *     [seconds] unsub #topic-or-pattern [group=…]
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
import { POSITION, type Position, START, type Start, startProblem, wrongOrder } from "../options/position.ts";
import { nearest } from "../options/suggest.ts";
import { choice, GROUP, type Kind, type Read, SLOW, WINDOW } from "../options/units.ts";

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
  readonly group?: string;
  readonly window?: number;
  readonly ack?: "auto" | "explicit";
  readonly by?: "key";
}

/** What a command does, names in their canonical form. */
export type Action =
  | PublishAction
  | { readonly verb: "sub"; readonly pattern: string } & SubFields
  | { readonly verb: "unsub"; readonly pattern: string } & Pick<SubFields, "group">
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
    "   group=workers          shared with the others in the group, each message goes to one",
    "   window=10              so many wait for this one",
    "   ack=explicit           what is stored comes again until it has been printed",
    "   by=key                 messages of one key stay together, in their order",
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
      return parseSubscription(verb, {
        pattern: parsed.name,
        wait,
        words: rest.split(/\s+/).filter(Boolean),
      });
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

const ACK = choice("auto", "explicit");
const BY = choice("key");

/** What each verb takes behind its pattern. */
const FIELDS = {
  sub: { from: START, to: POSITION, slow: SLOW, group: GROUP, window: WINDOW, ack: ACK, by: BY },
  unsub: { group: GROUP },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Reads>>>>;
type Reads = Pick<Kind<unknown>, "read" | "completes">;

/** The fields that may stand behind the pattern of a verb; of those that are one of some words these. */
export function fieldsOf(verb: string): ReadonlyMap<string, readonly string[]> {
  if (verb !== "sub" && verb !== "unsub") return NO_FIELDS;
  const kinds: readonly [string, Reads][] = Object.entries(FIELDS[verb]);
  return new Map(
    kinds.map(([name, { completes }]) => [name, completes?.kind === "words" ? completes.words : []]),
  );
}

const NO_FIELDS: ReadonlyMap<string, readonly string[]> = new Map();

/** A `sub` or `unsub` with its fields, as on the wire: `from=-10m slow=latest`. */
function parseSubscription(
  verb: "sub" | "unsub",
  { pattern, wait, words }: {
    readonly pattern: string;
    readonly wait: number;
    readonly words: readonly string[];
  },
): ParsedLine {
  const kinds = new Map<string, Reads>(Object.entries(FIELDS[verb]));
  const known = listOf([...kinds.keys()].map((name) => `${name}=`));
  const values = new Map<string, unknown>();
  for (const word of words) {
    const equals = word.indexOf("=");
    if (equals <= 0) {
      return problem(`${verb} takes one topic or pattern and ${known}, ${quote(word)} is too much`);
    }
    const name = word.slice(0, equals);
    const text = word.slice(equals + 1);
    if (values.has(name)) return problem(`${name}= is given twice`);
    const kind = kinds.get(name);
    if (kind === undefined) return problem(`${verb} has no ${quote(`${name}=`)}, it takes ${known}`);
    const read = kind.read(text);
    if (!("value" in read)) return wrongField(name, text, read);
    values.set(name, read.value);
  }
  // each is what its kind has read
  const fields = Object.fromEntries(values) as SubFields;
  const wrong = contradiction(fields);
  if (wrong !== undefined) return problem(wrong);
  return { kind: "command", command: { wait, action: { verb, pattern, ...fields } } };
}

/** Why fields do not go together, a clause; undefined: they do. */
function contradiction({ from, to, slow, group }: SubFields): string | undefined {
  if (group !== undefined && to !== undefined) {
    return "group= shares what is live, too, and has no end: leave to= out";
  }
  const start = group === undefined ? undefined : startProblem(from);
  if (start !== undefined) return `from= with group=: ${start}`;
  if (group !== undefined && slow !== undefined) {
    return "window= says how much waits for a member of a group: leave slow= out";
  }
  if (from === "now" && to !== undefined) {
    return "to= ends what is stored, and from now on nothing is: leave from=now out";
  }
  const order = from === undefined || to === undefined
    ? undefined
    : wrongOrder({ from, to, now: Date.now() });
  return order === undefined ? undefined : `from=: ${order}`;
}

/** `from=, to= and slow=`. */
function listOf(names: readonly string[]): string {
  return names.length === 1 ? `${names[0]}` : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

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
