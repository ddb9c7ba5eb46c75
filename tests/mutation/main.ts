/**
 * `deno task mutate [--folder F] [--count N] [--seed S]`: makes one small change to lib at a time, and looks
 * whether the tests of its folder notice. Lists those that nobody noticed.
 *
 * What does not type-check is no change, and another is drawn. First runs the test that is named as the source
 * is, then all of the folder's.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { printLine } from "../../scripts/terminal.ts";
import { Random } from "../simulation/world/random.ts";
import { type Mutant, mutantsOf, mutated } from "./mutants.ts";
import { type Verdict, Workshop } from "./workshop.ts";

const flags = parseArgs(Deno.args, { string: ["folder", "count", "seed"] }) as Readonly<
  Record<string, string | undefined>
>;
const folder = flags["folder"];
const count = number("count", 20);
const seed = number("seed", Date.now() % 1_000_000);
const random = new Random(seed);
using workshop = await Workshop.make();
const candidates: { readonly path: string; readonly text: string; readonly mutant: Mutant }[] = [];
for (const path of await workshop.sources(folder)) {
  const text = await workshop.read(path);
  for (const mutant of mutantsOf(text)) candidates.push({ path, text, mutant });
}
if (candidates.length === 0) {
  workshop[Symbol.dispose]();
  say(`mutate: there is nothing to change in ${folder ?? "lib"}: name a folder of lib, as lib/wire`);
  Deno.exit(2);
}
say(`${candidates.length} changes, seed ${seed}`);
const verdicts = new Map<string, Map<Verdict, number>>();
const survivors: string[] = [];
for (let left = count; left > 0 && candidates.length > 0;) {
  const [{ path, text, mutant }] = candidates.splice(random.below(candidates.length), 1) as [
    typeof candidates[number],
  ];
  const verdict = await workshop.judge(path, { text, changed: mutated(text, mutant) });
  if (verdict === "no types") continue;
  left--;
  const room = path.split("/").slice(0, 2).join("/");
  const of = verdicts.get(room) ?? new Map<Verdict, number>();
  verdicts.set(room, of.set(verdict, (of.get(verdict) ?? 0) + 1));
  const line = text.split("\n")[mutant.line - 1]!.trim();
  const what = `${path}:${mutant.line} ${mutant.kind}: ${line}`;
  say(`${verdict.padEnd(8)} ${what}`);
  if (verdict === "survived") survivors.push(what);
}
for (const [room, of] of verdicts) {
  const all = [...of.values()].reduce((sum, each) => sum + each, 0);
  const caught = all - (of.get("survived") ?? 0);
  say(`${room}: ${caught} of ${all} caught, ${of.get("hung") ?? 0} of them by the time limit`);
}
say(`${count - survivors.length} of ${count} caught`);

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
