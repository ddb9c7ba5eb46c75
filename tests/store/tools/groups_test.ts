import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { RunError } from "../../../lib/errors.ts";
import { deleteStoredGroup, resetStoredGroup, storedGroups } from "../../../lib/store/tools/groups.ts";
import { run } from "../asking.ts";
import { Folder } from "../folder.ts";

const G = { name: "g", pattern: "#a" };

/** Names and lags. */
function listed(folder: Folder): string[] {
  return [...storedGroups(folder.data)].map(({ name, lag }) => `${name} ${lag}`);
}

Deno.test("the groups of a store are listed, whether a broker has it open or not", async () => {
  using folder = new Folder();
  await folder.with(async (store) => {
    await store.commit(run("#a", "1", "2"));
    await store.mark([
      { ...G, sequence: 0, after: 0, topics: [] },
      { name: "h", pattern: "#>", sequence: 0, after: 1, topics: [] },
    ]);
    assertEquals(listed(folder), ["g 2", "h 0"]);
  });
  assertEquals(listed(folder), ["g 2", "h 0"]);
});

Deno.test("a group begins anew, or is deleted, while no broker runs", async () => {
  using folder = new Folder();
  await folder.with(async (store) => {
    await store.commit(run("#a", "1", "2", "3"));
    await store.mark([{
      ...G,
      sequence: 0,
      after: 1,
      topics: [{ topic: "#a", settled: "9", attempts: "" }],
    }]);
  });
  assertEquals(await resetStoredGroup(folder.data, G, { kind: "earliest" }), true);
  assertEquals(listed(folder), ["g 3"]);
  assertEquals(await resetStoredGroup(folder.data, G, { kind: "sequence", sequence: 3 }), true);
  assertEquals(listed(folder), ["g 1"]);
  assertEquals(await resetStoredGroup(folder.data, G, undefined), true);
  assertEquals(listed(folder), ["g 0"]);
  assertEquals(await resetStoredGroup(folder.data, { ...G, name: "x" }, undefined), false);
  assertEquals(await deleteStoredGroup(folder.data, { ...G, name: "x" }), false);
  assertEquals(await deleteStoredGroup(folder.data, G), true);
  assertEquals(listed(folder), []);
});

Deno.test("where there is no store none is made, and one that is open is left alone", async () => {
  using folder = new Folder();
  assertThrows(() => listed(folder), RunError);
  await assertRejects(() => deleteStoredGroup(folder.data, G), RunError);
  await folder.with(async () => {
    await assertRejects(() => deleteStoredGroup(folder.data, G), RunError, "another");
  });
});
