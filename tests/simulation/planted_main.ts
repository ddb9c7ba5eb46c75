/**
 * `deno task planted [--only NAME] [--tries N] [--seeds N]`: how many seeds the simulation takes to find each of
 * the bugs that are put in on purpose, the median of ten tries. Ends with 1 when one is not found.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { plant, PLANTED, seedsUntilFound } from "./planted.ts";

const flags = parseArgs(Deno.args, { string: ["only", "tries", "seeds"] }) as Readonly<
  Record<string, string | undefined>
>;
const tries = Number(flags["tries"] ?? 10);
const most = Number(flags["seeds"] ?? 2000);
let missed = 0;
for (const [name, edits] of PLANTED) {
  if (flags["only"] !== undefined && !name.includes(flags["only"])) continue;
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
  say(`${String(median).padStart(8)}  ${name} (${counts[0]} to ${counts.at(-1)}): ${finding}`);
}
Deno.exit(missed > 0 ? 1 : 0);

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
