/**
 * NATS servers of a test's own: one, or a cluster, on ports that were free.
 *
 *     await using nats = await startNats({ jetstream: true });
 *     const link = await NatsConnectionLink.open({ servers: nats.servers, … });
 *
 * @module
 */
import { Program } from "../../scripts/program.ts";
import { freePort } from "./ports.ts";

/** Whether there is a nats-server here: tests that need one are skipped where there is none. */
export const HAS_NATS = await hasNats();
/** Spread into a test that needs one: why it is skipped where there is none. */
export const NEEDS_NATS = { ignore: !HAS_NATS } as const;

/** How they are started. */
export interface NatsOptions {
  /** How many, as one cluster: 1. */
  readonly count?: number;
  /** Whether they store streams, in a directory that goes with them: no. */
  readonly jetstream?: boolean;
  /** Lines of the configuration file besides. */
  readonly config?: string;
}

/** One server. It keeps its ports and its store when it is started again. */
export class NatsServer {
  readonly port: number;
  readonly #start: () => Program;
  #program: Program;

  constructor(port: number, start: () => Program) {
    this.port = port;
    this.#start = start;
    this.#program = start();
  }

  /** `host:port`. */
  get server(): string {
    return `127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#program.pid;
  }

  /** All it has logged. */
  get log(): string {
    return this.#program.stderr;
  }

  async ready(): Promise<void> {
    await this.#program.line(/Server is ready/);
  }

  /** Stops it and waits until it is gone. */
  async stop(signal: Deno.Signal = "SIGKILL"): Promise<void> {
    await this.#program.stop(signal);
  }

  /** SIGSTOP and SIGCONT. */
  kill(signal: Deno.Signal): void {
    this.#program.kill(signal);
  }

  /** Starts it again, and waits until it is ready. */
  async restart(): Promise<void> {
    this.#program = this.#start();
    await this.ready();
  }
}

/** All of them. Disposing of it ends them. */
export class NatsServers implements AsyncDisposable {
  readonly nodes: readonly NatsServer[];
  readonly #directory: string;

  constructor(nodes: readonly NatsServer[], directory: string) {
    this.nodes = nodes;
    this.#directory = directory;
  }

  /** `host:port` each. */
  get servers(): string[] {
    return this.nodes.map(({ server }) => server);
  }

  /** The first's. */
  get server(): string {
    return this.nodes[0]!.server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
    await Deno.remove(this.#directory, { recursive: true });
  }
}

/** Starts them and waits until they are ready; a cluster that stores, until it has a leader. */
export async function startNats(options: NatsOptions = {}): Promise<NatsServers> {
  const { count = 1, jetstream = false } = options;
  const directory = await Deno.makeTempDir({ prefix: "hashbus-nats-" });
  const routes = Array.from({ length: count }, freePort);
  const nodes = routes.map((route, at) => {
    const [port, config] = [freePort(), `${directory}/${at}.conf`];
    Deno.writeTextFileSync(config, configOf({ ...options, at, port, route, routes, directory }));
    return new NatsServer(
      port,
      () => Program.start(["nats-server", "-c", config], { name: `nats ${at}`, graceMs: 2_000 }),
    );
  });
  const servers = new NatsServers(nodes, directory);
  try {
    await Promise.all(nodes.map((node) => node.ready()));
    if (jetstream && count > 1) await hasLeader(nodes);
  } catch (error) {
    await servers[Symbol.asyncDispose]();
    throw error;
  }
  return servers;
}

interface NodeOptions extends NatsOptions {
  readonly at: number;
  readonly port: number;
  readonly route: number;
  readonly routes: readonly number[];
  readonly directory: string;
}

function configOf(
  { count = 1, jetstream, config = "", at, port, route, routes, directory }: NodeOptions,
): string {
  const others = routes.map((other) => `"nats://127.0.0.1:${other}"`).join(", ");
  return [
    `server_name: n${at}`,
    `listen: "127.0.0.1:${port}"`,
    ...(jetstream === true
      ? [`jetstream { store_dir: "${directory}/store${at}", max_mem: 64M, max_file: 4G }`]
      : []),
    ...(count > 1 ? [`cluster { name: test, listen: "127.0.0.1:${route}", routes: [${others}] }`] : []),
    config,
    "",
  ].join("\n");
}

async function hasLeader(nodes: readonly NatsServer[]): Promise<void> {
  const until = Date.now() + LEADER_MS;
  while (!nodes.some(({ log }) => /JetStream cluster new metadata leader/.test(log))) {
    if (Date.now() > until) throw new Error(`no leader: ${nodes.map(({ log }) => log).join("\n")}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function hasNats(): Promise<boolean> {
  try {
    return (await new Deno.Command("nats-server", { args: ["--version"] }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const LEADER_MS = 20_000;
