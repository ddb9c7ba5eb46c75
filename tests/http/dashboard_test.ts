/** The dashboard as a person has it: in a browser, over a broker that runs. */
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { connectPublisher, connectSubscriber } from "../../lib/mod.ts";
import { ask, dashboardTest } from "../support/browser.ts";
import { startBroker } from "../support/broker.ts";
import { startDurable } from "../support/durable_broker.ts";
import { freePort } from "../support/ports.ts";

/** What a tile of the page says, as soon as it says that. */
async function tile(page: Page, name: string, says: string): Promise<void> {
  await page.locator(`[data-tile="${name}"] dd`).first().filter({ hasText: new RegExp(`^${says}$`) })
    .waitFor();
}

dashboardTest("The numbers of the overview are those of the API", async (look) => {
  await using broker = await startDurable(["--http", "0"]);
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
  await subscriber.subscribe("#orders.>");
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  for (const [topic, count] of [["#orders.eu", 3], ["#orders.us", 2], ["#other", 1]] as const) {
    for (let i = 0; i < count; i++) await publisher.publish(topic, `${i}`);
  }
  const page = await look(broker);
  const api = await ask(broker, "/api/broker");
  await tile(page, "topics", `${api["topics"]}`);
  assertEquals(api["topics"], 3);
  await tile(page, "connections", `${api["connections"]}`);
  await tile(page, "published", "0/s");
  await page.getByText("Ready", { exact: true }).waitFor();

  await page.getByRole("link", { name: "All topics" }).click();
  const { topics, total } = await ask(broker, "/api/topics?sort=rate&limit=50");
  assert(Array.isArray(topics));
  await page.getByText(`${total} of ${total}`).waitFor();
  const rows = await page.locator("tbody tr").allInnerTexts();
  const shown = rows.map((row) => row.split(/\s+/)).map((cells) => [
    cells[0],
    cells.slice(-6).join(" "),
  ]);
  assertEquals(
    new Map(shown as [string, string][]),
    new Map(topics.map(({ topic, subscribers, messages, first, last }) => [
      topic,
      `${subscribers} ${messages} 0 B ${first} – ${last}`.split(" ").slice(-6).join(" "),
    ])),
  );

  await page.getByRole("navigation").getByRole("link", { name: /Connections/ }).click();
  for (const id of ["s1", "p1"]) await page.getByRole("cell", { name: id }).first().waitFor();
});

dashboardTest("What is wrong stands in front: a subscriber that reads nothing is named", async (look) => {
  await using broker = await startBroker([
    "--http",
    "0",
    "--slow-consumer",
    "drop",
    "--max-outbox",
    "1MiB",
  ]);
  await using slow = await Deno.connect({ port: broker.subPort });
  await slow.write(new TextEncoder().encode("sleepy sub #flood\n"));
  await slow.read(new Uint8Array(64));
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  const page = await look(broker);
  await page.getByText("All well").waitFor();
  const payload = "x".repeat(60_000);
  for (let i = 0; i < 400; i++) await publisher.publish("#flood", payload);
  const found = page.getByRole("list", { name: "What is wrong" });
  await found.getByText("Messages lost").waitFor();
  await found.getByText(/left out in the last minute.*, for sleepy \(127\.0\.0\.1:\d+\)/).waitFor();
});

dashboardTest("Who makes publishers wait stands in front, and goes when it reads again", async (look) => {
  await using broker = await startBroker(["--http", "0", "--max-outbox", "1MiB", "--stall-timeout", "60s"]);
  await using slow = await Deno.connect({ port: broker.subPort });
  await slow.write(new TextEncoder().encode("sleepy sub #flood\n"));
  await slow.read(new Uint8Array(64));
  await using publisher = await Deno.connect({ port: broker.pubPort });
  const page = await look(broker);
  await page.getByText("All well").waitFor();
  const line = new TextEncoder().encode(`p1 pub #flood ${"x".repeat(60_000)}\n`);
  const flooding = (async () => {
    const writer = publisher.writable.getWriter();
    for (let i = 0; i < 400; i++) await writer.write(line);
  })();
  const found = page.getByRole("list", { name: "What is wrong" });
  await found.getByText(/^sleepy \(127\.0\.0\.1:\d+\): .* MiB waiting$/).waitFor();
  await page.getByRole("cell", { name: "slow" }).waitFor();
  await page.getByRole("cell", { name: "waits" }).waitFor();
  const reading = slow.readable.pipeTo(new WritableStream()).catch(() => {});
  await page.getByText("All well").waitFor();
  await flooding;
  await broker.stop();
  await reading;
});

