/**
 * What the parts of the HTTP server have in common.
 *
 * @module
 */
import type { HttpBindings } from "@hono/node-server";
import type { Context, Hono } from "hono";
import type { Gatekeeper } from "../auth/gatekeeper.ts";
import type { Grant } from "../auth/grant.ts";
import type { Broker } from "../broker/broker.ts";
import type { Log } from "../log.ts";
import type { Bodies } from "./bodies.ts";
import type { Inside, RemoteVisitor } from "./inside/inside.ts";
import type { Rates } from "./rates.ts";

/** A file that is served as it is. */
export interface Asset {
  /** Its media type. */
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Changes with it, in quotes. */
  readonly etag: string;
}

/** By path: `/`, `/app.js`. Nothing else is served. */
export type Assets = ReadonlyMap<string, Asset>;

/** What routes are made over. */
export interface Site {
  readonly broker: Broker;
  /** Who lets in; undefined: there are no accounts. */
  readonly gatekeeper: Gatekeeper | undefined;
  readonly inside: Inside;
  readonly rates: Rates;
  readonly bodies: Bodies;
  readonly assets: Assets;
  readonly log: Log;
  /** Bytes of a payload, and of a topic with its `#`. */
  readonly limits: { readonly payload: number; readonly topic: number };
  /** Where it listens itself. */
  readonly listening: () => { readonly address: Deno.NetAddr; readonly tls: boolean };
  /** Waits for the broker: who asked is not idle meanwhile, whatever time that takes. */
  readonly waits: <T>(asked: Asked, work: Promise<T>) => Promise<T>;
  /** Aborted when the server closes. */
  readonly closing: AbortSignal;
}

/** What is known of a request. */
export interface Env {
  readonly Bindings: HttpBindings;
  readonly Variables: {
    /** What who asks may do. */
    grant: Grant;
    visitor: RemoteVisitor;
    /** Resolves when the answer has been taken, or nobody is there to take it. */
    over: Promise<void>;
  };
}

/** The routes. */
export type App = Hono<Env>;
/** A request that is being answered. */
export type Asked = Context<Env>;
