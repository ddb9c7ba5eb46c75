/**
 * One side of {@link import("./against.ts")}: the broker of the sources in a folder, and a {@link Journey} through it for
 * each line on stdin; how long a pass took comes back as a line, in microseconds.
 *
 *     deno run -A --config FOLDER/deno.json bench/pieces/traveller.ts FOLDER JOURNEY [accounts]
 *
 * @module
 */
import { pathToFileURL } from "node:url";
import { printLine } from "../../scripts/terminal.ts";
import { TOPIC, toTopics } from "./inputs.ts";
import { JOURNEYS } from "./journeys.ts";
import { Path, type PathOptions } from "./path.ts";

/** Before the first: what the engine makes of it no longer changes. */
const WARM_MS = 1500;
const TURN_MS = 60;

const [folder = "", name = "", keeper] = Deno.args;
const journey = JOURNEYS[name];
if (journey === undefined) throw new Error(`there is no journey "${name}"`);
const { protocol, subscribers, topics } = journey;
const sources = await import(pathToFileURL(`${folder}/lib/broker/mod.ts`).href) as PathOptions["sources"];
const pattern = topics === 1 ? TOPIC : `${TOPIC}.*`;
const accounts = keeper === undefined ? undefined : await (await import("./accounts.ts")).accounts();
const path = await Path.open(protocol, { subscribers, pattern, sources, accounts });
const reads = toTopics(protocol, journey);
let next = 0;

/** Microseconds a pass. */
async function travel(milliseconds: number): Promise<number> {
  const begin = performance.now();
  let passes = 0;
  while (performance.now() - begin < milliseconds) {
    for (let at = 0; at < 4; at++, passes++) {
      const read = reads[next++ % reads.length]!;
      await path.pass(read, read.delivered);
    }
  }
  return 1000 * (performance.now() - begin) / passes;
}

await travel(WARM_MS);
printLine("ready");
const asked = new Uint8Array(1);
while (await Deno.stdin.read(asked) !== null) printLine((await travel(TURN_MS)).toFixed(2));
await path[Symbol.asyncDispose]();
