/**
 * Thousands who come and do not log in, beside honest clients: what these wait, what the broker holds, and when
 * the others are gone.
 *
 *     deno run -A bench/silence/main.ts [--count N] [--login-timeout MS] [--rounds N] [--silent] [--broker CMD]
 *
 * `--broker` starts another one: an executable, or bench/silence/bare.ts, the least there can be. `--silent` leaves
 * half logins out.
 *
 * @module
 */
import { hashSecret } from "../../lib/auth/secrets.ts";
import { taskFlags } from "../../scripts/flags.ts";
import { printLine } from "../../scripts/terminal.ts";
import { median, percentile } from "../load/percentile.ts";
import { cpuSeconds, residentBytes } from "../load/usage.ts";
import { HOST, OWN_BROKER, type Running, startByReadyLine, wordsOf } from "../start.ts";
import { Crowd, type Manner } from "./crowd.ts";
import { Honest } from "./honest.ts";

/** How much of it. */
export interface SilenceOptions {
  /** How many come and say nothing; a tenth of that comes again and again with half a login. */
  readonly count: number;
  /** Milliseconds until the broker ends them. */
  readonly loginTimeout: number;
  readonly rounds: number;
  /** How long honest clients are measured alone before each, milliseconds. */
  readonly aloneFor?: number;
  /** Who comes. */
  readonly manners?: readonly Manner[];
  /** What starts the broker; the arguments are put behind it. */
  readonly command?: string;
  readonly say: (line: string) => void;
}

/** What came of it, of all rounds: medians. */
export interface Silence {
  /** The honest clients' p99 beside each crowd that came, as so many times that of a while before it. */
  readonly ratios: Readonly<Partial<Record<Manner, number>>>;
  /** Bytes the broker has grown by, for each of a silent crowd. */
  readonly bytesEach: number;
  /** When the last silent one was ended, milliseconds from its coming. */
  readonly last: number;
  /** Of those who came, so many could not connect or were reset. */
  readonly failed: number;
}

const MANNERS: readonly Manner[] = ["silent", "half a login"];
const PAIRS = 10;
const USER = "honest";
/** A secret of nobody. */
const SECRET = "correct-horse";
const COME_A_SECOND = 2000;
const MIB = 1024 * 1024;

