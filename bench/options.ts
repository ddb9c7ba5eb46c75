/**
 * The command line of `deno task bench`.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { CHECKS, type CheckSizes } from "./durable/checks.ts";
import { UsageError } from "../lib/errors.ts";
import { quote } from "../lib/text.ts";
import { DURABLE_SHAPES, PEAK_SHAPE, type Shape, SHAPES } from "./shapes.ts";
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

/** The same of `--durable`. */
export const DURABLE_PEER_NAMES = [
  "hashbus2",
  "hashbus",
  "interval2",
  "against2",
  "redis",
  "jetstream",
  "jetstream-always",
  "beanstalkd",
] as const;

/** What one call of the benchmark is to do. */
export interface BenchOptions {
  readonly action: "run" | "list" | "help";
  readonly shapes: readonly Shape[];
  /** Names of what is measured of our store alone. */
  readonly checks: readonly string[];
  readonly sizes: CheckSizes;
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
  /** What is kept is measured, in place of what is delivered. */
  readonly durable: boolean;
  /** The folder whose disk stores are made on. */
  readonly place: string;
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
  --durable        what is stored, in place of what is in memory: acknowledgements a second. The peers are hashbus2,
                   hashbus, interval2 (--sync interval), redis (AOF, fsync always), jetstream (file storage),
                   jetstream-always (where that nats-server knows it), beanstalkd (work queues alone, binlog fsynced).
                   Results in durable.json and durable.svg
                   Then what our store shows alone: replay, replay-many, passing, opening
  --messages N     messages that are replayed (10000000)
  --passing GB     how much passes through a store that keeps a tenth (10)
  --stored GB      how large the store is that is opened (5)
  --place DIR      stores are made in a folder in DIR, and removed (/var/tmp)
  --list           the shapes
  --help           this
`;

const STRINGS = [
  "shapes",
  "peers",
  "rounds",
  "seconds",
  "broker",
  "against",
  "out",
  "place",
  "messages",
  "passing",
  "stored",
] as const;

/** Reads the command line; throws {@link UsageError} with one line that says what is wrong. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const given = parseArgs(args, {
    string: STRINGS,
    boolean: ["durable", "quick", "targets", "list", "help"],
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
  const durable = given["durable"] === true;
  const seconds = number("seconds", text("seconds"), quick ? 0.3 : 1, { least: 0.05, most: 60 });
  const rounds = Math.floor(number("rounds", text("rounds"), quick ? 2 : 5, { least: 1, most: 100 }));
  const broker = text("broker");
  const against = text("against");
  const shapes = text("shapes");
  const peers = text("peers");
  const out = text("out") ?? "bench/results";
  return {
    action: given["help"] === true ? "help" : given["list"] === true ? "list" : "run",
    ...(durable ? chosenDurable(shapes) : {
      shapes: shapes === undefined && targets
        ? SHAPES.filter(({ name }) => TARGET_SHAPES.has(name))
        : chosenShapes(shapes),
      checks: [],
    }),
    sizes: {
      messages: Math.floor(
        number("messages", text("messages"), quick ? 1e6 : 1e7, { least: 1000, most: 1e9 }),
      ),
      passing: 1e9 * number("passing", text("passing"), quick ? 1 : 10, { least: 0.01, most: 1000 }),
      stored: 1e9 * number("stored", text("stored"), quick ? 0.5 : 5, { least: 0.001, most: 1000 }),
      rounds,
      watchSeconds: 3 * seconds,
    },
    peers: chosenPeers(peers, {
      known: durable ? DURABLE_PEER_NAMES : PEER_NAMES,
      against: against !== undefined,
    }),
    durable,
    place: text("place") ?? "/var/tmp",
    rounds,
    seconds,
    warmSeconds: Math.min(0.3, seconds / 2),
    ...(broker === undefined ? {} : { broker }),
    ...(against === undefined ? {} : { against }),
    targets,
    whole: [shapes, peers, against].every((each) => each === undefined) && !quick && !targets,
    out: out === "none" ? null : out,
  };
}

/** Of `--durable`: shapes that run on all, and checks of our store. */
function chosenDurable(text: string | undefined): Pick<BenchOptions, "shapes" | "checks"> {
  const known = [...DURABLE_SHAPES, ...CHECKS].map(({ name }) => name);
  const names = text?.split(",") ?? known;
  for (const name of names) {
    if (!known.includes(name)) {
      throw new UsageError(`there is no shape ${quote(name)}: deno task bench --durable --list names them`);
    }
  }
  return {
    shapes: DURABLE_SHAPES.filter(({ name }) => names.includes(name)),
    checks: known.filter((name) => names.includes(name) && CHECKS.some((check) => check.name === name)),
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

function chosenPeers(
  text: string | undefined,
  { known, against }: { readonly known: readonly string[]; readonly against: boolean },
): readonly string[] {
  const possible: readonly string[] = known.filter((name) => against || !name.startsWith("against"));
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
