/**
 * The command line of `deno task bench`.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { UsageError } from "../lib/errors.ts";
import { quote } from "../lib/text.ts";
import { PEAK_SHAPE, type Shape, SHAPES } from "./shapes.ts";
import { TARGET_SHAPES } from "./targets.ts";

/** The names peers have on the command line and in the results, in the order they run. */
export const PEER_NAMES = [
  "hashbus2",
  "hashbus",
  "against2",
  "against",
  "nats",
  "redis",
  "mosquitto",
  "relay",
] as const;

/** What one call of the benchmark is to do. */
export interface BenchOptions {
  readonly action: "run" | "list" | "help";
  readonly shapes: readonly Shape[];
  readonly peers: readonly string[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmSeconds: number;
  /** Starts our broker, in place of this tree's. */
  readonly broker?: string;
  /** Starts one more broker of ours, measured beside it. */
  readonly against?: string;
  /** All targets are reported, and one that is missed is a failure. */
  readonly targets: boolean;
  /** Everything is run, as it comes: the result may stand for this machine. */
  readonly whole: boolean;
  /** Folder for the results; `null`: none are written. */
  readonly out: string | null;
}

/** What `--help` prints. */
export const HELP = `deno task bench [options]

Starts our broker and, where they are installed, nats-server, redis-server and mosquitto, runs the same shapes on all
of them in turns, and prints the medians. Loopback only; everything it starts it also ends.

  --targets        only the shapes for which something is promised; ends with 1 where a promise is not kept
  --shapes A,B     only these (--list names them)
  --peers A,B      only these: hashbus2 (our broker, spoken to in v2), hashbus (in classic), nats, redis, mosquitto,
                   relay (bytes moved unread: the limit)
  --rounds N       runs of each shape on each peer (5)
  --seconds S      how long one run publishes (1)
  --quick          2 rounds of 0.3 s
  --broker CMD     start our broker with CMD (dist/broker, say); "-s 0 -p 0 -q" is added
  --against CMD    measure one more broker of ours beside it, as "against": to compare two checkouts
  --out DIR        where the JSON and the chart go (bench/results): latest.json and latest.svg for a run of all shapes
                   and peers, part.json and part.svg for any other; "none" writes neither
  --list           the shapes
  --help           this
`;

const STRINGS = ["shapes", "peers", "rounds", "seconds", "broker", "against", "out"] as const;

/** Reads the command line; throws {@link UsageError} with one line that says what is wrong. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const given = parseArgs(args, {
    string: STRINGS,
    boolean: ["quick", "targets", "list", "help"],
    unknown: (argument) => {
      throw new UsageError(`there is no option ${quote(argument)}: see deno task bench --help`);
    },
  });
  const text = (name: typeof STRINGS[number]): string | undefined => {
    const value = given[name];
    if (value === "") throw new UsageError(`--${name} needs a value`);
    return typeof value === "string" ? value : undefined;
  };
  const quick = given["quick"] === true;
  const targets = given["targets"] === true;
  const seconds = number("seconds", text("seconds"), quick ? 0.3 : 1, { least: 0.05, most: 60 });
  const broker = text("broker");
  const against = text("against");
  const shapes = text("shapes");
  const peers = text("peers");
  const out = text("out") ?? "bench/results";
  return {
    action: given["help"] === true ? "help" : given["list"] === true ? "list" : "run",
    shapes: shapes === undefined && targets
      ? SHAPES.filter(({ name }) => TARGET_SHAPES.has(name))
      : chosenShapes(shapes),
    peers: chosenPeers(peers, against !== undefined),
    rounds: Math.floor(number("rounds", text("rounds"), quick ? 2 : 5, { least: 1, most: 100 })),
    seconds,
    warmSeconds: Math.min(0.3, seconds / 2),
    ...(broker === undefined ? {} : { broker }),
    ...(against === undefined ? {} : { against }),
    targets,
    whole: [shapes, peers, against].every((each) => each === undefined) && !quick && !targets,
    out: out === "none" ? null : out,
  };
}

function chosenShapes(text: string | undefined): readonly Shape[] {
  if (text === undefined) return SHAPES;
  const names = text.split(",");
  for (const name of names) {
    if (!SHAPES.some((shape) => shape.name === name)) {
      throw new UsageError(`there is no shape ${quote(name)}: deno task bench --list names them`);
    }
  }
  const chosen = SHAPES.filter(({ name }) => names.includes(name));
  const needPeak = chosen.some(({ rate }) => rate !== undefined && "ofPeak" in rate);
  if (!needPeak || names.includes(PEAK_SHAPE)) return chosen;
  return SHAPES.filter(({ name }) => name === PEAK_SHAPE || names.includes(name));
}

function chosenPeers(text: string | undefined, against: boolean): readonly string[] {
  const possible: readonly string[] = PEER_NAMES.filter((name) => against || !name.startsWith("against"));
  if (text === undefined) return possible;
  const names = text.split(",");
  for (const name of names) {
    if (!possible.includes(name)) {
      throw new UsageError(`there is no peer ${quote(name)}: choose from ${possible.join(", ")}`);
    }
  }
  return possible.filter((name) => names.includes(name) || name.startsWith("against"));
}

function number(
  name: string,
  text: string | undefined,
  range: number,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  if (text === undefined) return range;
  const value = Number(text);
  if (!(value >= least && value <= most)) {
    throw new UsageError(`--${name} is a number from ${least} to ${most}, not ${quote(text)}`);
  }
  return value;
}
