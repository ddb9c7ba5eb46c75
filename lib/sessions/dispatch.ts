/**
 * From a request's verb to what handles it. Publishes do not come this way: they come as runs, and most
 * acknowledgements many at a time ({@link import("./session.ts")}).
 *
 * @module
 */
import type { Request } from "../protocols/decoder.ts";
import type { Answer, Context } from "./context.ts";
import { ack } from "./handlers/ack.ts";
import { extend } from "./handlers/extend.ts";
import { hello } from "./handlers/hello.ts";
import { nack } from "./handlers/nack.ts";
import { ping } from "./handlers/ping.ts";
import { quit } from "./handlers/quit.ts";
import { sub } from "./handlers/sub.ts";
import { unsub } from "./handlers/unsub.ts";
import { refusal } from "./refusal.ts";

/** Said to who asks for anything before it is let in (A2). */
export const NOT_LET_IN = "log in first: hello 2 user=<name> token=<secret>";

/** Handles one request and says what to answer. */
export function dispatch(request: Request, context: Context): Answer {
  const { roles, protocol } = context;
  const { verb } = request;
  if (!protocol.verbs.has(verb)) {
    const why = refusal("UNKNOWN_COMMAND", verb === "hello" ? "hello was said already" : undefined);
    // a page can make a browser send whatever lines it likes behind this one (C13)
    return isHttp(request) ? { ...why, last: true } : why;
  }
  if (verb !== "hello" && verb !== "quit" && context.entrance?.asItIs() === false) {
    return refusal("DENIED", NOT_LET_IN);
  }
  switch (verb) {
    case "pub": // without even the space that would begin a topic
      return refusal(roles.has("publisher") ? "BAD_TOPIC" : "WRONG_PORT");
    case "sub":
      return roles.has("subscriber") ? sub(request, context) : refusal("WRONG_PORT");
    case "unsub":
      return roles.has("subscriber") ? unsub(request, context) : refusal("WRONG_PORT");
    case "ack": // in another way than most write it: those are found by the decoder
      return roles.has("subscriber") ? ack(request, context) : refusal("WRONG_PORT");
    case "nack":
      return roles.has("subscriber") ? nack(request, context) : refusal("WRONG_PORT");
    case "extend":
      return roles.has("subscriber") ? extend(request, context) : refusal("WRONG_PORT");
    case "quit":
      return quit(request, context);
    case "hello":
      return hello(request, context);
    case "ping":
      return ping(request, context);
    default:
      return refusal("UNKNOWN_COMMAND");
  }
}

/** `POST / HTTP/1.1`, or, as that may have been too long to be read, the `Host:` behind it. */
function isHttp({ id, argument, fields }: Request): boolean {
  return (fields.length === 0 && /^HTTP\/\d/.test(argument)) || id.toLowerCase() === "host:";
}
