/**
 * A port with the routes behind it.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Gatekeeper } from "../auth/gatekeeper.ts";
import type { Broker } from "../broker/broker.ts";
import { HTTP_CONNECTIONS_MOST } from "../limits.ts";
import { makeApp, withHeaders } from "./app.ts";
import { Bodies } from "./bodies.ts";
import { checkRaw } from "./guard/raw_request.ts";
import { Inside } from "./inside/inside.ts";
import { oneByOne } from "./pipelining.ts";
import { openPort, type Port, type PortOptions } from "./port.ts";
import { Problem, problemJson } from "./problem.ts";
import { Rates } from "./rates.ts";
import type { Asked, Assets, Site } from "./types.ts";

/** How it is set up. */
export interface HttpOptions extends Omit<PortOptions, "most" | "waits"> {
  readonly broker: Broker;
  /** Further names that requests may be for. */
  readonly names?: readonly string[];
  /** Who lets in (everybody may do everything). */
  readonly gatekeeper?: Gatekeeper | undefined;
  /** Bytes of a payload, and of a topic; connections of the broker. */
  readonly limits: { readonly payload: number; readonly topic: number; readonly connections: number };
  readonly assets: Assets;
  /** Connections at a time (2,000, and no more than the broker may have). */
  readonly most?: number;
}

/** A server that runs. */
export type HttpServer = Port;

/** Listens. Rejects with RunError where it cannot. */
export async function serveHttp(options: HttpOptions): Promise<HttpServer> {
  const { broker, gatekeeper, hostname, limits, assets, log, tls, names = [] } = options;
  const closing = new AbortController();
  /** The sockets of requests that wait for the broker. */
  const waiting = new WeakSet<Socket>();
  let address: Deno.NetAddr = { transport: "tcp", hostname, port: options.port };
  const site: Site = {
    broker,
    gatekeeper,
    inside: new Inside(broker),
    rates: new Rates(broker),
    bodies: new Bodies(),
    assets,
    log,
    limits,
    listening: () => ({ address, tls: tls !== undefined }),
    waits: async (asked: Asked, work) => {
      const { socket } = asked.env.incoming;
      waiting.add(socket);
      try {
        return await work;
      } finally {
        waiting.delete(socket);
      }
    },
    closing: closing.signal,
  };
  const app = makeApp(site, { hostname, names });
  const answer = getRequestListener(
    async (request, env) => withHeaders(await app.fetch(request, env)),
    { overrideGlobalObjects: false, hostname: "localhost" },
  );
  const port = await openPort(
    oneByOne((incoming, outgoing) => {
      try {
        checkRaw(incoming);
      } catch (error) {
        if (error instanceof Problem) return refuse(incoming, outgoing, error);
        throw error;
      }
      void answer(incoming, outgoing);
    }),
    {
      ...options,
      most: Math.min(options.most ?? HTTP_CONNECTIONS_MOST, limits.connections),
      waits: (socket) => waiting.has(socket),
    },
  );
  address = port.address;
  return {
    address,
    close: () => {
      closing.abort();
      return port.close();
    },
  };
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
