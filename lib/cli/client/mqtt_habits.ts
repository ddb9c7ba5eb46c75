/**
 * Topics as MQTT writes them, `sensors/+/temp` and `sensors/#`: legal names here, and hardly ever meant.
 *
 * @module
 */
import { quote } from "../../text.ts";
import { parsePattern } from "../../topics/topic.ts";
import { shellWord } from "../options/shell.ts";

/** Hints of one run: of a hundred thousand such topics in a pipe the first ones say it. */
const HINTS_MOST = 10;

/** A client program. */
type Role = "publisher" | "subscriber";

/** Looks at each topic on its way, and tells once of one that looks as if it were written for MQTT. */
export class MqttHabits {
  readonly #role: Role;
  readonly #tell: (hint: string) => void;
  readonly #told = new Set<string>();

  constructor(role: Role, tell: (hint: string) => void) {
    this.#role = role;
    this.#tell = tell;
  }

  /** `name`: a canonical one. One in our words costs a look at its characters, and is not kept. */
  look(name: string): void {
    const mayBe = this.#role === "publisher" ? name.includes("/") : /[/+]|.#/.test(name);
    if (!mayBe || this.#told.size === HINTS_MOST || this.#told.has(name)) return;
    const hint = mqttHint(name, this.#role);
    if (hint === undefined) return;
    this.#told.add(name);
    this.#tell(hint);
  }
}

/** A sentence for a canonical name that looks as if it were written for MQTT. */
export function mqttHint(name: string, role: Role): string | undefined {
  const meant = fromMqtt(name, role);
  if (meant === undefined) return undefined;
  const rules = role === "publisher" ? "" : ', "*" stands for one segment, ">" for all that follow';
  return `${quote(name)} is taken literally: here "." splits${rules}; was ${shellWord(meant)} meant?`;
}

/** A canonical name in our words, without its `#`; undefined where it is in our words already. */
export function fromMqtt(name: string, role: Role): string | undefined {
  const bare = name.slice(1);
  const segments = bare.split(/[./]/).filter((segment) => segment !== "");
  const subscribes = role === "subscriber";
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
