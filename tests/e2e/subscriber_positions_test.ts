/** Where a subscriber begins in what is stored, and what it says where nothing is. */
import { assertEquals } from "@std/assert";
import { publisherOf, run, start, subscriberOf } from "../cli/run_program.ts";
import { Terminal, testOnTerminal } from "../cli/terminal.ts";
import { startDurable } from "../support/durable_broker.ts";

/** Publishes 12 messages to #a and one to #b. */
async function startFilled(): ReturnType<typeof startDurable> {
  const broker = await startDurable();
  const stdin = Array.from({ length: 12 }, (_, at) => `pub a ${at + 1}\n`).join("") + "pub b x\n";
  assertEquals((await run("publisher", publisherOf(broker), { stdin })).code, 0);
  return broker;
}

Deno.test("-o -10 is the last ten of each topic: with -e only these, else what is live after them", async () => {
  await using broker = await startFilled();
  const last = [...Array.from({ length: 10 }, (_, at) => `#a ${at + 3}\n`), "#b x\n"].join("");
  const to = [...subscriberOf(broker), "-t", "#>"];
  assertEquals(await run("subscriber", [...to, "-o", "-10", "-e"]), { code: 0, stdout: last, stderr: "" });
  await using live = start("subscriber", [...to, "-o", "-1", "-C", "3"]);
  await live.see(/^#b x$/m);
  await run("publisher", [...publisherOf(broker), "-t", "c", "-m", "now"]);
  assertEquals((await live.ended).code, 0);
  assertEquals(live.stdout, "#a 12\n#b x\n#c now\n");
});

Deno.test("a number beyond what is stored is not waited for, and Unix seconds are told by their @", async () => {
  await using broker = await startFilled();
  const ended = (args: readonly string[]): ReturnType<typeof run> =>
    run("subscriber", [...subscriberOf(broker), ...args]);
  assertEquals(await ended(["-t", "a", "-o", "1763900000"]), {
    code: 1,
    stdout: "",
    stderr: 'subscriber: there is no message 1763900000 of "#a": the last one there is 12 ' +
      "(Unix seconds are written @1763900000)\n",
  });
  assertEquals(await ended(["-t", "a", "-o", "@1763900000", "-C", "1"]), {
    code: 0,
    stdout: "#a 1\n",
    stderr: "",
  });
  assertEquals(await ended(["-t", "never", "-o", "2", "-e"]), {
    code: 1,
    stdout: "",
    stderr: 'subscriber: there is no message 2 of "#never": none is stored there\n',
  });
  // the next one is waited for
  assertEquals(await ended(["-t", "b", "-o", "2", "-W", "1s"]), { code: 27, stdout: "", stderr: "" });
  assertEquals(await ended(["-t", "b", "-t", "a", "-o", "12", "-e"]), {
    code: 0,
    stdout: "#a 12\n",
    stderr: 'subscriber: there is no message 12 of "#b": the last one there is 1\n',
  });
});

Deno.test("no new group begins at a number beyond what is stored", async () => {
  await using broker = await startFilled();
  const member = [...subscriberOf(broker), "-t", "a", "-G", "g", "--ack", "explicit", "-W", "1s"];
  assertEquals(await run("subscriber", [...member, "--from", "1763900000"]), {
    code: 1,
    stdout: "",
    stderr: 'subscriber: the broker refused to subscribe to "#a" in group "g" (BAD_FIELD): there is no ' +
      'message 1763900000 of "#a": the last one there is 12 (Unix seconds are written @1763900000)\n',
  });
  assertEquals((await run("subscriber", [...member, "--from", "12"])).stdout, "#a 12\n");
});

testOnTerminal("at the prompt a number beyond what is stored is told, and one goes on", async () => {
  await using broker = await startFilled();
  await using terminal = await Terminal.start("subscriber", subscriberOf(broker));
  await terminal.see(/^s1>/m);
  await terminal.type("sub a from=99");
  await terminal.press("Enter");
  await terminal.see(/there is no message 99 of "#a": the last one the\s*re is 12/);
  await terminal.type("sub a from=12");
  await terminal.press("Enter");
  await terminal.see(/^#a 12$/m);
  await terminal.press("C-c");
  await terminal.see(/^code 0$/m);
});
