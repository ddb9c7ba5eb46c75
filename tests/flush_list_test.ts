import { assertEquals, assertThrows } from "@std/assert";
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
