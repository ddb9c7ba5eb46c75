/**
 * How who looks after groups reaches the broker that has the store open: over a socket beside the store,
 * which is its owner's as the store is. A request and its answer are a line of JSON each.
 *
 * @module
 */
import type { Broker, From, GroupListing, GroupName } from "../../../broker/mod.ts";
import { RunError } from "../../../errors.ts";
import type { Log } from "../../../log.ts";
import { quote } from "../../../text.ts";
import { whyNot } from "../../process/files.ts";
import { redrive, type RedrivingBroker } from "./redrive.ts";

/** What is asked of a broker. */
export type GroupsRequest =
  | { readonly do: "list" }
  | { readonly do: "reset"; readonly group: GroupName; readonly from?: From }
  | { readonly do: "delete"; readonly group: GroupName }
  | { readonly do: "redrive"; readonly name: string };

/** What it answers. `changed`: there is such a group. */
export type GroupsAnswer =
  | { readonly groups: readonly GroupListing[] }
  | { readonly changed: boolean }
  | { readonly redriven: number }
  | { readonly error: string };

/** The part of a broker that is asked. */
export type AskedBroker = RedrivingBroker & Pick<Broker, "resetGroup" | "deleteGroup">;

/** More than any request has, bytes. */
const REQUEST_MOST = 64 * 1024;
const LF = 0x0a;

/** The answer of a broker in this process. Rejects with RunError where it has none. */
export async function answer(broker: AskedBroker, request: GroupsRequest): Promise<GroupsAnswer> {
  switch (request.do) {
    case "list":
      return { groups: await broker.groups() };
    case "reset":
      return { changed: await broker.resetGroup(request.group, request.from) };
    case "delete":
      return { changed: await broker.deleteGroup(request.group) };
    case "redrive":
      return { redriven: await redrive(broker, request.name) };
    default:
      throw new RunError(
        `this broker does not know how to ${quote(String((request as { do: unknown }).do))}`,
      );
  }
}

/** Takes requests until it is closed. */
export interface Control {
  close(): void;
}

/** What is left where no socket can be: to stop the broker first. */
const NONE: Control = { close: () => {} };

/** Takes requests for the broker that has a directory's store open; what is wrong with that is logged. */
export function openControl(dir: string, broker: AskedBroker, log: Log): Control {
  if (Deno.build.os === "windows") return NONE;
  const path = socketIn(dir);
  try {
    // of one that was killed: the store is this one's, so nobody listens there
    removeIfThere(path);
    const listener = Deno.listen({ transport: "unix", path });
    Deno.chmodSync(path, 0o600);
    void serve(listener, broker, log);
    return {
      close: () => {
        listener.close();
        removeIfThere(path);
      },
    };
  } catch (error) {
    log.warn("--groups, --reset-group, --delete-group and --redrive cannot reach this broker while it runs", {
      socket: path,
      reason: whyNot(error),
    });
    return NONE;
  }
}

/** The answer of the broker that has the store in a directory open; undefined: there is none. */
export async function ask(dir: string, request: GroupsRequest): Promise<GroupsAnswer | undefined> {
  if (Deno.build.os === "windows") return undefined;
  let conn: Deno.Conn;
  try {
    conn = await Deno.connect({ transport: "unix", path: socketIn(dir) });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.ConnectionRefused) {
      return undefined;
    }
    // a path that is too long for a socket had none to begin with
    if (error instanceof TypeError || /too long|SUN_LEN/i.test(String(error))) return undefined;
    throw new RunError(`cannot ask the broker that runs in ${quote(dir)}: ${whyNot(error)}`);
  }
  using _closed = conn;
  await writeLine(conn, request);
  const line = await readLine(conn, Infinity);
  if (line === undefined) throw new RunError(`the broker that runs in ${quote(dir)} ended without an answer`);
  return JSON.parse(line);
}

function socketIn(dir: string): string {
  return `${dir}/hashbus.sock`;
}

async function serve(listener: Deno.Listener, broker: AskedBroker, log: Log): Promise<void> {
  for await (const conn of listener) {
    serveOne(conn, broker).catch((error) => {
      // who asked has gone away; anything else is nobody's fault but ours
      if (!(error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset)) {
        log.error("a request about groups failed", { reason: whyNot(error) });
      }
    });
  }
}

async function serveOne(conn: Deno.Conn, broker: AskedBroker): Promise<void> {
  using _closed = conn;
  const line = await readLine(conn, REQUEST_MOST);
  if (line === undefined) return;
  let told: GroupsAnswer;
  try {
    told = await answer(broker, JSON.parse(line));
  } catch (error) {
    if (!(error instanceof RunError || error instanceof SyntaxError)) throw error;
    told = { error: error.message };
  }
  await writeLine(conn, told);
}

async function writeLine(conn: Deno.Conn, value: GroupsRequest | GroupsAnswer): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(value)}\n`);
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

/** A line without its end; undefined where it ends before that, or is too long. */
async function readLine(conn: Deno.Conn, most: number): Promise<string | undefined> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  const buffer = new Uint8Array(64 * 1024);
  for (let length = 0; length <= most;) {
    const read = await conn.read(buffer);
    if (read === null) return undefined;
    pieces.push(buffer.slice(0, read));
    length += read;
    if (buffer[read - 1] === LF) return (await new Blob(pieces).text()).slice(0, -1);
  }
  return undefined;
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
