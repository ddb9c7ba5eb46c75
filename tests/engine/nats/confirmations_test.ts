import { assert, assertEquals } from "@std/assert";
import { Confirmations } from "../../../lib/engine/nats/confirmations.ts";
import { FlushList } from "../../../lib/flush_list.ts";
import { FakeLink } from "../../support/fake_link.ts";

class Bench {
  readonly link = new FakeLink();
  readonly flushes = new FlushList();
  readonly told: string[] = [];
  readonly confirmations = new Confirmations(this.link, this.flushes);

  /** Whether all is in force; else that is told by this name. */
  confirmed(name: string): boolean {
    return this.confirmations.confirmed(() => this.told.push(name));
  }

  pings(): number {
    return this.link.takeAsked().length;
  }
}

Deno.test("NATS is asked once for all who wait, and what was asked for before it answers is in force then (N2)", () => {
  const bench = new Bench();
  assert(bench.confirmed("nothing"));
  bench.confirmations.asked();
  let announced = 0;
  const add = bench.flushes.add.bind(bench.flushes);
  bench.flushes.add = (flushable) => {
    announced++;
    add(flushable);
  };
  assertEquals([bench.confirmed("one"), bench.confirmed("other"), announced], [false, false, 1]);
  assertEquals(bench.pings(), 0);
  bench.flushes.flush();
  assertEquals([bench.pings(), bench.told], [1, []]);
  let ready = 0;
  add({ ready: () => ready++ });
  bench.link.pong();
  assertEquals([bench.told, ready], [["one", "other"], 1], "what they do is set going");
  assert(bench.confirmed("all"));
});

Deno.test("an answer that is behind another says nothing new, and nobody is told twice", () => {
  const bench = new Bench();
  bench.confirmations.asked();
  bench.confirmed("one");
  bench.flushes.flush();
  bench.confirmed("two");
  bench.flushes.flush();
  assertEquals(bench.pings(), 2);
  bench.confirmations.asked();
  bench.confirmed("three");
  bench.flushes.flush();
  bench.link.pong();
  assertEquals(bench.told, ["one", "two"]);
  let ready = 0;
  bench.flushes.add({ ready: () => ready++ });
  bench.link.pong();
  assertEquals([bench.told.length, ready], [2, 0], "nothing is to be set going");
  bench.link.pong();
  assertEquals(bench.told, ["one", "two", "three"]);
});

Deno.test("an answer that nobody waits for sets nothing going", () => {
  const bench = new Bench();
  bench.confirmations.asked();
  bench.confirmations.ready();
  let ready = 0;
  bench.flushes.add({ ready: () => ready++ });
  bench.link.pong();
  assertEquals([ready, bench.confirmed("all")], [0, true]);
  bench.confirmations.ready();
  assertEquals(bench.pings(), 1, "nothing was asked for since");
});

Deno.test("what was in force is not any more when the link is lost, and is when NATS has answered behind its coming back", () => {
  const bench = new Bench();
  bench.confirmations.asked();
  bench.confirmed("one");
  bench.flushes.flush();
  bench.link.goDown();
  assertEquals([bench.told, bench.confirmed("two")], [[], false]);
  bench.flushes.flush();
  assertEquals(bench.pings(), 1, "it is down");
  bench.link.goUp();
  assertEquals(bench.pings(), 1);
  bench.link.pong();
  assertEquals(bench.told, ["one", "two"]);
});
