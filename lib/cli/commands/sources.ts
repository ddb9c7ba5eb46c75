/**
 * Where commands come from, one after another: the command file, then the keyboard or a pipe on stdin.
 *
 * @module
 */
import { toArrayBuffer } from "@std/streams";
import { UsageError } from "../../errors.ts";
import { type Command, GRAMMAR, parseLine, type Role } from "./grammar.ts";
import { decodeLine, parseCommandFile, type PlacedCommand } from "./command_file.ts";
import { readBytes } from "../process/files.ts";
import type { Notices } from "../client/notices.ts";
import { Prompt } from "../prompt/prompt.ts";
import { runCommands, type RunEnd, type RunOptions } from "./runner.ts";
import type { Stop } from "../process/signals.ts";
import { readLines } from "../process/stdin.ts";

/** The file name that means stdin. */
const STDIN = "-";

/** Reads and checks a command file, `-` for stdin; none gives no commands. Throws UsageError. */
export async function readCommandFile(
  path: string | undefined,
  role: Role,
): Promise<readonly PlacedCommand[]> {
  if (path === undefined) return [];
  if (path === STDIN) return parseCommandFile(await readStdin(), { name: "stdin", role });
  return parseCommandFile(await readBytes(path, "the command file"), { name: path, role });
}

/** All of stdin. */
export async function readStdin(): Promise<Uint8Array> {
  return new Uint8Array(await toArrayBuffer(Deno.stdin.readable));
}

/** What is run, by whom, and who is told. */
export interface Session {
  readonly role: Role;
  readonly id: string;
  /** The commands of the file. */
  readonly file: readonly PlacedCommand[];
  /** What may be asked for commands after the file. */
  readonly reads: { readonly terminal: boolean; readonly pipe: boolean };
  readonly execute: RunOptions["execute"];
  readonly speed: number;
  readonly keepGoing: boolean;
  /** Topics for Tab to complete. */
  readonly topics: () => Iterable<string>;
  readonly notices: Notices;
  readonly stop: Stop;
  /** Told when a prompt takes over the terminal, and with undefined when it gives it back. */
  readonly prompting?: (prompt: Prompt | undefined) => void;
}

/** How the commands ended, and how many went wrong on the way. */
export interface SessionEnd {
  /** `left`: the keyboard was closed. */
  readonly end: RunEnd | "left";
  readonly problems: number;
}

/** Runs the file, then what is typed or piped. Throws at what goes wrong unless told to keep going. */
export async function runSession(session: Session): Promise<SessionEnd> {
  let problems = 0;
  const failed = (problem: string): void => {
    problems++;
    session.notices.failed(problem);
  };
  const options: RunOptions = { ...session, refused: failed, signal: session.stop.signal };
  let end: SessionEnd["end"] = await runCommands(session.file, options);
  if (end !== "end") return { end, problems };
  if (Deno.stdin.isTerminal()) {
    if (session.reads.terminal) end = await runKeyboard(session);
  } else if (session.reads.pipe) {
    end = await runCommands(pipedCommands(session, failed), options);
  }
  return { end, problems };
}

async function* pipedCommands(
  session: Session,
  failed: (problem: string) => void,
): AsyncGenerator<PlacedCommand> {
  let number = 0;
  for await (const bytes of readLines(Deno.stdin)) {
    const place = `stdin:${++number}`;
    const line = decodeLine(bytes);
    const parsed = line === undefined
      ? { kind: "problem", problem: "not UTF-8" } as const
      : parseLine(number === 1 ? line.replace(/^\ufeff/, "") : line, session.role);
    if (parsed.kind === "command") yield { command: parsed.command, place };
    if (parsed.kind !== "problem") continue;
    const problem = `${place}: ${parsed.problem}`;
    if (!session.keepGoing) throw new UsageError(problem);
    failed(problem);
  }
}

async function runKeyboard(session: Session): Promise<SessionEnd["end"]> {
  const { role, id, notices, stop } = session;
  using prompt = new Prompt({ role, name: id, topics: session.topics, stop });
  notices.above = prompt.printAbove;
  session.prompting?.(prompt);
  try {
    for await (const line of prompt.lines()) {
      const command = typedCommand(line, { role, prompt });
      if (command === undefined) continue;
      const end = await runCommands([{ command, place: "" }], {
        ...session,
        keepGoing: true,
        refused: (problem) => notices.failed(problem),
        signal: stop.signal,
      });
      if (end !== "end") return end;
    }
    return stop.signal.aborted ? "stopped" : "left";
  } finally {
    notices.above = undefined;
    session.prompting?.(undefined);
  }
}

/** The command a line is, if it is one; otherwise says what it should have been. */
function typedCommand(
  line: string,
  { role, prompt }: { readonly role: Role; readonly prompt: Prompt },
): Command | undefined {
  if (/^\s*(help|\?)\s*$/.test(line)) {
    prompt.printAbove(`${GRAMMAR[role].join("\n")}\n`);
    return undefined;
  }
  const parsed = parseLine(line, role);
  if (parsed.kind === "command") return parsed.command;
  if (parsed.kind === "problem") prompt.printAbove(`${parsed.problem} (help lists the commands)\n`);
  return undefined;
}
