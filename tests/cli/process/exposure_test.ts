import { assertEquals } from "@std/assert";
import { exposureOf } from "../../../lib/cli/process/exposure.ts";
import { standIn } from "../stand_in.ts";

Deno.test("a file is told of that others may write, or everybody may read, with its mode and what to do", () => {
  using _build = standIn(Deno, "build", { ...Deno.build, os: "linux" });
  const written = (mode: string): string =>
    `others than its owner may write it, so it is (mode ${mode}: chmod 600)`;
  const read = (mode: string): string => `everybody on this machine may read it (mode ${mode}: chmod 600)`;
  const cases: [mode: number | null, exposure: string | undefined][] = [
    [0o600, undefined],
    [0o100600, undefined],
    [0o640, undefined],
    [0o711, undefined],
    [0o000, undefined],
    [null, undefined],
    [0o100644, read("0644")],
    [0o604, read("0604")],
    [0o004, read("0004")],
    [0o620, written("0620")],
    [0o602, written("0602")],
    [0o666, written("0666")],
    [0o104777, written("0777")],
  ];
  for (const [mode, exposure] of cases) {
    assertEquals(exposureOf(mode, "so it is"), exposure, mode?.toString(8));
  }
});

Deno.test("on Windows a mode says nothing of who may do what", () => {
  using _build = standIn(Deno, "build", { ...Deno.build, os: "windows" });
  assertEquals(exposureOf(0o666, "so it is"), undefined);
});
