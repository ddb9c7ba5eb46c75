/**
 * From a request's verb to what handles it. Publishes do not come this way: they come as runs ({@link import("./session.ts")}).
 *
 * @module
 */
import type { Request } from "../protocols/decoder.ts";
import type { Answer, Context } from "./context.ts";
import { hello } from "./handlers/hello.ts";
import { ping } from "./handlers/ping.ts";
import { quit } from "./handlers/quit.ts";
import { sub } from "./handlers/sub.ts";
import { unsub } from "./handlers/unsub.ts";
import { refusal } from "./refusal.ts";

/** Handles one request and says what to answer. */
export function dispatch(request: Request, context: Context): Answer {
  if (!context.upgraded && request.id === "") return refusal("UNKNOWN_COMMAND");
  switch (request.verb) {
    case "pub": // without even the space that would begin a topic
      return refusal(context.port === "publishers" ? "BAD_TOPIC" : "WRONG_PORT");
    case "sub":
      return context.port === "subscribers" ? sub(request, context) : refusal("WRONG_PORT");
    case "unsub":
      return context.port === "subscribers" ? unsub(request, context) : refusal("WRONG_PORT");
    case "quit":
      return quit(context);
    case "hello":
      return context.upgraded
        ? refusal("UNKNOWN_COMMAND", "hello was said already")
        : hello(request, context);
    case "ping":
      return context.upgraded ? ping(context) : refusal("UNKNOWN_COMMAND");
    default:
      return refusal("UNKNOWN_COMMAND");
  }
}
