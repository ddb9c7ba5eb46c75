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
import { type Addresses, Server } from "./lib/sessions/mod.ts";

await runMain(BROKER, serve);

async function serve(options: BrokerOptions): Promise<number> {
  const stop = stopOnSignals();
  const log = openLog({
    format: options["log-format"],
    level: options.verbose ? "debug" : options.quiet ? "warn" : "info",
  });
  const [seed = 0] = crypto.getRandomValues(new Uint32Array(1));
  const engine = new LocalEngine(seed);
  const asked = options["slow-consumer"];
  const server = new Server({
    engine,
    version: BROKER.version,
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
  log.info("started", { version: BROKER.version, pid: Deno.pid, slowConsumer: asked });

  await aborted(stop.signal);
  log.info("draining", { connections: server.connections });
  const cut = await server.drain(options["drain-timeout"]);
  if (cut > 0) log.error("not everything could be delivered before --drain-timeout", { connections: cut });
  log.info("stopped", { ...engine.counters });
  await log.flush();
  return cut > 0 ? 1 : 0;
}

function readyLine({ subscribers, publishers }: Addresses): string {
  return `broker ready: subscribers ${shown(subscribers)}, publishers ${shown(publishers)}`;
}

function shown({ hostname, port }: Deno.NetAddr): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
