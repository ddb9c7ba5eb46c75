/** The prompt on a real terminal, which tmux holds: what is typed goes in, what a person would see comes out. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { publisherOf, run, startSubscribed, subscriberOf } from "../cli/run_program.ts";
import { Terminal, testOnTerminal as test } from "../cli/terminal.ts";
import type { RunningBroker } from "../support/broker.ts";

async function publish(broker: RunningBroker, message: string): Promise<void> {
  const { code } = await run("publisher", [...publisherOf(broker), "-t", "hello", "-m", message]);
  assertEquals(code, 0);
}

test("a message that arrives while a line is typed appears above it, and the line stays", async (broker) => {
  await using terminal = await Terminal.start("subscriber", subscriberOf(broker));
  await terminal.see(/^s1>/);
  await terminal.type("sub hello");
  await terminal.press("Enter");
  await terminal.see(/^s1> sub hello\ns1>$/);
  await terminal.type("sub #half.ty");
  await terminal.see(/half\.ty$/);
  await publish(broker, "it arrived");
  assertEquals(
    await terminal.see(/arrived\ns1> sub #half\.ty$/),
    "s1> sub hello\n#hello it arrived\ns1> sub #half.ty",
  );
  await terminal.type("ped");
  await terminal.press("Enter");
  assertEquals(
    await terminal.see(/typed\ns1>$/),
    "s1> sub hello\n#hello it arrived\ns1> sub #half.typed\ns1>",
  );
});

test("a line that is longer than the terminal is wide stays whole, and the cursor where it was", async (broker) => {
  await using terminal = await Terminal.start("subscriber", subscriberOf(broker));
  await terminal.see(/^s1>/);
  await terminal.type("sub hello");
  await terminal.press("Enter");
  await terminal.see(/\ns1>$/);
  const line = `sub #${"long.".repeat(28)}end`;
  await terminal.type(line);
  await terminal.press("Left", "Left", "Left");
  await terminal.see(/end$/);
  await publish(broker, "first");
  await publish(broker, `second ${"wide ".repeat(20)}`);
  const screen = await terminal.see(/second[^]*end$/);
  const rows = screen.split("\n");
  assertEquals(rows[1], "#hello first");
  assertEquals(screen.slice(screen.indexOf("s1> sub #long")).replaceAll("\n", ""), `s1> ${line}`);
  await terminal.seeCursor((4 + line.length - 3) % 60, rows.length - 1);
});

test("control characters of a message are shown, not obeyed", async (broker) => {
  await using terminal = await Terminal.start("subscriber", subscriberOf(broker));
  await terminal.see(/^s1>/);
  await terminal.type("sub hello");
  await terminal.press("Enter");
  await terminal.see(/\ns1>$/);
  await publish(broker, "clear\x1b[2J\x1b[1;1Hscreen\x07");
  const screen = await terminal.see(/screen\\x07\ns1>$/);
  assertEquals(screen, "s1> sub hello\n#hello clear\\x1b[2J\\x1b[1;1Hscreen\\x07\ns1>");
});

test("a topic as MQTT writes it is told above the prompt, once", async (broker) => {
  await using terminal = await Terminal.start("publisher", publisherOf(broker));
  await terminal.see(/^p1>/);
  await terminal.enter("pub #a/b one");
  await terminal.see(/meant\?\np1>$/);
  await terminal.enter("pub #a/b two");
  const screen = await terminal.see(/two\np1>$/);
  assertEquals(screen.match(/meant\?/g)?.length, 1);
});

test("Tab completes commands and known topics, the arrows give what was typed before", async (broker) => {
  await using terminal = await Terminal.start("subscriber", subscriberOf(broker));
  await terminal.see(/^s1>/);
  await terminal.type("sub #orders.eu");
  await terminal.press("Enter");
  await terminal.see(/\ns1>$/);
  await terminal.type("un");
  await terminal.press("Tab");
  await terminal.see(/\ns1> unsub$/);
  await terminal.type("#o");
  await terminal.press("Tab");
  await terminal.see(/\ns1> unsub #orders\.eu$/);
  await terminal.press("Enter");
  await terminal.see(/eu\ns1>$/);
  await terminal.press("Up", "Up");
  await terminal.see(/\ns1> sub #orders\.eu$/);
});

test("a bad line gets its reason and the prompt again, help the grammar", async (broker) => {
  await using terminal = await Terminal.start("publisher", publisherOf(broker));
  await terminal.see(/^p1>/);
  await terminal.type("pub #a.* x");
  await terminal.press("Enter");
  assertStringIncludes(await terminal.see(/wildcards[^>]*\np1>$/), "a topic to publish to has no wildcards");
  await terminal.type("help");
  await terminal.press("Enter");
  assertStringIncludes(await terminal.see(/help\n[^>]*\np1>$/), "[seconds] pub #topic message");
  await terminal.type("quit");
  await terminal.press("Enter");
  assertMatch(await terminal.see(/code/), /\np1> quit\ncode 0$/);
});

test("what is typed is published, and Ctrl-D ends with 0", async (broker) => {
  await using subscriber = await startSubscribed(broker, { pattern: "#typed" });
  await using terminal = await Terminal.start("publisher", publisherOf(broker));
  await terminal.see(/^p1>/);
  await terminal.type("pub typed by hand: äöü");
  await terminal.press("Enter");
  await subscriber.see(/^#typed by hand: äöü$/m);
  await terminal.see(/\np1>$/);
  await terminal.press("C-d");
  await terminal.see(/\np1>\ncode 0$/);
});

test("Ctrl-C ends with 0 and leaves a terminal that works", async (broker) => {
  await using terminal = await Terminal.start("subscriber", subscriberOf(broker));
  await terminal.see(/^s1>/);
  await terminal.type("sub half");
  await terminal.see(/half$/);
  await terminal.press("C-c");
  assertEquals(await terminal.see(/code/), "s1> sub half\ncode 0");
  await terminal.type("echo works");
  await terminal.see(/echo works$/);
});

test("a lost connection is told above the line being typed", async (broker) => {
  await using terminal = await Terminal.start("subscriber", subscriberOf(broker));
  await terminal.see(/^s1>/);
  await terminal.type("sub a");
  await terminal.press("Enter");
  await terminal.see(/\ns1>$/);
  await terminal.type("sub half");
  await terminal.see(/half$/);
  await broker.stop();
  assertMatch(
    await terminal.see(/connection lost[^>]*\ns1> sub half$/),
    /\nsubscriber: connection lost [^>]*\ns1> sub half$/,
  );
});

test("a program that ends by itself leaves the line being typed behind, and a terminal that works", async (broker) => {
  await using counting = await Terminal.start("subscriber", [...subscriberOf(broker), "-C", "1"]);
  await counting.see(/^s1>/);
  await counting.type("sub hello");
  await counting.press("Enter");
  await counting.see(/\ns1>$/);
  await counting.type("half");
  await counting.see(/half$/);
  await publish(broker, "the one");
  assertEquals(await counting.see(/code/), "s1> sub hello\ns1> half\n#hello the one\ncode 0");

  await using losing = await Terminal.start("publisher", [...publisherOf(broker), "--no-reconnect"]);
  await losing.see(/^p1>/);
  await losing.type("pub hello x");
  await losing.press("Enter");
  await losing.see(/\np1>$/);
  await losing.type("half");
  await losing.see(/half$/);
  await broker.stop();
  assertMatch(await losing.see(/code/), /^p1> half\npublisher: lost the broker at [^>]*\ncode 1$/m);
});

test("with -t the terminal is not read, so the program can run in the background", async (broker) => {
  await using terminal = await Terminal.start("subscriber", [
    ...subscriberOf(broker),
    "-v",
    "-t",
    "hello",
    "-C",
    "1",
  ]);
  await terminal.see(/subscribed to/);
  await terminal.type("quit");
  await publish(broker, "hi");
  assertMatch(await terminal.see(/code/), /#hello hi\n[^>]*code 0$/);
});
