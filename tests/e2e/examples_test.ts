/** The examples of the documents are programs: they are checked, and run against the real broker. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Program } from "../../scripts/program.ts";
import { type Example, examplesOf } from "../structure/examples.ts";
import { document, sources } from "../structure/sources.ts";
import { startBroker } from "../support/broker.ts";

const ROOT = new URL("../../", import.meta.url);
/** Where examples are looked for: documents, and what the doors to the library show. */
const DOCUMENTS = ["README.md", "docs/library.md"];
const SOURCES = ["lib/mod.ts", "lib/broker", "lib/client"];
/** What programs of NATS use. */
const NATS = "@nats-io/transport-node";
/** Its example needs a NATS server and is run by engine_shared_test.ts. */
const WITH_NATS = "docs/scaling.md";
/** An example takes a moment; on a machine that is busy, a few. */
const RUNS_AT_MOST_MS = 30_000;

/** The library as an example names it, with a broker at ports of its own where it names none. */
const LIBRARY = `
import {
  connectPublisher as toPublish,
  connectResponder as toRespond,
  connectSubscriber as toSubscribe,
} from "${ROOT}lib/mod.ts";
export * from "${ROOT}lib/mod.ts";
const port = (name: string): number => Number(Deno.env.get(name));
export const connectPublisher: typeof toPublish = (options) =>
  toPublish({ port: port("PUB_PORT"), subPort: port("SUB_PORT"), ...options });
export const connectResponder: typeof toRespond = (options, answer) =>
  toRespond({ pubPort: port("PUB_PORT"), subPort: port("SUB_PORT"), ...options }, answer);
export const connectSubscriber: typeof toSubscribe = (options) =>
  toSubscribe({ port: port("SUB_PORT"), ...options });
`;

async function examples(): Promise<Example[]> {
  const documents = new Set(DOCUMENTS);
  for await (const { name } of Deno.readDir(new URL("docs/", ROOT))) {
    if (name.endsWith(".md")) documents.add(`docs/${name}`);
  }
  const texts = await Promise.all(
    [...documents].map(async (path) => ({ path, text: await document(path) })),
  );
  return [...texts, ...await sources(SOURCES)].flatMap(examplesOf);
}

/** A folder with the examples as modules, and a config by which they find the library; gone at the end. */
async function modules(
  all: readonly Example[],
): Promise<{ readonly path: string; readonly of: (example: Example) => string } & AsyncDisposable> {
  const path = await Deno.makeTempDir();
  const of = ({ where }: Example): string => `${path}/${where.replaceAll(/[/:]/g, "_")}.example.ts`;
  const { compilerOptions, imports: { [NATS]: nats } } = JSON.parse(await document("deno.json"));
  const imports = {
    [NATS]: nats,
    "@hashbus/hashbus": `${path}/library.ts`,
    "@hashbus/hashbus/broker": `${ROOT}lib/broker/mod.ts`,
  };
  // an example need not use all that it shows
  const options = { ...compilerOptions, noUnusedLocals: false };
  await Deno.writeTextFile(
    `${path}/deno.json`,
    JSON.stringify({ imports, compilerOptions: options, lock: false }),
  );
  await Deno.writeTextFile(`${path}/library.ts`, LIBRARY);
  for (const example of all) await Deno.writeTextFile(of(example), example.code);
  return { path, of, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

async function check(files: readonly string[], cwd: string): Promise<string> {
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--quiet", ...files],
    cwd,
    env: { NO_COLOR: "1" },
  }).output();
  return new TextDecoder().decode(stderr);
}

Deno.test("every example in the documents and doc comments is a program that type-checks", async () => {
  const all = await examples();
  const found = all.map(({ where }) => where.replace(/:\d+$/, ""));
  for (const place of ["docs/library.md", "lib/mod.ts", "lib/broker/mod.ts", "lib/client/types.ts"]) {
    assert(found.includes(place), `${place} has an example`);
  }
  await using place = await modules(all);
  assertEquals(await check(all.map(place.of), place.path), "");
});

Deno.test("an example that is wrong is found, on the line where it stands", async () => {
  const text = "# A\n\n```ts fragment\nawait publisher.publis(1);\n```\n";
  const [wrong] = examplesOf({ path: "docs/wrong.md", text });
  assert(wrong !== undefined);
  await using place = await modules([wrong]);
  const said = await check([place.of(wrong)], place.path);
  assertStringIncludes(said, "Property 'publis' does not exist on type 'Publisher'");
  assertStringIncludes(said, ".example.ts:4:17");
});

const programs = (await examples()).filter(({ fragment, where }) => !fragment && where !== WITH_NATS);

for (const example of programs) {
  Deno.test(`the examples of ${example.where} run and print what they say`, async () => {
    const data = await Deno.makeTempDir();
    await using broker = await startBroker(["--data", data, "--durable", "#orders.>"], {
      after: () => Deno.remove(data, { recursive: true }),
    });
    await using place = await modules([example]);
    const lines: string[] = [];
    const program = Program.start([Deno.execPath(), "run", "-A", "--quiet", place.of(example)], {
      name: example.where,
      cwd: place.path,
      env: { NO_COLOR: "1", PUB_PORT: `${broker.pubPort}`, SUB_PORT: `${broker.subPort}` },
      onLine: (line) => lines.push(line),
    });
    const timer = setTimeout(() => program.kill("SIGKILL"), RUNS_AT_MOST_MS);
    const { success } = await program.ended.finally(() => clearTimeout(timer));
    assert(success, lines.join("\n"));
    assertEquals(example.prints.filter((line) => !lines.includes(line)), [], lines.join("\n"));
  });
}
