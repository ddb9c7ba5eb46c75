import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Machine, PLANS, reachOf, scalingTable } from "../../bench/scaling.ts";

const DOCUMENT = new URL("../../docs/scaling.md", import.meta.url);
const MACHINE: Machine = {
  deliveries: 1_000,
  sent: 15_000,
  handled: 1_000,
  connection: 90,
  subscription: 10,
};

/** A table's cells, however it is laid out. */
function cells(text: string): string[][] {
  return text.split("\n").filter((line) => line.startsWith("|") && !/^\| -/.test(line)).map((line) =>
    line.split("|").map((cell) => cell.trim())
  );
}

Deno.test("docs/scaling.md has the table as it is reckoned", async () => {
  const document = (await Deno.readTextFile(DOCUMENT)).split("\n").map((line) => line.trim());
  const text = document.filter((line) => line.startsWith("|")).join("\n");
  const there = cells(text).map((row) => row.join("|"));
  for (const row of cells(scalingTable())) assert(there.includes(row.join("|")), row.join(" | "));
});

Deno.test("what everybody gets is bound by the brokers, what few get by NATS", () => {
  const plan = { name: "", brokers: 10, servers: 1, subscribers: 100 };
  // each broker delivers it to ten: a hundred of the thousand deliveries it makes
  const all = reachOf({ ...plan, interested: 10, perBroker: 10 }, { ...MACHINE, handled: 1e9, sent: 1e9 });
  assertEquals([all.messages, all.boundBy, all.deliveries, all.memory], [100, "brokers", 10_000, 1_000]);
  const few = reachOf({ ...plan, interested: 1, perBroker: 1 }, MACHINE);
  // 150 B each, of 15,000
  assertEquals([few.messages, few.boundBy, few.connections], [100, "NATS", 20]);
  const unpacked = reachOf({ ...plan, interested: 1, perBroker: 1 }, { ...MACHINE, sent: 1e9 });
  assertEquals(unpacked.messages, 500, "each is taken once and given once");
});

Deno.test("the plans go as far as a thousand brokers and a million subscribers", () => {
  const most = PLANS.filter(({ brokers, subscribers }) => brokers === 1_000 && subscribers === 1_000_000);
  assert(most.length >= 3);
  assertStringIncludes(scalingTable(), "1,000 brokers");
});
