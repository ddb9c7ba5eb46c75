/**
 * Topics as MQTT writes them, `sensors/+/temp` and `sensors/#`: legal names here, and hardly ever meant.
 *
 * @module
 */
import { quote } from "../../text.ts";
import { parsePattern } from "../../topics/topic.ts";
import { shellWord } from "../options/shell.ts";

/** A sentence for each of the canonical names that looks as if it were written for MQTT. */
export function mqttHints(
  names: readonly (string | undefined)[],
  program: "publisher" | "subscriber",
): string[] {
  return names.flatMap((name) => {
    const meant = name === undefined ? undefined : fromMqtt(name, program);
    if (name === undefined || meant === undefined) return [];
    const rules = program === "publisher" ? "" : ', "*" stands for one segment, ">" for all that follow';
    return [`${quote(name)} is taken literally: here "." splits${rules}; was ${shellWord(meant)} meant?`];
  });
}

/** A canonical name in our words, without its `#`; undefined where it is in our words already. */
export function fromMqtt(name: string, program: "publisher" | "subscriber"): string | undefined {
  const bare = name.slice(1);
  const segments = bare.split(/[./]/).filter((segment) => segment !== "");
  const subscribes = program === "subscriber";
  const last = segments.length - 1;
  const isWild = (segment: string, at: number): boolean =>
    segment === "+" || (segment === "#" && at === last);
  if (!bare.includes("/") && !(subscribes && segments.some(isWild))) return undefined;
  const written = segments.map((segment, at) => {
    if (!subscribes || !isWild(segment, at)) return segment;
    return segment === "+" ? "*" : ">";
  }).join(".");
  return "name" in parsePattern(written) ? written : undefined;
}
