/** The prompt as a job of an interactive shell: stopped and continued, interrupted, killed, started again. */
import { assertEquals } from "@std/assert";
import { publisherOf, run, startSubscribed, subscriberOf } from "../cli/run_program.ts";
import { type Shell, Terminal, testOnTerminal as test } from "../cli/terminal.ts";
import type { RunningBroker } from "../support/broker.ts";

const STOPPED = /(?:Stopped|suspended)[^$]*\n\$$/;

async function publish(broker: RunningBroker, message: string): Promise<void> {
  const { code } = await run("publisher", [...publisherOf(broker), "-t", "hello", "-m", message]);
  assertEquals(code, 0);
}

/** A shell in whose terminal the program waits at its prompt. */
async function startIn(shell: Shell, program: "publisher" | "subscriber", args: string[]): Promise<Terminal> {
  const terminal = await Terminal.shell(shell);
  await terminal.enter([program, ...args].join(" "));
  await terminal.see(/\n[ps]1>$/);
  return terminal;
}

/** The shell has the terminal: it shows what is typed, and works. */
async function seeShellWorks(terminal: Terminal): Promise<void> {
  await terminal.enter("clear; echo $(stty -a | grep -o -E '.?(echo|icanon|isig)\\b')");
  const screen = await terminal.see(/^[a-z -]+\n\$$/);
  assertEquals(screen.split("\n")[0]?.split(/\s+/).sort(), ["echo", "icanon", "isig"]);
}

