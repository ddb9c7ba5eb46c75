/** What a person sees of the prompt: wrapped lines, wide characters, other sizes, keys, pastes. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { publisherOf, run, startSubscribed, subscriberOf } from "../cli/run_program.ts";
import { Terminal, testOnTerminal as test } from "../cli/terminal.ts";
import type { RunningBroker } from "../support/broker.ts";

async function publish(broker: RunningBroker, message: string): Promise<void> {
  const { code } = await run("publisher", [...publisherOf(broker), "-t", "hello", "-m", message]);
  assertEquals(code, 0);
}

/** A subscriber to #hello at its prompt. */
async function startListening(broker: RunningBroker, columns = 60, rows = 24): Promise<Terminal> {
  const terminal = await Terminal.start("subscriber", subscriberOf(broker), { columns, rows });
  await terminal.see(/^s1>/);
  await terminal.enter("sub hello");
  await terminal.see(/^s1> sub hello\ns1>$/);
  return terminal;
}

test("at 40 columns and less, a long half-typed line is whole after the change, and messages come above it", async (broker) => {
  await using terminal = await startListening(broker);
  // of a screen that is not full, a terminal may scroll rows away when it becomes narrower
  for (let times = 0; times < 3; times++) await terminal.enter("help");
  await terminal.see(/stop and go on\.\ns1>$/);
  const line = `sub #${"long.".repeat(24)}end`;
  await terminal.type(line);
  await terminal.press("Left", "Left", "Left");
  await terminal.see(/end$/);
  const typed = `s1> ${line}`;
  for (
    const [columns, message] of [[40, "forty"], [23, "narrow"], [80, "wide"], [60, "as before"]] as const
  ) {
    await terminal.resize(columns);
    await publish(broker, message);
    // on a busy machine a row may be seen before those behind it
    const screen = await terminal.see(new RegExp(`#hello ${message}\\ns1> sub #long`));
    const rows = screen.split("\n");
    const first = rows.findIndex((row) => row.startsWith("s1> sub #long"));
    assertEquals(rows[first - 1], `#hello ${message}`);
    assertEquals(rows.slice(first).join(""), typed, `${columns} columns`);
    assertEquals(rows.filter((row) => row.includes("#long")).length, 1, `nothing is left behind:\n${screen}`);
    await terminal.seeCursor((typed.length - 3) % columns, first + Math.floor((typed.length - 3) / columns));
  }
  await terminal.type("the ");
  assertStringIncludes((await terminal.see(/the end$/)).replaceAll("\n", ""), "long.the end");
});

