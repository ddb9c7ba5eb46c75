/**
 * What the tests of a folder say of a change.
 *
 * Only tests that load the changed source can notice it. Those that are near to it and short go first, and of all the
 * one that has noticed most of what was done to this source; the others follow, more and more in a run.
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

/** A source as it is and as it is tested. */
interface Change {
  readonly path: string;
  readonly text: string;
  readonly changed: string;
}

/** The milliseconds that a run of tests without a change may take: each of them has a limit of its own. */
const RUN_MS = 600_000;
/**
 * With a change they are over after so many times what they take without it, and this many milliseconds: a thread
 * that never ends keeps its process, whatever limit a test has.
 */
const CHANGED = 10;
const CHANGED_MS = 60_000;
/** As long as these tests take together, in milliseconds, they are run before the others. */
const FIRST_MS = 500;
/** So many times as long as those before them are those that are run next. */
const NEXT = 8;
/** Where only what is near is asked: so many of these groups. */
const NEAR = 2;
/** What a test file is thought to take before it was seen to pass. */
const UNKNOWN_MS = 300;
/** What takes longer may go by the clock. */
const LONG_MS = 500;
const LATE = /is not over after [\d.]+ s|timed out after/;
const FAILED = /^(?:\.\/)?(\S+_test\.ts) => .* \.\.\. FAILED/m;

/** The tests of a folder: which, what they load, how long they take. */
export class FolderTests {
  /** Tests that fail without a change, too, and say nothing of one. */
  readonly leftOut = new Set<string>();
  /** By test file that was seen to pass, milliseconds. */
  readonly #took = new Map<string, number>();
  /** By test file: how many imports away a source is. */
  readonly #far: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** By source, how often a test file noticed something. */
  readonly #noticed = new Map<string, Map<string, number>>();

  private constructor(far: ReadonlyMap<string, ReadonlyMap<string, number>>) {
    this.#far = far;
  }

  /** Those of a folder of lib, or those of what lies in no folder. */
  static async of(room: string, workshop: Workshop): Promise<FolderTests> {
    const files = await testsOf(room);
    const modules = await modulesOf(files, workshop);
    return new FolderTests(new Map(files.map((file) => [file, distances(file, modules)])));
  }

  /**
   * Puts a changed source in the place of its own, tests it, and puts that back. What is `near` is asked of few tests:
   * survivors of those may be noticed by others.
   */
  async judge(
    path: string,
    { changed, workshop, near = false }: {
      readonly changed: string;
      readonly workshop: Workshop;
      readonly near?: boolean;
    },
  ): Promise<Judged> {
    const change = { path, text: await workshop.read(path), changed };
    const parts = this.#order(path);
    for (const files of near ? parts.slice(0, NEAR) : parts) {
      const { outcome, by } = await this.#failureOf(files, change, workshop);
      if (outcome === undefined) continue;
      if (by !== undefined) this.#remember(path, by);
      return { verdict: hung(outcome) ? "hung" : "caught", by };
    }
    return { verdict: "survived", by: undefined };
  }

