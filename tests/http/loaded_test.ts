import { assert, assertEquals } from "@std/assert";
import { isIn, sources } from "../structure/sources.ts";

Deno.test("nobody loads the HTTP port but by asking for it", async () => {
  const all = (await sources()).filter(({ path }) => path.endsWith(".ts") && !isIn(path, "lib/http"));
  const static_ = /^(?:import|export) (?!type )[^;]*?from "[^"]*(?:\/http\/[^"]*|hono[^"]*)";/ms;
  const those = all.filter(({ path }) => isIn(path, "lib") || path === "broker.ts");
  assert(those.length > 100);
  assertEquals(those.filter(({ text }) => static_.test(text)).map(({ path }) => path), []);
  const lazily = those.filter(({ text }) => /await import\("[^"]*\/http\/mod.ts"\)/.test(text));
  assertEquals(lazily.map(({ path }) => path), ["lib/cli/broker/serve.ts"]);
});
