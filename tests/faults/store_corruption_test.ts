/**
 * What a closed store does after its file was damaged: 200 bit flips, cuts and page swaps.
 *
 * Each is a copy of one store with one damage. It is verified as `--data-check` does, opened, and read to the
 * end by topic and by pattern. What is read must be what was stored, to the byte; and where not all of it is
 * read, or ids are not there that messages are known by, a problem must have been told. `HASHBUS_SEED` runs
 * another seed (times and the store's id differ each time), `HASHBUS_DEBUG` shows every damage.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { RunError } from "../../lib/errors.ts";
import { checkStore } from "../../lib/store/tools/check.ts";
import type { Append, RecentIds } from "../../lib/store/types.ts";
import { EARLIEST, messagesOf } from "../store/asking.ts";
import { Folder } from "../store/folder.ts";
import { crashImage, lay } from "./crash_image.ts";
import { damagedWal, Damages, type Draw } from "./damage.ts";
import { seeded } from "./random.ts";
import { type OpenThreads, withThreads } from "./threads.ts";

const DAMAGES = 200;
const WAL_DAMAGES = 100;
const TOPICS = ["#a", "#b.c", "#b.d", "#übers"];
const seed = Number(Deno.env.get("HASHBUS_SEED") ?? 20261123);
const random = drawOf(seed);

function drawOf(from: number): Draw {
  const draw = seeded(from);
  return (below) => Math.floor(draw() * below);
}

/** Consecutive messages, with ids and times to live here and there. */
function runOf(topic: string, number: number): Append {
  const count = 1 + random(random(4) === 0 ? 20 : 4);
  const [numbered, living] = [random(2) === 0, random(3) === 0];
  const encoder = new TextEncoder();
  const frames = Array.from({ length: count }, (_, at) => {
    let payload = "";
    for (const length = random(random(20) === 0 ? 40_000 : 200); payload.length < length;) {
      payload += random(2 ** 30).toString(36);
    }
    const fields = `${numbered ? ` id=x${number}-${at}` : ""}${living ? " ttl=3600" : ""}`;
    return `pub ${topic} ${payload.length}${fields}\n${payload}\n`;
  });
  return {
    topic,
    count,
    bytes: encoder.encode(frames.join("")),
    ids: numbered ? `0 ${count - 1} x${number}-` : undefined,
    ttl: living ? 3_600_000 : undefined,
  };
}

/** Much of everything: large batches and tiny ones, some topics trimmed, free pages. */
async function fill(folder: Folder): Promise<void> {
  await folder.with(async (store) => {
    for (let at = 0; at < 150; at++) {
      await store.commit(...TOPICS.filter(() => random(3) > 0).map((topic) => runOf(topic, at)));
    }
  });
  // opened again, so that old messages are trimmed to a limit
  const { promise: trimmed, resolve } = Promise.withResolvers<void>();
  const none = (): void => {};
  const log = {
    debug: (event: string) => event === "old messages deleted" && resolve(),
    info: none,
    warn: none,
    error: none,
  };
  await folder.with(() => trimmed, { retain: { overrides: [{ pattern: "#b.c", bytes: 50_000 }] }, log });
}

/** What was read, with every problem that was told while reading. */
interface ReadBack {
  /** By pattern, topic and sequence number. */
  readonly messages: ReadonlyMap<string, string>;
  readonly ids: readonly RecentIds[];
  readonly problems: readonly string[];
}

/** Everything that can be read, by every way there is, and no more than `most` messages. */
function readAll(store: OpenThreads, most: number): ReadBack {
  const messages = new Map<string, string>();
  const problems: string[] = [];
  let count = 0;
  for (const pattern of [...TOPICS, "#>", "#b.*"]) {
    const sought = store.seek(pattern, EARLIEST);
    if (sought.kind === "failed") {
      problems.push(sought.reason);
      continue;
    }
    if (sought.kind === "searching") throw new Error("a few topics are looked at in one go");
    let { cursor } = sought;
    for (let end = "none", empty = 0; end === "none";) {
      const read = store.read(cursor, 256 * 1024);
      if (read.kind === "failed") {
        problems.push(read.reason);
        break;
      }
      count += read.page.messages;
      empty = read.page.messages === 0 ? empty + 1 : 0;
      assert(count <= most && empty < 100, `reading ${pattern} comes to an end`);
      for (const { topic, sequence, time, payload } of messagesOf(read.page)) {
        messages.set(`${pattern} ${topic} ${sequence}`, `${time} ${payload}`);
      }
      [cursor, end] = [read.cursors[0]!, read.ends[0]!];
    }
  }
  return { messages, ids: store.recentIds, problems };
}

function checked(dir: string): string[] {
  const problems: string[] = [];
  try {
    checkStore(dir, { progress: () => {}, problem: (text) => problems.push(text) });
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    problems.push(error.message);
  }
  return problems;
}

/**
 * How a damage came out. "open", "read" and "check": the first that told it. "harmless": nobody did, and
 * everything that was stored was given. "silent": nobody did, and something was missing.
 */
