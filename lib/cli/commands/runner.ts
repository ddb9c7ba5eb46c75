/**
 * Runs commands: waits as each says, one after another, each answered by the broker before the next begins.
 *
 * @module
 */
import { RefusedError, RunError } from "../../errors.ts";
import type { Action } from "./grammar.ts";
import type { PlacedCommand } from "./command_file.ts";
import { pause } from "../process/pause.ts";

/** How a run of commands goes. */
export interface RunOptions {
  /** Does one command; settles when the broker has answered. Rejects with RefusedError where it said no. */
  readonly execute: (action: Exclude<Action, { verb: "quit" }>) => Promise<void>;
  /** Waits are divided by this; 0 leaves them out. */
  readonly speed: number;
  /** Goes on past a refused command, and tells it to `refused`. */
  readonly keepGoing: boolean;
  readonly refused: (problem: string) => void;
  /** Ends the run before the next command. */
  readonly signal: AbortSignal;
}

/** How a run ended. */
export type RunEnd = "end" | "quit" | "stopped";

/** Runs the commands as they come. Throws RunError at a refused command unless told to keep going. */
export async function runCommands(
  commands: Iterable<PlacedCommand> | AsyncIterable<PlacedCommand>,
  options: RunOptions,
): Promise<RunEnd> {
  for await (const { command, place } of commands) {
    const wait = options.speed === 0 ? 0 : command.wait / options.speed;
    if (wait > 0) await pause(wait, options.signal);
    if (options.signal.aborted) return "stopped";
    const { action } = command;
    if (action.verb === "quit") return "quit";
    try {
      await options.execute(action);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      const problem = place === "" ? error.message : `${place}: ${error.message}`;
      if (!options.keepGoing) throw new RunError(problem);
      options.refused(problem);
    }
  }
  return options.signal.aborted ? "stopped" : "end";
}
