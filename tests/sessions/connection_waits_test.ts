/** What a connection keeps, and does, for what it waits for. */
import { assertEquals } from "@std/assert";
import { collectHeap } from "../../lib/collect.ts";
import type { Gate } from "../../lib/engine/types.ts";
import { settled } from "../support/handed_clock.ts";
import { ScriptedServer } from "../support/scripted_engine.ts";
import { upgrade } from "../support/v2.ts";
import { within } from "../support/within.ts";

/** Somebody who is full until the test says otherwise, and what waits for that. */
class FullOne implements Gate {
  full = true;
  #waiting: (() => void)[] = [];
  /** What waited once, as far as anybody still has it. */
  readonly seen: WeakRef<() => void>[] = [];
  #came = Promise.withResolvers<void>();

  whenNotFull(callback: () => void): void {
    this.#waiting.push(callback);
    this.seen.push(new WeakRef(callback));
    this.#came.resolve();
  }

  /** Somebody waits for it. */
  async waitedFor(): Promise<void> {
    await within("somebody who waits", this.#came.promise);
    this.#came = Promise.withResolvers();
  }

  becomesFree(): void {
    this.full = false;
    for (const callback of this.#waiting.splice(0)) callback();
  }
}

Deno.test("of what a connection has waited for nothing is kept, however often it was", async () => {
  await using server = new ScriptedServer();
  using publisher = server.connect("publishers");
  const seen: WeakRef<() => void>[] = [];
  for (let times = 0; times < 3; times++) {
    const gate = new FullOne();
    server.engine.gate = gate;
    await publisher.send("p1 pub #a x\n");
    await gate.waitedFor();
    server.engine.gate = undefined;
    gate.becomesFree();
    assertEquals(await publisher.line(), "OK");
    seen.push(...gate.seen);
  }
  // what a weak reference was asked for lives until the turn ends
  for (let turns = 0; turns < 20 && seen.some((each) => each.deref() !== undefined); turns++) {
    await settled();
    collectHeap();
  }
  assertEquals(seen.filter((each) => each.deref() !== undefined).length, 0);
  assertEquals(await publisher.ask("p1 pub #a y"), "OK");
});

Deno.test("a connection that waits for who never becomes free is ended all the same", async () => {
  const server = new ScriptedServer();
  using publisher = server.connect("publishers");
  const gate = new FullOne();
  server.engine.gate = gate;
  await publisher.send("p1 pub #a x\n");
  await gate.waitedFor();
  await within("the end of the server", server.server.close());
  assertEquals(await publisher.rest(), "");
});

/** Somebody whom nobody can wait for. */
const BROKEN: Gate = {
  full: true,
  whenNotFull: () => {
    throw new TypeError("a defect");
  },
};
const WORDS = "bye INTERNAL an error inside the broker ended this connection; its log says more\n";

Deno.test("an error of the broker's own ends a connection when it has been told, however slowly it reads", async () => {
  await using server = new ScriptedServer();
  // so little fits between them that the words take several writes
  using publisher = await upgrade(server.connect("publishers", 16));
  server.engine.gate = BROKEN;
  await publisher.send("pub #a 1\nx\n");
  assertEquals(await publisher.rest(), WORDS);
});

Deno.test("a connection that an error of the broker's own has ended keeps the broker from no end in order", async () => {
  const server = new ScriptedServer();
  using other = await upgrade(server.connect("publishers"));
  using publisher = await upgrade(server.connect("publishers"));
  server.engine.gate = BROKEN;
  await publisher.send("pub #a 1\nx\n");
  // it waits for the other side to close
  assertEquals(await publisher.rest(), WORDS);
  const drained = within("the end of the server", server.server.drain(60_000));
  assertEquals(await other.line(), 'info {"draining":true}');
  assertEquals(await other.line(), "bye DRAINING the broker is stopping");
  other.close();
  assertEquals(await drained, 0);
});
