/**
 * What Tab completes at the prompt: commands, topics where one belongs, and the fields behind it.
 *
 * @module
 */
import { fieldsOf, type Role, VERBS } from "../commands/grammar.ts";

/** Commands of the prompt alone, which no command file has. */
const PROMPT_VERBS: readonly string[] = ["list", "help"];

/** The words of any line: seconds, a verb, a topic, and what stands behind it. */
const WORDS = /^\s*(?:[\d.]+\s+)?(?<verb>\S*)(?<gap>\s*)(?<topic>\S*)(?<rest>\s.*)?$/s;

/** What Tab offers for the line so far: a command, a topic where one belongs, or a field. */
export function complete(
  line: string,
  { role, topics }: { readonly role: Role; readonly topics: Iterable<string> },
): [offers: string[], of: string] {
  const { verb = "", gap = "", topic = "", rest } = WORDS.exec(line)?.groups ?? {};
  if (rest !== undefined) return VERBS[role].includes(verb) ? completeField(verb, rest) : [[], ""];
  if (gap === "") {
    return [
      [...VERBS[role], ...PROMPT_VERBS].filter((known) => known.startsWith(verb)).map((known) => `${known} `),
      verb,
    ];
  }
  if (!VERBS[role].includes(verb) || verb === "quit") return [[], topic];
  const wanted = topic.startsWith("#") ? topic : `#${topic}`;
  const known = [...topics].filter((name) => name.startsWith(wanted)).sort();
  // offers begin with what was typed, so a # that was left out is left out of them
  const skip = topic.startsWith("#") || topic === "" ? 0 : 1;
  return [known.map((name) => `${name.slice(skip)} `), topic];
}

/** A field that is not there yet, or a word that it may be; `rest`: what stands behind the topic. */
function completeField(verb: string, rest: string): [offers: string[], of: string] {
  const before = rest.split(/\s+/);
  const word = before.pop() ?? "";
  const fields = fieldsOf(verb);
  const [name = "", value] = word.split("=");
  if (value !== undefined) {
    const values = fields.get(name)?.filter((known) => known.startsWith(value)) ?? [];
    return [values.map((known) => `${known} `), value];
  }
  const given = new Set(before.map((each) => each.split("=")[0]));
  const names = [...fields.keys()].filter((known) => known.startsWith(name) && !given.has(known));
  return [names.map((known) => `${known}=`), word];
}
