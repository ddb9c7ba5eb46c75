/** What others get: the library, documented as a whole, and nothing of what only we need. */
import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url).pathname;
/** The library's doors. */
const DOORS = ["lib/mod.ts", "lib/broker/mod.ts"];

/** What `deno` says to this, its exit code before it. */
async function deno(...args: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, said: decoder.decode(stdout) + decoder.decode(stderr) };
}

Deno.test("everything the library gives is documented, and refers to nothing that it does not give", async () => {
  const { code, said } = await deno("doc", "--lint", ...DOORS);
  assertEquals(code, 0, said);
});

Deno.test("the package has the library and its documents, and no program, test, benchmark or script", async () => {
  const { code, said } = await deno("publish", "--dry-run", "--allow-dirty", "--no-check");
  assertEquals(code, 0, said);
  const root = new URL("../../", import.meta.url).href;
  const files = [...said.matchAll(/^\s+(file:\S+) \(/gm)].map(([, url]) => url!.slice(root.length));
  for (const path of ["deno.json", "LICENSE", "README.md", "docs/library.md", ...DOORS]) {
    assert(files.includes(path), `${path} is missing in\n${said}`);
  }
  const known =
    /^(deno\.json|LICENSE|README\.md|CHANGELOG\.md|docs\/[a-z-]+\.md|lib\/(?!cli\/|http\/|std\/).+\.ts)$/;
  assertEquals(files.filter((path) => !known.test(path)), []);
});
