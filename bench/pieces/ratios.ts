/**
 * The recorded ratios: `deno run -A bench/pieces/ratios.ts` measures and compares, `--record` writes the record anew,
 * `--piece NAME` measures one piece and prints its ratio.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { median } from "../load/percentile.ts";
import { machine } from "../machine.ts";
import { PIECES, ratioOf } from "./ratio.ts";

/** What bench/pieces/recorded.json holds. */
export interface Recorded {
  /** On what it was recorded. */
  readonly processor: string;
  readonly deno: string;
  readonly ratios: Readonly<Record<string, number>>;
}

/**
 * A piece below this part of its recorded ratio has become slower. Machines weigh a loop and a copy differently,
 * also such as say that they have the same processor, and by who else is on it: of one tree 0.40 of the record was
 * seen, with all runs alike. So only a slowness that cannot be mistaken counts; two trees on one machine are compared
 * by bench/pieces/against.ts.
 */
export const RECORDED_PART = 0.25;
/** Processes whose median is recorded. */
const RECORDINGS = 7;
/** A piece that seems slow is measured again, in a new process: what the compiler made of it may have been bad luck. */
const ATTEMPTS = 3;
/** A measurement takes less than a second on a machine that has the time. */
const MOST_MS = 60_000;
const FILE = `${import.meta.dirname}/recorded.json`;
const SELF = `${import.meta.dirname}/ratios.ts`;
const CONFIG = `${import.meta.dirname}/../../deno.json`;

/** Reads the record. */
export async function recorded(): Promise<Recorded> {
  return JSON.parse(await Deno.readTextFile(FILE)) as Recorded;
}

/** Measures a piece in a process of its own, so that neither its order nor who else runs here plays a part. */
export async function measured(piece: string, script = SELF): Promise<number> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--config", CONFIG, script, "--piece", piece],
    stdin: "null",
    signal: AbortSignal.timeout(MOST_MS),
  }).output();
  const said = new TextDecoder().decode(success ? stdout : stderr);
  if (!success) throw new Error(`${piece} could not be measured in ${MOST_MS} ms: ${said}`);
  return Number(said);
}

/** The best of a few attempts; stops at the first that is at least `least`. */
export async function bestOf(piece: string, least: number, script = SELF): Promise<number> {
  let best = 0;
  for (let attempt = 0; attempt < ATTEMPTS && best < least; attempt++) {
    best = Math.max(best, await measured(piece, script));
  }
  return best;
}

async function one(name: string): Promise<void> {
  const make = PIECES[name];
  if (make === undefined) {
    throw new Error(`there is no piece "${name}": choose from ${Object.keys(PIECES).join(", ")}`);
  }
  await using piece = await make();
  await print(`${await ratioOf(piece)}\n`);
}

async function record(): Promise<void> {
  const ratios: Record<string, number> = {};
  for (const piece of Object.keys(PIECES)) {
    const found: number[] = [];
    for (let at = 0; at < RECORDINGS; at++) found.push(await measured(piece));
    ratios[piece] = Number(median(found).toPrecision(3));
    const [least, most] = [Math.min(...found), Math.max(...found)].map((value) => value.toPrecision(3));
    await print(`${piece}: ${ratios[piece]} (${least} to ${most})\n`);
  }
  const { processor, deno } = await machine(`${import.meta.dirname}`);
  await Deno.writeTextFile(FILE, `${JSON.stringify({ processor, deno, ratios }, null, 2)}\n`);
}

async function compare(): Promise<void> {
  const { ratios } = await recorded();
  for (const [piece, before] of Object.entries(ratios)) {
    const now = await measured(piece);
    await print(
      `${piece}: ${now.toPrecision(3)}, recorded ${before}, ${(now / before).toFixed(2)} of it\n`,
    );
  }
}

async function print(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
}

if (import.meta.main) {
  const options = parseArgs(Deno.args, { string: ["piece"], boolean: ["record"] });
  const piece = options["piece"];
  if (typeof piece === "string") await one(piece);
  else if (options["record"] === true) await record();
  else await compare();
}
