/**
 * A disk that does not answer any more, and a broker that is asked to stop.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { RawClient } from "../support/raw_client.ts";
import { BROKER, inFolder, startBroker, stored } from "./data_folder.ts";
import { type Failing, hanging } from "./disk.ts";
import { straceProblem } from "./strace.ts";

const noStrace = await straceProblem();
const SKIPPED = noStrace === undefined ? "" : ` (skipped: ${noStrace})`;
/** Milliseconds beyond its limit in which a broker is gone, on a machine that may be busy. */
const BEYOND_MS = 8000;

interface Hang {
  readonly what: string;
  readonly failing: Omit<Failing, "path"> & { readonly file: string };
  readonly args?: readonly string[];
  /** How many are published one after the other. */
  readonly publishes: number;
  /** Whether they get their answers all the same. */
  readonly answers: boolean;
  readonly says: RegExp;
}

const DOUBT = /^.* ERROR the disk did not answer before --drain-timeout.*$/gm;
const HANGS: readonly Hang[] = [
  {
    what: "of a commit",
    failing: { file: "hashbus.db-wal", call: "fsync", from: 8 },
    publishes: 8,
    answers: false,
    says: /not known whether .* are stored messages=1$/,
  },
  {
    what: "of --sync interval",
    failing: { file: "hashbus.db-wal", call: "fdatasync", from: 1 },
    args: ["--sync", "interval"],
    // a second one may come when the sync of the first has begun
    publishes: 1,
    answers: true,
    says: /messages=0$/,
  },
  {
    what: "of the closing",
    failing: { file: "hashbus.db", call: "fsync", from: 2 },
    publishes: 8,
    answers: true,
    says: /messages=0$/,
  },
];

for (const { what, failing: { file, ...calls }, args = [], publishes, answers, says } of HANGS) {
  for (const again of [false, true]) {
    const how = again ? "a second SIGTERM ends it at once" : "SIGTERM ends it within --drain-timeout";
    Deno.test({
      name: `while an fsync ${what} hangs, ${how}${SKIPPED}`,
      ignore: noStrace !== undefined,
      fn: () =>
        inFolder(async (data) => {
          // made before, so that it hangs on a store that is there
          await (await startBroker(["--data", data])).stop();
          const command = hanging(BROKER, { path: `${await Deno.realPath(data)}/${file}`, ...calls });
          const taken: string[] = [];
          {
            const limit = again ? "20s" : "500ms";
            const all = ["--data", data, "--drain-timeout", limit, ...args];
            await using broker = await startBroker(all, { command });
            using client = await RawClient.connect(broker.pubPort);
            for (let at = 0; at < publishes; at++) {
              const answer = await answerWithin(client, `c pub #a ${at}`, answers ? 10_000 : 3_000);
              if (answer === undefined) break;
              assertEquals(answer, "OK");
              taken.push(`${at}`);
            }
            assertEquals(taken.length === publishes, answers);
            // a sync of an interval has time to begin
            await new Promise((resolve) => setTimeout(resolve, 300));
            const start = performance.now();
            broker.kill("SIGTERM");
            if (again) {
              await broker.line(/draining/);
              await new Promise((resolve) => setTimeout(resolve, 300));
              broker.kill("SIGTERM");
            }
            await gone(broker.pid);
            const took = performance.now() - start;
            const { code } = await broker.ended;
            assert(took < 500 + BEYOND_MS, `${took} ms`);
            assertEquals(code, again ? 143 : 1);
            const said = broker.stderr.match(DOUBT) ?? [];
            assertEquals(said.length, again ? 0 : 1, broker.stderr);
            if (!again) assertMatch(said[0]!, says);
          }
          await using next = await startBroker(["--data", data, "-q", "--sync", "interval"]);
          const there = await stored(next, "#a");
          assertEquals(there.slice(0, taken.length), taken, "what was acknowledged is there");
        }),
    });
  }
}

/** What is said to a request; undefined: nothing in so many milliseconds. */
async function answerWithin(client: RawClient, request: string, ms: number): Promise<string | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => timer = setTimeout(resolve, ms, undefined));
  const answer = client.ask(request).catch(() => undefined);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits until a process is over. A thread that strace holds is let go only with strace; until then nobody
 * learns the exit code.
 */
async function gone(pid: number): Promise<void> {
  const tracer = /^TracerPid:\s+(\d+)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1] ?? "0";
  // 4711 (deno) Z 1 …
  while (isThere(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
  if (tracer !== "0") Deno.kill(Number(tracer), "SIGKILL");
}

/** Whether a process runs: it is there, and more than what is left for its parent to ask for. */
function isThere(pid: number): boolean {
  try {
    return !/\) Z /.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
