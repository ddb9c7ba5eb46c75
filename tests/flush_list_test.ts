import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { FlushList } from "../lib/flush_list.ts";

Deno.test("what is added while others are set going is set going with them, once each", () => {
  const list = new FlushList();
  const log: string[] = [];
  list.add({
    ready: () => {
      log.push("a");
      list.flush();
      list.add({ ready: () => log.push("c") });
    },
  });
  list.add({ ready: () => log.push("b") });
  list.flush();
  list.flush();
  assertEquals(log, ["a", "b", "c"]);
});

Deno.test("one that throws keeps no other from being set going", () => {
  const list = new FlushList();
  const log: string[] = [];
  for (const name of ["a", "defect", "b", "c"]) {
    list.add({
      ready: () => {
        if (name === "defect") throw new Error(name);
        log.push(name);
      },
    });
  }
  assertThrows(() => list.flush(), Error, "defect");
  assertEquals(log, ["a", "b", "c"]);
  list.add({ ready: () => log.push("d") });
  list.flush();
  assertEquals(log, ["a", "b", "c", "d"]);
});

Deno.test("whatever throws, what is added and set going is so once, in the order in which it came", () => {
  const plan = fc.array(fc.record({ throws: fc.boolean(), adds: fc.nat(2) }), { maxLength: 12 });
  fc.assert(fc.property(plan, fc.nat(3), (steps, rounds) => {
    const list = new FlushList();
    const log: number[] = [];
    let added = 0;
    const add = (): void => {
      const number = added++;
      const step = steps[number % Math.max(1, steps.length)];
      list.add({
        ready: () => {
          log.push(number);
          for (let more = step?.adds ?? 0; more > 0 && added < 50; more--) add();
          if (step?.throws) throw new RangeError(`${number}`);
        },
      });
    };
    for (let round = 0; round <= rounds; round++) {
      add();
      add();
      const before = log.length;
      try {
        list.flush();
        assertEquals(log.slice(before).some((number) => steps[number % steps.length]?.throws), false);
      } catch (error) {
        assert(error instanceof RangeError);
      }
      assertEquals(log, Array.from({ length: added }, (_, number) => number));
    }
  }));
});

Deno.test("while it is held nothing is set going; what was added by then is, behind that", () => {
  const list = new FlushList();
  const done: string[] = [];
  list.hold();
  list.add({ ready: () => done.push("one") });
  list.flush();
  assertEquals(done, []);
  list.release();
  assertEquals(done, []);
  list.flush();
  assertEquals(done, ["one"]);
});
