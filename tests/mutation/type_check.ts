/**
 * Which changes are programs: many are looked at in one go, for checking one takes as long as checking hundred.
 *
 * Each changed source lies beside the one it was made of, under another name, and nobody imports it. As no files import
 * one another in a circle, what it imports knows nothing of it, so it is checked as if it stood in the place of
 * the other.
 *
 * @module
 */
import { modulesOf } from "./modules.ts";
import type { Workshop } from "./workshop.ts";

/** A source with a change in it. */
export interface Changed {
  readonly path: string;
  readonly text: string;
}

const CHECK_MS = 900_000;

/** Says of each whether it type-checks. */
export async function typeCheck(workshop: Workshop, all: readonly Changed[]): Promise<boolean[]> {
  const names = all.map(({ path }, i) => path.replace(/\.ts$/, `.mutant${i}.ts`));
  try {
    for (const [i, { text }] of all.entries()) await workshop.write(names[i]!, text);
    // the check itself stops at the first that cannot be read, and says nothing of the others
    const modules = await modulesOf(names, workshop);
    const typed = await whatHasTypes(workshop, names.filter((name) => modules.get(name)?.wrong === false));
    return names.map((name) => typed.has(name));
  } finally {
    for (const name of names) await workshop.remove(name);
  }
}

async function whatHasTypes(workshop: Workshop, names: readonly string[]): Promise<Set<string>> {
  const good = new Set(names);
  if (names.length === 0) return good;
  const { success, text } = await workshop.run(["check", "--quiet", ...names], CHECK_MS);
  if (success) return good;
  // what belongs to an error is told further in
  const places = [...text.matchAll(/^ {4}at (file:\S+?):\d+:\d+$/gm)].map((match) => match[1]!);
  const wrong = new Set(places);
  for (const name of names) if (wrong.delete(workshop.url(name))) good.delete(name);
  if (wrong.size > 0 || places.length === 0) {
    throw new Error(`deno check says of what was not changed: ${text}`);
  }
  return good;
}
