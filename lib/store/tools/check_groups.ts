/**
 * Verifies what is known of groups.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { readRanges } from "../../sequence_ranges.ts";
import { quote } from "../../text.ts";
import { reasonOf } from "../sqlite/errors.ts";
import { GroupMarksReader } from "../sqlite/group_marks.ts";
import type { GroupName } from "../types.ts";

/** Groups read at a time. */
const SOME = 1000;

/** `last`: the newest batch that ever was. */
export function checkGroups(
  db: DatabaseSync,
  { last, problem }: { readonly last: number; readonly problem: (text: string) => void },
): void {
  const marks = new GroupMarksReader(db);
  for (let group: GroupName | undefined = { name: "", pattern: "" }; group !== undefined;) {
    const names = marks.namesAfter(group, SOME);
    for (const name of names) checkGroup(marks, name, { last, problem });
    group = names.at(-1);
  }
  for (const stray of marks.strays(SOME)) problem(`there are topics of group ${stray}, which is not there`);
}

function checkGroup(
  marks: GroupMarksReader,
  group: GroupName,
  { last, problem }: { readonly last: number; readonly problem: (text: string) => void },
): void {
  const { name, pattern } = group;
  try {
    const { after, topics } = marks.get(group)!;
    if (after > last) {
      problem(`group ${name} of ${pattern} has settled up to batch ${after}, which never was`);
    }
    for (const { topic, settled } of topics) {
      if (readRanges(settled) !== undefined) continue;
      problem(`what group ${name} of ${pattern} has settled of ${topic} is ${quote(settled)}`);
    }
  } catch (error) {
    problem(reasonOf(error));
  }
}
