/**
 * Files that a command line names: read whole, or one line that says why not.
 *
 * @module
 */
import { fstatSync } from "node:fs";
import { UsageError } from "../../errors.ts";
import { quote, visible } from "../../text.ts";

/** The bytes of a file. Throws UsageError. */
export async function readBytes(path: string, what: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw unreadable(error, { path, what });
  }
}

/** The text of a file, for what is needed before anything else can start. Throws UsageError. */
export function readTextSync(path: string, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Deno.readFileSync(path));
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`${visible(path)}: not UTF-8`);
    throw unreadable(error, { path, what });
  }
}

/** Opens a file to be read. Throws UsageError. */
export async function openToRead(path: string, what: string): Promise<Deno.FsFile> {
  try {
    const file = await Deno.open(path);
    if (!(await file.stat()).isDirectory) return file;
    file.close();
    throw new Deno.errors.IsADirectory();
  } catch (error) {
    throw unreadable(error, { path, what });
  }
}

/**
 * Opens a file to be written from its start. Throws UsageError, also for the file that stdout is: what is
 * written there would be lost, and each of the two would overwrite the other.
 */
export async function openToWrite(path: string, what: string): Promise<Deno.FsFile> {
  if (isStdout(path)) {
    throw new UsageError(`cannot write ${what} ${quote(path, 200)}: stdout goes there: name another file`);
  }
  try {
    return await Deno.open(path, { write: true, create: true, truncate: true });
  } catch (error) {
    throw new UsageError(`cannot write ${what} ${quote(path, 200)}: ${whyNot(error)}`);
  }
}

/** Writes a text, all of it; how many bytes it was. */
export function writeTextSync(
  target: { writeSync(bytes: Uint8Array): number },
  text: string,
): number {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += target.writeSync(bytes.subarray(at));
  return bytes.length;
}

/** Why the system refused, without the call's own wording around it. */
export function whyNot(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "no such file or directory";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotCapable) {
    return "this program was not given the permission (run it with -A)";
  }
  if (error instanceof Deno.errors.IsADirectory) return "it is a directory";
  const message = error instanceof Error ? error.message : String(error);
  const said = message.replace(/ \(os error \d+\).*$/s, "");
  return visible(`${said.charAt(0).toLowerCase()}${said.slice(1)}`);
}

/** Whether stdout was redirected to this file; of a terminal or a pipe nothing can be overwritten. */
function isStdout(path: string): boolean {
  try {
    const stdout = fstatSync(1);
    if (!stdout.isFile()) return false;
    const { dev, ino } = Deno.statSync(path);
    return dev === stdout.dev && ino === stdout.ino;
  } catch {
    return false; // whoever opens it is told why it cannot be had
  }
}

function unreadable(error: unknown, file: { readonly path: string; readonly what: string }): UsageError {
  return new UsageError(`cannot read ${file.what} ${quote(file.path, 200)}: ${whyNot(error)}`);
}
