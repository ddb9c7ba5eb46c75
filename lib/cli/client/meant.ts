/**
 * What was probably meant by words that belong to no option: `publisher hello hi` is how it is written
 * elsewhere.
 *
 * @module
 */
import { shellWord } from "../options/shell.ts";
import { parsePattern, parseTopic } from "../../topics/topic.ts";
import { fromMqtt } from "./mqtt_habits.ts";

/** The ways to say what is published, of which one is taken. */
const PAYLOADS = ["message", "lines", "json-in", "stdin", "null", "payload-file"];

/** For the publisher, given its options by name. */
export function meantToPublish(words: readonly string[], given: ReadonlySet<string>): string | undefined {
  const file = commandFile(words);
  if (file !== undefined) return file;
  const [first = "", ...rest] = withoutVerb(words, "pub");
  const hasPayload = PAYLOADS.some((name) => given.has(name));
  if (given.has("topic")) {
    return hasPayload ? undefined : `to publish it, write -m ${shellWord([first, ...rest].join(" "))}`;
  }
  if ("problem" in parseTopic(first)) return undefined;
  const topic = `-t ${shellWord(first)}`;
  if (hasPayload) return rest.length === 0 ? `to publish there, write ${topic}` : undefined;
  const message = rest.length === 0 ? "TEXT" : shellWord(rest.join(" "));
  return `to publish, write ${topic} -m ${message}`;
}

/** For the subscriber, given its options by name. */
export function meantToSubscribe(words: readonly string[], given: ReadonlySet<string>): string | undefined {
  if (given.has("ack")) return `to run it for each message, write -- ${words.map(shellWord).join(" ")}`;
  const file = commandFile(words);
  if (file !== undefined) return file;
  const patterns = withoutVerb(words, "sub");
  const options: string[] = [];
  for (const pattern of patterns) {
    const parsed = parsePattern(pattern);
    if ("problem" in parsed) return undefined;
    options.push(`-t ${shellWord(fromMqtt(parsed.name, "subscriber") ?? pattern)}`);
  }
  return `to subscribe, write ${options.join(" ")}`;
}

function commandFile([word = "", ...rest]: readonly string[]): string | undefined {
  if (rest.length > 0 || !word.endsWith(".cmd")) return undefined;
  return `to run a command file, write -f ${shellWord(word)}`;
}

/** The verb is what the program is for. */
function withoutVerb(words: readonly string[], verb: string): readonly string[] {
  return words.length > 1 && words[0] === verb ? words.slice(1) : words;
}
