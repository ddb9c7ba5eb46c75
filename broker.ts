/**
 * The broker: takes messages from publishers on one port, hands each to every subscriber of its topic on another.
 *
 *     deno run -A broker.ts -s -p
 *
 * @module
 */
import { BROKER, type BrokerOptions, limitsOf } from "./lib/cli/broker_options.ts";
import { openLog } from "./lib/cli/logging.ts";
import { printLine, runMain } from "./lib/cli/main.ts";
import { aborted, stopOnSignals } from "./lib/cli/signals.ts";
import { LocalEngine } from "./lib/engine/mod.ts";
import { DEDUP_IDS_MOST } from "./lib/limits.ts";
import { type Addresses, FlushList, Server } from "./lib/sessions/mod.ts";
import { openSqliteStore, type Store } from "./lib/store/mod.ts";

await runMain(BROKER, serve);

async function serve(options: BrokerOptions): Promise<number> {
  const stop = stopOnSignals();
  const log = openLog({
    format: options["log-format"],
    level: options.verbose ? "debug" : options.quiet ? "warn" : "info",
  });
  const store = await openStore(options);
  const flushes = new FlushList();
  const lost = Promise.withResolvers<"lost">();
  const durable = store === undefined ? [] : options.durable.length > 0 ? options.durable : ["#>"];
  const [seed = 0] = crypto.getRandomValues(new Uint32Array(1));
  const engine = new LocalEngine(
    seed,
    store && {
      store,
      patterns: durable,
      dedup: { window: options["dedup-window"], most: DEDUP_IDS_MOST },
      flushes,
      onRefused: (reason) => log.error("messages could not be stored", { reason }),
      onLost: (reason) => {
        log.error("it is not known what is stored, so nothing more is acknowledged", { reason });
        lost.resolve("lost");
      },
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
  log.info("started", { version: BROKER.version, pid: Deno.pid, slowConsumer: asked, data: options.data });

  const why = await Promise.race([aborted(stop.signal), lost.promise]);
  if (why === "lost") {
    await log.flush();
    return 1;
  }
  log.info("draining", { connections: server.connections });
  const cut = await server.drain(options["drain-timeout"]);
  if (cut > 0) log.error("not everything could be delivered before --drain-timeout", { connections: cut });
  await new Promise<void>((resolve) => engine.whenIdle(resolve));
  await new Promise<void>((resolve) => store === undefined ? resolve() : store.close(resolve));
  log.info("stopped", { ...engine.counters });
  await log.flush();
  return cut > 0 ? 1 : 0;
}

async function openStore(options: BrokerOptions): Promise<Store | undefined> {
  if (options.data === undefined) return undefined;
  const retain = { age: options["retain-age"], bytes: options["retain-bytes"] };
  return await openSqliteStore(options.data, { sync: options.sync, retain });
}

function readyLine({ subscribers, publishers }: Addresses): string {
  return `broker ready: subscribers ${shown(subscribers)}, publishers ${shown(publishers)}`;
}

function shown({ hostname, port }: Deno.NetAddr): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
