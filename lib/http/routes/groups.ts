/**
 * Groups: who shares what, and how far behind they are.
 *
 * @module
 */
import type { GroupListing } from "../../broker/mod.ts";
import { RunError } from "../../errors.ts";
import { compareNames } from "../../topics/compare_names.ts";
import { countOf, limitOf, nextPath, timeText } from "../answers.ts";
import { Problem } from "../problem.ts";
import type { App, Site } from "../types.ts";

/** `/api/groups`. */
export function addGroups(app: App, { broker }: Site): void {
  app.get("/api/groups", async (asked) => {
    const { grant } = asked.var;
    const limit = limitOf(asked);
    const after = countOf(asked, "after") ?? 0;
    const seen = (await groupsOf(broker)).filter(({ pattern }) => grant.mayShare(pattern));
    seen.sort((one, other) => other.lag - one.lag || compareNames(nameOf(one), nameOf(other)));
    const page = seen.slice(after, after + limit);
    return asked.json({
      groups: page.map(groupJson),
      total: seen.length,
      next: after + limit < seen.length ? nextPath(asked, { after: `${after + limit}` }) : null,
    });
  });
}

/** Throws Problem where they cannot be read. */
export async function groupsOf(broker: Site["broker"]): Promise<GroupListing[]> {
  try {
    return [...await broker.groups()];
  } catch (error) {
    if (error instanceof RunError) throw new Problem(503, "STORE", error.message);
    throw error;
  }
}

function nameOf({ name, pattern }: GroupListing): string {
  return `${name} ${pattern}`;
}

function groupJson(group: GroupListing): Record<string, unknown> {
  const { name, pattern, members, lag, outstanding, settling = null, oldest } = group;
  return {
    name,
    pattern,
    members,
    lag,
    outstanding,
    ack: settling,
    oldest: oldest === undefined ? null : timeText(oldest),
  };
}
