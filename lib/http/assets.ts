/**
 * The dashboard's files, as they are served: ours as they stand in `page/`, and those of three packages. They
 * are part of the program, so that an executable has them with it; no step builds them.
 *
 * @module
 */
import { createHash } from "node:crypto";
import htm from "htm" with { type: "text" };
import preact from "preact" with { type: "text" };
import hooks from "preact/hooks" with { type: "text" };
import uplotStyle from "uplot/dist/uPlot.min.css" with { type: "text" };
import uplot from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import api from "./page/api.js" with { type: "text" };
import app from "./page/app.js" with { type: "text" };
import base from "./page/base.css" with { type: "text" };
import chart from "./page/chart.js" with { type: "text" };
import connections from "./page/connections.js" with { type: "text" };
import events from "./page/events.js" with { type: "text" };
import feed from "./page/feed.js" with { type: "text" };
import findings from "./page/findings.js" with { type: "text" };
import format from "./page/format.js" with { type: "text" };
import groups from "./page/groups.js" with { type: "text" };
import history from "./page/history.js" with { type: "text" };
import html from "./page/html.js" with { type: "text" };
import icon from "./page/icon.svg" with { type: "text" };
import index from "./page/index.html" with { type: "text" };
import login from "./page/login.js" with { type: "text" };
import messages from "./page/messages.js" with { type: "text" };
import overview from "./page/overview.js" with { type: "text" };
import overviewHistory from "./page/overview_history.js" with { type: "text" };
import parts from "./page/parts.css" with { type: "text" };
import publish from "./page/publish.js" with { type: "text" };
import routes from "./page/routes.js" with { type: "text" };
import table from "./page/table.js" with { type: "text" };
import tail from "./page/tail.js" with { type: "text" };
import theme from "./page/theme.js" with { type: "text" };
import topic from "./page/topic.js" with { type: "text" };
import topics from "./page/topics.js" with { type: "text" };
import use from "./page/use.js" with { type: "text" };
import type { Asset, Assets } from "./types.ts";

const SCRIPT = "text/javascript; charset=utf-8";
const STYLE = "text/css; charset=utf-8";

/**
 * What a browser cannot find by a package's name, and where it is. An import map would be a script that
 * stands in the page, and those are forbidden there.
 */
const PACKAGES: Readonly<Record<string, string>> = {
  "htm": "./htm.js",
  "preact": "./preact.js",
  "preact/hooks": "./preact_hooks.js",
  "uplot": "./uplot.js",
};

const SCRIPTS: Readonly<Record<string, string>> = {
  "api.js": api,
  "app.js": app,
  "chart.js": chart,
  "connections.js": connections,
  "events.js": events,
  "feed.js": feed,
  "findings.js": findings,
  "format.js": format,
  "groups.js": groups,
  "history.js": history,
  "html.js": html,
  "login.js": login,
  "messages.js": messages,
  "overview.js": overview,
  "overview_history.js": overviewHistory,
  "publish.js": publish,
  "routes.js": routes,
  "table.js": table,
  "tail.js": tail,
  "theme.js": theme,
  "topic.js": topic,
  "topics.js": topics,
  "use.js": use,
  "htm.js": htm,
  "preact.js": preact,
  "preact_hooks.js": hooks,
  // its small form is a script that sets one name
  "uplot.js": `${uplot}\nexport default uPlot;\n`,
};

const STYLES: Readonly<Record<string, string>> = {
  "base.css": base,
  "parts.css": parts,
  "uplot.css": uplotStyle,
};

/** By the path that they are served at. */
export const ASSETS: Assets = new Map<string, Asset>([
  ["/", asset("text/html; charset=utf-8", withModules(index))],
  ["/assets/icon.svg", asset("image/svg+xml", icon)],
  ...Object.entries(STYLES).map(([name, text]) => [`/assets/${name}`, asset(STYLE, text)] as const),
  ...Object.entries(SCRIPTS).map(([name, text]) =>
    [`/assets/${name}`, asset(SCRIPT, withPlaces(text))] as const
  ),
]);

/** `import … from "preact"` becomes `… from "./preact.js"`. */
function withPlaces(script: string): string {
  return script.replace(
    /\b(from\s*)"([^"./][^"]*)"/g,
    (statement, from: string, name: string) =>
      Object.hasOwn(PACKAGES, name) ? `${from}"${PACKAGES[name]!}"` : statement,
  );
}

/** A browser that is told of all modules asks for them at once, not each when it has read who imports it. */
function withModules(page: string): string {
  const links = Object.keys(SCRIPTS).map((name) => `<link rel="modulepreload" href="/assets/${name}">`);
  return page.replace("</head>", () => `${links.join("")}</head>`);
}

function asset(type: string, text: string): Asset {
  const bytes = new TextEncoder().encode(text);
  const etag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
  return { type, bytes, etag };
}
