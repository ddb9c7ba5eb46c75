import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { configPath, contextFile, contextNames, readContexts } from "../../../lib/cli/contexts/file.ts";
import { UsageError } from "../../../lib/errors.ts";
import { standIn, standInEnvironment } from "../stand_in.ts";

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

/** Reads what is saved in this folder of configurations. */
function saved(folder: string): ReturnType<typeof readContexts> {
  using _environment = standInEnvironment({ XDG_CONFIG_HOME: folder });
  return readContexts();
}

/** A folder of configurations with this file in it. */
function withFolder(text: string | undefined, work: (folder: string, path: string) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(`${folder}/hashbus`);
    const path = `${folder}/hashbus/config.toml`;
    if (text !== undefined) Deno.writeTextFileSync(path, text);
    work(folder, path);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("what is saved is in the folder for what was set up, and nothing is where that says nothing", () => {
  withFolder('default = "a"\n[context.a]\n', (folder, path) => {
    assertEquals(saved(folder), { path, default: "a", contexts: new Map([["a", {}]]) });
    using _denied = standIn(
      Deno.permissions,
      "querySync",
      (({ name }: Deno.PermissionDescriptor) => ({
        state: name === "read" ? "prompt" : "granted",
      })) as typeof Deno.permissions.querySync,
    );
    assertEquals(saved(folder), undefined, "what may not be read is not asked for");
  });
  withFolder(undefined, (folder, path) => {
    assertEquals(saved(folder), undefined);
    Deno.writeTextFileSync(path, "");
    assertEquals(saved(path), undefined, "a folder that is a file has nothing in it");
  });
  using _nowhere = standInEnvironment({});
  assertEquals([readContexts(), configPath()], [undefined, undefined]);
});

Deno.test("a file that is there and cannot be read is told with why", () => {
  withFolder(undefined, (folder, path) => {
    Deno.symlinkSync(path, path);
    const error = assertThrows(() => saved(folder), UsageError);
    assertStringIncludes(error.message, `cannot read the saved connections in "${path}": `);
  });
  const long = `/${"x".repeat(300)}`;
  const error = assertThrows(() => saved(long), UsageError);
  assertStringIncludes(error.message, "cannot read the saved connections in ");
});

Deno.test("a shell is offered the names that stand on a line, and none of a file that is wrong", () => {
  const names = (text: string): string[] => {
    let offered: string[] = [];
    withFolder(text, (folder) => {
      using _environment = standInEnvironment({ XDG_CONFIG_HOME: folder });
      offered = contextNames();
    });
    return offered;
  };
  const odd = '[context."a\\nb"]\n[context."\\u202e"]\n';
  assertEquals(names(`[context.prod]\n[context."a b"]\n${odd}`), ["prod", "a b"]);
  assertEquals([names(""), names("["), names("nonsense = 1")], [[], [], []]);
});

Deno.test("only what is wrong with a file is kept from who presses Tab", () => {
  class Bug extends Error {}
  const get = (): never => {
    throw new Bug();
  };
  using _environment = standIn(Deno, "env", { get } as unknown as typeof Deno.env);
  assertThrows(() => contextNames(), Bug);
});
