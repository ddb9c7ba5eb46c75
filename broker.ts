/**
 * The broker: takes messages on one port and hands each to every subscriber of its topic on another.
 *
 *     deno run -A broker.ts -s -p
 *
 * @module
 */
import { BROKER, type BrokerOptions, limitsOf, planBroker } from "./lib/cli/broker/options.ts";
import { counted, runCheck } from "./lib/cli/broker/data_check.ts";
import { exportLines } from "./lib/cli/broker/export.ts";
import { importMessages } from "./lib/cli/broker/import.ts";
import { openLog } from "./lib/cli/broker/logging.ts";
import { logPrice } from "./lib/cli/broker/price_tag.ts";
import { printLine, runMain } from "./lib/cli/process/main.ts";
import { aborted, stopOnSignals } from "./lib/cli/process/signals.ts";
import { at } from "./lib/alarm.ts";
import { LocalEngine } from "./lib/engine/mod.ts";
import type { Log } from "./lib/log.ts";
import { DEDUP_IDS_MOST } from "./lib/limits.ts";
import { type Addresses, FlushList, Server } from "./lib/sessions/mod.ts";
import {
  checkStore,
  exportMessages,
  headerProblem,
  Importer,
  measureFsync,
  openSqliteStore,
  type Store,
} from "./lib/store/mod.ts";

/** Milliseconds between two lines that say that messages could not be stored. */
const REFUSED_LOG_MS = 1000;

await runMain(BROKER, async (options) => {
  const plan = planBroker(options);
  switch (plan.kind) {
    case "serve":
      return await serve(options);
    case "check":
      return runCheck((report) => checkStore(plan.dir, report), { dir: plan.dir, quiet: options.quiet });
    case "export": {
      const messages = exportMessages(plan.dir, plan.pattern);
      await exportLines({ messages, target: Deno.stdout, stop: stopOnSignals(), quiet: options.quiet });
      return 0;
    }
    case "import": {
      const limits = limitsOf(options);
      const imported = await importMessages({
        path: plan.path,
        limits,
        problemOf: (message) => headerProblem(message, limits.line),
        open: () => Importer.open(plan.dir),
        stop: stopOnSignals(),
        quiet: options.quiet,
      });
      printLine(`${plan.dir}: ${counted(imported, "message")} imported`);
      return 0;
    }
  }
});

async function serve(options: BrokerOptions): Promise<number> {
  const stop = stopOnSignals();
  const log = openLog({
    format: options["log-format"],
    level: options.verbose ? "debug" : options.quiet ? "warn" : "info",
  });
  const lost = Promise.withResolvers<"lost">();
  let isLost = false;
  let quietUntil = 0;
  const onLost = (reason: string): void => {
    if (isLost) return;
    log.error("it is not known what is stored, so nothing more is acknowledged", { reason });
    isLost = true;
    lost.resolve("lost");
  };
  const store = await openStore(options, { log, onLost });
  const flushes = new FlushList();
  const durable = store === undefined ? [] : options.durable.length > 0 ? options.durable : ["#>"];
  const [seed = 0] = crypto.getRandomValues(new Uint32Array(1));
  const engine = new LocalEngine(
    seed,
    store && {
      store,
      patterns: durable,
      dedup: { window: options["dedup-window"], most: DEDUP_IDS_MOST },
      flushes,
      at,
      onRefused: (reason) => {
        // a full disk refuses thousands a second, and may be the one the log goes to
        if (performance.now() < quietUntil) return;
        quietUntil = performance.now() + REFUSED_LOG_MS;
        log.error("messages could not be stored", { reason });
      },
      onLost,
    },
  );
  const asked = options["slow-consumer"];
  const server = new Server({
    engine,
    version: BROKER.version,
    durable,
    storedLevel: options.sync === "commit" ? "synced" : "memory",
    flushes,
    limits: limitsOf(options),
    log,
    slowConsumer: asked === "drop" ? "drop-new" : asked,
    stallTimeout: options["stall-timeout"],
  });
  const addresses = server.listen({
    hostname: options.host,
    subPort: options["sub-port"],
    pubPort: options["pub-port"],
  });
  printLine(readyLine(addresses));
  const priced = options.data === undefined
    ? undefined
    : logPrice(measureFsync(options.data, stop.signal), { log, sync: options.sync });
  log.info("started", { version: BROKER.version, pid: Deno.pid, slowConsumer: asked, data: options.data });

  const why = await Promise.race([aborted(stop.signal), lost.promise]);
  if (why === "lost") {
    await log.flush();
    return 1;
  }
  log.info("draining", { connections: server.connections });
  const cut = await server.drain(options["drain-timeout"]);
  if (cut > 0) log.error("not everything could be delivered before --drain-timeout", { connections: cut });
  await priced;
  await new Promise<void>((resolve) => engine.whenIdle(resolve));
  await new Promise<void>((resolve) => store === undefined ? resolve() : store.close(resolve));
  log.info("stopped", { ...engine.counters });
  await log.flush();
  return cut > 0 || isLost ? 1 : 0;
}

async function openStore(
  options: BrokerOptions,
  told: { readonly log: Log; readonly onLost: (reason: string) => void },
): Promise<Store | undefined> {
  if (options.data === undefined) return undefined;
  const retain = { age: options["retain-age"], bytes: options["retain-bytes"], overrides: options.retain };
  const dedupWindow = options["dedup-window"];
  return await openSqliteStore(options.data, { sync: options.sync, retain, dedupWindow, ...told });
}

function readyLine({ subscribers, publishers }: Addresses): string {
  return `broker ready: subscribers ${shown(subscribers)}, publishers ${shown(publishers)}`;
}

function shown({ hostname, port }: Deno.NetAddr): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