/** Measures, alone and beside, in turns. */
export async function measureSilence(
  { count, loginTimeout, rounds, aloneFor = 3000, manners = MANNERS, command = OWN_BROKER, say }:
    SilenceOptions,
): Promise<Silence> {
  const folder = await Deno.makeTempDir();
  try {
    const users = `${folder}/users.toml`;
    const all = `publish = ["#>"]\nsubscribe = ["#>"]`;
    await Deno.writeTextFile(
      users,
      `[[user]]\nname = "${USER}"\n${all}\nsecret = "${await hashSecret(SECRET)}"\n`,
      { mode: 0o600 },
    );
    const args = ["-s", "0", "-p", "0", "-q", "--users", users, "--login-timeout", `${loginTimeout}ms`];
    const bounds = ["--max-connections", `${2 * count + 1000}`, "--max-connections-per-address", "1000000"];
    await using broker = await startByReadyLine([...wordsOf(command), ...args, ...bounds]);
    await using honest = await Honest.start({
      host: HOST,
      publisherPort: broker.publisherPort,
      subscriberPort: broker.subscriberPort,
      user: USER,
      secret: SECRET,
      pairs: PAIRS,
    });
    const ratios = new Map<Manner, number[]>(manners.map((manner) => [manner, []]));
    const bytesEach: number[] = [];
    let last = 0;
    let failed = 0;
    for (let round = 1; round <= rounds; round++) {
      for (const [manner, those] of ratios) {
        await new Promise((resolve) => setTimeout(resolve, 500));
        honest.take();
        await new Promise((resolve) => setTimeout(resolve, aloneFor));
        const alone = percentile(honest.take(), 0.99);
        const beside = await crowd(manner, { count, loginTimeout, broker, honest });
        those.push(beside.p99 / alone);
        if (manner === "silent") bytesEach.push(beside.grown / count);
        last = Math.max(last, manner === "silent" ? beside.last : 0);
        failed += beside.failed;
        say(
          `${round} ${manner}: p99 ${alone.toFixed(2)} ms alone, ${beside.p99.toFixed(2)} beside (while ` +
            `they come, stay, go: ${beside.phases}); broker ${beside.cpu.toFixed(1)} s of processor, ${
              (beside.grown / MIB).toFixed(0)
            } MiB more at most, ${(beside.left / MIB).toFixed(0)} when they were gone; ${beside.connects} ` +
            `connections, ended after ${(beside.first / 1000).toFixed(1)} to ${
              (beside.last / 1000).toFixed(1)
            } s`,
        );
      }
    }
    return {
      ratios: Object.fromEntries([...ratios].map(([manner, those]) => [manner, median(those)])),
      bytesEach: median(bytesEach),
      last,
      failed,
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

interface Beside {
  readonly p99: number;
  readonly phases: string;
  readonly grown: number;
  readonly left: number;
  readonly cpu: number;
  readonly first: number;
  readonly last: number;
  readonly connects: number;
  readonly failed: number;
}

/** One crowd, from its coming until all of it is gone. */
async function crowd(
  manner: Manner,
  { count, loginTimeout, broker, honest }: {
    readonly count: number;
    readonly loginTimeout: number;
    readonly broker: Running;
    readonly honest: Honest;
  },
): Promise<Beside> {
  const before = residentBytes(broker.pid);
  const cpu = cpuSeconds(broker.pid);
  const silent = manner === "silent";
  using comers = new Crowd({
    host: HOST,
    port: broker.publisherPort,
    count: silent ? count : Math.ceil(count / 10),
    manner,
    aSecond: COME_A_SECOND,
    comesAgainFor: silent ? 0 : loginTimeout,
  });
  let most = before;
  const looking = setInterval(() => most = Math.max(most, residentBytes(broker.pid)), 100);
  try {
    const there = await comers.there;
    const coming = honest.take();
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, loginTimeout - there.took - 300)));
    const staying = honest.take();
    const gone = await comers.gone;
    const going = honest.take();
    const all = [...coming, ...staying, ...going].sort((a, b) => a - b);
    return {
      p99: percentile(all, 0.99),
      phases: [coming, staying, going].map((of) => percentile(of, 0.99).toFixed(2)).join(", "),
      grown: most - before,
      left: residentBytes(broker.pid) - before,
      cpu: cpuSeconds(broker.pid) - cpu,
      first: gone.first,
      last: gone.last,
      connects: gone.connects,
      failed: there.failed,
    };
  } finally {
    clearInterval(looking);
  }
}

if (import.meta.main) {
  const told = taskFlags({
    url: import.meta.url,
    name: "silence",
    string: ["count", "login-timeout", "rounds", "broker"],
    boolean: ["silent"],
  }) as Readonly<Record<string, string | boolean | undefined>>;
  const number = (name: string, fallback: number): number => {
    const value = Number(told[name] ?? fallback);
    if (Number.isSafeInteger(value) && value > 0) return value;
    printLine(`silence: --${name} is a whole number from 1, not ${JSON.stringify(told[name])}`, Deno.stderr);
    Deno.exit(2);
  };
  const count = number("count", 10_000);
  const { ratios, bytesEach, last, failed } = await measureSilence({
    count,
    loginTimeout: number("login-timeout", 10_000),
    rounds: number("rounds", 3),
    ...(told["silent"] === true ? { manners: ["silent"] } : {}),
    command: told["broker"] === undefined ? OWN_BROKER : String(told["broker"]),
    say: printLine,
  });
  const times = Object.entries(ratios).map(([manner, ratio]) => `${ratio.toFixed(2)} (${manner})`).join(", ");
  printLine(
    `p99 beside ${count}, as so many times that alone: ${times}; ${
      (bytesEach / 1024).toFixed(1)
    } KiB for each ` +
      `silent one; the last ended after ${(last / 1000).toFixed(1)} s; ${failed} failed`,
  );
}
