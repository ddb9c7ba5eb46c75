/**
 * A broker from its command line until it is told to stop.
 *
 * @module
 */
import type { Gatekeeper } from "../../auth/gatekeeper.ts";
import { Broker, listenersOn } from "../../broker/broker.ts";
import type { BrokerOptions as Setup, Certificates, DataOptions, Listening } from "../../broker/mod.ts";
import type { HttpServer } from "../../http/mod.ts";
import { DESCRIPTORS_KEPT, HTTP_CONNECTIONS_MOST, type Limits } from "../../limits.ts";
import type { Log } from "../../log.ts";
import { printLine } from "../output/stdio.ts";
import { makeRoomForDescriptors } from "../process/descriptor_table.ts";
import { descriptorsLeft, placesWithin } from "../process/descriptors.ts";
import { aborted, stopOnSignals } from "../process/signals.ts";
import type { OpenAccounts } from "./accounts/open.ts";
import { deliveringFor, endInTime } from "./deadline.ts";
import { openEngine, type StoredOptions } from "./engine/open.ts";
import { openControl } from "./groups/control.ts";
import { openLog } from "./logging.ts";
import { BROKER, type BrokerOptions, limitsOf } from "./options.ts";
import { logPrice } from "./price_tag.ts";
import { openCertificates } from "./tls/certificate_files.ts";

/** Serves; resolves to the exit code. Rejects with RunError where it cannot begin. */
export async function serve(options: BrokerOptions): Promise<number> {
  const stop = stopOnSignals();
  const log = openLog({
    format: options["log-format"],
    level: options.verbose ? "debug" : options.quiet ? "warn" : "info",
  });
  let broker: Broker | undefined = undefined;
  let code: number | undefined;
  const end = (): void => {
    const doubtful = (): number => broker?.snapshot().store?.committing ?? 0;
    endInTime({ log, timeout: options["drain-timeout"], done: () => code, doubtful });
  };
  void aborted(stop.signal).then(end);
  const accounts = await accountsOf(options, log);
  const certificates = await openCertificates(options, { log });
  const engine = await Promise.race([
    openEngine(options, { stored: storedOf(options), log }),
    aborted(stop.signal).then(() => "stopped" as const),
  ]);
  if (engine === "stopped") return code = 0;
  const { limits, http: httpMost } = limitsHere(options, log);
  broker = await Broker.open({ ...setupOf(options, limits), engine, gatekeeper: accounts?.doorkeeper, log });
  accounts?.onChange(() => broker?.permissionsChanged());
  const { data, sync = "commit" } = options;
  // before anybody can connect: what it opens may not be there to be opened later
  const priced = data === undefined ? undefined : await measure(data, { log, sync, signal: stop.signal });
  const control = data === undefined ? undefined : openControl(data, broker, log);
  const listening = await listen(broker, options, certificates?.tls);
  const http = await openHttp(broker, options, {
    gatekeeper: accounts?.doorkeeper,
    tls: certificates?.tls,
    most: httpMost,
    log,
  });
  const ways = [...listening, ...(http === undefined ? [] : [{ name: "http", address: http.address }])];
  const where = ways.map(({ name, address }) => `${name} ${shown(address)}`).join(", ");
  const shared = options.engine === undefined ? "" : `, engine nats://${options.engine.join(",")}`;
  printLine(`broker ready: ${where}${certificates === undefined ? "" : " (TLS)"}${shared}`);
  // behind the line that somebody waits for; nobody waits for this
  void makeRoomForDescriptors(limits.connections + DESCRIPTORS_KEPT);
  const { version } = BROKER;
  warnOfOpenPorts(ways, { accounts, certificates, log });
  log.info("started", { version, pid: Deno.pid, slowConsumer: options["slow-consumer"], data });

  const lost = Promise.race([broker.lost, ...(engine === undefined ? [] : [engine.lost])]);
  void engine?.lost.then((reason) => log.error("NATS will not be reached again", { reason }));
  const why = await Promise.race([aborted(stop.signal), lost.then(() => "lost" as const)]);
  if (why === "lost") {
    // nothing more can be promised, but whoever is connected can be told that it is over
    await http?.close();
    await broker.drain(0);
    code = 1;
    await log.flush();
    return code;
  }
  const stopped = performance.now();
  accounts?.close();
  log.info("draining", { connections: broker.connections });
  await http?.close();
  const left = deliveringFor(options["drain-timeout"]) - (performance.now() - stopped);
  const cut = await broker.drain(Math.max(0, left));
  if (cut > 0) log.error("not everything could be delivered before --drain-timeout", { connections: cut });
  await priced?.logged;
  control?.close();
  certificates?.close();
  await broker.close();
  log.info("stopped", { ...broker.snapshot().totals });
  code = cut > 0 || broker.lostBecause !== undefined ? 1 : 0;
  await log.flush();
  return code;
}

/** The accounts in --users; who has none starts without what it takes to. */
async function accountsOf({ users: path, ...options }: BrokerOptions, log: Log): Promise<
  OpenAccounts | undefined
> {
  if (path === undefined) return undefined;
  const { openAccounts } = await import("./accounts/open.ts");
  return await openAccounts({ path, topicMost: options["max-topic"], log });
}

