/**
 * `deno task fuzz [--minutes N] [--seed N] [--tls] [--repeat FILE]`: attackers beside an honest publisher and subscriber on a
 * broker that runs. Their transcripts begin with the tables of malformed exchanges and with recorded ones, and go on
 * with what led to answers that were new. Ends with 1 when something was found, and tells how to see it again.
 *
 * `--tls`: the broker speaks it, and attackers do so inside of it, in records that are changed on their way, or not
 * at all.
 *
 * Rounds of a minute at most, each with a seed and a broker of its own, every second one with accounts (odd seeds). Attackers run beside one another, so a seed
 * draws the same mutations and not the same order: what was said last before a finding is kept in a file, and
 * `--repeat` says it again, one after the other.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { corpus } from "./corpus.ts";
import { Novelty } from "./novelty.ts";
import { replay, runRound } from "./round.ts";
import { readWritten, type Transcript, type Written, written } from "./transcript.ts";

const flags = parseArgs(Deno.args, {
  string: ["minutes", "seed", "repeat"],
  boolean: ["tls"],
}) as { readonly minutes?: string; readonly seed?: string; readonly repeat?: string; readonly tls?: boolean };
const ROUND_MS = 60_000;

if (flags["repeat"] !== undefined) {
  const { accounts, tls, transcripts } = JSON.parse(await Deno.readTextFile(flags["repeat"])) as Kept;
  const found = await replay(transcripts.map(readWritten), { accounts, tls });
  say(found.length === 0 ? `${transcripts.length} transcripts said again: nothing found` : found.join("\n"));
  Deno.exit(found.length === 0 ? 0 : 1);
}

const seed = number("seed", Date.now() % 1_000_000);
const all = number("minutes", 1) * 60_000;
const began = performance.now();
const start = corpus();
const transcripts = [...start];
const novelty = new Novelty();
const totals = { executions: 0, published: 0, received: 0, findings: 0 };
for (let round = 0; performance.now() - began < all; round++) {
  const ms = Math.min(ROUND_MS, all - (performance.now() - began));
  const { tls = false } = flags;
  const accounts = !tls && (seed + round) % 2 === 1;
  const report = await runRound({ seed: seed + round, ms, corpus: transcripts, novelty, accounts, tls });
  totals.executions += report.executions;
  totals.published += report.published;
  totals.received += report.received;
  totals.findings += report.findings.length;
  const [before, after] = report.memory.map((bytes) => (bytes / 1024 / 1024).toFixed(0));
  say(
    `seed ${seed + round}${
      accounts ? " (accounts)" : tls ? " (TLS)" : ""
    }: ${report.executions} executions, ${report.novel} with new answers, corpus ` +
      `${transcripts.length}; honest ${report.received} of ${report.published}; memory ${before} → ${after} MiB, ` +
      `descriptors ${report.descriptors.join(" → ")}; ${
        report.findings.length === 0 ? "nothing found" : "FOUND"
      }`,
  );
  for (const finding of report.findings) say(`  ${finding}`);
  if (report.findings.length > 0) await keep({ accounts, tls, suspects: report.suspects });
}
say(
  `${totals.executions} executions in ${
    ((performance.now() - began) / 60_000).toFixed(1)
  } minutes, ${novelty.size} ways to ` +
    `answer, corpus ${start.length} → ${transcripts.length}; honest messages ${totals.received} of ${totals.published}; ` +
    `${totals.findings} findings`,
);
Deno.exit(totals.findings === 0 ? 0 : 1);

/** What is kept of a finding. */
interface Kept {
  readonly accounts: boolean;
  readonly tls: boolean;
  readonly transcripts: readonly Written[];
}

/** Finds which of these it was, if one alone will do. */
async function keep(
  { accounts, tls, suspects }: { accounts: boolean; tls: boolean; suspects: readonly Transcript[] },
): Promise<void> {
  let guilty: readonly Transcript[] = suspects;
  while (guilty.length > 1) {
    const half = guilty.slice(Math.floor(guilty.length / 2));
    const other = guilty.slice(0, Math.floor(guilty.length / 2));
    if ((await replay(half, { accounts, tls })).length > 0) guilty = half;
    else if ((await replay(other, { accounts, tls })).length > 0) guilty = other;
    else break;
  }
  const file = await Deno.makeTempFile({ prefix: "hashbus-fuzz-", suffix: ".json" });
  const kept: Kept = { accounts, tls, transcripts: guilty.map(written) };
  await Deno.writeTextFile(file, JSON.stringify(kept, null, 2));
  if (guilty.length === 1) say(`  it was: ${JSON.stringify(kept.transcripts[0])}`);
  say(`  again: deno task fuzz --repeat ${file}`);
}

function number(name: "minutes" | "seed", otherwise: number): number {
  const value = flags[name];
  if (value === undefined) return otherwise;
  const given = Number(value);
  if (given >= 0) return given;
  say(`fuzz: --${name} '${value}' is no number`);
  Deno.exit(2);
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
