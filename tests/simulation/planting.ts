/**
 * Puts a bug into a copy of the sources, and looks how many seeds it takes to find it there.
 *
 * @module
 */

/** Other words in the place of these, which stand there once. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** What the copy is made of. */
const SOURCES = [
  "lib",
  "tests/simulation",
  "tests/support/accounts.ts",
  "tests/faults/random.ts",
  "scripts/flags.ts",
  "scripts/terminal.ts",
  "deno.json",
  "deno.lock",
];
const ROOT = new URL("../../", import.meta.url).pathname;

/** The sources with these words in the place of those. */
export function edited(text: string, { file, find, replace }: Edit): string {
  if (text.split(find).length !== 2) throw new Error(`${file} does not have this just once: ${find}`);
  return text.replace(find, () => replace);
}

/** A copy of the sources with a bug in it, in a directory of its own. */
export async function plant(edits: readonly Edit[]): Promise<string> {
  const dir = await Deno.makeTempDir({ prefix: "hashbus-planted-" });
  for (const source of SOURCES) await copy(`${ROOT}${source}`, `${dir}/${source}`);
  for (const edit of edits) {
    const path = `${dir}/${edit.file}`;
    await Deno.writeTextFile(path, edited(await Deno.readTextFile(path), edit));
  }
  return dir;
}

async function copy(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isDirectory) {
    await Deno.mkdir(to, { recursive: true });
    for await (const { name } of Deno.readDir(from)) await copy(`${from}/${name}`, `${to}/${name}`);
    return;
  }
  await Deno.mkdir(to.slice(0, to.lastIndexOf("/")), { recursive: true });
  await Deno.copyFile(from, to);
}

/** How many seeds from one on it takes until a copy finds something; undefined: more than `most`. */
export async function seedsUntilFound(
  dir: string,
  { from, most }: { readonly from: number; readonly most: number },
): Promise<{ readonly seeds: number; readonly finding: string } | undefined> {
  const script = `${dir}/tests/simulation/main.ts`;
  const { stdout, code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", script, "--seeds", `${from}..${from + most - 1}`, "--first"],
  }).output();
  const decoder = new TextDecoder();
  const found = /^seed (\d+)[^\n]*\n {2}([^\n]*)/m.exec(decoder.decode(stdout));
  if (found !== null) return { seeds: Number(found[1]) - from + 1, finding: found[2]! };
  if (code !== 0 && !/never reached/.test(decoder.decode(stdout))) {
    return { seeds: most, finding: `it failed: ${decoder.decode(stderr).split("\n")[0]}` };
  }
  return undefined;
}
