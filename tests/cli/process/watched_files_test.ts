import { assertEquals } from "@std/assert";
import { SYSTEM_CLOCK } from "../../../lib/clock.ts";
import { type ReloadReason, watchFiles } from "../../../lib/cli/process/watched_files.ts";
import { within } from "../../support/within.ts";
import { Signals } from "../stand_in.ts";

const LOOK_MS = 5;

/** Files in a folder of their own, watched; what is told, one after the other. */
class Watched implements Disposable {
  readonly told: ReloadReason[] = [];
  #wake = (): void => {};
  readonly #watch;

  constructor(readonly folder: string, names: readonly string[]) {
    this.#watch = watchFiles(names.map((name) => `${folder}/${name}`), {
      every: LOOK_MS,
      onChange: (why) => {
        this.told.push(why);
        this.#wake();
      },
    });
  }

  /** Resolves when something has been told for the so-manieth time. */
  async count(times: number): Promise<void> {
    while (this.told.length < times) await new Promise<void>((resolve) => this.#wake = resolve);
  }

  [Symbol.dispose](): void {
    this.#watch.close();
  }
}

const looks = (many: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, many * LOOK_MS));

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("A file that is written to, replaced by rename, removed or made again is told", () =>
  inFolder(async (folder) => {
    const file = `${folder}/a`;
    await Deno.writeTextFile(file, "1");
    using watched = new Watched(folder, ["a"]);
    await Deno.writeTextFile(file, "22");
    await within("change 1", watched.count(1));
    // as an editor does it: the same length, and perhaps the same time
    await Deno.writeTextFile(`${folder}/new`, "33");
    await Deno.rename(`${folder}/new`, file);
    await within("change 2", watched.count(2));
    await Deno.remove(file);
    await within("change 3", watched.count(3));
    await Deno.writeTextFile(file, "33");
    await within("change 4", watched.count(4));
    assertEquals(watched.told, Array(4).fill("changed"));
  }));

Deno.test("Who may read a file is told when it changes, however soon after it was made", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/a`, "1", { mode: 0o600 });
    using watched = new Watched(folder, ["a"]);
    for (const [at, mode] of [0o644, 0o640, 0o600].entries()) {
      await Deno.chmod(`${folder}/a`, mode);
      await within(`change ${at + 1}`, watched.count(at + 1));
    }
  }));

Deno.test("A symbolic link in a folder above that is turned is told, as Kubernetes and certbot do it", () =>
  inFolder(async (folder) => {
    for (const name of ["one", "two"]) {
      await Deno.mkdir(`${folder}/${name}`);
      await Deno.writeTextFile(`${folder}/${name}/tls.crt`, name);
    }
    await Deno.symlink("one", `${folder}/data`);
    await Deno.symlink("data/tls.crt", `${folder}/tls.crt`);
    using watched = new Watched(folder, ["tls.crt"]);
    await Deno.symlink("two", `${folder}/data.new`);
    await Deno.rename(`${folder}/data.new`, `${folder}/data`);
    await within("change 1", watched.count(1));
  }));

Deno.test("Two files that change one after the other are told once, when both rest", () =>
  inFolder(async (folder) => {
    for (const name of ["crt", "key"]) await Deno.writeTextFile(`${folder}/${name}`, "old");
    const told: ReloadReason[] = [];
    let tick = (): void => {};
    const clock = {
      ...SYSTEM_CLOCK,
      every: (_: number, callback: () => void): number => (tick = callback, 0),
    };
    const paths = [`${folder}/crt`, `${folder}/key`];
    const watch = watchFiles(paths, { clock, onChange: (why) => told.push(why) });
    const look = async (): Promise<void> => {
      tick();
      await looks(10);
    };
    await Deno.writeTextFile(paths[0]!, "newer");
    await look();
    await Deno.writeTextFile(paths[1]!, "newer");
    await look();
    assertEquals(told, []);
    await look();
    await look();
    assertEquals(told, ["changed"]);
    watch.close();
  }));

Deno.test("What does not change is not told, and nothing is when it is closed", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/a`, "1");
    const watched = new Watched(folder, ["a", "missing"]);
    await looks(10);
    assertEquals(watched.told, []);
    watched[Symbol.dispose]();
    watched[Symbol.dispose]();
    await Deno.writeTextFile(`${folder}/a`, "22");
    await looks(10);
    assertEquals(watched.told, []);
  }));

Deno.test({
  name: "A SIGHUP is told, to all who watch, whether or not a file has changed",
  ignore: Deno.build.os === "windows", // nobody can send one there
  fn: () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/a`, "1");
      using signals = new Signals();
      using one = new Watched(folder, ["a"]);
      using other = new Watched(folder, ["b"]);
      signals.send("SIGHUP");
      await within("the signal", Promise.all([one.count(1), other.count(1)]));
      assertEquals([one.told, other.told], [["SIGHUP"], ["SIGHUP"]]);
    }),
});
