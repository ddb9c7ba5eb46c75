import { assert, assertEquals } from "@std/assert";
import {
  connectionsWithin,
  descriptorsLeft,
  limitIn,
  placesWithin,
} from "../../../lib/cli/process/descriptors.ts";
import { Program } from "../../../scripts/program.ts";
import { startBroker } from "../../support/broker.ts";
import { BROKER } from "../../faults/data_folder.ts";
import { RawClient } from "../../support/raw_client.ts";
import { until } from "../../support/until.ts";

Deno.test("the limit of open files is read as Linux tells it", () => {
  const text = "Limit                     Soft Limit           Hard Limit           Units     \n" +
    "Max processes             7                    8                    processes \n" +
    "Max open files            1024                 524288               files     \n";
  assertEquals(limitIn(text), 1024);
  assertEquals(limitIn(text.replace("1024  ", "unlimited")), undefined);
  assertEquals(limitIn(""), undefined);
});

Deno.test("as many connections are taken as leave 64 descriptors, or half where there are few", () => {
  const cases: [wanted: number, left: number | undefined, most: number][] = [
    [10_000, undefined, 10_000],
    [10_000, 20_000, 10_000],
    [10_000, 10_064, 10_000],
    [10_000, 10_063, 9_999],
    [10_000, 1000, 936],
    [10_000, 100, 50],
    [10, 100, 10],
    [10_000, 0, 1],
    [10_000, -5, 1],
  ];
  for (const [wanted, left, most] of cases) assertEquals(connectionsWithin(wanted, left), most, `${left}`);
});

Deno.test("where there are few descriptors the ports and HTTP get less in the same proportion", () => {
  const wanted = { connections: 10_000, http: 2_000 };
  assertEquals(placesWithin(wanted, undefined), wanted);
  assertEquals(placesWithin(wanted, 12_064), wanted);
  assertEquals(placesWithin(wanted, 1_264), { connections: 1_000, http: 200 });
  assertEquals(placesWithin(wanted, 0), { connections: 1, http: 1 });
  assertEquals(placesWithin({ connections: 10_000, http: 0 }, 1_064), { connections: 1_000, http: 0 });
});

Deno.test({
  name: "however many come to HTTP, a broker under ulimit -n has descriptors for who publishes (F25)",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const command = ["bash", "-c", `ulimit -n 300; exec "$@"`, "bash", ...BROKER];
    await using broker = await startBroker(["--http", "0"], { command });
    const port = Number(/http \S+:(\d+)/.exec(broker.stdout)?.[1]);
    const crowd = await Promise.all(
      Array.from({ length: 300 }, () => Deno.connect({ hostname: "127.0.0.1", port })),
    );
    using publisher = await RawClient.connect(broker.pubPort);
    assertEquals(await publisher.ask("p pub #a x"), "OK");
    for (const each of crowd) each.close();
    assertEquals(broker.stderr.includes("cannot accept"), false, broker.stderr);
  },
});

Deno.test({
  name: "a broker under ulimit -n takes fewer connections than it was told, and says so (F25)",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    assert((descriptorsLeft() ?? 0) > 0);
    const command = ["bash", "-c", `ulimit -n 300; exec "$@"`, "bash", ...BROKER];
    await using broker = await startBroker([], { command });
    await broker.see(/started/, { on: "stderr" });
    const [, most] =
      /WARN {2}fewer connections than --max-connections .* connections=(\d+) /.exec(broker.stderr) ?? [];
    assert(Number(most) > 150 && Number(most) <= 300 - 64, broker.stderr);
  },
});

Deno.test("a broker with descriptors enough says nothing of them", async () => {
  await using broker = await startBroker(["--max-connections", "100"]);
  await broker.see(/started/, { on: "stderr" });
  assertEquals(broker.stderr.includes("fewer connections"), false, broker.stderr);
});

/** For how many descriptors the system has room in a process's table. */
function roomOf(pid: number): number {
  const [, room] = /^FDSize:\s+(\d+)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`)) ?? [];
  return Number(room);
}

Deno.test({
  name: "the system's table of descriptors has room for as many as are asked for, or is as it was",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    // a process of its own: in this one others open files, too
    const table = import.meta.resolve("../../../lib/cli/process/descriptor_table.ts");
    const script = `
      import { makeRoomForDescriptors } from ${JSON.stringify(table)};
      const room = () => Number(/^FDSize:\\s+(\\d+)/m.exec(Deno.readTextFileSync("/proc/self/status"))[1]);
      const open = () => [...Deno.readDirSync("/proc/self/fd")].length;
      const before = room();
      const told = [await makeRoomForDescriptors(before + 1), room() / before];
      const opened = open();
      told.push(await makeRoomForDescriptors(before + 1), open() - opened);
      console.log(JSON.stringify(told));`;
    await using child = Program.start([Deno.execPath(), "run", "-A", "--no-check", "-"], { stdin: script });
    await child.succeeded();
    assertEquals(JSON.parse(child.stdout), [true, 2, true, 0]);
  },
});

Deno.test({
  name: "a broker makes room for all its connections before they come",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using broker = await startBroker(["--max-connections", "3000"]);
    await until("room", () => roomOf(broker.pid) >= 3000);
  },
});
