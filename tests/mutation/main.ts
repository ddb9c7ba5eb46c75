/**
 * `deno task mutate [--folder F,...] [--count N] [--seed S] [--jobs J] [--near]`: makes one small change to lib at a time,
 * and looks whether the tests of its folder notice. Lists those that nobody noticed.
 *
 * `--near` asks few tests, those that are near to the source and short, a tenth of the time: who looks for what is not
 * tested has many suspects soon. How much tests notice is what all of a folder's do.
 *
 * What does not type-check is no change, and what is named in `equivalent/` is none that could be noticed: others are
 * drawn. A change that is noticed only because a test waits for ever, or a program does not end, is counted as
 * caught and said to be hung. Folders are named as git names paths: `:(glob)lib/*.ts` is what lies in none.
 *
 * @module
 */
import { taskFlags } from "../../scripts/flags.ts";
import { printLine } from "../../scripts/terminal.ts";
import { Random } from "../simulation/world/random.ts";
import { equivalents, isEquivalent } from "./equivalent.ts";
import { FolderTests, type Judged, roomOf, type Verdict } from "./judge.ts";
import { lineOf, type Mutant, mutantsOf, mutated } from "./mutants.ts";
import { typeCheck } from "./type_check.ts";
import { tracked, Workshop } from "./workshop.ts";

/** A place where a source can be changed. */
interface Candidate {
  readonly path: string;
  readonly text: string;
  readonly mutant: Mutant;
}

const flags = taskFlags({
  url: import.meta.url,
  name: "mutate",
  string: ["folder", "count", "seed", "jobs"],
  boolean: ["near"],
}) as Readonly<Record<string, string | undefined>>;
const near = Boolean(flags["near"]);
const folder = flags["folder"] ?? "lib";
const count = number("count", 20);
const seed = number("seed", Date.now() % 1_000_000);
const jobs = number("jobs", navigator.hardwareConcurrency);
const started = Date.now();
using workshops = new DisposableStack();
const first = workshops.use(await Workshop.make());
const { all: known, stale } = await equivalents(first);
for (const { path, line } of stale) say(`no such line any more: ${path}: ${line}`);
const candidates = await candidatesOf(folder);
if (candidates.length === 0) {
  say(`mutate: there is nothing to change in ${folder}: name a folder of lib, as lib/wire`);
  workshops.dispose();
  Deno.exit(2);
}
say(`${candidates.length} changes, seed ${seed}`);
const drawn = await draw();
const tests = new Map<string, FolderTests>();
for (const room of new Set(drawn.map(({ path }) => roomOf(path)))) {
  tests.set(room, await FolderTests.of(room, first));
}
const verdicts = new Map<string, Record<Verdict, number>>();
const survivors: string[] = [];
const left = [...drawn];
await Promise.all(Array.from({ length: Math.max(1, jobs) }, async (_, i) => {
  const workshop = i === 0 ? first : workshops.use(await Workshop.make());
  for (let next = left.shift(); next !== undefined; next = left.shift()) {
    const { path, text, mutant } = next;
    const change = { changed: mutated(text, mutant), workshop, near };
    tell(next, await tests.get(roomOf(path))!.judge(path, change));
  }
}));
say("");
for (const { leftOut } of tests.values()) {
  for (const file of leftOut) say(`fails without a change, and was left out: ${file}`);
}
for (const line of survivors) say(line);
for (const [room, { caught, hung, survived }] of [...verdicts].sort()) {
  say(`${room}: ${caught + hung} of ${caught + hung + survived} caught, ${hung} of them hung`);
}
const seconds = Math.round((Date.now() - started) / 1000);
const asked = near ? " by what is near" : "";
say(`${drawn.length - survivors.length} of ${drawn.length} caught${asked}, seed ${seed}, ${seconds} s`);

async function candidatesOf(folder: string): Promise<Candidate[]> {
  const found: Candidate[] = [];
  const sources = (await tracked(...folder.split(","))).filter((path) => /^lib\/(?!std\/).*\.ts$/.test(path));
  for (const path of sources) {
    const text = await first.read(path);
    for (const mutant of mutantsOf(text)) {
      if (!isEquivalent({ path, ...lineOf(text, mutant) }, known)) found.push({ path, text, mutant });
    }
  }
  return found;
}

/** As many as are asked for, in the order of the seed. */
async function draw(): Promise<Candidate[]> {
  const random = new Random(seed);
  const found: Candidate[] = [];
  while (found.length < count && candidates.length > 0) {
    const some: Candidate[] = [];
    while (some.length < count && candidates.length > 0) {
      some.push(...candidates.splice(random.below(candidates.length), 1));
    }
    const sources = some.map(({ path, text, mutant }) => ({ path, text: mutated(text, mutant) }));
    const typed = await typeCheck(first, sources);
    found.push(...some.filter((_, i) => typed[i]));
  }
  return found.slice(0, count);
}

function tell({ path, text, mutant }: Candidate, { verdict, by }: Judged): void {
  const room = roomOf(path);
  const of = verdicts.get(room) ?? { caught: 0, hung: 0, survived: 0 };
  of[verdict]++;
  verdicts.set(room, of);
  const { line, becomes } = lineOf(text, mutant);
  const what = `${path}:${mutant.line} ${mutant.kind}: ${line}${becomes === "" ? "" : ` -> ${becomes}`}`;
  say(`${verdict.padEnd(8)} ${what}${by === undefined ? "" : ` (${by})`}`);
  if (verdict === "survived") survivors.push(what);
}

function number(name: string, fallback: number): number {
  const text = flags[name];
  const value = text === undefined ? fallback : Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  say(`mutate: --${name} is a number, ${JSON.stringify(text)} is not`);
  return Deno.exit(2);
}

/** Ends it when nobody reads any more. */
function say(line: string): void {
  if (!printLine(line)) Deno.exit(0);
}
