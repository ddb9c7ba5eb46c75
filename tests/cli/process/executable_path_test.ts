/** Where a command is looked for by its name, and how far. */
import { assertEquals, assertThrows } from "@std/assert";
import { checkExecutable } from "../../../lib/cli/process/executable.ts";
import { UsageError } from "../../../lib/errors.ts";
import { standIn, standInEnvironment } from "../stand_in.ts";

/** Folders that PATH could name, and what is in them. */
async function inFolders(test: (folder: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const name of ["plain", "other", "good", "bad"]) await Deno.mkdir(`${folder}/${name}`);
    await Deno.mkdir(`${folder}/bad/tool`);
    for (const [name, mode] of [["plain", 0o644], ["other", 0o600], ["good", 0o755]] as const) {
      await Deno.writeTextFile(`${folder}/${name}/tool`, "");
      await Deno.chmod(`${folder}/${name}/tool`, mode);
    }
    test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function problem(command: string, path: string): string {
  using _environment = standInEnvironment({ PATH: path });
  return assertThrows(() => checkExecutable(command), UsageError).message;
}

const options = { ignore: Deno.build.os === "windows" }; // names have endings there

Deno.test(
  "a command is that of the first folder of PATH in which it can be run",
  options,
  () =>
    inFolders((folder) => {
      for (const path of ["good", "plain:good", "good:plain", "none:bad:plain:good:other"]) {
        using _environment = standInEnvironment({
          PATH: path.replaceAll(/\w+/g, (name) => `${folder}/${name}`),
        });
        checkExecutable("tool");
      }
    }),
);

Deno.test(
  "where none can be run the first one that was found is named, with what is wrong with it",
  options,
  () =>
    inFolders((folder) => {
      const plain = `cannot run "tool": ${folder}/plain/tool: it is not executable (chmod +x)`;
      assertEquals(problem("tool", `/none:${folder}/plain:${folder}/bad`), plain);
      assertEquals(
        problem("tool", `${folder}/bad:${folder}/plain`),
        `cannot run "tool": ${folder}/bad/tool: it is a directory`,
      );
      assertEquals(
        problem("tool", "/none"),
        'cannot run "tool": no folder of PATH has a command of that name',
      );
      assertEquals(
        problem("tool", `${folder}/plain/tool`),
        'cannot run "tool": no folder of PATH has a command of that name',
        "what stands in PATH and is no folder has none",
      );
    }),
);

Deno.test("an empty folder in PATH is the current one", options, () => {
  const file = 'cannot run "deno.json": ./deno.json: it is not executable (chmod +x)';
  assertEquals(problem("deno.json", "/none:"), file);
  assertEquals(problem("deno.json", ":/none"), file);
});

Deno.test("where there is no PATH, or its names have endings, that is told when it is run", () => {
  {
    using _environment = standInEnvironment({});
    checkExecutable("no-such-command");
  }
  using _build = standIn(Deno, "build", { ...Deno.build, os: "windows" });
  using _environment = standInEnvironment({ PATH: "/none" });
  for (const command of ["no-such-command", "/no/such"]) checkExecutable(command);
});

Deno.test("the name of a command is told to 200 characters", options, () => {
  for (
    const [command, shown] of [["/".padEnd(200, "x"), "/".padEnd(200, "x")], [
      "/".padEnd(201, "x"),
      `${"/".padEnd(197, "x")}...`,
    ]] as const
  ) {
    assertEquals(
      assertThrows(() => checkExecutable(command), UsageError).message,
      `cannot run "${shown}": no such file or directory`,
    );
    const name = command.replace("/", "x");
    assertEquals(
      problem(name, "/none"),
      `cannot run "${shown.replace("/", "x")}": no folder of PATH has a command of that name`,
    );
  }
});

Deno.test({
  name: "a command in a folder that may not be looked at passes, and one that may not be run does not",
  ...options,
  permissions: { read: ["/none"], run: ["tool"] },
  fn: () => {
    const [long, shown] = ["x".repeat(201), `${"x".repeat(197)}...`];
    for (const [command, name] of [["other", "other"], ["x".repeat(200), "x".repeat(200)], [long, shown]]) {
      assertEquals(
        assertThrows(() => checkExecutable(command!), UsageError).message,
        `cannot run "${name}": this program was not given the permission (run it with -A)`,
      );
    }
    // what the environment has is known without the right to it here
    using _query = standIn(
      Deno.permissions,
      "querySync",
      ((query) => ({
        state: query.name === "read" && query.path !== "/none/tool" ? "prompt" : "granted",
      })) as typeof Deno.permissions.querySync,
    );
    using _environment = standInEnvironment({ PATH: "/none:/kept:/none" });
    checkExecutable("tool");
  },
});
