/**
 * What the tests of a folder say of a change.
 *
 * Only tests that load the changed source can notice it. Those that are near to it and short go first, and of all the
 * one that has noticed most of what was done to this source; the others follow in one run.
 *
 * @module
 */
import { distances, modulesOf } from "./modules.ts";
import { type Outcome, tracked, type Workshop } from "./workshop.ts";

/** What became of a change. `hung`: a test that waited for ever, or a program that did not end, was what told of it. */
export type Verdict = "caught" | "hung" | "survived";

/** A change that is judged. */
export interface Judged {
  readonly verdict: Verdict;
  /** The test that failed. */
  readonly by: string | undefined;
}

/** The milliseconds that a run of tests may take: some loops never end. */
const RUN_MS = 120_000;
/** As long as these tests take together, in milliseconds, they are run before the others. */
const FIRST_MS = 500;
const LATE = /is not over after [\d.]+ s|timed out after/;
const FAILED = /^(?:\.\/)?(\S+_test\.ts) => .* \.\.\. FAILED/m;

/** The tests of a folder: which, what they load, how long they take. */
export class FolderTests {
  /** By test file, milliseconds. */
  readonly #took: ReadonlyMap<string, number>;
  /** By test file: how many imports away a source is. */
  readonly #far: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** By source, how often a test file noticed something. */
  readonly #noticed = new Map<string, Map<string, number>>();

  private constructor(
    took: ReadonlyMap<string, number>,
    far: ReadonlyMap<string, ReadonlyMap<string, number>>,
  ) {
    this.#took = took;
    this.#far = far;
  }

  /** Runs the tests of a folder of lib, or those of what lies in no folder, as they are. They must be green. */
  static async of(room: string, workshop: Workshop): Promise<FolderTests> {
    const files = await testsOf(room);
    const took = new Map<string, number>();
    if (files.length > 0) {
      const outcome = await workshop.test(files, RUN_MS * 3);
      if (!outcome.success) throw new Error(`the tests of ${room} fail without a change: ${outcome.text}`);
      for (const [file, ms] of durations(outcome.text)) took.set(file, (took.get(file) ?? 0) + ms);
    }
    const modules = await modulesOf(files, workshop);
    const far = new Map(files.map((file) => [file, distances(file, modules)]));
    return new FolderTests(took, far);
  }

  /** Puts a changed source in the place of its own, tests it, and puts that back. */
  async judge(
    path: string,
    { changed, workshop }: { readonly changed: string; readonly workshop: Workshop },
  ): Promise<Judged> {
    const text = await workshop.read(path);
    await workshop.write(path, changed);
    try {
      for (const files of this.#order(path)) {
        const { outcome, by } = await failureOf(files, workshop);
        if (outcome === undefined) continue;
        if (by !== undefined) this.#remember(path, by);
        return { verdict: hung(outcome) ? "hung" : "caught", by };
      }
      return { verdict: "survived", by: undefined };
    } finally {
      await workshop.write(path, text);
    }
  }

  #order(path: string): string[][] {
    const noticed = this.#noticed.get(path);
    const cost = (file: string): number => {
      const away = this.#far.get(file)!.get(path)!;
      return (this.#took.get(file) ?? 0) * away ** 2 / (1 + (noticed?.get(file) ?? 0)) ** 3;
    };
    const files = [...this.#far].filter(([, far]) => far.has(path)).map(([file]) => file);
    files.sort((a, b) => cost(a) - cost(b));
    let first = 0;
    for (let ms = 0; first < files.length && ms < FIRST_MS; first++) ms += this.#took.get(files[first]!) ?? 0;
    return [files.slice(0, first), files.slice(first)].filter((part) => part.length > 0);
  }

  #remember(path: string, file: string): void {
    const noticed = this.#noticed.get(path) ?? new Map<string, number>();
    this.#noticed.set(path, noticed.set(file, (noticed.get(file) ?? 0) + 1));
  }
}

/** Where a source belongs: its folder of lib, or lib. */
export function roomOf(path: string): string {
  const parts = path.split("/");
  return parts.length > 2 ? parts.slice(0, 2).join("/") : "lib";
}

async function testsOf(room: string): Promise<string[]> {
  const folder = room === "lib" ? "tests" : room.replace(/^lib/, "tests");
  const files = (await tracked(folder)).filter((path) => path.endsWith("_test.ts"));
  if (room !== "lib") return files;
  return files.filter((path) =>
    path.split("/").length === 2 && !/\/(?:simulation|structure|mutation)_/.test(path)
  );
}

const PASSED = /^(?:\.\/)?(\S+_test\.ts) => .* \.\.\. ok \(([\d.]+)(µs|ms|s|m)/gm;
const IN_MS: Readonly<Record<string, number>> = { "µs": 0.001, ms: 1, s: 1000, m: 60_000 };

function durations(text: string): [file: string, ms: number][] {
  return [...text.matchAll(PASSED)].map(([, file, amount, unit]) => [file!, Number(amount) * IN_MS[unit!]!]);
}

/**
 * What fails twice: on a machine that has other things to do a test may be late once. Nothing is known of who failed
 * where the process itself broke.
 */
async function failureOf(
  files: readonly string[],
  workshop: Workshop,
): Promise<{ outcome: Outcome | undefined; by: string | undefined }> {
  let left = files;
  while (left.length > 0) {
    const outcome = await workshop.test(left, RUN_MS);
    if (outcome.success) break;
    const by = left.length === 1 ? left[0] : failedFile(outcome.text);
    const again = await workshop.test(by === undefined ? left : [by], RUN_MS);
    if (!again.success) return { outcome: again, by };
    left = left.filter((file) => by !== undefined && file !== by);
  }
  return { outcome: undefined, by: undefined };
}

function hung({ text, late }: Outcome): boolean {
  return late || LATE.test(text);
}

function failedFile(text: string): string | undefined {
  return FAILED.exec(text)?.[1];
}
