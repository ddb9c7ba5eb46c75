import type { Credentials } from "../../auth/gatekeeper.ts";
import type { Request } from "../../protocols/decoder.ts";
import { protocolOf } from "../../protocols/mod.ts";
import { parseFields } from "../../wire/fields.ts";
import type { Answer, Context } from "../context.ts";
import { refusal } from "../refusal.ts";

/**
 * `<ID> hello 2 [user=<name> token=<secret>]`: what follows is v2. A version this broker does not speak is an
 * unknown command, as it is to a broker that knows no `hello`, so that a client has one case to fall back
 * from. Where there are accounts it is answered when it is known who this is (A1), and where there are none
 * nobody asks (A5).
 */
export function hello(request: Request, context: Context): Answer {
  const protocol = protocolOf(request.argument);
  if (protocol === undefined) return refusal("UNKNOWN_COMMAND");
  const { entrance } = context;
  const shown = credentialsIn(request.fields);
  if (entrance === undefined || (shown === undefined && entrance.asItIs())) {
    context.speak(protocol);
    return "answered";
  }
  // who is in already came in by another way, and what it has asked for since was for that
  const known = shown !== undefined && context.grant === undefined;
  if (known) entrance.ask(shown, protocol);
  else entrance.deny(protocol);
  return "answered";
}

/** What is shown; undefined: nothing is. What is there twice, or only a half, is none of an account. */
function credentialsIn(fields: readonly string[]): Credentials | undefined {
  const given = (name: string): readonly string[] => fields.filter((field) => field.startsWith(`${name}=`));
  const [users, tokens] = [given("user"), given("token")];
  if (users.length === 0 && tokens.length === 0) return undefined;
  if (users.length !== 1 || tokens.length !== 1) return { user: "", secret: "" };
  const { others } = parseFields([...users, ...tokens].join(" "));
  return { user: others.get("user") ?? "", secret: others.get("token") ?? "" };
}
