/**
 * What the broker's command line has for who looks after its groups.
 *
 * @module
 */
import { UsageError } from "../../../errors.ts";
import { quote } from "../../../text.ts";
import { groupNameProblem } from "../../../topics/group_name.ts";
import { parsePattern } from "../../../topics/topic.ts";
import { inTheFuture, START, type Start } from "../../options/position.ts";
import { flag, option } from "../../options/table.ts";
import { GROUP, type Kind } from "../../options/units.ts";

/** A group as it is called: by its name, and where that is not enough by its pattern, too. */
export interface CalledGroup {
  readonly name: string;
  /** Canonical. */
  readonly pattern: string | undefined;
}

/** What is to be done. */
export type GroupsJob =
  | { readonly do: "list"; readonly json: boolean }
  | { readonly do: "reset"; readonly group: CalledGroup; readonly from: Start }
  | { readonly do: "delete"; readonly group: CalledGroup }
  | { readonly do: "redrive"; readonly name: string };

/** `workers`, `workers#jobs.>`: a name has no `#`. */
const CALLED: Kind<CalledGroup> = {
  placeholder: "GROUP",
  config: ["string"],
  read: (text) => {
    const at = text.indexOf("#");
    const name = at === -1 ? text : text.slice(0, at);
    const problem = groupNameProblem(name);
    if (problem !== undefined) return { problem };
    if (at === -1) return { value: { name, pattern: undefined } };
    const pattern = parsePattern(text.slice(at));
    return "problem" in pattern ? pattern : { value: { name, pattern: pattern.name } };
  },
  write: ({ name, pattern = "" }) => `${name}${pattern}`,
};

/** The rows. */
export const GROUP_OPTIONS = {
  groups: flag({
    help: "list the groups in --data DIR, also of a broker that runs there, and exit: what they have not " +
      "settled, what their members hold, since when the oldest waits",
  }),
  "reset-group": option(CALLED, {
    once: true,
    help: "let a group begin anew at --from POS, also while a broker runs, and exit; NAME, or NAME#pattern " +
      "where several have the name",
  }),
  from: option(START, {
    once: true,
    help: "with --reset-group: now, earliest, a sequence number, so long ago (-10m) or a time",
  }),
  "delete-group": option(CALLED, {
    once: true,
    help: "forget a group and what it has settled, also while a broker runs, and exit",
  }),
  redrive: option(GROUP, {
    once: true,
    help:
      "publish the dead letters of the groups of this name again to the topics they died in, each once, " +
      "also while a broker runs, and exit",
  }),
  json: flag({ help: "with --groups: a JSON object a line" }),
} as const;

/** Throws UsageError where one option stands without the other. */
export function checkGroupOptions(
  options: {
    readonly groups: boolean;
    readonly json: boolean;
    readonly from: Start | undefined;
    readonly "reset-group": CalledGroup | undefined;
  },
): void {
  const { from, "reset-group": reset } = options;
  if (options.json && !options.groups) throw new UsageError("--json is for --groups: give that, too");
  if (reset === undefined && from !== undefined) {
    throw new UsageError("--from says where --reset-group lets a group begin: give that, too");
  }
  if (reset === undefined) return;
  if (from === undefined) {
    throw new UsageError(
      "--reset-group needs --from POS: now (what is stored from now on), earliest, a sequence number, " +
        "so long ago (-10m) or a time",
    );
  }
  if (from === "latest" || /^-\d+$/.test(`${from}`)) {
    throw new UsageError(
      `a group begins at one place, and not at the last of each topic, ${quote(`${from}`)}`,
    );
  }
  const ahead = inTheFuture(from, Date.now());
  if (ahead !== undefined) throw new UsageError(`--from: ${ahead}`);
}
