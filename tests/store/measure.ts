/**
 * `deno run -A tests/store/measure.ts [DIR]`: what the store does on this machine and this disk, in figures.
 * Makes a folder in DIR (the current one) and removes it again.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { openSqliteStore } from "../../lib/store/sqlite/open_store.ts";
import type { Append } from "../../lib/store/types.ts";
import { Asking, EARLIEST } from "./asking.ts";

const SECONDS = 3;
const PAYLOAD = "x".repeat(128);

const folder = Deno.makeTempDirSync({ dir: Deno.args[0] ?? ".", prefix: "hashbus-measure-" });
try {
  fsyncs();
  const store = new Asking(await openSqliteStore(`${folder}/data`));
  await commits(store, "window 1", [publishes("#one", 1)]);
  await commits(store, "batches of 1,000", [publishes("#a", 1000)]);
  await commits(store, "batches of 10,000", [publishes("#a", 6000), publishes("#b", 4000)]);
  const { bytes } = await replay(store, "replay of one topic", "#a");
  await replay(store, "replay of all", "#>");
  await withReplay(store);
  await store.close();
  bareLoop(bytes);
  await opening();
} finally {
  Deno.removeSync(folder, { recursive: true });
}

function publishes(topic: string, count: number): Append {
  const frame = `pub ${topic} ${PAYLOAD.length}\n${PAYLOAD}\n`;
  return { topic, count, bytes: new TextEncoder().encode(frame.repeat(count)) };
}

/** What one write of 4 KiB and its fsync take, in a file that has its size already. */
function fsyncs(): void {
  using file = Deno.openSync(`${folder}/fsync`, { create: true, read: true, write: true });
  const page = new Uint8Array(4096);
  for (let at = 0; at < 64; at++) file.writeSync(page);
  const times = timesOf(500, (at) => {
    file.seekSync(at % 64 * page.length, Deno.SeekMode.Start);
    file.writeSync(page);
    file.syncSync();
  });
  say(`fsync of 4 KiB: ${percentiles(times)}`);
}

async function commits(store: Asking, name: string, appends: readonly Append[]): Promise<number> {
  const times: number[] = [];
  const end = performance.now() + 1000 * SECONDS;
  while (performance.now() < end) {
    const start = performance.now();
    await store.commit(...appends);
    times.push(performance.now() - start);
  }
  const messages = appends.reduce((sum, { count }) => sum + count, 0);
  const rate = times.length / SECONDS;
  say(
    `${name}: ${whole(rate)} commits/s, ${whole(rate * messages)} messages/s; ${
      percentiles(times)
    }; ${memory()}`,
  );
  return rate;
}

async function replay(store: Asking, name: string, pattern: string): Promise<{ readonly bytes: number }> {
  const start = performance.now();
  let bytes = 0;
  let messages = 0;
  let { cursor } = await store.seek(pattern, EARLIEST);
  for (let end = "none"; end === "none";) {
    const read = await store.read(cursor);
    bytes += read.page.bytes.length;
    messages += read.page.messages;
    ({ cursor, end } = read);
  }
  const seconds = (performance.now() - start) / 1000;
  say(`${name}: ${whole(bytes / 1e6 / seconds)} MB/s, ${whole(messages / seconds)} messages/s; ${memory()}`);
  return { bytes };
}

/** Whether publishing goes on while somebody replays as fast as it goes. */
async function withReplay(store: Asking): Promise<void> {
  const alone = await commits(store, "batches of 1,000, alone", [publishes("#a", 1000)]);
  let running = true;
  const replaying = (async () => {
    while (running) {
      let { cursor } = await store.seek("#b", EARLIEST);
      for (let end = "none"; end === "none" && running;) ({ cursor, end } = await store.read(cursor));
    }
  })();
  const beside = await commits(store, "batches of 1,000, beside a replay", [publishes("#a", 1000)]);
  running = false;
  await replaying;
  say(`beside a replay: ${(beside / alone).toFixed(2)} of alone`);
}

/** The same blobs, read by nothing but a loop. */
function bareLoop(most: number): void {
  const db = new DatabaseSync(`${folder}/data/hashbus.db`, { readOnly: true });
  const ids = db.prepare(
    "SELECT b.id FROM batch b JOIN topic t ON t.id = b.topic WHERE t.name = '#a' ORDER BY b.id",
  ).all();
  const bytesOf = db.prepare("SELECT bytes FROM batch WHERE id = ?");
  const start = performance.now();
  let bytes = 0;
  for (const { id } of ids) {
    const blob = bytesOf.get(id!)?.["bytes"];
    if (blob instanceof Uint8Array) bytes += blob.length;
    if (bytes > most) break;
  }
  say(`a bare loop over the blobs of that topic: ${whole(bytes / 1e3 / (performance.now() - start))} MB/s`);
  db.close();
}

async function opening(): Promise<void> {
  const { size } = Deno.statSync(`${folder}/data/hashbus.db`);
  const start = performance.now();
  const store = new Asking(await openSqliteStore(`${folder}/data`));
  say(`opening ${(size / 1e9).toFixed(1)} GB: ${whole(performance.now() - start)} ms`);
  await store.close();
}

function timesOf(count: number, work: (at: number) => void): number[] {
  return Array.from({ length: count }, (_, at) => {
    const start = performance.now();
    work(at);
    return performance.now() - start;
  });
}

function percentiles(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`;
}

function memory(): string {
  return `${whole(Deno.memoryUsage().rss / 1e6)} MB`;
}

function whole(number: number): string {
  return Math.round(number).toLocaleString("en");
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
