import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { PublishRate, RateGate } from "../../../lib/sessions/admission/publish_rate.ts";

Deno.test("a run may overdraw the bucket, and who comes next waits until that is made up", () => {
  const rate = new PublishRate({ messages: 100, bytes: Infinity });
  const gate = new RateGate(rate);
  gate.spend(100, 1e9);
  assertEquals(gate.full, false, "a second's worth may come at once");
  gate.spend(100, 1e9);
  assertEquals(gate.full, true);
  let called = 0;
  gate.whenNotFull(() => called++);
  rate.tick(750);
  assertEquals([called, gate.full], [0, true]);
  rate.tick(250);
  assertEquals([called, gate.full], [1, false]);
  rate.tick(10_000);
  assertEquals(called, 1);
});

Deno.test("a quiet account has a second's worth, and no more", () => {
  const rate = new PublishRate({ messages: Infinity, bytes: 1000 });
  rate.tick(60_000);
  rate.spend(1, 1000);
  assertEquals(rate.isOverdrawn, false);
  rate.spend(1, 1);
  assertEquals(rate.isOverdrawn, true);
});

Deno.test("an account's connections go on in the order in which they wait, one at a time", () => {
  const rate = new PublishRate({ messages: 10, bytes: Infinity });
  const order: string[] = [];
  const gates = ["a", "b", "c"].map((name) => ({ name, gate: new RateGate(rate) }));
  const wait = ({ name, gate }: (typeof gates)[0]): void => gate.whenNotFull(() => order.push(name));
  rate.spend(11, 0);
  for (const each of gates) wait(each);
  rate.tick(250);
  assertEquals(order, ["a"]);
  gates[0]!.gate.spend(2, 0);
  wait(gates[0]!);
  rate.tick(250);
  gates[1]!.gate.rest();
  assertEquals(order, ["a", "b", "c"], "who has nothing more to publish makes way at once");
  assertEquals(new RateGate(rate).full, true, "who comes new is behind those who wait");
  gates[2]!.gate.rest();
  assertEquals(order, ["a", "b", "c", "a"]);
});

Deno.test("who leaves while it waits, or while it is its turn, keeps nobody waiting", () => {
  const rate = new PublishRate({ messages: 10, bytes: Infinity });
  const [a, b, c] = [new RateGate(rate), new RateGate(rate), new RateGate(rate)] as const;
  const order: string[] = [];
  rate.spend(11, 0);
  a.whenNotFull(() => order.push("a"));
  b.whenNotFull(() => order.push("b"));
  c.whenNotFull(() => order.push("c"));
  b.close();
  assertEquals(order, ["b"], "whoever waits for the gate is told that it is gone");
  rate.tick(250);
  assertEquals(order, ["b", "a"]);
  a.close();
  assertEquals(order, ["b", "a", "c"]);
});

Deno.test("another rate holds at once, and what is owed stays owed", () => {
  const rate = new PublishRate({ messages: 10, bytes: Infinity });
  rate.spend(30, 0);
  rate.rates = { messages: 1000, bytes: Infinity };
  assertEquals(rate.isOverdrawn, true);
  rate.tick(250);
  assertEquals(rate.isOverdrawn, false);
  rate.rates = { messages: Infinity, bytes: Infinity };
  rate.spend(1e12, 1e12);
  assertEquals(rate.isOverdrawn, false);
  rate.rates = { messages: 5, bytes: 5 };
  assertEquals(rate.isOverdrawn, false);
  rate.spend(6, 0);
  assertEquals(rate.isOverdrawn, true);
});

Deno.test("whatever comes when, no more is published than time allows, a second's worth and a run", () => {
  const run = 20;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: run }), fc.boolean()), { maxLength: 200 }),
      (steps) => {
        const rate = new PublishRate({ messages: 40, bytes: Infinity });
        const gates = [0, 1, 2, 3].map(() => new RateGate(rate));
        let published = 0;
        let ticks = 0;
        for (const [who, messages, passes] of steps) {
          if (passes) {
            rate.tick(250);
            ticks++;
          }
          if (gates[who]!.full) gates[who]!.whenNotFull(() => {});
          else {
            gates[who]!.spend(messages, 1);
            published += messages;
          }
          assert(published <= 40 + 10 * ticks + run, `${published} in ${ticks} ticks`);
        }
      },
    ),
  );
});
