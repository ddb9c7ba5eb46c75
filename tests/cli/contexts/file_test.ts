import { assertEquals, assertThrows } from "@std/assert";
import { contextFile } from "../../../lib/cli/contexts/file.ts";
import { UsageError } from "../../../lib/errors.ts";

function read(text: string): ReturnType<typeof contextFile> {
  return contextFile({ path: "c.toml", text });
}

function refusal(text: string): string {
  return assertThrows(() => read(text), UsageError).message;
}

Deno.test("a file has a default and contexts, and may have neither", () => {
  const file = read('default = "prod"\n[context.prod]\nhost = "h"\n[context.__proto__]\nid = "x"');
  assertEquals([file.default, [...file.contexts.keys()]], ["prod", ["prod", "__proto__"]]);
  assertEquals(read(""), { path: "c.toml", default: undefined, contexts: new Map() });
});

Deno.test("what is wrong with a file is said with its path", () => {
  const looks = 'it has default = "NAME" and [context.NAME] tables';
  assertEquals(refusal("[contexts.a]"), `c.toml: unknown key "contexts", did you mean "context"?; ${looks}`);
  assertEquals(refusal("default = 1"), "c.toml: default takes the name of a context, not 1");
  assertEquals(refusal('context = "a"'), `c.toml: context takes tables, not the string "a"; ${looks}`);
  assertEquals(
    refusal('context.prod = "hashbus://h"'),
    'c.toml: context.prod takes a table, not the string "hashbus://h": write [context.prod] over it',
  );
  refusal("= 1");
});
