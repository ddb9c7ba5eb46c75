/**
 * Members of a group that die with what they hold, and that come and go.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { MemoryStore } from "../../lib/store/memory.ts";
import type { RawClient } from "../support/raw_client.ts";
import { TestServer } from "../support/server.ts";
import { upgrade } from "../support/v2.ts";

const MANY = 10_000;

/** Publishes so many, and waits until they are stored. */
async function publish(broker: TestServer, count: number): Promise<void> {
  using publisher = await upgrade(broker.connect("publishers"));
  const sent = publisher.send(
    Array.from({ length: count }, (_, at) => `pub #a 5\n${at + 10_000}\n`).join(""),
  );
  for (let done = 0; done < count;) {
    const line = await publisher.line() ?? "end";
    assertMatch(line, /^ok /);
    done += Number(line.split(" ")[1]);
  }
  await sent;
}

/** The numbers and attempts of what comes, until so many have. */
async function take(member: RawClient, count: number): Promise<{ seq: number; attempt: number }[]> {
  const taken: { seq: number; attempt: number }[] = [];
  while (taken.length < count) {
    const header = await member.line() ?? "end";
    const parts = /^batch #a (\d+) \d+ group=g seq=(\d+) ts=\d+(?: attempt=(\d+))?$/.exec(header);
    if (parts === null) {
      assertMatch(header, /^(ok|info) /);
      continue;
    }
    for (let at = 0; at < Number(parts[1]); at++) {
      await member.lines(2);
      taken.push({ seq: Number(parts[2]) + at, attempt: Number(parts[3] ?? 1) });
    }
  }
  return taken;
}

Deno.test("ten thousand messages that a member dies with come to another, in their order and each once (F53)", async () => {
  await using broker = new TestServer({
    durable: { store: new MemoryStore({ now: Date.now }), patterns: ["#>"] },
  });
  const dying = await upgrade(broker.connect("subscribers"));
  assertMatch(await dying.ask(`sub #a group=g ack=explicit window=${MANY}`) ?? "", /^ok 1/);
  await publish(broker, MANY);
  assertEquals((await take(dying, MANY)).length, MANY);
  using heir = await upgrade(broker.connect("subscribers"));
  await heir.send(`sub #a group=g ack=explicit window=${MANY}\n`);
  dying.close();
  const taken = await take(heir, MANY);
  assertEquals(taken.map(({ seq }) => seq), Array.from({ length: MANY }, (_, at) => at + 1));
  assertEquals(new Set(taken.map(({ attempt }) => attempt)), new Set([2]));
});

Deno.test("members that come and go keep none of what is shared from being settled, once each (F53)", async () => {
  await using broker = new TestServer({
    durable: { store: new MemoryStore({ now: Date.now }), patterns: ["#>"] },
  });
  const count = 2000;
  using staying = await upgrade(broker.connect("subscribers"));
  assertMatch(await staying.ask("sub #a group=g ack=explicit window=8") ?? "", /^ok 1/);
  await publish(broker, count);
  let flapping = true;
  const flaps = (async () => {
    let times = 0;
    for (; flapping; times++) {
      using member = await upgrade(broker.connect("subscribers"));
      await member.ask("sub #a group=g ack=explicit window=8");
      member.close();
      // who has nothing comes first (G3): without a rest all that is left would go from one to the next
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return times;
  })();
  const settled = new Set<number>();
  while (settled.size < count) {
    for (const { seq } of await take(staying, 1)) {
      await staying.send(`ack g #a ${seq}\n`);
      settled.add(seq);
    }
  }
  flapping = false;
  assert(await flaps > 3, "others came and went meanwhile");
});
