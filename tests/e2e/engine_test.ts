/** A broker whose engine is not there, or goes away, and the configuration that docs/scaling.md gives. */
import { assertEquals, assertMatch } from "@std/assert";
import { BROKER, planBroker } from "../../lib/cli/broker/options.ts";
import { readConfig } from "../../lib/cli/options/config.ts";
import { readValues } from "../../lib/cli/options/values.ts";
import { Program } from "../../scripts/program.ts";
import { startBroker } from "../support/broker.ts";
import { HAS_NATS, NEEDS_NATS, startNats } from "../support/nats_server.ts";
import { freePort } from "../support/ports.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** How a broker ends that is started with this engine, and what it says. */
async function endOf(engine: string): Promise<{ readonly code: number; readonly said: string }> {
  const args = ["-s", "0", "-p", "0", "--engine", engine, "--connect-timeout", "500ms"];
  await using broker = Program.start(
    [Deno.execPath(), "run", "-A", "--quiet", `${ROOT}broker.ts`, ...args],
    { name: "broker" },
  );
  const { code } = await broker.ended;
  return { code, said: broker.stderr };
}

Deno.test("a name that DNS does not know ends the start with 1 and one line, when --connect-timeout is over (F33)", async () => {
  const { code, said } = await endOf("nats://nats.invalid:4222");
  assertEquals(code, 1);
  assertMatch(said, /^broker: NATS cannot be reached at nats\.invalid:4222 within 0\.5 s: [^\n]+\n$/);
});

Deno.test("NATS that is not there ends the start with 1 and one line, when --connect-timeout is over (F34)", async () => {
  const port = freePort();
  const { code, said } = await endOf(`nats://127.0.0.1:${port}`);
  assertEquals(code, 1);
  assertMatch(
    said,
    new RegExp(`^broker: NATS cannot be reached at 127\\.0\\.0\\.1:${port} within 0\\.5 s: [^\\n]+\\n$`),
  );
});

Deno.test({
  ...NEEDS_NATS,
  name: `a broker logs that NATS is away and that it is back, and is not ready meanwhile (N3)${
    HAS_NATS ? "" : " (skipped: nats-server is not installed)"
  }`,
  fn: async () => {
    await using nats = await startNats();
    const { server } = nats;
    await using broker = await startBroker(["--engine", `nats://${server}`, "--http", "0"]);
    const port = /, http \S+?:(\d+)/.exec(broker.stdout)![1];
    const ready = async (): Promise<{ readonly ready: boolean; readonly reason?: string }> =>
      await (await fetch(`http://127.0.0.1:${port}/readyz`)).json();
    assertEquals(await ready(), { ready: true });
    await nats.nodes[0]!.stop();
    await broker.line(new RegExp(`NATS is away.*${server}`));
    const meanwhile = await ready();
    assertEquals(meanwhile.ready, false);
    assertMatch(meanwhile.reason ?? "", /NATS/);
    await nats.nodes[0]!.restart();
    await broker.line(new RegExp(`NATS is back.*${server}`));
    assertEquals(await ready(), { ready: true });
  },
});

Deno.test("the configuration of three brokers in docs/examples/cluster is one that a broker takes", () => {
  for (const name of ["a", "b", "c"]) {
    const given = readConfig(BROKER, `${ROOT}docs/examples/cluster/broker-${name}.toml`);
    const values = readValues(BROKER, [given]);
    assertEquals(planBroker(values), { kind: "serve" });
    assertEquals(values.engine, ["a.example:4222", "b.example:4222", "c.example:4222"]);
    assertEquals([values["engine-replicas"], values.durable], [3, ["#orders.>"]]);
  }
});
