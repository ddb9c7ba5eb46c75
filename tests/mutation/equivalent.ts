/**
 * Changes that no test can notice, for they change nothing that anybody could see. Each is named in `equivalent/`, in
 * the file of its folder of lib, with its reason.
 *
 * @module
 */
import { tracked } from "./workshop.ts";

/** Where sources are read from. */
interface Sources {
  read(path: string): Promise<string>;
}

/** One of them. Lines change their numbers, so it is named by what they say. */
export interface Equivalent {
  readonly path: string;
  /** The line as it is, without what it is indented by. */
  readonly line: string;
  /** The line with the change in it; empty where it is gone. */
  readonly becomes: string;
  readonly why: string;
}

/** All that are named. Says which are named for lines that there are no more. */
export async function equivalents(sources: Sources): Promise<{ all: Equivalent[]; stale: Equivalent[] }> {
  const all: Equivalent[] = [];
  for (const file of await tracked("tests/mutation/equivalent")) {
    all.push(...JSON.parse(await sources.read(file)) as Equivalent[]);
  }
  const stale: Equivalent[] = [];
  const lines = new Map<string, Set<string>>();
  for (const each of all) {
    if (!lines.has(each.path)) lines.set(each.path, await linesOf(each.path, sources));
    if (!lines.get(each.path)!.has(each.line)) stale.push(each);
  }
  return { all, stale };
}

/** Whether a change is one of them. */
export function isEquivalent(
  change: { readonly path: string; readonly line: string; readonly becomes: string },
  all: readonly Equivalent[],
): boolean {
  return all.some(({ path, line, becomes }) =>
    path === change.path && line === change.line && becomes === change.becomes
  );
}

async function linesOf(path: string, sources: Sources): Promise<Set<string>> {
  try {
    return new Set((await sources.read(path)).split("\n").map((line) => line.trim()));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Set();
    throw error;
  }
}
