/**
 * Where commands come from, one after another: the command file, then the keyboard or a pipe on stdin.
 *
 * @module
 */
import { UsageError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { type Command, parseLine, type Role } from "../commands/grammar.ts";
import { decodeLine, parseCommandFile, type PlacedCommand } from "../commands/command_file.ts";
import { readBytes } from "../process/files.ts";
import type { Notices } from "./notices.ts";
import type { MqttHabits } from "./mqtt_habits.ts";
import { tellWhenLate } from "../process/late.ts";
import type { Prompt } from "../prompt/mod.ts";
import { type Ahead, runCommands, type RunEnd, type RunOptions } from "../commands/runner.ts";
import type { Stop } from "../process/signals.ts";
import { readLineBatches, readWhole } from "../process/stdin.ts";

/** The file name that means stdin. */
const STDIN = "-";
/** So long, in ms, nobody at a prompt wonders where an answer is. */
const PATIENCE_MS = 1000;

/** Reads and checks a command file, `-` for stdin; none gives no commands. Throws UsageError. */
export async function readCommandFile(
  path: string | undefined,
  role: Role,
): Promise<readonly PlacedCommand[]> {
  if (path === undefined) return [];
  if (path === STDIN) {
    return parseCommandFile(await readWhole(Deno.stdin, { most: Infinity }), { name: "stdin", role });
  }
  return parseCommandFile(await readBytes(path, "the command file"), { name: path, role });
}

/** What is run, by whom, and who is told. */
export interface CommandSources {
  readonly role: Role;
  readonly id: string;
  /** The commands of the file. */
  readonly file: readonly PlacedCommand[];
  /** What may be asked for commands after the file. */
  readonly reads: { readonly terminal: boolean; readonly pipe: boolean };
  readonly execute: RunOptions["execute"];
  /** Takes the messages of the file and of a pipe; what is typed goes to `execute`. */
  readonly ahead?: Ahead & {
    /** What comes of a pipe; rejects as `settle` does, while it waits for more, too. */
    whileGood<T>(items: AsyncIterable<T>): AsyncIterable<T>;
  };
  /** Told when neither the file nor a pipe has more commands. */
  readonly ended?: () => void;
  /** Told where the commands come from from now on. */
  readonly began?: (source: "file" | "keyboard" | "pipe") => void;
  readonly speed: number;
  readonly keepGoing: boolean;
  /** Topics for Tab to complete. */
  readonly topics: () => Iterable<string>;
  /** What `list` prints at the prompt, lines that are fit for a terminal. */
  readonly list: () => readonly string[];
  readonly notices: Notices;
  /** Sees the topics of the commands: those of the file before it begins, the others in their turn. */
  readonly habits: MqttHabits;
  readonly stop: Stop;
  /** Told each command that was typed, before it is run. */
  readonly typed?: (command: Command) => void;
  /** Told when a prompt takes over the terminal, and with undefined when it gives it back. */
  readonly prompting?: (prompt: Prompt | undefined) => void;
}

/** How the commands ended, and how many went wrong on the way. */
export interface SourcesEnd {
  /** `left`: the keyboard was closed. */
  readonly end: RunEnd | "left";
  readonly problems: number;
}

/** Runs the file, then what is typed or piped. Throws at what goes wrong unless told to keep going. */
export async function runSources(sources: CommandSources): Promise<SourcesEnd> {
  let problems = 0;
  const failed = (problem: string): void => {
    problems++;
    sources.notices.failed(problem);
  };
  const options: RunOptions = { ...sources, refused: failed, signal: sources.stop.signal };
  const next = nextSource(sources);
  for (const { command } of sources.file) lookAt(command, sources);
  if (sources.file.length > 0) sources.began?.("file");
  let end: SourcesEnd["end"] = await runCommands(sources.file, {
    ...options,
    ended: next === "pipe" ? undefined : sources.ended,
  });
  if (end !== "end") return { end, problems };
  if (next === "keyboard") {
    end = await runKeyboard(sources);
  } else if (next === "pipe") {
    sources.began?.("pipe");
    const commands = pipedCommands(sources, failed);
    end = await runCommands(sources.ahead?.whileGood(commands) ?? commands, options);
  }
  return { end, problems };
}

/** The commands of a read at a time, so that a line which comes alone is run at once. */
async function* pipedCommands(
  sources: CommandSources,
  failed: (problem: string) => void,
): AsyncGenerator<Iterable<PlacedCommand>> {
  let number = 0;
  for await (const lines of readLineBatches(Deno.stdin)) {
    yield commandsOf(lines, { first: number + 1, sources, failed });
    number += lines.length;
  }
}

/** Reads a line when it is its turn: what is behind a `quit` is nobody's business. */
function* commandsOf(
  lines: readonly Uint8Array[],
  { first, sources, failed }: {
    readonly first: number;
    readonly sources: CommandSources;
    readonly failed: (problem: string) => void;
  },
): Generator<PlacedCommand> {
  let number = first;
  for (const bytes of lines) {
    const place = `stdin:${number}`;
    const line = decodeLine(bytes, number);
    const parsed = line === undefined
      ? { kind: "problem", problem: "not UTF-8" } as const
      : parseLine(line, sources.role);
    number++;
    if (parsed.kind === "command") {
      lookAt(parsed.command, sources);
      yield { command: parsed.command, place };
    }
    if (parsed.kind !== "problem") continue;
    const problem = `${place}: ${parsed.problem}`;
    if (!sources.keepGoing) throw new UsageError(problem);
    failed(problem);
  }
}

async function runKeyboard(sources: CommandSources): Promise<SourcesEnd["end"]> {
  const { role, id, notices, stop } = sources;
  sources.began?.("keyboard");
  const { History, historyPath, Prompt, promptHelp } = await import("../prompt/mod.ts");
  const history = new History({
    path: historyPath(role),
    failed: (problem) => notices.detail(problem),
  });
  using prompt = new Prompt({ role, name: id, topics: sources.topics, history, stop });
  notices.above = prompt.printAbove;
  sources.prompting?.(prompt);
  try {
    for await (const line of prompt.lines()) {
      const command = typedCommand(line, {
        sources,
        say: (lines) => prompt.printAbove(`${lines.join("\n")}\n`),
        help: () => promptHelp(role, prompt.columns),
      });
      if (command === undefined) continue;
      sources.typed?.(command);
      lookAt(command, sources);
      const end = await runCommands([{ command, place: "" }], {
        speed: sources.speed,
        execute: (action) =>
          tellWhenLate(sources.execute(action), {
            after: PATIENCE_MS,
            tell: () => {
              if (stop.signal.aborted) return;
              prompt.printAbove(`no answer yet to ${quote(line)}: it waits for the broker (Ctrl-C leaves)\n`);
            },
          }),
        keepGoing: true,
        refused: (problem) => notices.failed(problem),
        signal: stop.signal,
      });
      if (end !== "end") return end;
    }
    return stop.signal.aborted ? "stopped" : "left";
  } finally {
    notices.above = undefined;
    sources.prompting?.(undefined);
  }
}

function lookAt({ action }: Command, { habits }: CommandSources): void {
  if ("topic" in action) habits.look(action.topic);
  else if ("pattern" in action) habits.look(action.pattern);
}

/** The command a line is, if it is one; otherwise says what it should have been. */
function typedCommand(
  line: string,
  { sources, say, help }: {
    readonly sources: CommandSources;
    readonly say: (lines: readonly string[]) => void;
    readonly help: () => readonly string[];
  },
): Command | undefined {
  const [, word, rest] = /^\s*(help|\?|list)\s*(?:\s(\S.*))?$/.exec(line) ?? [];
  if (word !== undefined) {
    if (rest !== undefined) say([`${word} takes nothing, ${quote(rest.trim())} is too much`]);
    else say(word === "list" ? sources.list() : help());
    return undefined;
  }
  const parsed = parseLine(line, sources.role);
  if (parsed.kind === "command") return parsed.command;
  if (parsed.kind === "problem") say([`${parsed.problem} (help lists the commands)`]);
  return undefined;
}

/** Where commands come from after the file; a terminal without a screen is read as a pipe is. */
function nextSource({ reads }: CommandSources): "keyboard" | "pipe" | undefined {
  if (!Deno.stdin.isTerminal()) return reads.pipe ? "pipe" : undefined;
  if (!reads.terminal) return undefined;
  return hasScreen() ? "keyboard" : "pipe";
}

/** Whether there is a terminal to show a prompt on. */
function hasScreen(): boolean {
  return Deno.stdout.isTerminal() || Deno.stderr.isTerminal();
}
