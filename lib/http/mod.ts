/**
 * Health, metrics, a JSON API and a dashboard over HTTP (docs/http.md).
 *
 * @module
 */
export { ASSETS } from "./assets.ts";
export { type HttpOptions, type HttpServer, serveHttp } from "./server.ts";
export type { Asset, Assets } from "./types.ts";
