/**
 * The port: Node's HTTP server, which has the deadlines and the bound on connections that `Deno.serve` has
 * not (decisions/0027).
 *
 * @module
 */
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Socket } from "node:net";
import type { Certificates } from "../broker/mod.ts";
import { RunError } from "../errors.ts";
import type { Log } from "../log.ts";
import { FailedHandshakes } from "./handshakes.ts";
import { HEADER_BYTES_MOST, HEADER_MS, IDLE_MS, KEEP_ALIVE_MS, UNREAD_BYTES_MOST } from "./limits.ts";
import { Problem, problemJson, titleOf } from "./problem.ts";

/** What a port is to be. */
export interface PortOptions {
  readonly hostname: string;
  /** TCP; 0 takes a free one. */
  readonly port: number;
  /** It speaks TLS (plain text). */
  readonly tls?: Certificates | undefined;
  /** Connections at a time. */
  readonly most: number;
  /** Milliseconds that others may take, for tests (limits.ts). */
  readonly patience?: { readonly header?: number; readonly idle?: number };
  /** Whether a connection's request waits for the broker, so that it is not idle. */
  readonly waits: (socket: Socket) => boolean;
  readonly log: Log;
}

/** A port that is listened on. */
export interface Port {
  readonly address: Deno.NetAddr;
  /** Takes nobody any more; resolves when what was being answered is over, or cut off. */
  close(): Promise<void>;
}

/** Milliseconds that what is being answered has when the port closes. */
const CLOSE_MS = 500;
/** Milliseconds for a handshake of TLS. */
const HANDSHAKE_MS = 10_000;

/** Listens. Rejects with RunError where it cannot. */
export async function openPort(answer: RequestListener, options: PortOptions): Promise<Port> {
  const { tls, most, patience = {}, waits, log } = options;
  const { header = HEADER_MS, idle = IDLE_MS } = patience;
  const settings = {
    headersTimeout: header,
    // bodies have bounds of their own: a publisher may send for as long as it likes
    requestTimeout: 0,
    keepAliveTimeout: Math.min(KEEP_ALIVE_MS, idle),
    connectionsCheckingInterval: Math.min(1_000, header / 2),
    maxHeaderSize: HEADER_BYTES_MOST,
    // each may be a chunk of its own, and all of them are read in one turn
    highWaterMark: UNREAD_BYTES_MOST,
    // it is asked for, with a sentence
    requireHostHeader: false,
  };
  const { server, release } = tls === undefined
    ? { server: createServer(settings, answer), release: () => {} }
    : secured({ tls, log }, { ...settings, handshakeTimeout: Math.min(HANDSHAKE_MS, header) }, answer);
  server.maxConnections = most;
  server.setTimeout(idle, (socket) => {
    if (waits(socket)) socket.setTimeout(idle);
    else socket.destroy();
  });
  server.on("clientError", onClientError);
  const address = await listening(server, options);
  server.on("error", (error) => log.error("cannot accept", { listener: "http", error: error.message }));
  return {
    address,
    close: () =>
      new Promise((resolve) => {
        release();
        const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

/** A server that speaks TLS, with whatever the certificate is when somebody connects. */
function secured(
  { tls, log }: { readonly tls: Certificates; readonly log: Log },
  settings: Parameters<typeof createSecureServer>[0],
  answer: RequestListener,
): { readonly server: Server; readonly release: () => void } {
  const pem = (): { readonly cert: string; readonly key: string } => ({
    cert: tls.pem.certificate,
    key: tls.pem.key,
  });
  const server = createSecureServer({ ...settings, ...pem() }, answer);
  const handshakes = new FailedHandshakes(log);
  // what is said to a client in error would wait for the end of a handshake that has none
  server.on("tlsClientError", (error, socket) => handshakes.failed(error, socket));
  return { server, release: tls.onReplaced(() => server.setSecureContext(pem())) };
}

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
