/**
 * How a subscriber is a member of a group: what goes together with that, and what does not.
 *
 * @module
 */
import { UsageError } from "../../errors.ts";
import { GROUP_WINDOW } from "../../limits.ts";
import type { SubFields } from "../commands/grammar.ts";
import { type Position, type Start, startProblem } from "../options/position.ts";

/** What of the command line is about it. */
export interface GroupOptions {
  readonly group: string | undefined;
  readonly window: number | undefined;
  readonly ack: "auto" | "explicit" | "exec" | undefined;
  readonly by: "key" | undefined;
  readonly from: Start | undefined;
  readonly to: Position | undefined;
  readonly slow: string | undefined;
  readonly protocol: string;
  readonly count: number | undefined;
  readonly speed: number | undefined;
  readonly "exit-at-end": boolean;
}

/** Throws UsageError for what a member of a group cannot have. */
export function checkGroup(options: GroupOptions): void {
  const { group, window, ack, by, to, slow, protocol, speed } = options;
  if (group === undefined) {
    if (window !== undefined) {
      throw new UsageError("--window says how much waits for a member of a group: give -G NAME, too");
    }
    if (ack !== undefined && ack !== "exec") {
      throw new UsageError(`--ack ${ack} is for a member of a group: give -G NAME, too`);
    }
    if (by !== undefined) throw new UsageError(`--by ${by} is for a member of a group: give -G NAME, too`);
    return;
  }
  if (protocol === "classic") {
    throw new UsageError("--group needs protocol 2: in the classic protocol each subscriber gets everything");
  }
  const ends = [...(to === undefined ? [] : ["--to"]), ...(options["exit-at-end"] ? ["-e"] : [])];
  if (ends.length > 0) {
    throw new UsageError(`-G shares what is live, too, and has no end: leave ${ends.join(" and ")} out`);
  }
  const start = startProblem(options.from);
  if (start !== undefined) throw new UsageError(`--from with -G: ${start}`);
  if (slow !== undefined) {
    throw new UsageError("--slow is not for members of a group: --window says how much waits for each");
  }
  if (speed !== undefined && ack === "explicit") {
    throw new UsageError("--speed is for what is replayed, and a group shares it: leave it out");
  }
}

/** Why what a `sub` says of groups does not go together with the command line; undefined: it does. */
export function groupProblem(
  { from, to, slow, group, window, ack, by }: SubFields,
  options: GroupOptions,
): string | undefined {
  if (options.group === undefined && group === undefined) {
    const lone = Object.entries({ window, ack, by }).find(([, value]) => value !== undefined);
    return lone === undefined ? undefined : `${lone[0]}= is for a member of a group: give group=, too`;
  }
  if (options.ack === "exec" && ack !== undefined && ack !== "explicit") {
    return "--ack exec acknowledges: leave ack= out";
  }
  const { from: start, to: end } = options;
  if (group === undefined) {
    if (to !== undefined) return "-G shares what is live, too, and has no end: leave to= out";
    const wrong = startProblem(from);
    if (wrong !== undefined) return `from= with -G: ${wrong}`;
    return slow === undefined
      ? undefined
      : "slow= is not for members of a group (-G): window= says how much waits";
  }
  if (options.slow !== undefined) {
    return "group= does not go together with --slow: window= says how much waits";
  }
  if (end !== undefined || options["exit-at-end"]) {
    return "group= shares what is live, too, and has no end: --to and -e are for what is stored";
  }
  const given = from === undefined ? startProblem(start) : undefined;
  return given === undefined ? undefined : `--from with group=: ${given}`;
}

/**
 * The window where none is given: who ends after so many takes no more, so that the others get them;
 * undefined: the broker's own.
 */
export function windowFor({ window, group, count }: Pick<GroupOptions, "window" | "group" | "count">):
  | number
  | undefined {
  if (window !== undefined || group === undefined || count === undefined) return window;
  return Math.min(count, GROUP_WINDOW);
}