  /** Those that are run together: few that are near and short, then more and more. */
  #order(path: string): string[][] {
    const noticed = this.#noticed.get(path);
    const took = (file: string): number => this.#took.get(file) ?? UNKNOWN_MS;
    const cost = (file: string): number => {
      const away = this.#far.get(file)!.get(path)!;
      return took(file) * away ** 2 / (1 + (noticed?.get(file) ?? 0)) ** 3;
    };
    const files = [...this.#far].filter(([file, far]) => far.has(path) && !this.leftOut.has(file)).map((
      [file],
    ) => file);
    files.sort((a, b) => cost(a) - cost(b));
    const parts: string[][] = [];
    for (let at = 0, most = FIRST_MS; at < files.length; most *= NEXT) {
      const part: string[] = [];
      for (let ms = 0; at < files.length && ms < most; at++) {
        part.push(files[at]!);
        ms += took(files[at]!);
      }
      parts.push(part);
    }
    return parts;
  }

  /**
   * What fails twice with the change in its place: on a machine that has other things to do a test may be late once.
   * Nothing is known of who failed where the process itself broke.
   */
  async #failureOf(
    files: readonly string[],
    change: Change,
    workshop: Workshop,
  ): Promise<{ outcome: Outcome | undefined; by: string | undefined }> {
    let left = files;
    while (left.length > 0) {
      const outcome = await this.#runWith(change, left, workshop);
      if (outcome.success) break;
      const by = left.length === 1 ? left[0] : failedFile(outcome.text);
      const blamed = by === undefined ? left : [by];
      // what is not known to take long may have been ended too soon
      if (outcome.late && !(await this.#pass(blamed, { late: true, workshop }))) {
        for (const file of blamed) this.leftOut.add(file);
        left = left.filter((file) => !blamed.includes(file));
        continue;
      }
      const again = await this.#runWith(change, blamed, workshop);
      if (!again.success) {
        if (await this.#pass(blamed, { late: hung(again), workshop })) return { outcome: again, by };
        for (const file of blamed) this.leftOut.add(file);
      }
      left = left.filter((file) => by !== undefined && file !== by);
    }
    return { outcome: undefined, by: undefined };
  }

  async #runWith(
    { path, text, changed }: Change,
    files: readonly string[],
    workshop: Workshop,
  ): Promise<Outcome> {
    await workshop.write(path, changed);
    try {
      return await this.#run(files, { workshop, most: mostWithChange(files, this.#took) });
    } finally {
      await workshop.write(path, text);
    }
  }

  /** Learns how long those take that pass. */
  async #run(
    files: readonly string[],
    { workshop, most = RUN_MS }: { readonly workshop: Workshop; readonly most?: number },
  ): Promise<Outcome> {
    const outcome = await workshop.test(files, most);
    if (outcome.success) {
      const took = durations(outcome.text, files);
      for (const file of files) this.#took.set(file, took.get(file) ?? 0);
    }
    return outcome;
  }

  /**
   * Whether these pass without a change: only then says it something of a change that they fail with it. Those that
   * take long, or were late with it, go by the clock more often than not, and are run once more however often they
   * have passed. Without a change, too, one may be late once.
   */
  async #pass(
    files: readonly string[],
    { late, workshop }: { readonly late: boolean; readonly workshop: Workshop },
  ): Promise<boolean> {
    const unsure = late ? files : files.filter((file) => (this.#took.get(file) ?? Infinity) > LONG_MS);
    if (unsure.length === 0 || (await this.#run(unsure, { workshop })).success) return true;
    return (await this.#run(unsure, { workshop })).success;
  }

  #remember(path: string, file: string): void {
    const noticed = this.#noticed.get(path) ?? new Map<string, number>();
    this.#noticed.set(path, noticed.set(file, (noticed.get(file) ?? 0) + 1));
  }
}

/** The milliseconds that tests may take with a change in its place, by what each file takes without one. */
export function mostWithChange(files: readonly string[], took: ReadonlyMap<string, number>): number {
  const usual = files.reduce((sum, file) => sum + (took.get(file) ?? UNKNOWN_MS), 0);
  return Math.min(RUN_MS, CHANGED_MS + CHANGED * usual);
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

const PASSED = /^(?:(?:\.\/)?(\S+_test\.ts) => )?.* \.\.\. ok \(([\d.]+)(µs|ms|s|m)/gm;
const IN_MS: Readonly<Record<string, number>> = { "µs": 0.001, ms: 1, s: 1000, m: 60_000 };

/** How long the tests of each file took that was run, milliseconds. Where one is run alone it is not named. */
export function durations(text: string, [alone = ""]: readonly string[]): Map<string, number> {
  const took = new Map<string, number>();
  for (const [, file = alone, amount, unit] of text.matchAll(PASSED)) {
    took.set(file, (took.get(file) ?? 0) + Number(amount) * IN_MS[unit!]!);
  }
  return took;
}

function hung({ text, late }: Outcome): boolean {
  return late || LATE.test(text);
}

function failedFile(text: string): string | undefined {
  return FAILED.exec(text)?.[1];
}
