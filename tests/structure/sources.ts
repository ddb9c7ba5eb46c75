/**
 * What the rules of structure are held against: our sources, and the files of the repository.
 *
 * @module
 */

/** A text file by its path from the top of the repository. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** A file of the repository. */
export interface TrackedFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** The three programs. */
export const PROGRAMS = ["broker.ts", "publisher.ts", "subscriber.ts"];

const ROOT = new URL("../../", import.meta.url).pathname;

/** Every TypeScript file below these folders, and the files that are named themselves; no declarations. */
export async function sources(places: readonly string[] = ["lib", ...PROGRAMS]): Promise<Source[]> {
  const found: Source[] = [];
  const take = async (path: string): Promise<void> => {
    found.push({ path, text: await Deno.readTextFile(ROOT + path) });
  };
  const walk = async (folder: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(ROOT + folder)) {
      const path = `${folder}/${name}`;
      if (isDirectory) await walk(path);
      else if (path.endsWith(".ts") && !path.endsWith(".d.ts")) await take(path);
    }
  };
  for (const place of places) {
    if (place.endsWith(".ts")) await take(place);
    else await walk(place);
  }
  return found.sort((a, b) => a.path < b.path ? -1 : 1);
}

/** A document of the repository. */
export async function document(path: string): Promise<string> {
  return await Deno.readTextFile(ROOT + path);
}

/** What git keeps: the paths of all files; undefined where this is no checkout, or git is not there. */
export async function trackedPaths(): Promise<string[] | undefined> {
  try {
    const { success, stdout } = await new Deno.Command("git", { args: ["ls-files", "-z"], cwd: ROOT })
      .output();
    return success ? new TextDecoder().decode(stdout).split("\0").filter((path) => path !== "") : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The files at these paths; one that is deleted and not yet committed is passed over. */
export async function trackedFiles(paths: readonly string[]): Promise<TrackedFile[]> {
  const files: TrackedFile[] = [];
  for (const path of paths) {
    try {
      files.push({ path, bytes: await Deno.readFile(ROOT + path) });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return files;
}

/** Whether a path is a place, or lies in it. */
export function isIn(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}
