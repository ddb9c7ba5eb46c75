/**
 * What was typed at a prompt, kept from one run to the next.
 *
 * @module
 */
import { UsageError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { mayRead, mayWrite, personalPath } from "../process/environment.ts";
import { whyNot, writeTextSync } from "../process/files.ts";

/** Lines that are kept. */
const LINES_MOST = 1_000;
/** Bytes that are read of a file: what is larger was not written by a prompt. */
const BYTES_MOST = 4 * 1024 * 1024;
/** A line that is longer was pasted, and nobody looks for it with the arrow keys. */
const LINE_MOST = 8 * 1024;
/** Only this person may read what was typed: it may hold what is nobody else's business. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]|\p{Cs}/u;

/** Where a history is kept, and who is told why it is not. */
export interface HistoryOptions {
  /** None: for this run only. */
  readonly path?: string | undefined;
  /** Told once, in one line. */
  readonly failed?: (problem: string) => void;
}

/**
 * - the file has a line for each entry, the latest last, and no more than 1,000;
 * - an entry is in the file when {@link add} returns: whoever is killed then loses nothing;
 * - several programs may write to one file: each adds to it what was entered there, and reads the others'
 *   entries when it starts;
 * - a file that cannot be read or written makes nothing fail.
 */
export class History {
  /** The latest last. */
  readonly lines: string[] = [];
  readonly #options: HistoryOptions;
  #broken = false;

  constructor(options: HistoryOptions = {}) {
    this.#options = options;
    this.#withFile((path) => {
      if (isThere(path)) this.lines.push(...entriesOf(readText(path)).slice(-LINES_MOST));
    });
  }

  /** Keeps a line, unless it begins with a space, holds control characters or is the one before once more. */
  add(line: string): void {
    if (line.trim() === "" || line.startsWith(" ") || line.length > LINE_MOST || CONTROL.test(line)) return;
    if (line === this.lines.at(-1)) return;
    this.lines.push(line);
    if (this.lines.length > LINES_MOST) this.lines.shift();
    this.#withFile((path) => {
      if (!isThere(path)) Deno.mkdirSync(folderOf(path), { recursive: true, mode: FOLDER_MODE });
      append(path, line);
    });
  }

  #withFile(use: (path: string) => void): void {
    const { path, failed } = this.#options;
    if (path === undefined || this.#broken) return;
    try {
      if (!mayRead(folderOf(path)) || !mayWrite(folderOf(path))) throw new Deno.errors.NotCapable();
      use(path);
    } catch (error) {
      this.#broken = true;
      failed?.(`the history ${quote(path, 200)} is not kept: ${whyNot(error)}`);
    }
  }
}

/** The file of a program's history in the user's state directory; undefined where nothing names that. */
export function historyPath(program: string): string | undefined {
  try {
    return personalPath("state", `${program}_history`);
  } catch (error) {
    // what names it is no text
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.search(/[/\\][^/\\]*$/));
}

/** Whether there is such a file. Throws where it is something else: to open a pipe could take for ever. */
function isThere(path: string): boolean {
  try {
    if (Deno.statSync(path).isFile) return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
  throw new Error("it is not a file");
}

/** Adds a line; where there are too many, the oldest go. */
function append(path: string, line: string): void {
  using file = Deno.openSync(path, { read: true, write: true, create: true, mode: FILE_MODE });
  if (!file.tryLockSync(true)) {
    // who holds the lock may have been stopped with it: the file may be a line longer for a while
    using end = Deno.openSync(path, { append: true });
    writeTextSync(end, `${line}\n`);
    return;
  }
  const text = readAll(file);
  const entries = entriesOf(text);
  if (entries.at(-1) === line) return;
  if (entries.length < LINES_MOST) {
    file.seekSync(0, Deno.SeekMode.End);
    writeTextSync(file, `${text === "" || text.endsWith("\n") ? "" : "\n"}${line}\n`);
    return;
  }
  // over what is there and not into an empty file: killed in the middle, there is a line twice and none lost
  file.seekSync(0, Deno.SeekMode.Start);
  file.truncateSync(writeTextSync(file, `${[...entries, line].slice(-LINES_MOST).join("\n")}\n`));
}

function readText(path: string): string {
  using file = Deno.openSync(path);
  return readAll(file);
}

function readAll(file: Deno.FsFile): string {
  const { size } = file.statSync();
  file.seekSync(Math.max(0, size - BYTES_MOST), Deno.SeekMode.Start);
  const bytes = new Uint8Array(Math.min(size, BYTES_MOST));
  let length = 0;
  while (length < bytes.length) {
    const read = file.readSync(bytes.subarray(length));
    if (read === null) break;
    length += read;
  }
  return new TextDecoder().decode(bytes.subarray(0, length));
}

/** The entries that may be shown; whatever else a person put into the file is left out. */
function entriesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "" && line.length <= LINE_MOST && !CONTROL.test(line));
}
