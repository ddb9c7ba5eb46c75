/**
 * `deno task bench`: our broker and its peers, the same shapes, in one run.
 *
 * @module
 */
import { RunError, UsageError } from "../lib/errors.ts";
import { Program } from "../scripts/program.ts";
import { chart } from "./chart.ts";
import { summarize } from "./figures.ts";
import { type Machine, machine } from "./machine.ts";
import { type BenchOptions, HELP, parseOptions } from "./options.ts";
import { allPeers, type Peer } from "./peers.ts";
import { type Cell, runShape } from "./run.ts";
import { SHAPES } from "./shapes.ts";
import { latencyTable, mainTable, problemLines, type TableInput, usageTable } from "./table.ts";

const ROOT = `${import.meta.dirname}/..`;
const encoder = new TextEncoder();

function print(text: string, to: typeof Deno.stdout | typeof Deno.stderr = Deno.stdout): void {
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at));
}

/** What is being done now, on a line of its own that is written over; only on a terminal. */
function progress(text: string): void {
  if (Deno.stderr.isTerminal()) print(`\r\x1b[K${text}`, Deno.stderr);
}

async function run(options: BenchOptions): Promise<void> {
  const { versions, present } = await installed(options);
  const host = await machine(ROOT);
  print(
    `${host.processor}, ${host.cores} cores, ${host.system}, Deno ${host.deno}, commit ${
      host.commit ?? "-"
    }\n`,
  );
  for (const [peer, version] of versions) print(`${peer}: ${version ?? "not installed"}\n`);
  if (present.length === 0) throw new RunError("none of the chosen peers is installed");
  const cells: Cell[] = [];
  for (const shape of options.shapes) {
    cells.push(...await runShape(shape, present, { options, earlier: cells, progress }));
    progress("");
  }
  const input: TableInput = {
    shapes: options.shapes,
    peers: present.map(({ name }) => name),
    summaries: cells.map(summarize),
  };
  print(
    `\nMedians of ${options.rounds} rounds; "/ peer": how many times better ${input.peers[0]} is\n\n${
      mainTable(input)
    }`,
  );
  const latencies = latencyTable(input);
  if (latencies !== "") print(`\n${latencies}`);
  print(`\n${usageTable(input)}${problemLines(input.summaries)}`);
  if (options.out !== null) {
    await save(options, { host, versions: Object.fromEntries(versions), peers: present, cells, input });
  }
  if (input.summaries.some(({ problems }) => problems.length > 0)) throw new RunError("some runs failed");
}

async function installed(
  options: BenchOptions,
): Promise<{ versions: Map<string, string | null>; present: readonly Peer[] }> {
  const versions = new Map<string, string | null>();
  const present: Peer[] = [];
  for (const peer of allPeers(options)) {
    if (!options.peers.includes(peer.name)) continue;
    const version = await peer.version();
    versions.set(peer.name, version);
    if (version !== null) present.push(peer);
  }
  return { versions, present };
}

async function save(
  options: BenchOptions,
  { host, versions, peers, cells, input }: {
    readonly host: Machine;
    readonly versions: Readonly<Record<string, string | null>>;
    readonly peers: readonly Peer[];
    readonly cells: readonly Cell[];
    readonly input: TableInput;
  },
): Promise<void> {
  if (options.out === null) return;
  const date = new Date();
  const name = `${options.out}/bench-${date.toISOString().slice(0, 19).replaceAll(":", "-")}`;
  const { rounds, seconds, warmSeconds } = options;
  const report = {
    date: date.toISOString(),
    machine: host,
    versions,
    settings: {
      rounds,
      seconds,
      warmSeconds,
      peers: Object.fromEntries(peers.map((peer) => [peer.name, peer.settings])),
    },
    shapes: options.shapes,
    summaries: input.summaries,
    runs: cells,
  };
  const caption = `${host.processor}, ${host.cores} cores, Deno ${host.deno}, ${
    date.toISOString().slice(0, 10)
  }, ${rounds} rounds of ${seconds} s, loopback`;
  await Deno.mkdir(options.out, { recursive: true });
  await Deno.writeTextFile(`${name}.json`, `${JSON.stringify(report, null, 2)}\n`);
  await Deno.writeTextFile(`${name}.svg`, chart(input, caption));
  print(`\nwritten: ${name}.json, ${name}.svg\n`);
}

/** Interrupted: nothing that was started goes on. */
async function interrupted(): Promise<void> {
  await Program.stopAll();
  print("bench: interrupted\n", Deno.stderr);
  Deno.exit(130);
}

async function main(): Promise<number> {
  Deno.addSignalListener("SIGINT", interrupted);
  Deno.addSignalListener("SIGTERM", interrupted);
  try {
    const options = parseOptions(Deno.args);
    if (options.action === "help") print(HELP);
    else if (options.action === "list") {
      for (const { name, title, mode } of SHAPES) print(`${name.padEnd(16)}${mode.padEnd(9)}${title}\n`);
    } else await run(options);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof RunError)) throw error;
    print(`bench: ${error.message}\n`, Deno.stderr);
    return error instanceof UsageError ? 2 : 1;
  }
}

Deno.exit(await main());