for (const shell of ["bash", "zsh", "dash"] as const) {
  test(
    `${shell}: Ctrl-Z, fg and bg leave the publisher's keyboard alive, Ctrl-C included`,
    async (broker) => {
      await using subscriber = await startSubscribed(broker, { pattern: "#typed" });
      await using terminal = await startIn(shell, "publisher", publisherOf(broker));
      let typed = "pub typed be";
      await terminal.type(typed);
      for (const rest of ["fo", "re"]) {
        // a signal from the keyboard takes along what was typed and not read yet
        await terminal.see(new RegExp(`\np1> ${typed}$`));
        await terminal.press("C-z");
        await terminal.see(STOPPED);
        await seeShellWorks(terminal);
        await terminal.enter("fg");
        await terminal.see(new RegExp(`\np1> ${typed}$`));
        await terminal.type(rest);
        typed += rest;
      }
      await terminal.press("Enter");
      await subscriber.see(/^#typed before$/m);
      await terminal.see(/\np1> pub typed before\np1>$/);
      await terminal.press("C-z");
      await terminal.see(STOPPED);
      // in the background it may not read the keyboard, and is stopped again, as any program is
      await terminal.enter("bg");
      await terminal.see(/bg\n[^]*\$$/);
      await terminal.enter("fg");
      await terminal.see(/fg\n[^$]*\np1>$/);
      await terminal.enter("pub typed after");
      await subscriber.see(/^#typed after$/m);
      await terminal.see(/\np1> pub typed after\np1>$/);
      await terminal.press("C-c");
      await terminal.see(/\np1>\n+\$$/);
      await terminal.enter("echo code $?");
      await terminal.see(/\ncode 0\n\$$/);
      await seeShellWorks(terminal);
    },
    { shell },
  );
}

for (const shell of ["bash", "zsh"] as const) {
  test(
    `${shell}: what arrives while a subscriber is stopped is above the half-typed line when it is back`,
    async (broker) => {
      await using terminal = await startIn(shell, "subscriber", subscriberOf(broker));
      await terminal.enter("sub hello");
      await terminal.see(/\ns1> sub hello\ns1>$/);
      await terminal.type("sub #half");
      await terminal.see(/half$/);
      for (const message of ["one", "two"]) {
        await terminal.press("C-z");
        await terminal.see(STOPPED);
        await publish(broker, message);
        await terminal.enter("fg");
        await terminal.see(new RegExp(`\n#hello ${message}\ns1> sub #half$`));
      }
      await terminal.type("way");
      await publish(broker, "three");
      await terminal.see(/\n#hello three\ns1> sub #halfway$/);
      await terminal.press("C-c");
      await terminal.see(/\ns1> sub #halfway\n+\$$/);
      await seeShellWorks(terminal);
    },
    { shell },
  );
}

test("a program that others stop and continue has its keyboard again with fg", async (broker) => {
  await using terminal = await startIn("bash", "subscriber", subscriberOf(broker));
  await terminal.type("sub #half");
  await terminal.see(/half$/);
  const pid = await terminal.pid();
  Deno.kill(pid, "SIGSTOP");
  await terminal.see(STOPPED);
  await seeShellWorks(terminal);
  await terminal.enter("fg");
  await terminal.see(/\ns1> sub #half$/);
  await terminal.enter("way");
  await terminal.see(/\ns1> sub #halfway\ns1>$/);
}, { shell: "bash" });

test("a line of several rows comes back in whole, once, after Ctrl-Z, bg and fg", async (broker) => {
  await using terminal = await startIn("bash", "subscriber", subscriberOf(broker));
  const line = `sub #${"long.".repeat(20)}end`;
  await terminal.type(line);
  await terminal.see(/end$/);
  await terminal.press("C-a");
  await terminal.seeCursor(4, 1);
  for (const [again, times] of [[["fg"], 2], [["bg", "fg"], 3]] as const) {
    await terminal.press("C-z");
    await terminal.see(STOPPED);
    for (const command of again) {
      await terminal.enter(command);
      await terminal.see(new RegExp(`\\$ ${command}\n[^]*(?:\\$|end)$`));
    }
    await terminal.see(/end$/);
    await publish(broker, "heard by nobody");
    assertEquals((await terminal.all()).split(`s1> ${line}`).length - 1, times);
  }
  await terminal.press("C-k");
  await terminal.type("sub on");
  await terminal.see(/\ns1> sub on$/);
}, { shell: "bash" });

test("Ctrl-Z, fg and the history need no more than the programs are allowed", async (broker) => {
  await using terminal = await Terminal.shell("bash");
  const script = new URL("../../publisher.ts", import.meta.url).pathname;
  const words = [Deno.execPath(), "run", "--quiet", "--no-prompt", "-P=publisher", script];
  await terminal.enter(["clear;", ...words, ...publisherOf(broker)].join(" "));
  await terminal.see(/\np1>$|^p1>$/);
  await terminal.enter("pub a 1");
  await terminal.see(/p1> pub a 1\np1>$/);
  await terminal.press("C-z");
  await terminal.see(STOPPED);
  await seeShellWorks(terminal);
  await terminal.enter("fg");
  await terminal.see(/\np1>$/);
  await terminal.press("C-d");
  await terminal.see(/\np1>\n\$$/);
  assertEquals(await Deno.readTextFile(`${terminal.state}/hashbus/publisher_history`), "pub a 1\n");
}, { shell: "bash" });

test("Ctrl-Z stops a pipeline as one, and the prompt on its stderr comes back with it", async (broker) => {
  await using terminal = await startIn("bash", "subscriber", [...subscriberOf(broker), "|", "cat"]);
  await terminal.enter("sub hello");
  await terminal.see(/\ns1> sub hello\ns1>$/);
  await terminal.press("C-z");
  await terminal.see(STOPPED);
  await publish(broker, "through the pipe");
  await terminal.enter("fg");
  await terminal.see(/#hello through the pipe/);
  await terminal.press("C-c");
  await terminal.see(/\n\$$/);
  await seeShellWorks(terminal);
}, { shell: "bash" });

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`${signal} at the prompt leaves a terminal that shows what is typed`, async (broker) => {
    // this shell repairs nothing by itself
    await using terminal = await startIn("dash", "publisher", publisherOf(broker));
    await terminal.type("pub #half");
    await terminal.see(/half$/);
    Deno.kill(await terminal.pid(), signal);
    await terminal.see(/\np1> pub #half\n\$$/);
    await seeShellWorks(terminal);
  }, { shell: "dash" });
}

test("Ctrl-\\ ends the program at once and leaves a terminal that shows what is typed", async (broker) => {
  await using terminal = await startIn("dash", "publisher", publisherOf(broker));
  await terminal.type("pub #half");
  await terminal.see(/half$/);
  await terminal.press("C-\\");
  await terminal.see(/\np1> pub #half\n[^$]*\$$/);
  await terminal.enter("echo code $?");
  await terminal.see(/\ncode 131\n\$$/);
  await seeShellWorks(terminal);
}, { shell: "dash" });

test(
  "the arrow keys give what was typed in an earlier run, which a kill -9 ended; each program has its own",
  async (broker) => {
    await using terminal = await startIn("bash", "publisher", publisherOf(broker));
    for (const line of ["pub a 1", "pub a 1", " pub secret", "pub b 日本 2", "wrong"]) {
      await terminal.enter(line);
      await terminal.see(new RegExp(`${line}\n[^>]*p1>$`));
    }
    Deno.kill(await terminal.pid(), "SIGKILL");
    await terminal.see(/Killed[^$]*\$$/);
    await terminal.enter(`clear; publisher ${publisherOf(broker, "p2").join(" ")}`);
    await terminal.see(/\np2>$|^p2>$/);
    await terminal.press("Up");
    await terminal.see(/p2> wrong$/);
    await terminal.press("Up");
    await terminal.see(/p2> pub b 日本 2$/);
    await terminal.press("Up");
    await terminal.see(/p2> pub a 1$/);
    await terminal.press("Up");
    await terminal.press("Down", "Down", "Down");
    await terminal.see(/p2>$/);
    await terminal.press("C-d");
    await terminal.see(/\$$/);
    const file = `${terminal.state}/hashbus/publisher_history`;
    assertEquals(await Deno.readTextFile(file), "pub a 1\npub b 日本 2\nwrong\n");
    assertEquals((await Deno.stat(file)).mode! & 0o777, 0o600);
    await terminal.enter(`clear; subscriber ${subscriberOf(broker).join(" ")}`);
    await terminal.see(/s1>$/);
    await terminal.press("Up");
    await terminal.enter("sub own");
    await terminal.see(/s1> sub own\ns1>$/);
  },
  { shell: "bash" },
);

test("a history that cannot be kept makes nothing fail, and -v says why", async (broker) => {
  await using terminal = await Terminal.shell("bash");
  await terminal.enter(
    `clear; mkdir -p ${terminal.state}; touch ${terminal.state}/hashbus; publisher -v ${
      publisherOf(broker).join(" ")
    }`,
  );
  await terminal.see(/p1>$/);
  await terminal.enter("pub a 1");
  await terminal.see(/is not kept[^]*p1>$/);
  await terminal.press("Up");
  await terminal.see(/p1> pub a 1$/);
  await terminal.press("C-c");
  await terminal.see(/\n\$$/);
  await terminal.enter(`clear; XDG_STATE_HOME=$'/\\xff' publisher ${publisherOf(broker).join(" ")}`);
  await terminal.see(/^p1>$/);
  await terminal.enter("pub a 2");
  await terminal.see(/^p1> pub a 2\np1>$/);
}, { shell: "bash" });
