/**
 * `deno task planted [--only NAME] [--tries N] [--seeds N]`: how many seeds the simulation takes to find each of
 * the bugs that are put in on purpose, the median of ten tries. Ends with 1 when one is not found.
 *
 * @module
 */
import { taskFlags } from "../../scripts/flags.ts";
import { printLine } from "../../scripts/terminal.ts";
import { PLANTED } from "./planted.ts";
import { plant, seedsUntilFound } from "./planting.ts";

const flags = taskFlags({
  url: import.meta.url,
  name: "planted",
  string: ["only", "tries", "seeds"],
}) as Readonly<Record<string, string | undefined>>;
const tries = number("tries", 10);
const most = number("seeds", 2000);
const { only = "" } = flags;
const wanted = [...PLANTED].filter(([name]) => name.includes(only));
if (wanted.length === 0) {
  say(`planted: no bug has ${JSON.stringify(only)} in its name: ${[...PLANTED.keys()].join("; ")}`);
  Deno.exit(2);
}
let missed = 0;
for (const [name, edits] of wanted) {
  const dir = await plant(edits);
  const counts: number[] = [];
  let finding = "";
  for (let at = 0; at < tries; at++) {
    const found = await seedsUntilFound(dir, { from: 100_000 * (at + 1), most });
    counts.push(found?.seeds ?? Infinity);
    finding = found?.finding ?? finding;
  }
  await Deno.remove(dir, { recursive: true });
  counts.sort((one, other) => one - other);
  const median = counts[Math.floor((counts.length - 1) / 2)]!;
  if (median === Infinity) missed++;
  say(
    `${seedsIn(median).padStart(13)}  ${name} (${seedsIn(counts[0]!)} to ${
      seedsIn(counts.at(-1)!)
    }): ${finding}`,
  );
}
Deno.exit(missed > 0 ? 1 : 0);

function seedsIn(count: number): string {
  return count === Infinity ? `more than ${most}` : String(count);
}

function number(name: string, fallback: number): number {
  const text = flags[name];
  const value = text === undefined ? fallback : Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  say(`planted: --${name} is a whole number from 1 on, ${JSON.stringify(text)} is not`);
  return Deno.exit(2);
}

/** Ends it when nobody reads any more. */
function say(line: string): void {
  if (!printLine(line)) Deno.exit(0);
}
