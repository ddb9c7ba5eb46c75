/**
 * All requests: who may come in, where each goes, and what is said where something is wrong.
 *
 * @module
 */
import { Hono } from "hono";
import { grantOf } from "./guard/accounts.ts";
import { checkComing, type HostRules } from "./guard/hosts.ts";
import { Problem, problemResponse } from "./problem.ts";
import { problemOf } from "./refused.ts";
import { addAssets } from "./routes/assets.ts";
import { addBroker } from "./routes/broker.ts";
import { addConnections } from "./routes/connections.ts";
import { addGroups } from "./routes/groups.ts";
import { addHealth } from "./routes/health.ts";
import { addMessages } from "./routes/messages.ts";
import { addMetrics } from "./routes/metrics.ts";
import { addOpenApi } from "./routes/openapi.ts";
import { addPublish } from "./routes/publish.ts";
import { addStream } from "./routes/stream.ts";
import { addTopics } from "./routes/topics.ts";
import type { App, Asked, Env, Site } from "./types.ts";

/** Of every answer: what a browser may not make of it. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
};

/** Paths for everybody, also where there are accounts; so are the dashboard's files, which ask who it is. */
const OPEN = new Set(["/healthz", "/readyz"]);
/** The id of connections that requests are. */
const VISITOR_ID = "http";

/** The routes, and what stands before them. */
export function makeApp(site: Site, rules: HostRules): App {
  const app = new Hono<Env>();
  app.use(async (asked, next) => {
    // before anything is waited for, during which who asks may leave
    asked.set("over", new Promise((resolve) => asked.env.outgoing.once("close", resolve)));
    checkComing(comingOf(asked, site), rules);
    const visitor = {
      id: VISITOR_ID,
      address: addressOf(asked),
      port: asked.env.incoming.socket.remotePort ?? 0,
    };
    asked.set("visitor", visitor);
    if (!OPEN.has(asked.req.path) && !site.assets.has(asked.req.path)) {
      const { gatekeeper } = site;
      const credentials = asked.req.header("authorization") ?? null;
      asked.set("grant", await grantOf(credentials, { gatekeeper, visitor }));
    }
    await next();
  });
  addHealth(app, site);
  addBroker(app, site);
  addTopics(app, site);
  addConnections(app, site);
  addGroups(app, site);
  addPublish(app, site);
  addMessages(app, site);
  addStream(app, site);
  addMetrics(app, site);
  addOpenApi(app);
  addAssets(app, site);
  const methods = methodsByPath(app);
  app.notFound((asked) => problemResponse(notFound(asked, methods)));
  app.onError((error, asked) => {
    const problem = problemOf(error);
    if (problem !== undefined) return problemResponse(problem);
    site.log.error("internal error", { error: String(error.stack ?? error), request: asked.req.path });
    return problemResponse(new Problem(500, "INTERNAL", "an error inside the broker; its log says more"));
  });
  return app;
}

/** What every answer has. */
export function withHeaders(response: Response): Response {
  for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
  if (!response.headers.has("cache-control")) response.headers.set("cache-control", "no-store");
  return response;
}

function comingOf(asked: Asked, { assets }: Site): Parameters<typeof checkComing>[0] {
  const header = (name: string): string | null => asked.req.header(name) ?? null;
  return {
    method: asked.req.method,
    isPage: assets.has(asked.req.path),
    host: header("host"),
    origin: header("origin"),
    site: header("sec-fetch-site"),
    mode: header("sec-fetch-mode"),
  };
}

/** Where a request comes from; an IPv4 address that came in by an IPv6 socket in its IPv4 form. */
function addressOf(asked: Asked): string {
  return (asked.env.incoming.socket.remoteAddress ?? "unknown").replace(/^::ffff:(?=\d+\.)/, "");
}

/** By path, as it is routed, the methods that are answered there. */
function methodsByPath(app: App): ReadonlyMap<string, readonly string[]> {
  const methods = new Map<string, string[]>();
  for (const { method, path } of app.routes) {
    if (method !== "ALL") methods.set(path, [...methods.get(path) ?? [], method]);
  }
  return methods;
}

function notFound(asked: Asked, methods: ReadonlyMap<string, readonly string[]>): Problem {
  for (const [path, known] of methods) {
    if (!isRouted(asked.req.path, path)) continue;
    const allowed = known.includes("GET") ? [...known, "HEAD"] : known;
    const detail = `${asked.req.method} is not for this path: use ${allowed.join(" or ")}`;
    return new Problem(405, "METHOD", detail, { headers: { allow: allowed.join(", ") } });
  }
  return new Problem(404, "NO_SUCH", "there is nothing at this path: see /api/openapi.json");
}

function isRouted(path: string, route: string): boolean {
  const [parts, expected] = [path.split("/"), route.split("/")];
  return parts.length === expected.length &&
    expected.every((part, at) => part.startsWith(":") ? parts[at] !== "" : part === parts[at]);
}
