/**
 * Brokers for malformed exchanges: small limits, so that what breaks them is small, and `#d.>` stored.
 *
 * @module
 */
import { Broker, certificatesOf, listenersOn, PUBLISHERS, SUBSCRIBERS } from "../../lib/broker/mod.ts";
import { MemoryStore } from "../../lib/store/memory.ts";
import { TestIssuer } from "../support/certificates.ts";
import { startBroker } from "../support/broker.ts";
import { memoryPair } from "../support/memory_pair.ts";
import { HONEST, usersFile } from "./accounts.ts";
import { connectFrom } from "./local_address.ts";
import type { Door } from "./exchange.ts";
import type { Reach } from "./judge.ts";

/** Bytes of a line and of a payload, and patterns: what the tables count on. */
export const LINE = 4096;
export const PAYLOAD = 16 * 1024;
export const PATTERNS = 10;
/** What a broker must never say of itself. */
const DEFECT = /^.*(internal error|Uncaught|panicked|TypeError|RangeError|ReferenceError).*$/gm;

/** A broker as its users run it, in a process of its own; with accounts each exchange has an address of its own. */
export async function brokerProcess(
  { accounts = false }: { readonly accounts?: boolean } = {},
): Promise<Reach & AsyncDisposable> {
  const data = await Deno.makeTempDir({ prefix: "hashbus-hostile-" });
  const users = accounts ? await usersFile() : undefined;
  let number = 0;
  const program = await startBroker(
    [
      ["--data", data],
      ["--durable", "#d.>"],
      ["--max-line", String(LINE)],
      ["--max-payload", String(PAYLOAD)],
      ["--max-patterns", String(PATTERNS)],
      ["--http", "0"],
      users === undefined ? [] : ["--users", users],
    ].flat(),
    {
      after: async () => {
        await Deno.remove(data, { recursive: true });
        if (users !== undefined) await Deno.remove(users);
      },
    },
  );
  const { subPort, pubPort } = program;
  const [, httpPort] = /, http \S+?:(\d+)/.exec(program.stdout) ?? [];
  const portOf = (on: Door): number =>
    on === "http" ? Number(httpPort) : on === "subscribers" ? subPort : pubPort;
  let ended: string | undefined;
  void program.ended.then(({ code }) => ended = `it has ended with ${code}`);
  return {
    subPort,
    pubPort,
    piece: Infinity,
    ...(accounts ? { credentials: HONEST } : {}),
    open: async (on) => {
      if (accounts) return await connectFrom(++number, portOf(on));
      const connection = await Deno.connect({
        hostname: "127.0.0.1",
        port: portOf(on),
      });
      connection.setNoDelay(true);
      return connection;
    },
    defects: () => (program.stderr.match(DEFECT) ?? []).join("\n") + (ended ?? ""),
    [Symbol.asyncDispose]: async () => {
      await program.stop();
    },
  };
}

/** A broker in this process, to which what is sent comes byte by byte, over memory. */
export function brokerOverMemory(): Reach & AsyncDisposable {
  let defects = "";
  const log = (event: string, fields: unknown = {}): void => {
    const line = `${event} ${JSON.stringify(fields)}\n`;
    if (line.match(DEFECT) !== null) defects += line;
  };
  const broker = new Broker({
    limits: { line: LINE, payload: PAYLOAD, patterns: PATTERNS },
    store: new MemoryStore({ now: () => Date.now() }),
    durable: ["#d.>"],
    log: { debug: log, info: log, warn: log, error: log },
  });
  const [subscribers, publishers] = broker.listen(listenersOn({ subPort: 0, pubPort: 0 }));
  return {
    subPort: subscribers.address.port,
    pubPort: publishers.address.port,
    piece: 1,
    open: (on: Door) => {
      const [mine, theirs] = memoryPair(1);
      void broker.serve(theirs, { listener: on === "subscribers" ? SUBSCRIBERS : PUBLISHERS });
      return Promise.resolve(mine);
    },
    defects: () => defects,
    [Symbol.asyncDispose]: () => broker.close(),
  };
}

/** A broker in this process with and without TLS, with a certificate that is made for it. */
export async function brokerWithTls(): Promise<Reach & AsyncDisposable> {
  const issuer = await TestIssuer.make();
  const certificates = await certificatesOf(await issuer.issue(), Date.now());
  let defects = "";
  const log = (event: string, fields: unknown = {}): void => {
    const line = `${event} ${JSON.stringify(fields)}\n`;
    if (line.match(DEFECT) !== null) defects += line;
  };
  const broker = new Broker({
    limits: { line: LINE, payload: PAYLOAD, patterns: PATTERNS },
    store: new MemoryStore({ now: () => Date.now() }),
    durable: ["#d.>"],
    log: { debug: log, info: log, warn: log, error: log },
  });
  const [subscribers, publishers] = broker.listen(listenersOn({ subPort: 0, pubPort: 0 }));
  const [tlsSubscribers, tlsPublishers] = broker.listen(
    listenersOn({ subPort: 0, pubPort: 0, tls: certificates }),
  );
  return {
    subPort: subscribers.address.port,
    pubPort: publishers.address.port,
    piece: Infinity,
    open: async (on, opening) => {
      const { port } = (on.endsWith("subscribers") ? tlsSubscribers : tlsPublishers).address;
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      connection.setNoDelay(true);
      if (opening === "none") return connection;
      return await Deno.startTls(connection, { hostname: "localhost", caCerts: [issuer.certificate] });
    },
    defects: () => defects,
    [Symbol.asyncDispose]: async () => {
      await broker.close();
      await issuer[Symbol.asyncDispose]();
    },
  };
}
