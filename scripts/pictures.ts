/**
 * `deno task pictures`: the dashboard as docs/dashboard.md and the README show it. Starts a broker with work, a
 * publisher of each kind and a subscriber that does not keep up, and takes its pictures in the system's Chromium.
 *
 * @module
 */
import type { Page } from "playwright-core";
import { connectPublisher, connectSubscriber, type Publisher } from "../lib/mod.ts";
import { httpOf, launch } from "../tests/support/browser.ts";
import { type RunningBroker, startBroker } from "../tests/support/broker.ts";
import { printLine } from "./terminal.ts";

const OUT = new URL("../docs/pictures/", import.meta.url).pathname;
const DESK = { width: 1280, height: 860 };
const PHONE = { width: 390, height: 844 };
/** What a picture may weigh: the tree is for reading. */
const BYTES_MOST = 150_000;
/** So long something happens before the first picture. */
const BEFORE_MS = Number(Deno.env.get("HASHBUS_PICTURES_MS") ?? 75_000);

const REGIONS = ["eu", "us", "asia"];
const TICK_MS = 100;

/** Something that is published again and again until it is stopped. */
function publishing(publisher: Publisher): () => void {
  let tick = 0;
  const timer = setInterval(() => {
    tick++;
    const wave = 1 + 0.5 * Math.sin(tick / 60) + 0.3 * Math.random();
    for (const [at, region] of REGIONS.entries()) {
      const count = Math.round((120 / (at + 1)) * wave);
      for (let i = 0; i < count; i++) {
        send(publisher, `#orders.${region}`, { order: tick * 100 + i, total: 42 });
      }
    }
    for (let sensor = 0; sensor < 12; sensor++) {
      send(publisher, `#sensors.hall${sensor}.temp`, { celsius: 18 + sensor / 2 + Math.random() });
    }
    send(publisher, "#audit.trail", "x".repeat(20_000));
    if (tick % 4 === 0) send(publisher, "#mail.out", { to: "somebody@example.org", text: "shipped" });
  }, TICK_MS);
  return () => clearInterval(timer);
}

function send(publisher: Publisher, topic: string, content: unknown): void {
  // one that was not acknowledged when the broker goes is of no interest to a picture
  publisher.publish(topic, JSON.stringify(content)).catch(() => {});
}

async function picture(page: Page, name: string, whole = false): Promise<void> {
  const path = `${OUT}${name}.png`;
  await page.screenshot({ path, fullPage: whole, scale: "css" });
  const { size } = await Deno.stat(path);
  printLine(`${path} ${size}`);
  if (size > BYTES_MOST) throw new Error(`${path} has ${size} bytes, more than ${BYTES_MOST}`);
}

async function take(broker: RunningBroker): Promise<void> {
  await using browser = await launch();
  const at = httpOf(broker);
  const open = async (
    path: string,
    how: { viewport: typeof DESK; colorScheme: "light" | "dark" },
  ): Promise<Page> => {
    const page = await browser.newPage(how);
    await page.goto(`${at}/${path}`);
    return page;
  };
  const desk = await open("", { viewport: DESK, colorScheme: "light" });
  const dark = await open("", { viewport: DESK, colorScheme: "dark" });
  const phone = await open("", { viewport: PHONE, colorScheme: "light" });
  const topic = await open(`#/topics/${encodeURIComponent("#sensors.hall3.temp")}`, {
    viewport: DESK,
    colorScheme: "light",
  });
  await using publisher = await connectPublisher({ id: "shop", port: broker.pubPort });
  await using subscriber = await connectSubscriber({ id: "billing", port: broker.subPort });
  await drain(await subscriber.subscribe("#orders.>"));
  await using display = await connectSubscriber({ id: "display", port: broker.subPort });
  await drain(await display.subscribe("#sensors.>"));
  const stop = publishing(publisher);
  try {
    await pause(BEFORE_MS);
    await picture(desk, "overview");
    await picture(dark, "overview-dark");
    await picture(topic, "topic");
    // reads nothing: what is published to it is left out
    const sleepy = await Deno.connect({ port: broker.subPort });
    await sleepy.write(new TextEncoder().encode("audit-log sub #audit.>\n"));
    await using worker = await connectSubscriber({ id: "mailer", port: broker.subPort });
    await worker.subscribe("#mail.out", { group: "mail", ack: "explicit" });
    await worker.close();
    await desk.getByText("Messages lost").waitFor({ timeout: 60_000 });
    await pause(3000);
    await picture(desk, "slow-consumer");
    await picture(phone, "phone");
    sleepy.close();
  } finally {
    stop();
  }
  await broker.stop();
  await desk.getByText("The broker is lost").waitFor();
  await picture(desk, "broker-lost");
}

/** Reads on for as long as there is anything. */
function drain(messages: AsyncIterable<unknown>): void {
  void (async () => {
    for await (const _ of messages);
  })().catch(() => {});
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

if (import.meta.main) {
  const data = await Deno.makeTempDir();
  await Deno.mkdir(OUT, { recursive: true });
  await using broker = await startBroker(
    ["--http", "0", "--data", data, "--slow-consumer", "drop", "--max-outbox", "1MiB"],
    { after: () => Deno.remove(data, { recursive: true }) },
  );
  await take(broker);
  Deno.exit(0);
}
