/**
 * `--import`: lines of JSON become stored messages.
 *
 * @module
 */
import { RunError, UsageError } from "../../errors.ts";
import { visible } from "../../text.ts";
import { decodeLine } from "../commands/command_file.ts";
import { openToRead } from "../process/files.ts";
import { Progress } from "../output/progress.ts";
import { aborted, type Stop } from "../process/signals.ts";
import { type Input, readLineBatches } from "../process/stdin.ts";
import { type LineLimits, type LineMessage, readMessageLine } from "../messages/message_line.ts";

/** Where the messages go; the store's Importer is one. */
export interface MessageSink {
  add(message: LineMessage): void;
  /** Stores what was added. */
  commit(): void;
  /** Messages stored so far. */
  readonly messages: number;
  /** Writes it all to disk. */
  close(): void;
}

/** What is imported, and by whom. */
export interface ImportJob {
  /** A file, or `-` for stdin. */
  readonly path: string;
  readonly limits: LineLimits;
  /** Why a message that was read cannot be stored, as a clause. */
  readonly problemOf: (message: LineMessage) => string | undefined;
  /** Opens the store. Not called before a file was found to be good throughout. */
  readonly open: () => MessageSink;
  readonly stop: Stop;
  readonly quiet: boolean;
}

const STDIN = "-";
/** A character of a payload takes six in JSON at worst (`\u0000`). */
const JSON_GROWTH = 6;
/** Bytes a line may have beside its payload, and altogether: no string is longer. */
const BESIDE_PAYLOAD = 1024 * 1024;
const LINE_MOST = 512 * 1024 * 1024;

/**
 * Stores what the lines say; the number of messages. A file is read twice: nothing is stored when any of its
 * lines is bad. A pipe cannot be: what stands before the bad line is stored. Throws UsageError with the
 * line's number.
 */
export async function importMessages(job: ImportJob): Promise<number> {
  if (job.path === STDIN) return await store(job, { input: Deno.stdin, name: "stdin" });
  using file = await openToRead(job.path, "the file to import");
  const name = visible(job.path);
  if ((await file.stat()).isFile) {
    for await (const _ of messagesIn(job, { input: file, name }));
    await file.seek(0, Deno.SeekMode.Start);
  }
  return await store(job, { input: file, name });
}

/** What is read from, and what it is called. */
interface Source {
  readonly input: Input;
  readonly name: string;
}

async function store(job: ImportJob, source: Source): Promise<number> {
  const sink = job.open();
  const progress = new Progress({ did: "imported", shown: Deno.stderr.isTerminal() && !job.quiet });
  progress.watch(() => sink.messages);
  try {
    for await (const messages of messagesIn(job, source)) {
      for (const message of messages) sink.add(message);
    }
    sink.commit();
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof RunError)) throw error;
    throw withStored(error, sink);
  } finally {
    progress.end();
    sink.close();
  }
  return sink.messages;
}

/** The same error, which now says what is stored. */
function withStored(error: Error, sink: MessageSink): Error {
  sink.commit();
  const { messages } = sink;
  const stored = messages === 0
    ? "nothing was stored"
    : messages === 1
    ? "the first message is stored"
    : `the first ${messages} messages are stored`;
  const text = `${error.message}; ${stored}`;
  return error instanceof UsageError ? new UsageError(text) : new RunError(text);
}

/** The messages of a read's lines at a time. Throws UsageError at a bad line, behind those before it. */
async function* messagesIn(job: ImportJob, { input, name }: Source): AsyncGenerator<readonly LineMessage[]> {
  const { limits, problemOf, stop } = job;
  const most = Math.min(LINE_MOST, JSON_GROWTH * limits.payload + BESIDE_PAYLOAD);
  const stopped = aborted(stop.signal).then(() => null);
  const stoppable = { read: (buffer: Uint8Array) => Promise.race([input.read(buffer), stopped]) };
  let number = 0;
  for await (const lines of readLineBatches(stoppable, { most, name })) {
    const messages: LineMessage[] = [];
    for (const bytes of lines) {
      number++;
      const read = readLine(bytes, { number, limits });
      if (read === undefined) continue;
      const problem = "problem" in read ? read.problem : problemOf(read.message);
      if (problem !== undefined) {
        yield messages;
        throw new UsageError(`${name}:${number}: ${problem}`);
      }
      if ("message" in read) messages.push(read.message);
    }
    yield messages;
    if (stop.signal.aborted) break;
  }
  if (stop.signal.aborted) throw new RunError(`stopped at line ${number} of ${name}`);
}

/** What a line says; undefined: nothing, it is blank. */
function readLine(
  bytes: Uint8Array,
  { number, limits }: { readonly number: number; readonly limits: LineLimits },
): ReturnType<typeof readMessageLine> | undefined {
  const line = decodeLine(bytes, number);
  if (line === undefined) return { problem: "not UTF-8" };
  return line.trim() === "" ? undefined : readMessageLine(line, limits);
}
