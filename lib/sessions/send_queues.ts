/**
 * What the operating system still holds of what was written to a connection: the truth about who takes
 * nothing.
 *
 * @module
 */

import type { Transport } from "./transport.ts";

/** The two ends of a connection, as the system's table has them. */
export type SocketKey = string;

/** Reads the system's table; a key that is not in it is not known. */
export interface SendQueues {
  /** Bytes that the other side has not taken, for those of these connections that are known. */
  look(of: ReadonlySet<SocketKey>): Promise<ReadonlyMap<SocketKey, number>>;
}

/**
 * Linux's `/proc/net/tcp`. The runtime lets only those read it who may do everything (`-A`), so elsewhere
 * nothing is known.
 */
export const LINUX_SEND_QUEUES: SendQueues = {
  async look(of): Promise<ReadonlyMap<SocketKey, number>> {
    const found = new Map<SocketKey, number>();
    for (const path of ["/proc/net/tcp", "/proc/net/tcp6"]) {
      try {
        rowsOf(await Deno.readTextFile(path), { of, found });
      } catch {
        // another system, or not permitted
      }
    }
    return found;
  },
};

/** The key of a connection; undefined: the system does not know it by its ends. */
export function socketKey({ localAddr, remoteAddr }: Transport): SocketKey | undefined {
  if (localAddr?.transport !== "tcp" || remoteAddr?.transport !== "tcp") return undefined;
  const local = endOf(localAddr);
  const remote = endOf(remoteAddr);
  return local === undefined || remote === undefined ? undefined : `${local} ${remote}`;
}

/**
 *     sl  local_address rem_address   st tx_queue:rx_queue …
 *      3: 0100007F:2328 0100007F:9C40 01 00000A00:00000000 …
 */
export function rowsOf(
  table: string,
  { of, found }: { readonly of: ReadonlySet<SocketKey>; readonly found: Map<SocketKey, number> },
): void {
  for (let at = table.indexOf("\n") + 1; at > 0; at = table.indexOf("\n", at) + 1) {
    const local = table.indexOf(": ", at) + 2;
    if (local < 2) return;
    const state = table.indexOf(" ", table.indexOf(" ", local) + 1);
    const key = table.slice(local, state);
    if (of.has(key)) found.set(key, parseInt(table.slice(state + 4, state + 12), 16));
  }
}

/** `127.0.0.1` and 9000 as `0100007F:2328`: words of the machine's own order, which is little-endian. */
export function endOf(
  { hostname, port }: { readonly hostname: string; readonly port: number },
): string | undefined {
  const bytes = hostname.includes(":") ? bytesOf6(hostname) : bytesOf4(hostname);
  if (bytes === undefined) return undefined;
  let hex = "";
  for (let word = 0; word < bytes.length; word += 4) {
    for (let at = word + 3; at >= word; at--) hex += bytes[at]!.toString(16).padStart(2, "0");
  }
  return `${hex.toUpperCase()}:${port.toString(16).toUpperCase().padStart(4, "0")}`;
}

function bytesOf4(text: string): number[] | undefined {
  const bytes = text.split(".").map(Number);
  return bytes.length === 4 && bytes.every((byte) => byte >= 0 && byte < 256) ? bytes : undefined;
}

function bytesOf6(text: string): number[] | undefined {
  const plain = text.replace(/%.*$/, "");
  const four = plain.slice(plain.lastIndexOf(":") + 1);
  const tail = four.includes(".") ? bytesOf4(four) : [];
  if (tail === undefined) return undefined;
  const [front = "", back] = plain.slice(0, plain.length - (tail.length > 0 ? four.length : 0)).split("::");
  const bytes = (part: string): number[] =>
    part.split(":").filter((group) => group !== "").flatMap((group) => {
      const value = parseInt(group, 16);
      return [value >> 8, value & 255];
    });
  const first = bytes(front);
  const last = [...bytes(back ?? ""), ...tail];
  const zeros = 16 - first.length - last.length;
  return zeros < 0 || (zeros > 0 && back === undefined)
    ? undefined
    : [...first, ...Array(zeros).fill(0), ...last];
}
