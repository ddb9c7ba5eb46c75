/**
 * The dashboard's files, from a fixed table.
 *
 * @module
 */
import type { App, Site } from "../types.ts";

/** A path for each of them. */
export function addAssets(app: App, { assets }: Site): void {
  for (const [path, { type, bytes, etag }] of assets) {
    app.get(path, (asked) => {
      const headers = { "content-type": type, etag, "cache-control": "no-cache" };
      if (asked.req.header("if-none-match") === etag) return asked.body(null, 304, headers);
      return asked.body(bytes, 200, headers);
    });
  }
}