/** Says what is open to whom, where it is to more than this machine. */
function warnOfOpenPorts(
  listening: readonly Listening[],
  { accounts, certificates, log }: {
    readonly accounts: OpenAccounts | undefined;
    readonly certificates: object | undefined;
    readonly log: Log;
  },
): void {
  const open = listening.filter(({ address: { hostname } }) =>
    !/^(?:127\.|::1$|::ffff:127\.)/.test(hostname)
  );
  const ports = open.map(({ name, address }) => `${name} ${shown(address)}`).join(", ");
  if (open.length === 0) return;
  if (accounts === undefined) {
    log.warn("everybody who reaches this machine may publish and subscribe to everything", {
      ports,
      hint: "--users FILE lets in only who has an account",
    });
  } else if (certificates === undefined) {
    log.warn("tokens go over the network as they are: who listens there can read them", {
      ports,
      hint: "--tls-cert and --tls-key encrypt what is said",
    });
  }
}

/** Where it cannot listen, the store is closed again. */
async function listen(
  broker: Broker,
  options: BrokerOptions,
  tls: Certificates | undefined,
): Promise<readonly Listening[]> {
  try {
    return broker.listen(listenersOn({
      hostname: options.host,
      subPort: options["sub-port"],
      pubPort: options["pub-port"],
      tls,
    }));
  } catch (error) {
    await broker.close();
    throw error;
  }
}

/** Where it cannot listen, the broker is closed again. */
async function openHttp(
  broker: Broker,
  options: BrokerOptions,
  { gatekeeper, tls, most, log }: {
    readonly gatekeeper: Gatekeeper | undefined;
    readonly tls: Certificates | undefined;
    readonly most: number;
    readonly log: Log;
  },
): Promise<HttpServer | undefined> {
  const { http: port, host: hostname, "http-host": names } = options;
  if (port === undefined) return undefined;
  // who has no use for it starts without what it takes
  const { ASSETS, serveHttp } = await import("../../http/mod.ts");
  try {
    return await serveHttp({
      broker,
      hostname,
      port,
      names,
      gatekeeper,
      tls,
      limits: limitsOf(options),
      most,
      assets: ASSETS,
      log,
    });
  } catch (error) {
    await broker.close();
    throw error;
  }
}

/**
 * Says in the log what an fsync costs in a directory: begins to find out, and is done when `logged`
 * settles.
 */
async function measure(
  dir: string,
  { log, sync, signal }: {
    readonly log: Log;
    readonly sync: "commit" | "interval";
    readonly signal: AbortSignal;
  },
): Promise<{ readonly logged: Promise<void> }> {
  const { measureFsync } = await import("../../store/tools/fsync_price.ts");
  return { logged: logPrice(measureFsync(dir, signal), { log, sync }) };
}

/** The limits that were asked for, with no more connections than there are descriptors for. */
function limitsHere(
  options: BrokerOptions,
  log: Log,
): { readonly limits: Limits; readonly http: number } {
  const limits = limitsOf(options);
  const asked = limits.connections;
  const wanted = {
    connections: asked,
    http: options.http === undefined ? 0 : Math.min(HTTP_CONNECTIONS_MOST, asked),
  };
  const { connections, http } = placesWithin(wanted, descriptorsLeft());
  if (connections < asked) {
    log.warn("fewer connections than --max-connections fit the limit of open files", {
      connections,
      asked,
      ...(options.http === undefined ? {} : { http }),
      advice: "raise `ulimit -n`",
    });
  }
  return { limits: { ...limits, connections }, http };
}

function setupOf(options: BrokerOptions, limits: Limits): Setup & DataOptions {
  const slow = options["slow-consumer"];
  return {
    version: BROKER.version,
    limits,
    slowConsumer: slow === "drop" ? "drop-new" : slow,
    stallTimeout: options["stall-timeout"],
    ...(options["login-timeout"] === undefined ? {} : { loginTimeout: options["login-timeout"] }),
    connectionsPerAddress: options["max-connections-per-address"],
    measures: options.http !== undefined,
    ...(options.engine === undefined ? dataOf(options) : {}),
  };
}

/** What a store of this broker's own is told. */
function dataOf(options: BrokerOptions): Partial<Setup & DataOptions> {
  const { durable, retain, dedupWindow, ackTimeout, maxAttempts } = storedOf(options);
  return {
    data: options.data,
    durable,
    retain,
    ...(options.sync === undefined ? {} : { sync: options.sync }),
    ...(dedupWindow === undefined ? {} : { dedupWindow }),
    ...(ackTimeout === undefined ? {} : { ackTimeout }),
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
  };
}

/** What is stored, wherever. */
function storedOf(options: BrokerOptions): StoredOptions {
  return {
    durable: options.durable,
    dedupWindow: options["dedup-window"],
    ackTimeout: options["ack-timeout"],
    maxAttempts: options["max-attempts"],
    retain: {
      age: options["retain-age"],
      bytes: options["retain-bytes"],
      groups: options["retain-groups"],
      overrides: options.retain,
    },
  };
}

function shown({ hostname, port }: Deno.NetAddr): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
