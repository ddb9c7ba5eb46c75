/**
 * `deno run -A bench/dashboard.ts`: what an open dashboard costs beside 5,000 topics and 1,000 connections that are
 * in use: the browser's main thread, what is sent to it, and the broker's time. Each view in turn.
 *
 * @module
 */
import type { Page } from "playwright-core";
import { printLine } from "../scripts/terminal.ts";
import { startBroker } from "../tests/support/broker.ts";
import { httpOf, launch } from "../tests/support/browser.ts";

const TOPICS = 5_000;
const SUBSCRIBERS = 999;
const VIEWS = [
  ["overview", ""],
  ["topics", "#/topics"],
  ["connections", "#/connections"],
  ["a topic", "#/topics/%23t.0"],
] as const;
const SETTLING_MS = 3_000;
const MEASURED_S = 10;
const TICK_MS = 100;

/** A line on a classic connection. */
async function say(connection: Deno.Conn, text: string): Promise<void> {
  const writer = connection.writable.getWriter();
  await writer.write(new TextEncoder().encode(text));
  writer.releaseLock();
}

/** Reads on and forgets it. */
function forget(connection: Deno.Conn): void {
  void connection.readable.pipeTo(new WritableStream()).catch(() => {});
}

/** Of one view: milliseconds of the main thread a second, the longest task, bytes a minute. */
async function measure(page: Page, name: string): Promise<string> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable");
  await devtools.send("Network.enable");
  let bytes = 0;
  let asked = 0;
  devtools.on("Network.dataReceived", (event) => bytes += event.encodedDataLength);
  devtools.on("Network.responseReceived", (event) => {
    bytes += event.response.encodedDataLength;
    asked++;
  });
  await page.waitForTimeout(SETTLING_MS);
  await page.evaluate(() => {
    const kept = Object.assign(globalThis, { longest: 0 });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) kept.longest = Math.max(kept.longest, duration);
    }).observe({ entryTypes: ["longtask"] });
  });
  const busy = async (): Promise<number> => {
    const { metrics } = await devtools.send("Performance.getMetrics");
    return metrics.find((metric) => metric.name === "TaskDuration")?.value ?? 0;
  };
  const before = await busy();
  [bytes, asked] = [0, 0];
  await page.waitForTimeout(MEASURED_S * 1000);
  const busyMs = (await busy() - before) * 1000;
  const most: number = await page.evaluate("longest");
  return `${name.padEnd(12)} ${(busyMs / MEASURED_S).toFixed(1)} ms of main thread a second, longest task ${
    most === 0 ? "under 50" : most.toFixed(0)
  } ms, ${(bytes / MEASURED_S * 60 / 1e6).toFixed(2)} MB a minute in ${asked} answers`;
}

await using broker = await startBroker(["--http", "0"]);
for (let at = 0; at < SUBSCRIBERS; at++) {
  const subscriber = await Deno.connect({ port: broker.subPort });
  await say(subscriber, `s${at} sub #t.${at * 5}\ns${at} sub #t.${at * 5 + 1}\n`);
  forget(subscriber);
}
const publisher = await Deno.connect({ port: broker.pubPort });
forget(publisher);
const all = Array.from({ length: TOPICS }, (_, at) => `p pub #t.${at} ${"x".repeat(100)}\n`).join("");
await say(publisher, all);
let tick = 0;
const timer = setInterval(() => {
  tick++;
  const some = Array.from({ length: 500 }, (_, at) => `p pub #t.${(tick * 500 + at) % TOPICS} hello\n`).join(
    "",
  );
  void say(publisher, some + `p pub #t.0 again\n`.repeat(20));
}, TICK_MS);
try {
  await using browser = await launch();
  for (const [name, path] of VIEWS) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    await page.goto(`${httpOf(broker)}/${path}`);
    printLine(await measure(page, name));
    await page.close();
  }
} finally {
  clearInterval(timer);
}
Deno.exit(0);
