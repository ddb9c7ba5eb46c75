/**
 * What of a request is looked at before anything is made of it: forms that two programs might read in two
 * ways are not taken, so that there is never more than one request in one.
 *
 * @module
 */
import type { IncomingMessage } from "node:http";
import { Problem } from "../problem.ts";

/** Headers that say where a request ends or whom it is for: each once. */
const ONCE = ["host", "content-length", "transfer-encoding", "authorization", "origin", "content-type"];

/** Throws Problem. The parser has refused what is no HTTP at all. */
export function checkRaw({ url = "", rawHeaders, headers }: IncomingMessage): void {
  for (const name of ONCE) {
    const times = rawHeaders.filter((each, at) => at % 2 === 0 && each.toLowerCase() === name).length;
    if (times > 1) throw bad(`the header ${name} is there ${times} times: send it once`);
  }
  const coding = headers["transfer-encoding"];
  if (coding !== undefined && coding.toLowerCase() !== "chunked") {
    throw bad("the only Transfer-Encoding that is understood is chunked");
  }
  if (!url.startsWith("/")) throw bad("the request line has to have a path, beginning with /");
  if (/[^\x21-\x7e]|\\|#/.test(url)) throw bad("the path is to be percent-encoded");
  const [path = ""] = url.split("?");
  for (const segment of path.split("/").slice(1, -1)) {
    if (segment === "" || segment === "." || segment === "..") throw nothing();
  }
  if (/%(?![0-9a-f]{2})/i.test(path)) throw bad("the path has a % that begins no percent-encoding: send %25");
  if (/(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i.test(path) || /%00/.test(path)) throw nothing();
}

function bad(detail: string): Problem {
  return new Problem(400, "BAD_REQUEST", detail, { headers: { connection: "close" } });
}

function nothing(): Problem {
  return new Problem(404, "NO_SUCH", "there is nothing at this path: see /api/openapi.json");
}
