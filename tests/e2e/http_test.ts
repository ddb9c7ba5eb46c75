import { assertEquals, assertMatch } from "@std/assert";
import { Program } from "../../scripts/program.ts";
import { run } from "../cli/run_program.ts";
import { startBroker } from "../support/broker.ts";
import { Events } from "../support/http.ts";

const BROKER = new URL("../../broker.ts", import.meta.url).pathname;

Deno.test("a broker with --http says where, tells its streams that it stops, and exits 0", async () => {
  await using broker = await startBroker(["--http", "0", "--http-host", "bus.example"]);
  const [, address] = /http (\S+)$/.exec(broker.lines.find((line) => line.startsWith("broker ready"))!)!;
  await using events = await Events.open(`http://${address}/api/topics/a/stream`);
  assertEquals((await events.next())?.event, "open");
  using raw = await Deno.connect({ hostname: "127.0.0.1", port: Number(address!.split(":")[1]) });
  await raw.write(new TextEncoder().encode("GET /healthz HTTP/1.1\r\nHost: bus.example\r\n\r\n"));
  const bytes = new Uint8Array(1000);
  assertMatch(new TextDecoder().decode(bytes.subarray(0, await raw.read(bytes) ?? 0)), /^HTTP\/1\.1 200/);
  await using second = Program.start(
    [
      Deno.execPath(),
      "run",
      "-A",
      "--quiet",
      BROKER,
      "-s",
      "0",
      "-p",
      "0",
      "--http",
      address!.split(":")[1]!,
    ],
    { name: "second" },
  );
  const { code } = await second.ended;
  assertEquals([code, second.lines], [1, [
    `broker: ${address} is in use: stop the program that has it, or choose another port with --http ` +
    "(0 takes a free one)",
  ]]);
  const stopped = broker.stop();
  const end = await events.next();
  assertEquals([end?.event, end?.data.code], ["end", "DRAINING"]);
  await stopped;
  assertEquals((await broker.ended).code, 0);
});

Deno.test("who takes the port of HTTP for a broker's is told in one line, and does not try again", async () => {
  await using broker = await startBroker(["--http", "0"]);
  const [, port = ""] = /http \S+:(\d+)$/.exec(
    broker.lines.find((line) => line.startsWith("broker ready"))!,
  )!;
  for (const [name, usual, more] of [["subscriber", 9090, []], ["publisher", 9000, ["-m", "x"]]] as const) {
    assertEquals(await run(name, ["-p", port, "-t", "a", ...more]), {
      code: 1,
      stdout: "",
      stderr: `${name}: cannot connect to 127.0.0.1:${port}: the port speaks HTTP: ${name}s have another ` +
        `(${usual})\n`,
    });
  }
});
