/** The programs at a broker that others keep busy, or that has no memory left for them. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Program } from "../../scripts/program.ts";
import { acceptHello, startScriptedBroker } from "../client/scripted_broker.ts";
import { publisherOf, run, startSubscribed } from "../cli/run_program.ts";
import { startBroker } from "../support/broker.ts";

Deno.test("programs that come while a broker is flooded are served, in v2, headers and all", async () => {
  await using broker = await startBroker();
  const script = new URL("../client/flood.ts", import.meta.url).pathname;
  await using flood = Program.start(
    [Deno.execPath(), "run", "--allow-net", "--quiet", script, `${broker.pubPort}`, "16"],
    { name: "flood", stopSignal: "SIGKILL" },
  );
  await flood.line(/flooding/);
  await using subscriber = await startSubscribed(broker, { pattern: "#a", args: ["-F", "%p|%h"] });
  const sent = await run("publisher", [...publisherOf(broker), "-t", "a", "-m", "x", "--header", "k=v"]);
  assertEquals([sent.code, sent.stdout], [0, ""]);
  assert(!sent.stderr.includes("classic"), sent.stderr);
  await subscriber.see(/^x\|k=v$/m);
  assert(!subscriber.stderr.includes("classic"), subscriber.stderr);
});

Deno.test("a message that is refused with BUSY is told in one line and ends the run with 1; --keep-going goes on", async () => {
  await using broker = startScriptedBroker(async (conn) => {
    await acceptHello(conn);
    for (let line = await conn.line(); line !== undefined; line = await conn.line()) {
      if (line === "quit") return await conn.send("bye QUIT\n");
      const payload = await conn.line();
      await conn.send(
        payload === "1" ? "err BUSY the broker keeps as much as it may; try again\n" : "ok 1\n",
      );
    }
  });
  const to = ["-i", "p1", "-p", `${broker.port}`, "-t", "a"];
  const refusal = /^publisher: [^\n]*the broker refused to publish to "#a" \(BUSY\): [^\n]*try again\n$/;
  const one = await run("publisher", [...to, "-m", "1"]);
  assertEquals(one.code, 1);
  assertMatch(one.stderr, refusal);
  const lines = await run("publisher", [...to, "-l", "--keep-going", "--json"], { stdin: "0\n1\n2\n" });
  assertEquals(lines.code, 1);
  assertMatch(lines.stderr, refusal);
  assertEquals(lines.stdout.trim().split("\n").map((line) => JSON.parse(line).payload), ["0", "2"]);
});
