import { assertEquals, assertRejects } from "@std/assert";
import { ChunkPool } from "../../../../lib/buffers.ts";
import { credentialsFrom, openEngine, type StoredOptions } from "../../../../lib/cli/broker/engine/open.ts";
import { ENGINE_OPTIONS, type EngineOptions } from "../../../../lib/cli/broker/engine/options.ts";
import { readValues } from "../../../../lib/cli/options/values.ts";
import { SYSTEM_CLOCK } from "../../../../lib/clock.ts";
import { Counters } from "../../../../lib/counters.ts";
import type { EngineParts } from "../../../../lib/engine/source.ts";
import { UsageError } from "../../../../lib/errors.ts";
import { FlushList } from "../../../../lib/flush_list.ts";
import { HeldMemory } from "../../../../lib/held_memory.ts";
import { DEFAULT_LIMITS } from "../../../../lib/limits.ts";
import { SILENT_LOG } from "../../../../lib/log.ts";
import { NEEDS_NATS, startNats } from "../../../support/nats_server.ts";
import { within } from "../../../support/within.ts";

/** The options with these files, which say so. */
async function withFiles<T>(
  files: Partial<Record<keyof EngineOptions, string>>,
  work: (options: EngineOptions) => Promise<T>,
): Promise<T> {
  const directory = await Deno.makeTempDir();
  try {
    const given = new Map<string, { source: string; from: string; texts: string[] }>();
    for (const [name, text] of Object.entries(files)) {
      const path = `${directory}/${name}`;
      await Deno.writeTextFile(path, text);
      given.set(name, { source: `--${name}`, from: "flag", texts: [path] });
    }
    return await work(readValues({ name: "broker", options: ENGINE_OPTIONS }, [given]));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a broker says to NATS who it is by what stands in files", async () => {
  assertEquals(await withFiles({ "engine-token-file": "s3cret\r\nsecond line\n" }, credentialsFrom), {
    token: "s3cret",
  });
  assertEquals(await withFiles({ "engine-creds": "-----BEGIN" }, credentialsFrom), {
    creds: new TextEncoder().encode("-----BEGIN"),
  });
  assertEquals(
    await withFiles(
      { "engine-password-file": "pa ss" },
      (options) => credentialsFrom({ ...options, "engine-user": "shop" }),
    ),
    { user: "shop", password: "pa ss" },
  );
  assertEquals(await withFiles({}, credentialsFrom), {});
});

Deno.test("a file of issuers or a certificate of its own means TLS, as the flag does", async () => {
  const nothing = { ca: undefined, cert: undefined, key: undefined };
  assertEquals(await withFiles({ "engine-ca": "CA" }, credentialsFrom), { tls: { ...nothing, ca: "CA" } });
  assertEquals(
    await withFiles({ "engine-cert": "CERT", "engine-key": "KEY" }, credentialsFrom),
    { tls: { ca: undefined, cert: "CERT", key: "KEY" } },
  );
  const flagged = await withFiles(
    {},
    (options) => credentialsFrom({ ...options, "engine-tls": true }),
  );
  assertEquals(flagged, { tls: nothing });
});

Deno.test("a file that says nothing, or that is not there, is told by its name", async () => {
  await assertRejects(
    () => withFiles({ "engine-token-file": "\nsecond\n" }, credentialsFrom),
    UsageError,
    "engine-token-file: the first line is to be a token for NATS, and it is empty",
  );
  await assertRejects(
    () => withFiles({}, (options) => credentialsFrom({ ...options, "engine-creds": "/nowhere/x.creds" })),
    UsageError,
    'cannot read the credentials (--engine-creds) "/nowhere/x.creds": no such file or directory',
  );
});

/** What is stored, where nothing is said about how. */
const STORED: StoredOptions = {
  durable: [],
  retain: { age: undefined, bytes: undefined, groups: undefined, overrides: [] },
  dedupWindow: undefined,
  ackTimeout: undefined,
  maxAttempts: undefined,
};

/** The options of an engine at this server. */
function engineAt(server: string): EngineOptions {
  const given = { source: "--engine", from: "flag", texts: [`nats://${server}`] };
  return readValues({ name: "broker", options: ENGINE_OPTIONS }, [new Map([["engine", given]])]);
}

Deno.test("an engine that is not asked for is none", async () => {
  const options = readValues({ name: "broker", options: ENGINE_OPTIONS }, []);
  assertEquals(await openEngine(options, { stored: STORED, log: SILENT_LOG }), undefined);
});

Deno.test({
  name: "an engine is connected, and says to what, which topics it keeps, and what that is worth",
  ...NEEDS_NATS,
  fn: async () => {
    await using nats = await startNats({ jetstream: true });
    for (const durable of [[], ["#a.>", "#b"]]) {
      const told: unknown[] = [];
      const note = (...said: unknown[]): void => void told.push(said);
      const log = { ...SILENT_LOG, info: note, warn: note };
      const source = await openEngine(engineAt(nats.server), { stored: { ...STORED, durable }, log });
      const engine = source!.open(parts());
      await within("its end", new Promise<void>((resolve) => engine.close(resolve)));
      const { serverName: server, version } = source!;
      const named = durable.length === 0 ? undefined : "#a.> #b";
      const worth = [
        "NATS acknowledges what it has written, and not what is on disk",
        { hint: "it syncs every two minutes unless its sync_interval says otherwise: docs/scaling.md" },
      ];
      assertEquals(told, [
        ["connected to NATS", { server, version, durable: named }],
        ...(durable.length === 0 ? [] : [worth]),
      ]);
    }
  },
});

/** What an engine is opened with. */
function parts(): EngineParts {
  const pool = new ChunkPool();
  return {
    seed: 7,
    counters: new Counters(),
    flushes: new FlushList(),
    memory: new HeldMemory({ most: 1024 ** 3, pool }),
    pool,
    countsTopics: false,
    limits: DEFAULT_LIMITS,
    clock: SYSTEM_CLOCK,
    now: () => Date.now(),
    later: (callback) => void setTimeout(callback, 0),
  };
}
