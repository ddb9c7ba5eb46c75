/**
 * The benchmark as it is called, on what needs no peer: the relay, and brokers that lie.
 *
 * @module
 */
import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import type { Job, Outcome } from "../../bench/load/job.ts";
import { type Shape, SHAPES } from "../../bench/shapes.ts";
import { Program } from "../../scripts/program.ts";

const BENCH = `${import.meta.dirname}/../../bench`;

function deno(script: string, ...args: readonly string[]): Program {
  return Program.start([Deno.execPath(), "run", "-A", "--quiet", `${BENCH}/${script}`, ...args], {
    name: script,
  });
}

for (
  const [args, complaint] of [
    [["--shapes", "1-1-128,nope"], 'there is no shape "nope": deno task bench --list names them'],
    [
      ["--peers", "kafka"],
      'there is no peer "kafka": choose from hashbus2, hashbus, nats, redis, mosquitto, relay',
    ],
    [["--rounds", "0"], '--rounds is a number from 1 to 100, not "0"'],
    [["--rounds"], "--rounds needs a value"],
    [["--sahpes"], 'there is no option "--sahpes": see deno task bench --help'],
  ] as const
) {
  Deno.test(`bench ${args.join(" ")} is refused with one line and 2`, async () => {
    await using bench = deno("main.ts", ...args);
    assertEquals((await bench.ended).code, 2);
    assertEquals(bench.lines, [`bench: ${complaint}`]);
  });
}

Deno.test("bench runs a shape in rounds, prints a table and writes JSON and a chart", async () => {
  const out = await Deno.makeTempDir();
  try {
    const asked = [
      "--shapes",
      "1-1-1k,publish-only",
      "--peers",
      "relay",
      "--rounds",
      "2",
      "--seconds",
      "0.05",
    ];
    await using bench = deno("main.ts", ...asked, "--out", out);
    assertEquals((await bench.ended).code, 0, bench.lines.join("\n"));
    assert(
      bench.lines.some((line) => /^1 → 1, 1 KiB\s+\S+ [kM]\/s ±\d+%$/.test(line)),
      bench.lines.join("\n"),
    );
    const files = [...Deno.readDirSync(out)].map(({ name }) => name).sort();
    assertEquals(files, ["part.json", "part.svg"]);
    const report = JSON.parse(await Deno.readTextFile(`${out}/${files[0]}`));
    assertEquals(report.settings.rounds, 2);
    assertGreater(report.machine.cores, 0);
    assertEquals(
      report.runs.map(({ shape, kind }: { shape: string; kind: string }) => [shape, kind]),
      ["1-1-1k", "1-1-1k", "publish-only", "publish-only"].map((shape) => [shape, "flow"]),
    );
    assertEquals(report.runs[0].delivered, report.runs[0].published);
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});

/** What a broker that lies does to the bytes a publisher sent, before they go to the subscriber. */
type Lie = (bytes: Uint8Array, chunk: number) => Uint8Array;

/** Runs the generator against a relay in this process that lies, and returns its outcome. */
async function load(name: string, lie: Lie, patienceSeconds = 10): Promise<Outcome> {
  using forSubscribers = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using forPublishers = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const relaying = async (): Promise<void> => {
    using subscriber = await forSubscribers.accept();
    await subscriber.write(new TextEncoder().encode("OK\n"));
    using publisher = await forPublishers.accept();
    const buffer = new Uint8Array(64 * 1024);
    for (let chunk = 0;; chunk++) {
      const got = await publisher.read(buffer);
      if (got === null) return;
      const bytes = lie(buffer.subarray(0, got), chunk);
      for (let at = 0; at < bytes.length;) at += await subscriber.write(bytes.subarray(at));
    }
  };
  // the generator hangs up as it ends, also in the middle of a write
  const relay = relaying().catch((error: unknown) => {
    if (!(error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset)) {
      throw error;
    }
  });
  const shape: Shape | undefined = SHAPES.find((each) => each.name === name);
  if (shape === undefined) throw new Error(`no shape ${name}`);
  const job: Job = {
    dialect: "relay",
    host: "127.0.0.1",
    publisherPort: forPublishers.addr.port,
    subscriberPort: forSubscribers.addr.port,
    pid: Deno.pid,
    shape: { ...shape, messages: 20_000 },
    seconds: 0.1,
    warmSeconds: 0.01,
    patienceSeconds,
    mostSeconds: 30,
    rate: 10_000,
  };
  await using generator = deno("load/main.ts", JSON.stringify(job));
  await generator.ended;
  await relay;
  return JSON.parse(generator.lines.at(-1) ?? "") as Outcome;
}

const onLinux = { ignore: Deno.build.os !== "linux" };

Deno.test("The generator counts every message of an honest broker", onLinux, async () => {
  const outcome = await load("1-1-128", (bytes) => bytes);
  assertEquals(outcome.kind, "flow", JSON.stringify(outcome));
  if (outcome.kind !== "flow") return;
  assertGreater(outcome.published, 0);
  assertEquals(outcome.delivered, outcome.published);
});

Deno.test("The generator notices bytes that are missing", onLinux, async () => {
  // a frame of 128 bytes of payload has 145 bytes: one is cut out of the second chunk
  const outcome = await load("1-1-128", (bytes, chunk) => chunk === 1 ? bytes.subarray(145) : bytes, 0.5);
  assertEquals(outcome.kind, "failed");
  if (outcome.kind === "failed") assertStringIncludes(outcome.problem, "nothing came for 0.5 s (published ");
});

Deno.test("The generator notices a message that came twice", onLinux, async () => {
  const outcome = await load("1-1-128", (bytes, chunk) => {
    if (chunk !== 0) return bytes;
    const more = new Uint8Array(bytes.length + 145);
    more.set(bytes.subarray(0, 145));
    more.set(bytes, 145);
    return more;
  });
  assertEquals(outcome.kind, "failed", JSON.stringify(outcome));
  if (outcome.kind === "failed") assertStringIncludes(outcome.problem, "145 bytes too many");
});

Deno.test("The generator notices messages that are not in the order of their topics", onLinux, async () => {
  // a frame to one of the topics that change has 146 bytes: one is left out and another doubled
  let changed = false;
  const outcome = await load("changing-1k", (bytes, chunk) => {
    // one that holds both
    if (changed || chunk === 0 || bytes.length < 4 * 146) return bytes;
    changed = true;
    return bytes.copyWithin(0, 146);
  });
  assertEquals(outcome.kind, "failed", JSON.stringify(outcome));
  if (outcome.kind === "failed") assertStringIncludes(outcome.problem, "is not there where it should be");
});

Deno.test("The generator notices a message that is not what was published", onLinux, async () => {
  const outcome = await load("1-1-128", (bytes, chunk) => {
    if (chunk === 0) bytes[200] = 63;
    return bytes;
  });
  assertEquals(outcome.kind, "failed");
  if (outcome.kind === "failed") assertStringIncludes(outcome.problem, "subscriber 1: expected");
});

Deno.test(
  "Latencies by a schedule count from when a message was due, so a stall shows",
  onLinux,
  async () => {
    // the warm-up has 100 messages, the measured part 1,000
    let bytesSeen = 0;
    let done = false;
    const stalled = await load("steady-10k", (bytes) => {
      bytesSeen += bytes.length;
      if (!done && bytesSeen > 300 * 145) {
        done = true;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
      }
      return bytes;
    });
    assertEquals(stalled.kind, "latency", JSON.stringify(stalled));
    if (stalled.kind === "latency") assertGreater(stalled.most, 40_000);
  },
);
