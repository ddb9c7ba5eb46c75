/**
 * `deno task bench --durable` as it is called, in small: real brokers on a real disk, ours and those that are installed.
 *
 * @module
 */
import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { Program } from "../../scripts/program.ts";

const BENCH = `${import.meta.dirname}/../../bench/main.ts`;
/** Many processes one after the other, each of which takes several times as long on a busy machine. */
const onLinux = { ignore: Deno.build.os !== "linux", timeout: 300_000 };

function bench(...args: readonly string[]): Program {
  return Program.start([Deno.execPath(), "run", "-A", "--quiet", BENCH, "--durable", ...args], {
    name: "bench",
  });
}

/** A folder on a disk, with nothing in it when the test is over. */
async function onDisk(test: (place: string) => Promise<void>): Promise<void> {
  const place = await Deno.makeTempDir({ dir: "/var/tmp" });
  try {
    await test(place);
    assertEquals([...Deno.readDirSync(place)], []);
  } finally {
    await Deno.remove(place, { recursive: true });
  }
}

interface Run {
  readonly shape: string;
  readonly peer: string;
  readonly kind: string;
  readonly published?: number;
  readonly messages?: number;
}

Deno.test(
  "Every durable shape runs on everybody who is installed, and each message is acknowledged",
  onLinux,
  async () => {
    await onDisk(async (place) => {
      const out = await Deno.makeTempDir();
      try {
        const shapes = ["kept-10k-1", "kept-10k-4", "kept-turns", "kept-1", "kept-64", "queue-4"];
        const asked = ["--shapes", shapes.join(","), "--rounds", "1", "--seconds", "0.2"];
        await using program = bench(...asked, "--place", place, "--out", out);
        assertEquals((await program.ended).code, 0, program.lines.join("\n"));
        const report = JSON.parse(await Deno.readTextFile(`${out}/part.json`));
        const runs: readonly Run[] = report.runs;
        const installed = Object.entries(report.versions).filter(([, version]) => version !== null);
        assert(installed.length >= 3);
        const peers = installed.map(([name]) => name);
        // one is a work queue alone, and not everybody has one
        const kept = peers.filter((name) => name !== "beanstalkd").length;
        const queues = peers.filter((name) => name !== "hashbus" && name !== "interval2").length;
        assertEquals(runs.length, (shapes.length - 1) * kept + queues);
        for (const { shape, peer, kind, published, messages } of runs) {
          assertEquals(kind, ["kept-1", "kept-64"].includes(shape) ? "acked" : "flow", `${shape} ${peer}`);
          // of many at a time, none may have been answered in so short a time
          if (shape !== "kept-64") assertGreater(published ?? messages ?? 0, 0);
        }
        const said = program.lines.join("\n");
        assertStringIncludes(said, "hashbus v2: fsynced");
        assertStringIncludes(said, "hashbus interval: written, fsynced within 100 ms");
      } finally {
        await Deno.remove(out, { recursive: true });
      }
    });
  },
);

Deno.test("What a store shows alone is measured: replays, much that passes, opening", onLinux, async () => {
  await onDisk(async (place) => {
    const out = await Deno.makeTempDir();
    try {
      const sizes = ["--messages", "5000", "--passing", "0.01", "--stored", "0.001"];
      const asked = ["--shapes", "replay,replay-many,passing,opening", "--rounds", "1", "--seconds", "0.3"];
      await using program = bench(...asked, ...sizes, "--place", place, "--out", out);
      assertEquals((await program.ended).code, 0, program.lines.join("\n"));
      const { findings } = JSON.parse(await Deno.readTextFile(`${out}/part.json`));
      const checks = new Set(findings.map(({ check }: { check: string }) => check));
      assertEquals([...checks], ["replay", "replay-many", "passing", "opening"]);
      for (const { title, value } of findings) assert(Number.isFinite(value) && value >= 0, title);
      const batches = findings.filter(({ title }: { title: string }) =>
        title.endsWith("messages in a batch")
      );
      assert(batches[0].value > batches[1].value, "a commit of many topics has more and smaller batches");
    } finally {
      await Deno.remove(out, { recursive: true });
    }
  });
});

Deno.test("Interrupted, the benchmark leaves neither a store nor a process", onLinux, async () => {
  await onDisk(async (place) => {
    const asked = ["--shapes", "replay", "--messages", "1000000000"];
    await using program = bench(...asked, "--place", place, "--out", "none");
    let over = false;
    program.ended.then(() => over = true);
    // somebody publishes what is to be replayed
    while (!over && bytesIn(place) < 1e6) await new Promise((done) => setTimeout(done, 50));
    assertGreater((await openFiles(place)).length, 0);
    const status = await program.stop("SIGINT", 20_000);
    assertEquals(status.code, 130, program.lines.join("\n"));
    assertEquals(await openFiles(place), []);
  });
});

/** Bytes of the files in the folder and below it. */
function bytesIn(folder: string): number {
  let sum = 0;
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    try {
      sum += isDirectory ? bytesIn(path) : Deno.statSync(path).size;
    } catch (error) {
      // gone since the folder was read
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return sum;
}

/** Process ids of those who have files open in the folder. */
async function openFiles(place: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      for (const { name: descriptor } of Deno.readDirSync(`/proc/${name}/fd`)) {
        if (Deno.readLinkSync(`/proc/${name}/fd/${descriptor}`).startsWith(place)) found.push(name);
      }
    } catch (error) {
      // ended while it was looked at, or somebody else's
      if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied)) {
        throw error;
      }
    }
  }
  return found;
}

for (
  const [args, code, complaint] of [
    [["--shapes", "1-1-128"], 2, 'there is no shape "1-1-128": deno task bench --durable --list names them'],
    [
      ["--peers", "nats"],
      2,
      'there is no peer "nats": choose from hashbus2, hashbus, interval2, redis, jetstream, jetstream-always',
    ],
    [["--messages", "many"], 2, '--messages is a number from 1000 to 1000000000, not "many"'],
    [
      ["--place", "/nowhere/at/all"],
      1,
      `no stores can be made in "/nowhere/at/all": No such file or directory (os error 2)`,
    ],
    [["--place", "/dev/shm"], 1, '"/dev/shm" lies in memory (tmpfs): give a folder on a disk with --place'],
  ] as const
) {
  Deno.test(`bench --durable ${args.join(" ")} is refused with one line and ${code}`, onLinux, async () => {
    await using program = bench(...args);
    assertEquals((await program.ended).code, code);
    assertEquals(program.lines.length, 1, program.lines.join("\n"));
    assertStringIncludes(program.lines[0] ?? "", `bench: ${complaint}`);
  });
}
