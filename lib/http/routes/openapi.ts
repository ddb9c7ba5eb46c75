/**
 * The routes for machines.
 *
 * @module
 */
import { OPENAPI } from "../openapi.ts";
import type { App } from "../types.ts";

/** `/api/openapi.json`. */
export function addOpenApi(app: App): void {
  app.get("/api/openapi.json", (asked) => asked.json(OPENAPI));
}
