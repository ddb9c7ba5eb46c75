/**
 * Commands from a pipe: `publisher < commands` beside `redis-cli < commands`, as whole processes in turns.
 *
 *     deno run -A bench/commands.ts [a folder on a disk]
 *
 * @module
 */
import { Program } from "../scripts/program.ts";
import { printLine } from "../scripts/terminal.ts";
import { Place } from "./durable/place.ts";
import {
  firstLine,
  freePort,
  HOST,
  OWN_BROKER,
  ROOT,
  startByReadyLine,
  startWithFile,
  wordsOf,
} from "./start.ts";

/** One of those that are timed. */
interface Contestant {
  readonly name: string;
  /** What is run, with the commands on its stdin. */
  readonly command: readonly string[];
  /** The commands. */
  readonly file: string;
  readonly lines: number;
}

const RUNS = 5;
const MANY = 100_000;
const DURABLE = 20_000;

if (import.meta.main) {
  await using place = await Place.make(Deno.args[0] ?? ROOT);
  await compare(place.folder);
}

async function compare(folder: string): Promise<void> {
  await using memory = await startByReadyLine([...wordsOf(OWN_BROKER), "-s", "0", "-p", "0", "-q"]);
  await using durable = await startByReadyLine([
    ...wordsOf(OWN_BROKER),
    ...["-s", "0", "-p", "0", "-q", "--data", `${folder}/data`],
  ]);
  const contestants: Contestant[] = [
    {
      name: "publisher",
      command: publisherTo(memory.publisherPort),
      ...await commands(`${folder}/ours`, { verb: "pub", total: MANY }),
    },
    {
      name: "publisher, durable broker",
      command: publisherTo(durable.publisherPort),
      ...await commands(`${folder}/durable`, { verb: "pub", total: DURABLE }),
    },
  ];
  if (await firstLine(["redis-server", "--version"]) === null) {
    printLine("redis-server is not installed: nothing to compare with");
    return await timeAll(contestants);
  }
  const port = freePort();
  await using _redis = await startWithFile(
    { name: "redis.conf", text: `bind ${HOST}\nport ${port}\nsave ""\nappendonly no\n` },
    (path) => ["redis-server", path],
    port,
  );
  const redis = {
    name: "redis-cli",
    command: ["redis-cli", "-p", `${port}`],
    ...await commands(`${folder}/redis`, { verb: "PUBLISH", total: MANY }),
  };
  await timeAll([redis, ...contestants]);
}

function publisherTo(port: number): string[] {
  return [Deno.execPath(), "run", "-A", "--quiet", `${ROOT}publisher.ts`, "-i", "bench", "-p", `${port}`];
}

/** A file of so many commands, the same messages for all. */
async function commands(
  file: string,
  { verb, total }: { readonly verb: "pub" | "PUBLISH"; readonly total: number },
): Promise<Pick<Contestant, "file" | "lines">> {
  const quote = verb === "pub" ? "" : '"';
  const lines = Array.from(
    { length: total },
    (_, n) => `${verb} bench ${quote}message number ${n}${quote}\n`,
  );
  await Deno.writeTextFile(file, lines.join(""));
  return { file, lines: total };
}

/** In turns, so that what disturbs the machine disturbs all; prints the medians. */
async function timeAll(contestants: readonly Contestant[]): Promise<void> {
  const times = new Map(contestants.map((each) => [each, [] as number[]]));
  for (let run = 0; run < RUNS; run++) {
    for (const [contestant, seconds] of times) seconds.push(await timed(contestant));
  }
  for (const [{ name, lines }, seconds] of times) {
    const sorted = seconds.toSorted((one, other) => one - other);
    const [least = NaN, median = NaN, most = NaN] = [0, RUNS >> 1, RUNS - 1].map((at) => sorted[at]);
    const spread = `${least.toFixed(2)} to ${most.toFixed(2)}`;
    printLine(
      `${name.padEnd(26)} ${lines.toLocaleString("en").padStart(8)} commands  ${
        median.toFixed(2)
      } s (${spread})`,
    );
  }
}

/** Seconds of a whole process, from its start to its end. */
async function timed({ command, file }: Contestant): Promise<number> {
  const start = performance.now();
  await Program.start(["sh", "-c", `exec "$@" < "$0" > /dev/null`, file, ...command]).succeeded();
  return (performance.now() - start) / 1000;
}
