/**
 * The port: Node's HTTP server, which has the deadlines and the bound on connections that `Deno.serve` has
 * not (decisions/0027), in front of the routes.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Gatekeeper } from "../auth/gatekeeper.ts";
import type { Broker } from "../broker/broker.ts";
import { RunError } from "../errors.ts";
import type { Log } from "../log.ts";
import { makeApp, withHeaders } from "./app.ts";
import { Bodies } from "./bodies.ts";
import { checkRaw } from "./guard/raw_request.ts";
import { Inside } from "./inside/inside.ts";
import { HEADER_BYTES_MOST, HEADER_MS, HTTP_CONNECTIONS_MOST, IDLE_MS, KEEP_ALIVE_MS } from "./limits.ts";
import { Problem, problemJson, titleOf } from "./problem.ts";
import { Rates } from "./rates.ts";
import type { Asked, Assets, Site } from "./types.ts";

/** How it is set up. */
export interface HttpOptions {
  readonly broker: Broker;
  readonly hostname: string;
  /** TCP; 0 takes a free one. */
  readonly port: number;
  /** Further names that requests may be for. */
  readonly names?: readonly string[];
  /** Who lets in (everybody may do everything). */
  readonly gatekeeper?: Gatekeeper | undefined;
  /** Bytes of a payload, and of a topic; connections of the broker. */
  readonly limits: { readonly payload: number; readonly topic: number; readonly connections: number };
  readonly assets: Assets;
  readonly log: Log;
  /** Milliseconds, for tests: how long others may take (limits.ts). */
  readonly patience?: { readonly header?: number; readonly idle?: number };
  /** Connections at a time, for tests. */
  readonly most?: number;
}

/** A server that runs. */
export interface HttpServer {
  readonly address: Deno.NetAddr;
  /** Takes nobody any more and ends what is being answered; resolves when all connections are over. */
  close(): Promise<void>;
}

/** Listens. Rejects with RunError where it cannot. */
export async function serveHttp(options: HttpOptions): Promise<HttpServer> {
  const { broker, gatekeeper, hostname, port, limits, assets, log, names = [], patience = {} } = options;
  const { header = HEADER_MS, idle = IDLE_MS } = patience;
  const closing = new AbortController();
  /** Sockets whose request waits for the broker. */
  const waiting = new Map<Socket, number>();
  let address: Deno.NetAddr = { transport: "tcp", hostname, port };
  const site: Site = {
    broker,
    gatekeeper,
    inside: new Inside(broker),
    rates: new Rates(broker),
    bodies: new Bodies(),
    assets,
    log,
    limits,
    listening: () => ({ address, tls: false }),
    waits: async (asked: Asked, work) => {
      const { socket } = asked.env.incoming;
      waiting.set(socket, (waiting.get(socket) ?? 0) + 1);
      try {
        return await work;
      } finally {
        const left = waiting.get(socket)! - 1;
        if (left === 0) waiting.delete(socket);
        else waiting.set(socket, left);
      }
    },
    closing: closing.signal,
  };
  const app = makeApp(site, { hostname, names });
  const answer = getRequestListener(
    async (request, env) => withHeaders(await app.fetch(request, env)),
    { overrideGlobalObjects: false, hostname: "localhost" },
  );
  const server = createServer({
    headersTimeout: header,
    // bodies have bounds of their own: a publisher may send for as long as it likes
    requestTimeout: 0,
    keepAliveTimeout: Math.min(KEEP_ALIVE_MS, idle),
    connectionsCheckingInterval: Math.min(1_000, header / 2),
    maxHeaderSize: HEADER_BYTES_MOST,
    // it is asked for, with a sentence
    requireHostHeader: false,
  }, (incoming, outgoing) => {
    try {
      checkRaw(incoming);
    } catch (error) {
      if (error instanceof Problem) return refuse(incoming, outgoing, error);
      throw error;
    }
    void answer(incoming, outgoing);
  });
  server.maxConnections = Math.min(options.most ?? HTTP_CONNECTIONS_MOST, limits.connections);
  server.setTimeout(idle, (socket) => {
    if (waiting.has(socket)) socket.setTimeout(idle);
    else socket.destroy();
  });
  server.on("clientError", onClientError);
  address = await listening(server, { hostname, port });
  return {
    address,
    close: () => {
      closing.abort();
      return new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        server.closeIdleConnections();
      });
    },
  };
}

/** Milliseconds that what is being answered has when the server closes. */
const CLOSE_MS = 500;

function listening(
  server: Server,
  { hostname, port }: { readonly hostname: string; readonly port: number },
): Promise<Deno.NetAddr> {
  return new Promise((resolve, reject) => {
    server.once(
      "error",
      (error: Error & { readonly code?: string }) => reject(listenError(error, hostname, port)),
    );
    server.listen(port, hostname, () => {
      const bound = server.address();
      if (bound === null || typeof bound === "string") throw new TypeError("it listens on a TCP port");
      resolve({ transport: "tcp", hostname: bound.address, port: bound.port });
    });
  });
}

function listenError(error: Error & { readonly code?: string }, hostname: string, port: number): RunError {
  const where = `${hostname}:${port}`;
  if (error.code === "EADDRINUSE") {
    return new RunError(
      `${where} is in use: stop the program that has it, or choose another port with --http ` +
        `(0 takes a free one)`,
    );
  }
  if (error.code === "EACCES") {
    return new RunError(`may not listen on ${where}: choose a port from 1024 up with --http`);
  }
  return new RunError(
    `cannot listen on ${where} (${error.message}): choose an address of this machine with --host`,
  );
}

/** What the parser refuses: no request was made of it, and nothing more is read. */
function onClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy();
  const problem = clientProblem(error.code);
  const body = problemJson(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${titleOf(problem.status)}\r\nContent-Type: application/problem+json\r\n` +
      `X-Content-Type-Options: nosniff\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function clientProblem(code: string | undefined): Problem {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return new Problem(431, "BAD_REQUEST", `the header is longer than ${HEADER_BYTES_MOST} bytes`);
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new Problem(408, "BAD_REQUEST", `the header was not whole within ${HEADER_MS / 1000} seconds`);
  }
  return new Problem(400, "BAD_REQUEST", "this is not an HTTP/1.1 request that can be read in one way only");
}

function refuse(incoming: IncomingMessage, outgoing: ServerResponse, problem: Problem): void {
  const headers = {
    ...problem.extras.headers,
    "content-type": "application/problem+json",
    connection: "close",
  };
  for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value);
  for (const [name, value] of withHeaders(new Response()).headers) outgoing.setHeader(name, value);
  outgoing.statusCode = problem.status;
  outgoing.end(incoming.method === "HEAD" ? undefined : problemJson(problem));
}
