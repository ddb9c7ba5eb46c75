/**
 * What loads what.
 *
 * @module
 */
import type { Workshop } from "./workshop.ts";

/** A source as the module graph has it. */
export interface Module {
  /** The sources that it imports, by their paths. */
  readonly imports: readonly string[];
  /** It cannot be read as a program. */
  readonly wrong: boolean;
}

const INFO_MS = 60_000;
const ALL = "all_modules.ts";

/** These sources and all that they load, by their paths: what they import, and what they run in threads. */
export async function modulesOf(paths: readonly string[], workshop: Workshop): Promise<Map<string, Module>> {
  const threads = new Set<string>();
  for (;;) {
    const modules = await importsOf([...paths, ...threads], workshop);
    const before = threads.size;
    for (const [path, module] of modules) {
      const started = await threadsOf(path, workshop);
      for (const thread of started) threads.add(thread);
      modules.set(path, { ...module, imports: [...module.imports, ...started] });
    }
    if (threads.size === before) return modules;
  }
}

const THREAD = /\bnew Worker\(new URL\("(\.[^"]+\.ts)", import\.meta\.url\)/g;

/** The sources that one begins threads with, by their paths. */
async function threadsOf(path: string, workshop: Workshop): Promise<string[]> {
  if (!path.startsWith("lib/")) return [];
  const text = await workshop.read(path);
  const top = workshop.url("");
  return [...text.matchAll(THREAD)].map(([, to]) => new URL(to!, workshop.url(path)).href.slice(top.length));
}

async function importsOf(paths: readonly string[], workshop: Workshop): Promise<Map<string, Module>> {
  await workshop.write(ALL, paths.map((path) => `import "./${path}";\n`).join(""));
  try {
    const { success, text } = await workshop.run(["info", "--json", ALL], INFO_MS);
    if (!success) throw new Error(`deno info says: ${text}`);
    const top = workshop.url("");
    const { modules } = JSON.parse(text) as {
      readonly modules: readonly {
        readonly specifier: string;
        readonly error?: string;
        readonly dependencies?: readonly { readonly code?: { readonly specifier: string } }[];
      }[];
    };
    return new Map(modules.map(({ specifier, error, dependencies = [] }) => {
      const imports = dependencies.flatMap(({ code }) => code === undefined ? [] : [code.specifier]);
      return [specifier.slice(top.length), {
        imports: imports.map((url) => url.slice(top.length)),
        wrong: error !== undefined,
      }];
    }));
  } finally {
    await workshop.remove(ALL);
  }
}

/** How many imports away from a source each is that it loads. */
export function distances(from: string, modules: ReadonlyMap<string, Module>): Map<string, number> {
  const found = new Map([[from, 0]]);
  // what is added meanwhile comes, too
  for (const [path, away] of found) {
    for (const next of modules.get(path)?.imports ?? []) if (!found.has(next)) found.set(next, away + 1);
  }
  return found;
}