type Found = "open" | "read" | "check" | "harmless" | "silent";

interface Judgement {
  readonly found: Found;
  readonly told: string;
}

function judge(damaged: Folder, whole: ReadBack): Judgement {
  const [problem] = checked(damaged.data);
  const opened = withThreads(damaged.data, (store) => readAll(store, 2 * whole.messages.size));
  if (opened.kind === "refused") return { found: "open", told: opened.reason };
  const { messages, ids, problems } = opened.result;
  for (const [key, message] of messages) {
    assertEquals(message, whole.messages.get(key), `${key} is given only as it was stored`);
  }
  const complete = messages.size === whole.messages.size && JSON.stringify(ids) === JSON.stringify(whole.ids);
  if (problems.length > 0) return { found: "read", told: problems[0]! };
  if (problem !== undefined) {
    return { found: "check", told: `${problem}${complete ? "" : ", something is missing"}` };
  }
  return { found: complete ? "harmless" : "silent", told: "" };
}

function readWhole(folder: Folder): ReadBack {
  const whole = withThreads(folder.data, (store) => readAll(store, Infinity));
  assert(whole.kind === "opened", "whole, it can be opened");
  const { messages, ids, problems } = whole.result;
  assertEquals([whole.warnings, problems, checked(folder.data)], [[], [], []], "whole, it has no problems");
  const lines = ids.reduce((sum, { ids: some }) => sum + some.split("\n").length, 0);
  assert(messages.size > 1000 && lines > 50, `${messages.size} messages, ${lines} ids`);
  return whole.result;
}

Deno.test(`of ${DAMAGES} damages to a closed store none is silent`, async () => {
  using folder = new Folder();
  await fill(folder);
  const whole = readWhole(folder);
  const damages = new Damages(folder.database);
  for (
    const kind of ["free", "page map", "leaf of batch", "overflow of batch", "leaf of topic", "leaf of dedup"]
  ) {
    assert(damages.kinds.includes(kind), `the store has pages that are ${kind}: ${damages.kinds}`);
  }
  const counts: Record<Found, number> = { open: 0, read: 0, check: 0, harmless: 0, silent: 0 };
  const silent: string[] = [];
  using damaged = new Folder();
  for (let at = 0; at < DAMAGES; at++) {
    const { bytes, what } = damages.next(drawOf(seed + at));
    renew(damaged, bytes);
    const { found, told } = judge(damaged, whole);
    counts[found]++;
    if (found === "silent") silent.push(what);
    if (Deno.env.has("HASHBUS_DEBUG")) say(`${what}: ${found} ${told}`);
  }
  say(
    `seed ${seed}, ${damages.pages} pages: told at open ${counts.open}, at read ${counts.read}, by --data-check ${counts.check}, ` +
      `nothing that lives touched ${counts.harmless}, silent ${counts.silent}`,
  );
  assertEquals(silent, []);
  assert(counts.open > 0 && counts.read > 0 && counts.check > 0, "damages were told in every way");
});

Deno.test(`of ${WAL_DAMAGES} damages to the write-ahead log of a store that was killed none is silent`, async () => {
  const commits = Array.from({ length: 40 }, (_, at) => [runOf(TOPICS[at % 4]!, at), runOf("#a", at)]);
  const image = await crashImage(commits);
  using folder = new Folder();
  const start = (wal: Uint8Array): ReturnType<typeof withThreads<ReadBack>> => {
    lay(folder, { ...image, wal });
    return withThreads(folder.data, (store) => readAll(store, 10_000));
  };
  const sound = start(image.wal);
  assert(sound.kind === "opened" && sound.warnings.length === 0, "whole, it has no problems");
  const whole = sound.result.messages;
  const counts = { refused: 0, warned: 0, harmless: 0, silent: 0 };
  const silent: string[] = [];
  for (let at = 0; at < WAL_DAMAGES; at++) {
    const { bytes, what } = damagedWal(image.wal, drawOf(seed + at));
    const opened = start(bytes);
    if (opened.kind === "refused") {
      counts.refused++;
      continue;
    }
    const { messages, problems } = opened.result;
    assertEquals(problems, [], what);
    for (const [key, message] of messages) assertEquals(message, whole.get(key), `${what}: ${key}`);
    if (opened.warnings.length > 0) counts.warned++;
    else if (messages.size === whole.size) counts.harmless++;
    else {
      counts.silent++;
      silent.push(what);
    }
  }
  say(
    `seed ${seed}, WAL of ${image.wal.length} bytes: refused ${counts.refused}, warned of ${counts.warned}, ` +
      `nothing that lives touched ${counts.harmless}, silent ${counts.silent}`,
  );
  assertEquals(silent, []);
  assert(counts.refused > 0 && counts.warned > 0);
});

/** Gives a folder this database and nothing else. */
function renew(folder: Folder, database: Uint8Array): void {
  lay(folder, { database, wal: undefined });
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
