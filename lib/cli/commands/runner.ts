/**
 * Runs commands: waits as each says, one after another. Each is answered by the broker before the next
 * begins, or they are sent ahead of their answers.
 *
 * @module
 */
import { RefusedError, RunError } from "../../errors.ts";
import type { Action, PublishAction } from "./grammar.ts";
import type { PlacedCommand } from "./command_file.ts";
import { pause } from "../process/pause.ts";

/** Who takes messages ahead of their answers. What is refused is this one's to tell. */
export interface Ahead {
  /** Hands one on; a promise is to be waited for before the next, and rejects where there is to be none. */
  send(action: PublishAction, place: string): Promise<void> | undefined;
  /** Resolves when everything before is answered; rejects with RunError where it ends at a refused one. */
  settle(): Promise<void>;
}

/** How a run of commands goes. */
export interface RunOptions {
  /** Does one command; settles when the broker has answered. Rejects with RefusedError where it said no. */
  readonly execute: (action: Exclude<Action, { verb: "quit" }>) => Promise<void>;
  /**
   * Takes the messages instead of `execute`: those without a wait between them go out as fast as the broker
   * takes them. Before a wait, before `quit` and at the end all is answered.
   */
  readonly ahead?: Ahead | undefined;
  /** Waits are divided by this; 0 leaves them out. */
  readonly speed: number;
  /** Goes on past a refused command, and tells it to `refused`. */
  readonly keepGoing: boolean;
  readonly refused: (problem: string) => void;
  /** Told when nothing more is to come, and what was sent ahead may still wait for its answer. */
  readonly ended?: (() => void) | undefined;
  /** Ends the run before the next command. */
  readonly signal: AbortSignal;
}

/** How a run ended. */
export type RunEnd = "end" | "quit" | "stopped";

/** Commands, or as many of them as come at once. */
export type Commands = Iterable<PlacedCommand> | AsyncIterable<Iterable<PlacedCommand>>;

/** Runs the commands as they come. Throws RunError at a refused command unless told to keep going. */
export async function runCommands(commands: Commands, options: RunOptions): Promise<RunEnd> {
  const { ahead, signal } = options;
  try {
    for await (const batch of Symbol.asyncIterator in commands ? commands : [commands]) {
      for (const placed of batch) {
        const sent = signal.aborted ? undefined : sendAhead(placed, options);
        if (sent === true) continue;
        const end = await (sent ?? runOne(placed, options));
        if (end !== undefined) return end;
      }
    }
  } catch (error) {
    // what was sent before the bad line may have been refused: that comes first
    await ahead?.settle();
    throw error;
  }
  if (!signal.aborted) options.ended?.();
  await ahead?.settle();
  return signal.aborted ? "stopped" : "end";
}

/** True: it is sent. A promise: that has to be waited for. Undefined: it is not for sending ahead. */
function sendAhead(
  { command: { action, wait }, place }: PlacedCommand,
  { ahead, speed }: RunOptions,
): true | Promise<undefined> | undefined {
  if (ahead === undefined || (wait > 0 && speed > 0)) return undefined;
  if (action.verb !== "pub" && action.verb !== "json") return undefined;
  return ahead.send(action, place)?.then(() => undefined) ?? true;
}

async function runOne(
  { command, place }: PlacedCommand,
  options: RunOptions,
): Promise<"quit" | "stopped" | undefined> {
  const { ahead, speed, signal } = options;
  const { action } = command;
  const wait = speed === 0 ? 0 : command.wait / speed;
  if (signal.aborted) return "stopped";
  if (action.verb === "quit") options.ended?.();
  if (wait > 0 || action.verb === "quit") await ahead?.settle();
  if (wait > 0) await pause(wait, signal);
  if (signal.aborted) return "stopped";
  if (action.verb === "quit") return "quit";
  if (ahead !== undefined && (action.verb === "pub" || action.verb === "json")) {
    await ahead.send(action, place);
    return undefined;
  }
  try {
    await options.execute(action);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const problem = place === "" ? error.message : `${place}: ${error.message}`;
    if (!options.keepGoing) throw new RunError(problem);
    options.refused(problem);
  }
  return undefined;
}
