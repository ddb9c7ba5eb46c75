/**
 * The dashboard in a real browser: the system's Chromium, without a window.
 *
 *     dashboardTest("it shows …", async (look) => {
 *       await using broker = await startBroker(["--http", "0"]);
 *       const page = await look(broker);
 *
 * What every page does wrong fails its test: an error, a request to another host, something that the
 * Content-Security-Policy forbids.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import type { RunningBroker } from "./broker.ts";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/** One process less, and what it takes as root in a container. */
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
/** On a machine that is busy with other tests. */
const PATIENCE_MS = 20_000;

const executable = CHROMIUM.find((path) => isThere(path));

/** Opens the dashboard of a broker, or of a port at `url`: `path` of it. */
export type Look = (
  broker: RunningBroker | { readonly url: string },
  path?: string,
  options?: BrowserContextOptions,
) => Promise<Page>;

/**
 * A test with a browser; it is skipped where there is none, and says so. `lacks`: what else it cannot do without and
 * is not there.
 */
export function dashboardTest(claim: string, body: (look: Look) => Promise<void>, lacks?: string): void {
  const missing = executable === undefined ? `no Chromium in ${CHROMIUM.join(", ")}` : lacks;
  Deno.test({
    name: missing === undefined ? claim : `${claim} (skipped: ${missing})`,
    ignore: missing !== undefined,
    // playwright's pipes to a browser that has ended are closed a moment later
    sanitizeOps: false,
    sanitizeResources: false,
    fn: () => withPages(body),
  });
}

async function withPages(body: (look: Look) => Promise<void>): Promise<void> {
  const wrong: string[] = [];
  const browser = await launch();
  const look: Look = async (broker, path = "", options = {}) => {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    const origin = "url" in broker ? broker.url : httpOf(broker);
    watch(page, origin, wrong);
    await page.goto(`${origin}/${path}`);
    return page;
  };
  try {
    await body(look);
  } finally {
    await browser.close();
  }
  assertEquals(wrong, [], "what the pages did wrong");
}

/** Starts a Chromium; who calls it closes it. */
export async function launch(): Promise<Browser> {
  return await chromium.launch({ executablePath: executable ?? CHROMIUM[0]!, args: FLAGS });
}

/** Where a broker serves HTTP. */
export function httpOf(broker: RunningBroker): string {
  const [, address] = /^broker ready: .*http (\S+)$/m.exec(broker.stdout) ?? [];
  if (address === undefined) throw new Error(`no --http in: ${broker.stdout}`);
  return `http://${address}`;
}

/** What the API says. */
export async function ask(broker: RunningBroker, path: string): Promise<Record<string, unknown>> {
  const answer = await fetch(`${httpOf(broker)}${path}`);
  return await answer.json();
}

function watch(page: Page, origin: string, wrong: string[]): void {
  page.on("pageerror", (error) => wrong.push(`an error: ${error.message}`));
  page.on("dialog", (dialog) => wrong.push(`a script of a peer ran: ${dialog.message()}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(`${origin}/`)) wrong.push(`a request to ${request.url()}`);
  });
  page.on("console", (message) => {
    // a broker that is gone refuses connections, and the browser says so
    if (message.type() !== "error" || /ERR_|Failed to load resource/.test(message.text())) return;
    wrong.push(`said: ${message.text()}`);
  });
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
