/** The file of a history, where others write to it, too, and where it may not be had. */
import { assertEquals } from "@std/assert";
import { History, historyPath } from "../../../lib/cli/prompt/history.ts";
import { standIn, standInEnvironment } from "../stand_in.ts";

/**
 * A file that is not there yet. A process that another test is just starting has this one's lock on it for a moment,
 * and then lines are only added: where that was so it is done again with another file.
 */
async function withFile(fn: (path: string) => void): Promise<void> {
  for (let left = 20; left > 0; left--) {
    const folder = await Deno.makeTempDir();
    let refused = false;
    const { tryLockSync } = Deno.FsFile.prototype;
    const watched = function (this: Deno.FsFile, exclusive?: boolean): boolean {
      const had = tryLockSync.call(this, exclusive);
      refused ||= !had;
      return had;
    };
    try {
      using _lock = standIn(Deno.FsFile.prototype, "tryLockSync", watched);
      return fn(`${folder}/history`);
    } catch (error) {
      if (!refused) throw error;
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
  throw new Error("others have had the lock twenty times");
}

const linesOf = (path: string): string[] => Deno.readTextFileSync(path).split("\n");

Deno.test("a line that another program has just entered is in the file once", () =>
  withFile((path) => {
    const [one, two] = [new History({ path }), new History({ path })];
    one.add("before");
    one.add("same");
    two.add("same");
    assertEquals([two.lines, linesOf(path)], [["same"], ["before", "same", ""]]);
    two.add("before");
    assertEquals(linesOf(path), ["before", "same", "before", ""]);
  }));

Deno.test("a file with a thousand lines has as many when one more is entered", () =>
  withFile((path) => {
    const all = Array.from({ length: 1001 }, (_, at) => `line ${at}`);
    Deno.writeTextFileSync(path, `${all.slice(0, 1000).join("\n")}\n`);
    new History({ path }).add("line 1000");
    assertEquals(linesOf(path), [...all.slice(1), ""]);
    Deno.writeTextFileSync(path, `${all.slice(0, 999).join("\n")}\n`);
    new History({ path }).add("line 999");
    assertEquals(linesOf(path), [...all.slice(0, 1000), ""]);
  }));

Deno.test("a line that is added while another is being written stays", () =>
  withFile((path) => {
    const history = new History({ path });
    history.add("first");
    const { readSync } = Deno.FsFile.prototype;
    const meanwhile = function (this: Deno.FsFile, into: Uint8Array): number | null {
      const read = readSync.call(this, into);
      Deno.writeTextFileSync(path, "theirs\n", { append: true });
      return read;
    };
    {
      using _read = standIn(Deno.FsFile.prototype, "readSync", meanwhile);
      history.add("ours");
    }
    assertEquals(linesOf(path), ["first", "theirs", "ours", ""]);
  }));

Deno.test("a file that becomes shorter while it is read is read to its end", () =>
  withFile((path) => {
    Deno.writeTextFileSync(path, "a\nb\n");
    const { statSync } = Deno.FsFile.prototype;
    const longer = function (this: Deno.FsFile): Deno.FileInfo {
      const info = statSync.call(this);
      return { ...info, size: info.size + 10 };
    };
    using _stat = standIn(Deno.FsFile.prototype, "statSync", longer);
    assertEquals(new History({ path }).lines, ["a", "b"]);
  }));

Deno.test("a history that may be read and not written, or not read, is said to be not kept as it begins", () =>
  withFile((path) => {
    for (const kept of ["read", "write"]) {
      using _query = standIn(
        Deno.permissions,
        "querySync",
        (({ name }) => ({
          state: name === kept ? "prompt" : "granted",
        })) as typeof Deno.permissions.querySync,
      );
      const problems: string[] = [];
      const history = new History({ path, failed: (problem) => void problems.push(problem) });
      const why = "this program was not given the permission (run it with -A)";
      assertEquals(problems, [`the history "${path}" is not kept: ${why}`]);
      history.add("a");
      assertEquals([history.lines, problems.length], [["a"], 1]);
    }
  }));

Deno.test("the path of a history that is not kept is told to 200 characters", () => {
  for (
    const [path, shown] of [["/none/".padEnd(200, "x"), "/none/".padEnd(200, "x")], [
      "/none/".padEnd(201, "x"),
      `${"/none/".padEnd(197, "x")}...`,
    ]] as const
  ) {
    using _stat = standIn(Deno, "statSync", () => {
      throw new Deno.errors.PermissionDenied();
    });
    const problems: string[] = [];
    new History({ path, failed: (problem) => void problems.push(problem) });
    assertEquals(problems, [`the history "${shown}" is not kept: permission denied`]);
  }
});

Deno.test("each program has a history of its own in the person's folder, and none where nothing names that", () => {
  const at = (variables: Readonly<Record<string, string>>): string | undefined => {
    using _environment = standInEnvironment(variables);
    using _build = standIn(Deno, "build", { ...Deno.build, os: "linux" });
    return historyPath("publisher");
  };
  assertEquals(at({ HOME: "/h" }), "/h/.local/state/hashbus/publisher_history");
  assertEquals(at({}), undefined);
  using _get = standIn(Deno.env, "get", () => {
    throw new Deno.errors.InvalidData("not UTF-8");
  });
  assertEquals(historyPath("publisher"), undefined);
});
