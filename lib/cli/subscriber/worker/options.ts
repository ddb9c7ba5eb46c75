/**
 * The options of a subscriber that is a worker.
 *
 * @module
 */
import { UsageError } from "../../../errors.ts";
import { shellWord } from "../../options/shell.ts";

/** What of the subscriber's options is about it. */
export interface WorkerOptions {
  readonly ack: string | undefined;
  readonly group: string | undefined;
  readonly jobs: number | undefined;
  readonly window: number | undefined;
  readonly "retry-delay": number | undefined;
  readonly command: readonly string[] | undefined;
  readonly reply: boolean;
  readonly "filter-out": readonly string[];
  readonly format: unknown;
  readonly delimiter: unknown;
  readonly "no-newline": boolean;
  readonly json: boolean;
  readonly stats: boolean;
  readonly record: string | undefined;
  readonly speed: number | undefined;
}

const COMMAND_LINE = "subscriber -t TOPIC -G NAME --ack exec -- COMMAND";

/** Throws UsageError for options of a worker that do not go together, or belong to something else. */
export function checkWorker(options: WorkerOptions): void {
  const { ack, command, group } = options;
  if (ack !== "exec") {
    if (command !== undefined) {
      const written = command.map(shellWord).join(" ");
      throw new UsageError(`-- ${written} is run for each message with --ack exec: give that, too`);
    }
    for (const name of ["jobs", "retry-delay", "reply"] as const) {
      if (options[name] === undefined || options[name] === false) continue;
      throw new UsageError(`--${name} is for --ack exec, which runs a command for each message`);
    }
    return;
  }
  if (command === undefined) {
    throw new UsageError(`--ack exec needs the command that is run for each message: ${COMMAND_LINE}`);
  }
  if (group === undefined) {
    throw new UsageError(`--ack exec is for a member of a group: give -G NAME, too (${COMMAND_LINE})`);
  }
  const printing = [
    ...(options.format === undefined ? [] : ["-F"]),
    ...(options.json ? ["-J"] : []),
    ...(options.delimiter === undefined ? [] : ["-D"]),
    ...(options["no-newline"] ? ["-N"] : []),
    ...(options.stats ? ["--stats"] : []),
    ...(options.record === undefined ? [] : ["--record"]),
  ];
  if (printing.length > 0) {
    throw new UsageError(
      `--ack exec prints what the command prints, and no messages: leave ${printing.join(" and ")} out`,
    );
  }
  if (options["filter-out"].length > 0) {
    throw new UsageError("--ack exec runs the command for every message it is given: leave -T out");
  }
  if (options.speed !== undefined) {
    throw new UsageError("--speed is for what is replayed, and a group shares it: leave it out");
  }
}