dashboardTest("An administrator ends a connection from the page, and only when asked twice", async (look) => {
  await using broker = await startBroker(["--http", "0"]);
  await using victim = await Deno.connect({ port: broker.subPort });
  await victim.write(new TextEncoder().encode("victim sub #a\n"));
  await victim.read(new Uint8Array(64));
  const page = await look(broker, "#/connections");
  const end = page.getByRole("button", { name: /End victim/ });
  await end.click();
  await page.getByRole("button", { name: "Leave it" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await end.click();
  await page.getByRole("button", { name: "End it" }).click();
  await end.waitFor({ state: "detached" });
  while (await victim.read(new Uint8Array(64)) !== null);
});

dashboardTest("A row that has the keyboard stays where it is while others overtake it", async (look) => {
  await using broker = await startBroker(["--http", "0"]);
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  const publish = (topic: string, count: number): Promise<unknown> =>
    Promise.all(Array.from({ length: count }, () => publisher.publish(topic, "1")));
  await publish("#slow", 10);
  await publish("#fast", 1);
  const page = await look(broker, "#/topics");
  const link = page.getByRole("link", { name: "#slow" });
  await link.focus();
  await page.getByRole("row", { name: /^#slow .*\b10\b/ }).waitFor();
  await publish("#fast", 5000);
  await page.getByRole("row", { name: /^#fast .*5,001/ }).waitFor();
  assertEquals(await page.locator("tbody a").allInnerTexts(), ["#slow", "#fast"]);
  assertEquals(await page.evaluate("document.activeElement.innerText"), "#slow");
  await page.getByLabel("Part of a name").focus();
  await page.locator("tbody tr").first().filter({ hasText: "#fast" }).waitFor();
});

dashboardTest("The page says that it lost the broker, and catches up by itself", async (look) => {
  const port = freePort();
  const http = ["--http", `${port}`];
  {
    await using broker = await startBroker(http);
    const page = await look(broker);
    await page.getByText("All well").waitFor();
    await broker.stop();
    await page.getByText("The broker is lost").waitFor();
    await page.getByText("Lost", { exact: true }).waitFor();
    await using again = await startBroker(http);
    await page.getByText("The broker is lost").waitFor({ state: "detached" });
    await page.getByText("All well").waitFor();
    await using publisher = await connectPublisher({ id: "p1", port: again.pubPort });
    await publisher.publish("#fresh", "1");
    await page.getByRole("link", { name: "#fresh" }).waitFor();
  }
});

dashboardTest("It works with the keyboard alone, on a phone and in the dark", async (look) => {
  await using broker = await startBroker(["--http", "0"]);
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  await publisher.publish("#orders.eu", "1");
  const page = await look(broker, "", { viewport: { width: 390, height: 844 }, colorScheme: "dark" });
  await page.getByText("All well").waitFor();
  const focused = (): Promise<string> =>
    page.evaluate("document.activeElement.innerText || document.activeElement.id");
  const tabTo = async (text: string): Promise<void> => {
    for (let presses = 0; presses < 30; presses++) {
      await page.keyboard.press("Tab");
      if ((await focused()).startsWith(text)) return;
    }
    throw new Error(`${text} is not reached with Tab`);
  };
  await page.keyboard.press("Tab");
  assertEquals(await focused(), "To the content");
  await tabTo("Topics");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Topics" }).waitFor();
  await tabTo("#orders.eu");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "#orders.eu" }).waitFor();
  await page.getByText(/^live,/).waitFor();
  await page.getByLabel("Payload").focus();
  await page.keyboard.type("from the keyboard");
  await tabTo("Publish");
  await page.keyboard.press("Enter");
  await page.getByText(/^Published/).waitFor();
  await page.getByRole("log").getByText("from the keyboard").waitFor();
  const width: number = await page.evaluate("document.documentElement.scrollWidth");
  assertEquals(width, 390, "nothing stands out of a phone's screen");
});
