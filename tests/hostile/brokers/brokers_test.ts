import { assert, assertEquals, assertMatch } from "@std/assert";
import { connectPublisher, connectSubscriber, RefusedError, RunError } from "../../../lib/mod.ts";
import { visible } from "../../../lib/text.ts";
import { acceptHello, startScriptedBroker } from "../../client/scripted_broker.ts";
import { within } from "../../support/within.ts";
import { ANSWERS_TO_HELLO, type BrokerRow, FRAMES_OF_BROKERS, type Outcome } from "./table.ts";

/** A line for a person has no more, and one that quotes a broker neither. */
const LINE_MOST = 700;

for (const opening of ["behind hello", "at hello"] as const) {
  const rows = opening === "at hello" ? ANSWERS_TO_HELLO : FRAMES_OF_BROKERS;
  Deno.test(`what hostile brokers say ${opening} ends a client with one line, or is passed over (${rows.length} kinds)`, async () => {
    const wrong: string[] = [];
    for (const row of rows) {
      for (const hearer of ["publisher", "subscriber"] as const) {
        if (row[1] !== hearer && row[1] !== "both") continue;
        const found = await within(`what becomes of ${row[0]}`, heard(row, { hearer, opening }))
          .catch((error) => String(error));
        if (found !== undefined) wrong.push(`${row[0]} (${hearer}): ${found}`);
      }
    }
    assertEquals(wrong, []);
    assertEquals("polluted" in {}, false);
  });
}

/** What was wrong with what a client made of it. */
async function heard(
  [, , says, outcome]: BrokerRow,
  { hearer, opening }: {
    readonly hearer: "publisher" | "subscriber";
    readonly opening: "behind hello" | "at hello";
  },
): Promise<string | undefined> {
  await using broker = startScriptedBroker(async (conn) => {
    if (opening === "behind hello") {
      await acceptHello(conn);
      await conn.lines(hearer === "publisher" ? 2 : 1);
    } else {
      await conn.line();
    }
    try {
      await conn.send(says);
      if (outcome === "goes on" || "refused" in outcome) {
        const next = await conn.lines(hearer === "publisher" ? 2 : 1);
        if (next[0]?.startsWith("quit")) return;
        await conn.send("ok 1\n");
        await conn.line(); // quit
      }
    } catch {
      // the client has left
    }
  });
  try {
    const options = {
      id: "c",
      port: broker.port,
      protocol: "2",
      reconnect: false,
      connectTimeout: 0,
    } as const;
    if (hearer === "publisher") {
      await using publisher = await connectPublisher(options);
      return await judged(outcome, () => publisher.publish("#a", "x"), publisher.closed);
    }
    await using subscriber = await connectSubscriber(options);
    let number = 0;
    return await judged(outcome, () => subscriber.subscribe(`#a${number++ || ""}`), subscriber.closed);
  } catch (error) {
    return fitting(error, outcome);
  }
}

async function judged(
  outcome: Outcome,
  ask: () => Promise<unknown>,
  closed: Promise<void>,
): Promise<string | undefined> {
  const asked = await ask().then(() => undefined, (error: unknown) => error);
  if (outcome instanceof RegExp) {
    return fitting(await closed.then(() => undefined, (error) => error), outcome);
  }
  if (outcome === "goes on" && asked !== undefined) return `it failed: ${asked}`;
  if (outcome !== "goes on") {
    if (!(asked instanceof RefusedError) || asked.code !== outcome.refused) {
      return `it was not refused: ${asked}`;
    }
    const unfit = unfitFor(asked.message);
    if (unfit !== undefined) return unfit;
  }
  await ask();
  return undefined;
}

function fitting(error: unknown, outcome: Outcome): string | undefined {
  if (!(outcome instanceof RegExp)) return `it ended: ${error}`;
  if (!(error instanceof RunError)) return `it did not end with a RunError, but ${error}`;
  if (!outcome.test(error.message)) return `it said ${JSON.stringify(error.message.slice(0, 200))}`;
  return unfitFor(error.message);
}

function unfitFor(message: string): string | undefined {
  if (visible(message) !== message) return `not fit for a terminal: ${JSON.stringify(message.slice(0, 200))}`;
  return message.length > LINE_MOST ? `${message.length} characters are no line` : undefined;
}

for (
  const [what, said] of [
    ["a message of the greatest length there may be", "pub #a 268435456\nx"],
    [
      "a batch of all there can be",
      "batch #a 999999999999999 999999999999999 seq=1 ts=1\npub #a 268435456\nx",
    ],
  ] as const
) {
  Deno.test(`${what} is announced, and nothing is kept for it (F39)`, async () => {
    const taken = Promise.withResolvers<void>();
    await using broker = startScriptedBroker(async (conn) => {
      await acceptHello(conn);
      await conn.send(said);
      // an answer to it shows that the client has read what stands before
      await conn.line();
      taken.resolve();
      await conn.rest();
    });
    const before = Deno.memoryUsage().external;
    const subscriber = await connectSubscriber({
      id: "s",
      port: broker.port,
      protocol: "2",
      reconnect: false,
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const kept = Deno.memoryUsage().external - before;
    await subscriber.close();
    await taken.promise;
    assert(kept < 4 * 1024 * 1024, `${kept} bytes are kept`);
  });
}

Deno.test("pongs without an end keep nobody from giving up in time", async () => {
  await using broker = startScriptedBroker(async (conn) => {
    await acceptHello(conn);
    try {
      for (;;) await conn.send("pong\n".repeat(1000));
    } catch {
      // the client has left
    }
  });
  const publisher = await connectPublisher({ id: "p", port: broker.port, protocol: "2", reconnect: false });
  const error = await publisher.publish("#a", "x", { timeout: 200 }).then(() => undefined, (error) => error);
  assert(error instanceof RunError);
  assertEquals(error.code, "TIMEOUT");
  assertMatch(error.message, /0\.2 s|200/);
  await publisher.close({ timeout: 200 }).catch(() => {});
});
