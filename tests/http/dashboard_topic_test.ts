/** A topic's own page in a browser: its messages as they come and came, and one of one's own. */
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { connectPublisher, connectSubscriber } from "../../lib/mod.ts";
import { ask, dashboardTest } from "../support/browser.ts";
import { type RunningBroker, startBroker } from "../support/broker.ts";
import { startDurable } from "../support/durable_broker.ts";
import { freePort } from "../support/ports.ts";

/** What must not become anything but text. */
const HOSTILE = [
  "<img src=x onerror=alert(1)>",
  "</script><script>alert(2)</script>",
  "javascript:alert(3)",
  '"><svg onload=alert(4)>',
  "<iframe srcdoc='<script>parent.alert(5)</script>'></iframe>",
];
/** The same in names, which hold neither blanks nor ">". */
const NAMES = ["<img", "</script", "javascript:alert(1)", '"onmouseover="alert(2)', "&lt;b&gt;", "%3Cb%3E"];

function topicPath(topic: string): string {
  return `#/topics/${encodeURIComponent(topic)}`;
}

/** What is shown, the oldest first. */
async function payloads(page: Page): Promise<string[]> {
  return (await page.getByRole("log").locator("pre").allInnerTexts()).toReversed();
}

async function publish(broker: RunningBroker, topic: string, ...texts: string[]): Promise<void> {
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  for (const text of texts) await publisher.publish(topic, text);
}

dashboardTest("A topic's page shows messages as they come, and replays what was stored", async (look) => {
  await using broker = await startDurable(["--http", "0"]);
  await publish(broker, "#orders.eu", "one", "two");
  const page = await look(broker, topicPath("#orders.eu"));
  await page.getByText("live, 0 so far").waitFor();
  await publish(broker, "#orders.eu", "three");
  await page.getByText("live, 1 so far").waitFor();
  assertEquals(await payloads(page), ["three"]);

  await page.getByLabel("Begin").selectOption("earliest");
  await page.getByRole("button", { name: "Begin anew" }).click();
  await page.getByText("live, 3 so far").waitFor();
  assertEquals(await payloads(page), ["one", "two", "three"]);
  await page.getByText("number 2").waitFor();

  await page.getByRole("button", { name: "Stop" }).click();
  await publish(broker, "#orders.eu", "four");
  await page.getByText("stopped").waitFor();
  assertEquals(await payloads(page), ["one", "two", "three"]);
});

dashboardTest("It replays from a time that is chosen", async (look) => {
  await using broker = await startDurable(["--http", "0"]);
  await publish(broker, "#orders.eu", "old");
  const { messages } = await ask(broker, "/api/topics/%23orders.eu/messages");
  assert(Array.isArray(messages));
  // a second later at least: the page asks for whole seconds
  const next = Math.ceil((Date.parse(messages[0].time) + 1) / 1000) * 1000;
  await new Promise((resolve) => setTimeout(resolve, next - Date.now() + 5));
  await publish(broker, "#orders.eu", "new");
  const page = await look(broker, topicPath("#orders.eu"), { timezoneId: "UTC" });
  await page.getByLabel("Begin").selectOption("time");
  await page.getByLabel("Time", { exact: true }).fill(new Date(next).toISOString().slice(0, 19));
  await page.getByRole("button", { name: "Begin anew" }).click();
  await page.getByText("live, 1 so far").waitFor();
  assertEquals(await payloads(page), ["new"]);
});

dashboardTest("It publishes one, with key and headers, and says what became of it", async (look) => {
  await using broker = await startDurable(["--http", "0"]);
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
  const orders = await subscriber.subscribe("#orders.eu");
  const page = await look(broker, topicPath("#orders.eu"));
  await page.getByText("live, 0 so far").waitFor();
  await page.getByLabel("Payload").fill("two\nlines, ü");
  await page.getByLabel("Key").fill("k ü");
  await page.getByLabel("Headers").fill("trace=a%b by=me");
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByText(/^Stored as number 1/).waitFor();
  for await (const message of orders) {
    assertEquals(message.text, "two\nlines, ü");
    assertEquals(message.key, "k ü");
    assertEquals(Object.fromEntries(message.headers ?? []), { trace: "a%b", by: "me" });
    break;
  }
  await page.getByLabel("Headers").fill("No Header");
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByText(/^"No" is no header/).waitFor();
});

dashboardTest("It goes on behind the last message when the broker is there again", async (look) => {
  const data = await Deno.makeTempDir();
  try {
    const port = `${freePort()}`;
    const before = await startBroker(["--data", data, "--http", port]);
    const page = await look(before, topicPath("#orders.eu"));
    await page.getByText("live, 0 so far").waitFor();
    await publish(before, "#orders.eu", "one");
    await page.getByText("live, 1 so far").waitFor();
    await before.stop();
    await page.getByText(/^lost \(/).waitFor();
    // stored before the page is there again: published while HTTP is off
    {
      await using meanwhile = await startBroker(["--data", data]);
      await publish(meanwhile, "#orders.eu", "two");
    }
    await using again = await startBroker(["--data", data, "--http", port]);
    await publish(again, "#orders.eu", "three");
    await page.getByText("live, 3 so far").waitFor();
    assertEquals(await payloads(page), ["one", "two", "three"]);
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});

dashboardTest("Names and payloads full of markup are shown as text, wherever they come", async (look) => {
  await using broker = await startDurable(["--http", "0"]);
  await using subscriber = await connectSubscriber({ id: "<b>bold</b>", port: broker.subPort });
  for (const name of NAMES) {
    await subscriber.subscribe(`#${name}`);
    await publish(broker, `#${name}`, ...HOSTILE);
  }
  const page = await look(broker);
  for (const name of NAMES) await page.getByRole("link", { name: `#${name}` }).first().waitFor();
  await page.getByText("<b>bold</b>").first().waitFor();
  for (const name of NAMES) {
    await page.goto(`${new URL(page.url()).origin}/${topicPath(`#${name}`)}`);
    await page.getByRole("heading", { name: `#${name}` }).waitFor();
    await page.getByLabel("Begin").selectOption("earliest");
    await page.getByRole("button", { name: "Begin anew" }).click();
    await page.getByText(`live, ${HOSTILE.length} so far`).waitFor();
    assertEquals(await payloads(page), HOSTILE);
    await page.getByText("<b>bold</b>").first().waitFor();
  }
  assertEquals(await page.locator("main img, main iframe, main script, main b").count(), 0);
});
