/** Subscriber programs that share what is published by its keys, one of which is killed. */
import { assert, assertEquals } from "@std/assert";
import { connectPublisher } from "../../lib/mod.ts";
import type { Program } from "../../scripts/program.ts";
import { startSubscribed } from "../cli/run_program.ts";
import type { RunningBroker } from "../support/broker.ts";
import { startDurable } from "../support/durable_broker.ts";

const KEYS = Array.from({ length: 20 }, (_, at) => `customer-${at}`);

/** A message as a program has printed it. */
interface Printed {
  readonly seq: number;
  readonly key: string;
  readonly attempt: number;
}

function member(broker: RunningBroker): Promise<Program> {
  const args = ["-G", "g", "--by", "key", "--ack", "explicit", "--window", "4", "-J"];
  return startSubscribed(broker, { pattern: "#orders", args });
}

function printedBy({ stdout }: Program): Printed[] {
  return stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line));
}

/** Waits for that. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

Deno.test("each key is one program's and in order, and goes on in another when that one is killed (G12, G13)", async () => {
  await using broker = await startDurable();
  await using one = await member(broker);
  await using two = await member(broker);
  await using three = await member(broker);
  const all = [one, two, three];
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  const publish = async (rounds: number): Promise<void> => {
    for (let round = 0; round < rounds; round++) {
      await Promise.all(KEYS.map((key) => publisher.publish("#orders", "x", { key })));
    }
  };
  const seen = (): Set<number> => new Set(all.flatMap(printedBy).map(({ seq }) => seq));
  await publish(10);
  await until(() => seen().size === 200);
  const homes = all.map((program) => new Set(printedBy(program).map(({ key }) => key)));
  assertEquals(homes.reduce((sum, { size }) => sum + size, 0), KEYS.length, "each has one");
  assert(homes.every(({ size }) => size > 0), "and each program some");
  const rest = publish(20);
  await until(() => seen().size > 300);
  one.kill("SIGKILL");
  await rest;
  await until(() => seen().size === 600);
  for (const program of [two, three]) {
    for (const key of KEYS) {
      const numbers = printedBy(program).filter((each) => each.key === key).map(({ seq }) => seq);
      assertEquals(numbers, numbers.toSorted((a, b) => a - b), `${key} is in order`);
    }
  }
  const moved = (program: Program, before: Set<string>): string[] =>
    [...new Set(printedBy(program).map(({ key }) => key))].filter((key) => !before.has(key));
  const taken = [...moved(two, homes[1]!), ...moved(three, homes[2]!)];
  assertEquals(taken.toSorted(), [...homes[0]!].toSorted(), "its keys moved, and no other");
});
