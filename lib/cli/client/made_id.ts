/**
 * The id of a client that was given none: which program it is, where it runs, and as which process.
 *
 * @module
 */
import { hostName } from "../process/environment.ts";

/** As long as a label of a host name may be: names that a cluster makes differ at their ends. */
const HOST_MOST = 63;

/** `pub-laptop-4711`; `pub-4711` where the name of the machine may not be read. */
export function madeId(
  program: string,
  { host, pid }: { readonly host: string | undefined; readonly pid: number } = {
    host: hostName(),
    pid: Deno.pid,
  },
): string {
  const [label = ""] = (host ?? "").split(".");
  const word = label.replace(/[^\p{L}\p{N}_-]+/gu, "-").replace(/^-+|-+$/g, "");
  return [program.slice(0, 3), [...word].slice(0, HOST_MOST).join(""), `${pid}`].filter((part) => part !== "")
    .join("-");
}
