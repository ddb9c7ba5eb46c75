/**
 * Brokers and the NATS servers that they share: each a process, which can be killed and comes back where it
 * was.
 *
 * @module
 */
import { type RunningBroker, startBroker } from "../../support/broker.ts";
import { type NatsServers, startNats } from "../../support/nats_server.ts";
import { freePort } from "../../support/ports.ts";

/** What stands. */
export interface ClusterOptions {
  readonly nodes: number;
  readonly brokers: number;
  /** Patterns of durable topics, kept by all nodes; none: nothing is stored. */
  readonly durable?: readonly string[];
  /** Options of each broker besides. */
  readonly args?: readonly string[];
}

/** Where a broker is reached, also while it is not there. */
export interface BrokerPorts {
  readonly subPort: number;
  readonly pubPort: number;
}

/** A broker that comes back has to reach NATS, which may be choosing a leader, milliseconds. */
const READY_MS = 60_000;

/** All of it. `await using` ends it. */
export class Cluster implements AsyncDisposable {
  readonly ports: readonly BrokerPorts[];
  readonly nats: NatsServers;
  readonly #args: readonly string[];
  readonly #brokers: RunningBroker[] = [];

  private constructor(nats: NatsServers, { brokers, nodes, durable = [], args = [] }: ClusterOptions) {
    this.nats = nats;
    this.#args = [
      "-q",
      ...["--engine", `nats://${nats.servers.join(",")}`, "--connect-timeout", `${READY_MS / 1000}s`],
      ...durable.flatMap((pattern) => ["--durable", pattern]),
      ...(durable.length === 0 ? [] : ["--engine-replicas", `${nodes}`]),
      ...args,
    ];
    this.ports = Array.from({ length: brokers }, () => ({ subPort: freePort(), pubPort: freePort() }));
  }

  static async start(options: ClusterOptions): Promise<Cluster> {
    const { nodes: count, durable = [] } = options;
    const nats = await startNats({ count, jetstream: durable.length > 0 });
    const cluster = new Cluster(nats, options);
    try {
      // one after the other: the first makes what they have in common
      for (const at of cluster.ports.keys()) await cluster.#startBroker(at);
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  /** kill -9, and back after so many milliseconds. */
  async killBroker(at: number, awayFor: number): Promise<void> {
    const broker = this.#brokers[at]!;
    broker.kill("SIGKILL");
    await broker.ended;
    await pause(awayFor);
    await this.#startBroker(at);
  }

  /** kill -9 of a NATS server, and back after so many milliseconds. */
  async killNode(at: number, awayFor: number): Promise<void> {
    const node = this.nats.nodes[at]!;
    await node.stop("SIGKILL");
    await pause(awayFor);
    await node.restart();
  }

  /** What the brokers that run now have warned of. */
  get said(): string[] {
    return this.#brokers.flatMap(({ stderr }, at) =>
      stderr.split("\n").filter((line) => line !== "").map((line) => `broker ${at}: ${line}`)
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#brokers.map((broker) => broker.stop("SIGKILL")));
    await this.nats[Symbol.asyncDispose]();
  }

  async #startBroker(at: number): Promise<void> {
    const { subPort, pubPort } = this.ports[at]!;
    const args = [...this.#args, "-s", `${subPort}`, "-p", `${pubPort}`];
    this.#brokers[at] = await startBroker(args, { timeout: READY_MS });
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