test("emoji and CJK at the edge of the screen break as the terminal breaks them, typed and printed", async (broker) => {
  // where the x ends: at 40 columns, the last cell of a row that begins with an odd number stays empty
  for (const [columns, x, y] of [[40, 38, 5], [41, 36, 4]] as const) {
    await using terminal = await startListening(broker, columns);
    const wide = `日本語${"😀".repeat(30)}é한국어`;
    await terminal.type(`sub #${wide}`);
    await terminal.see(/어$/);
    await publish(broker, wide);
    await terminal.see(/#hello/);
    await terminal.press("Left", "Left", "Left");
    await terminal.type("x");
    await terminal.see(/éx/);
    const joined = await terminal.all();
    // rows joined: a cell that stays empty at the edge is a space
    assertEquals(
      joined.split("\n").map((row) => row.replaceAll(/(?<=\P{ASCII}) (?=\P{ASCII})/gu, "")),
      ["s1> sub hello", `#hello ${wide}`, `s1> sub #日本語${"😀".repeat(30)}éx한국어`],
    );
    await terminal.seeCursor(x, y);
  }
});

test("of a line that is longer than the screen those rows are shown that one edits, and nothing is left behind", async (broker) => {
  await using terminal = await startListening(broker, 20, 6);
  const words = Array.from({ length: 70 }, (_, at) => at + 1).join("-");
  await terminal.type(`sub #${words}`);
  await terminal.see(/68-69-70$/);
  await publish(broker, "above");
  await terminal.press("C-a");
  const start = await terminal.see(/^s1> sub #1-2-3/);
  assertEquals(start.split("\n").length, 6);
  await terminal.seeCursor(4, 0);
  await terminal.press("C-e", "BSpace");
  await terminal.see(/68-69-7$/);
  await terminal.press("Enter");
  await terminal.see(/-7\ns1>$/);
  const all = await terminal.all();
  assertStringIncludes(all, `#hello above\n`);
  assertStringIncludes(all, `\ns1> sub #${words.slice(0, -1)}\ns1>`);
});

test("200 pasted lines are 200 commands, marked as pasted or not", async (broker) => {
  await using subscriber = await startSubscribed(broker, { pattern: "#paste" });
  await using terminal = await Terminal.start("publisher", publisherOf(broker));
  await terminal.see(/^p1>/);
  const lines = (kind: string): string =>
    Array.from({ length: 200 }, (_, at) => `pub paste ${kind} ${at}\n`).join("");
  await terminal.paste(lines("plain"), { marked: false });
  await subscriber.see(/plain 199\n/);
  await terminal.paste(`${lines("marked")}pub paste a\ttab`, { marked: true });
  await subscriber.see(/marked 199\n/);
  await terminal.see(/\np1> pub paste a\\ttab$/);
  await terminal.press("Enter");
  await subscriber.see(/a\ttab\n/);
  await terminal.see(/tab\np1>$/);
  await terminal.enter("list");
  await terminal.see(/\n#paste {2}401 messages acknowledged\np1>$/);
  const got = subscriber.stdout.split("\n").filter((line) => /plain|marked/.test(line));
  assertEquals(
    got,
    ["plain", "marked"].flatMap((kind) => Array.from({ length: 200 }, (_, at) => `#paste ${kind} ${at}`)),
  );
});

test("the keys of a shell's line edit the line", async (broker) => {
  await using terminal = await startListening(broker);
  const presses: readonly (readonly [keys: readonly string[], line: string])[] = [
    [["sub one two"], "sub one two"],
    [["C-w"], "sub one"],
    [["C-w", "C-y"], "sub one"],
    [["C-a", "C-k"], ""],
    [["C-y", "C-u"], ""],
    [["C-y", "Home", "x", "End", "y"], "xsub one y"],
    [["C-a", "DC", "C-d"], "ub one y"],
    [["M-f", "C-Left", "s"], "sub one y"],
    [["C-e", "BSpace", "M-b", "M-d"], "sub"],
    [["C-b", "C-b", "C-f", "z", "C-t"], "sub z"],
  ];
  for (const [keys, line] of presses) {
    for (const key of keys) {
      await (key.length > 6 || key.length === 1 ? terminal.type(key) : terminal.press(key));
    }
    await terminal.see(new RegExp(`\ns1>${line === "" ? "" : ` ${line}`}$`));
  }
  await terminal.press("C-l");
  assertEquals(await terminal.see(/^s1> sub z$/), "s1> sub z");
  await terminal.press("C-e", "C-u", "C-d");
  await terminal.see(/^s1>\ncode 0$/);
});

test("Tab lists what there is to choose from, and completes as far as all begin alike", async (broker) => {
  await using terminal = await startListening(broker);
  await terminal.enter("sub orders.eu");
  await terminal.enter("sub orders.us");
  await terminal.see(/us\ns1>$/);
  await terminal.type("unsub o");
  await terminal.press("Tab");
  await terminal.see(/\ns1> unsub orders\.$/);
  await terminal.press("Tab");
  await terminal.see(/\norders\.eu +orders\.us\s*\ns1> unsub orders\.$/);
  await terminal.type("u");
  await terminal.press("Tab");
  await terminal.see(/\ns1> unsub orders\.us$/);
});

test("list shows what is subscribed to and what came, help mentions it and fits 40 columns", async (broker) => {
  await using terminal = await Terminal.start("subscriber", subscriberOf(broker), { columns: 40, rows: 40 });
  await terminal.see(/^s1>/);
  await terminal.enter("list");
  await terminal.see(/\nsubscribed to nothing: sub #topic\ns1>$/);
  await terminal.enter("help");
  const help = await terminal.see(/help, list[^]*\ns1>$/);
  // no row was broken by the terminal
  assertEquals(await terminal.all(), help);
  await terminal.press("C-l");
  await terminal.enter("sub hello slow=latest");
  await terminal.enter("sub >");
  await terminal.enter("sub #none");
  await terminal.enter("unsub none");
  await terminal.see(/unsub none\ns1>$/);
  await publish(broker, "hi");
  await terminal.see(/hi\n/);
  await terminal.enter("list");
  await terminal.see(/list\nsub #hello slow=latest {2}\d messages?\nsub #> {18}\d messages?\ns1>$/);
  await terminal.enter("list all");
  await terminal.see(/\nlist takes nothing, "all" is too much\ns1>$/);
});

test("a command without an answer says after a second what it waits for, and goes on when there is one", async (broker) => {
  await using terminal = await Terminal.start("publisher", publisherOf(broker));
  await terminal.see(/^p1>/);
  Deno.kill(broker.pid, "SIGSTOP");
  await terminal.enter("pub hello x");
  try {
    await terminal.see(/no answer yet to "pub hello x"[^>]*leaves\)$/);
  } finally {
    Deno.kill(broker.pid, "SIGCONT");
  }
  await terminal.see(/leaves\)\np1>$/);
});

test("with --no-input nobody is asked: the publisher ends after its file, the subscriber stays", async (broker) => {
  const folder = await Deno.makeTempDir();
  try {
    const [pub, sub] = [`${folder}/pub.cmd`, `${folder}/sub.cmd`];
    await Deno.writeTextFile(pub, "pub hello from the file\n");
    await Deno.writeTextFile(sub, "sub hello\n");
    await using staying = await Terminal.start("subscriber", [
      ...subscriberOf(broker),
      "-v",
      "--no-input",
      "-f",
      sub,
    ]);
    await staying.see(/connected/);
    await staying.enter("quit");
    await using ending = await Terminal.start("publisher", [...publisherOf(broker), "--no-input", "-f", pub]);
    assertEquals(await ending.see(/code/), "code 0");
    const piped = await run("publisher", [...publisherOf(broker), "--no-input", "-f", pub], {
      stdin: "pub hello from the pipe\n",
    });
    assertEquals(piped.code, 0);
    await publish(broker, "the last");
    const screen = await staying.see(/the last/);
    assert(!screen.includes("code") && !screen.includes("s1>") && !screen.includes("the pipe"), screen);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  const both = await run("publisher", [...publisherOf(broker), "--no-input", "-f", "-"], { stdin: "" });
  assertEquals(both.code, 2);
  assertStringIncludes(both.stderr, "-f - reads commands from stdin, and --no-input does not: take one");
});

test("Ctrl-Z does nothing where no shell could continue the program", async (broker) => {
  await using terminal = await Terminal.start("publisher", publisherOf(broker));
  await terminal.see(/^p1>/);
  await terminal.type("pub half");
  await terminal.see(/half$/);
  await terminal.press("C-z");
  await terminal.type("way");
  assertEquals(await terminal.see(/way$/), "p1> pub halfway");
});
