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

Deno.test("who has a rate is read by a quarter of a second's worth, of messages of ten bytes or of bytes", () => {
  for (
    const [messages, bytes, most] of [
      [100, Infinity, 250],
      [Infinity, 1000, 250],
      [100, 999, 250],
      [100, 996, 249],
      [1, Infinity, 3],
      [Infinity, 1, 1],
    ] as const
  ) {
    assertEquals(new RateGate(new PublishRate({ messages, bytes })).readMost, most, `${messages} ${bytes}`);
  }
});

Deno.test("a bucket is full while nothing is missing, and overdrawn when less than nothing is left, either of them", () => {
  const both = { messages: 10, bytes: 100 };
  const states = (messages: number, bytes: number): boolean[] => {
    const rate = new PublishRate(both);
    rate.spend(messages, bytes);
    return [rate.isFull, rate.isOverdrawn, rate.mustWait];
  };
  assertEquals(states(0, 0), [true, false, false]);
  assertEquals(states(1, 0), [false, false, false]);
  assertEquals(states(0, 1), [false, false, false]);
  assertEquals(states(10, 100), [false, false, false]);
  assertEquals(states(11, 0), [false, true, true]);
  assertEquals(states(0, 101), [false, true, true]);
});

Deno.test("time fills both buckets to a second's worth", () => {
  const rate = new PublishRate({ messages: 10, bytes: 1000 });
  rate.spend(15, 1500);
  rate.tick(499);
  assertEquals(rate.isOverdrawn, true);
  rate.tick(1);
  assertEquals([rate.isOverdrawn, rate.isFull], [false, false]);
  rate.tick(999);
  assertEquals(rate.isFull, false);
  rate.tick(1);
  assertEquals(rate.isFull, true);
  rate.tick(60_000);
  rate.spend(11, 0);
  assertEquals(rate.isOverdrawn, true);
});

Deno.test("who need not wait is called at once, and who was called goes on until too much is published or it rests", () => {
  const rate = new PublishRate({ messages: 10, bytes: Infinity });
  const [one, two] = [new RateGate(rate), new RateGate(rate)];
  const order: string[] = [];
  one.whenNotFull(() => order.push("one at once"));
  assertEquals(order.splice(0), ["one at once"]);
  rate.spend(11, 0);
  one.whenNotFull(() => order.push("one"));
  two.whenNotFull(() => order.push("two"));
  rate.tick(1000);
  assertEquals([order.splice(0), one.full, two.full], [["one"], false, true]);
  rate.tick(1000);
  // one has more to publish, so two goes on with it when time has passed
  assertEquals([order.splice(0), two.full], [["two"], false]);
  one.spend(5, 0);
  assertEquals([rate.isOn(one), new RateGate(rate).full], [true, true]);
  one.spend(6, 0);
  assertEquals([rate.isOn(one), rate.isOn(two)], [false, true], "it has published too much, and waits anew");
  assertEquals([one.full, two.full], [true, true]);
  two.rest();
  two.rest();
  assertEquals(rate.mustWait, true);
  rate.tick(1000);
  assertEquals([rate.mustWait, one.full, order], [false, false, []]);
});

Deno.test("who was called and finds that another has published too much waits, and is not taken for one that goes on", () => {
  const rate = new PublishRate({ messages: 10, bytes: Infinity });
  const [one, two] = [new RateGate(rate), new RateGate(rate)];
  rate.spend(11, 0);
  for (const gate of [one, two]) gate.whenNotFull(() => {});
  rate.tick(200);
  rate.tick(1);
  assertEquals([rate.isOn(one), rate.isOn(two)], [true, true]);
  two.spend(20, 0);
  one.whenNotFull(() => {});
  assertEquals([rate.isOn(one), rate.isOn(two)], [false, false]);
});

Deno.test("a rate that is set anew takes what is more than it away, and begins full where there was none", () => {
  const left = (had: number, spent: number, has: number): number => {
    const rate = new PublishRate({ messages: had, bytes: had });
    rate.spend(spent, spent);
    rate.rates = { messages: has, bytes: has };
    assertEquals(rate.rates, { messages: has, bytes: has });
    let count = 0;
    for (; !rate.isOverdrawn && count < 100; count++) rate.spend(1, 1);
    return count;
  };
  // one more than is left, which overdraws it
  assertEquals(left(10, 3, 20), 8);
  assertEquals(left(10, 3, 5), 6);
  assertEquals(left(Infinity, 3, 5), 6);
  assertEquals(left(10, 3, Infinity), 100);
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

Deno.test("who comes is behind a single one that waits, though nothing is missing any more", () => {
  const rate = new PublishRate({ messages: 10, bytes: Infinity });
  rate.spend(11, 0);
  const waiting = new RateGate(rate);
  const order: string[] = [];
  waiting.whenNotFull(() => order.push("waiting"));
  rate.rates = { messages: Infinity, bytes: Infinity };
  assertEquals([rate.isOverdrawn, rate.mustWait], [false, true]);
  const comer = new RateGate(rate);
  assertEquals([comer.full, order], [true, []]);
  rate.tick(250);
  assertEquals(order, ["waiting"]);
});
