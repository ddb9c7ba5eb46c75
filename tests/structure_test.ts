import { assert, assertEquals } from "@std/assert";

/** Who may import whom, besides itself and the ground floor (`lib/*.ts`). docs/architecture.md has the same table in words. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "lib/topics": [],
  "lib/wire": ["lib/topics"],
  "lib/protocols": ["lib/topics", "lib/wire"],
  "lib/store": ["lib/wire", "lib/topics"],
  "lib/engine": ["lib/topics", "lib/wire", "lib/store/types.ts"],
  "lib/sessions": ["lib/topics", "lib/wire", "lib/protocols", "lib/engine/types.ts"],
  "lib/broker": ["lib/protocols", "lib/store", "lib/engine", "lib/sessions"],
  "lib/client": ["lib/topics", "lib/wire", "lib/protocols"],
  "lib/cli": ["lib/topics", "lib/std"],
  "lib/cli/broker": ["lib/cli", "lib/topics", "lib/std", "lib/store", "lib/broker"],
  "lib/std": [],
  "broker.ts": ["lib/cli", "lib/store"],
  "publisher.ts": ["lib/cli", "lib/client"],
  "subscriber.ts": ["lib/cli", "lib/client"],
  "lib/mod.ts": ["lib/client"],
};

/** Code that decides and does no I/O: it is told what happened. */
const CORE = [
  "lib/protocols",
  "lib/wire",
  "lib/topics",
  "lib/engine",
  "lib/sessions",
  "lib/buffers.ts",
  "lib/counters.ts",
  "lib/errors.ts",
  "lib/flush_list.ts",
  "lib/limits.ts",
  "lib/log.ts",
  "lib/positions.ts",
  "lib/slow_policy.ts",
];
/** What carries bytes and time to that code and back. */
const AROUND_THE_CORE = [
  "lib/sessions/connection.ts",
  "lib/sessions/listener.ts",
  "lib/sessions/server.ts",
  "lib/sessions/transport.ts",
];
const NOT_IN_THE_CORE =
  /\b(Date|performance|setTimeout|setInterval|Math\.random|crypto|Deno\.|node:|await|async|fetch|Promise)\b|\bDeno\./;

const LINES_MOST = 400;

interface Source {
  readonly path: string;
  readonly text: string;
}

async function sources(): Promise<Source[]> {
  const found: Source[] = [];
  const walk = async (folder: string): Promise<void> => {
    for await (const entry of Deno.readDir(folder)) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory) await walk(path);
      else if (path.endsWith(".ts") && !path.endsWith(".d.ts")) {
        found.push({ path, text: await Deno.readTextFile(path) });
      }
    }
  };
  await walk("lib");
  for (const path of ["broker.ts", "publisher.ts", "subscriber.ts"]) {
    found.push({ path, text: await Deno.readTextFile(path) });
  }
  return found;
}

/** The files of ours that a source imports or re-exports, as paths from the top; the map's `@std/…` are `lib/std`. */
function importsOf(source: Source): string[] {
  const specifiers = [
    ...source.text.matchAll(/^\s*(?:import|export)\b[^;]*?from\s+"([^"]+)"/gms),
    ...source.text.matchAll(/^import\s+"([^"]+)"/gm),
  ]
    .map((match) => match[1]!);
  return specifiers.flatMap((specifier) => {
    if (specifier.startsWith("@std/")) return [`lib/std/${specifier}`];
    if (!specifier.startsWith(".")) return [];
    const url = new URL(specifier, `file:///${source.path}`);
    return [url.pathname.slice(1)];
  });
}

function isGroundFloor(path: string): boolean {
  return /^lib\/[^/]+\.ts$/.test(path) && path !== "lib/mod.ts";
}

function houseOf(path: string): string {
  const known = Object.keys(MAY_IMPORT).filter((place) => path === place || path.startsWith(`${place}/`));
  return known.sort((a, b) => b.length - a.length)[0] ?? (isGroundFloor(path) ? "ground floor" : "nowhere");
}

Deno.test("imports go one way, as docs/architecture.md says", async () => {
  const all = await sources();
  assert(all.length > 30, "the walk found the tree");
  const wrong: string[] = [];
  let seen = 0;
  for (const source of all) {
    const house = houseOf(source.path);
    assert(house !== "nowhere", `${source.path} stands in no folder that docs/architecture.md knows`);
    for (const target of importsOf(source)) {
      seen++;
      if (target === "deno.json" && source.path === "lib/cli/version.ts") continue;
      const allowed = house === "ground floor"
        ? isGroundFloor(target)
        : isGroundFloor(target) || target.startsWith(`${house}/`) ||
          (MAY_IMPORT[house] ?? []).some((place) => target === place || target.startsWith(`${place}/`));
      if (!allowed) wrong.push(`${source.path} imports ${target}`);
    }
  }
  assert(seen > 100, "the imports were found");
  assertEquals(wrong, []);
});

Deno.test("the core does no I/O, reads no clock, draws no number and waits for nothing", async () => {
  const wrong: string[] = [];
  let checked = 0;
  for (const { path, text } of await sources()) {
    if (
      !CORE.some((place) => path === place || path.startsWith(`${place}/`)) || AROUND_THE_CORE.includes(path)
    ) continue;
    checked++;
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "").replace(/"(?:[^"\\]|\\.)*"/g, '""');
    const found = NOT_IN_THE_CORE.exec(code);
    if (found !== null) wrong.push(`${path}: ${found[0]}`);
  }
  assert(checked > 15, "the core was found");
  assertEquals(wrong, []);
});

Deno.test("what peers name is never the key of an object", async () => {
  for (const { path, text } of await sources()) {
    if (!CORE.some((place) => path.startsWith(place))) continue;
    assert(!/Object\.create\(|\bas Record<string, (?!unknown)/.test(text), path);
  }
});

Deno.test(`no file is longer than ${LINES_MOST} lines`, async () => {
  const long = (await sources()).filter(({ text }) => text.split("\n").length > LINES_MOST).map(({ path }) =>
    path
  );
  assertEquals(long, []);
});
