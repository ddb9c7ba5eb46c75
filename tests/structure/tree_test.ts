import { assert, assertEquals } from "@std/assert";
import { trackedFiles, trackedPaths } from "./sources.ts";
import { type Excuses, strangersAtTheTop, strays } from "./tree.ts";

/** What stands at the top, and nothing besides. */
const TOP: readonly string[] = [
  ".ci",
  ".gitignore",
  "CHANGELOG.md",
  "LICENSE",
  "README.md",
  "SECURITY.md",
  "bench",
  "broker.ts",
  "cmds",
  "deno.json",
  "deno.lock",
  "docs",
  "lib",
  "publisher.ts",
  "scripts",
  "subscriber.ts",
  "tests",
];

const EXCUSES: Excuses = {
  names: ["deno.lock"],
  mostBytes: 512 * 1024,
  // a path, and why it is as large
  large: {},
  // pictures of the documentation
  binary: { docs: ["png"] },
};

const paths = await trackedPaths();
const test = {
  ignore: paths === undefined,
  named: (claim: string) => paths === undefined ? `${claim} (skipped: no git, or no checkout of it)` : claim,
};

Deno.test({
  name: test.named("the top of the repository holds what is known there"),
  ignore: test.ignore,
  fn: () => {
    assertEquals(strangersAtTheTop(paths ?? [], TOP), []);
    assertEquals(
      TOP.filter((name) => !paths?.some((path) => path.split("/")[0] === name)),
      [],
      "these are gone",
    );
  },
});

Deno.test({
  name: test.named("the repository holds no database, log, binary, nor what is larger than a person writes"),
  ignore: test.ignore,
  fn: async () => {
    const files = await trackedFiles(paths ?? []);
    assert(files.length > 300, "the files were found");
    assertEquals(strays(files, EXCUSES), []);
  },
});

Deno.test("what is not known at the top is found", () => {
  const known = ["lib", "README.md"];
  assertEquals(strangersAtTheTop(["README.md", "lib/a.ts", "lib/data/b.ts"], known), []);
  assertEquals(strangersAtTheTop(["lib/a.ts", "undefined/hashbus.db", "notes.txt"], known), [
    "notes.txt",
    "undefined",
  ]);
});

Deno.test("databases, logs, binaries, large files and names by a mistake are found, and what is excused is not", () => {
  const found = (path: string, text = "words"): string[] =>
    strays([{ path, bytes: new TextEncoder().encode(text) }], {
      ...EXCUSES,
      mostBytes: 10,
      large: { "bench/big.json": "numbers" },
    });
  for (const path of ["lib/a.ts", "deno.lock", "docs/database.md", "lib/log.ts", "tests/nullable.ts"]) {
    assertEquals(found(path), []);
  }
  for (const name of ["a.db", "a.db-wal", "a.db-shm", "hashbus.lock", "broker.log", "tests/deno.lock"]) {
    assertEquals(found(name), [`${name} is named as data`]);
  }
  for (const path of ["undefined/a.ts", "lib/null/a.ts", "tests/NaN"]) {
    assertEquals(found(path), [`${path} is named by a mistake`]);
  }
  assertEquals(found("lib/a.ts", "a\0b"), ["lib/a.ts holds a NUL byte"]);
  assertEquals(found("docs/a.png", "a\0b"), []);
  assertEquals(found("lib/a.png", "a\0b"), ["lib/a.png holds a NUL byte"]);
  assertEquals(found("lib/a.ts", "x".repeat(11)), ["lib/a.ts has 11 bytes, more than 10"]);
  assertEquals(found("bench/big.json", "x".repeat(11)), []);
});
