import { assert, assertEquals, assertRejects } from "@std/assert";
import { measureFsync, priceOf } from "../../../lib/store/tools/fsync_price.ts";
import { Folder } from "../folder.ts";

Deno.test("an fsync is measured in the directory itself, and nothing is left there", async () => {
  using folder = new Folder();
  const price = await measureFsync(folder.path, new AbortController().signal);
  assert(price !== undefined && price.writes >= 1, "something was measured");
  assert(price.median > 0 && price.median <= price.worst, JSON.stringify(price));
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

Deno.test("the event loop goes on while an fsync is measured", async () => {
  using folder = new Folder();
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  await measureFsync(folder.path, new AbortController().signal);
  clearInterval(timer);
  assert(turns > 0);
});

Deno.test("a measuring that is stopped gives nothing and leaves nothing", async () => {
  using folder = new Folder();
  assertEquals(await measureFsync(folder.path, AbortSignal.abort()), undefined);
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

Deno.test("where nothing can be written, that is what is said", async () => {
  using folder = new Folder();
  await assertRejects(
    () => measureFsync(`${folder.path}/missing`, new AbortController().signal),
    Deno.errors.NotFound,
  );
});

Deno.test("a price is the median and the worst of what was measured, without the first three", () => {
  assertEquals(priceOf([100, 200, 300, 9, 1, 10, 2]), { median: 9, worst: 10, writes: 4 });
  assertEquals(priceOf([100, 200, 300, 9, 1, 10]), { median: 9, worst: 10, writes: 3 });
  assertEquals(priceOf([100, 200, 300, 4]), { median: 4, worst: 4, writes: 1 });
  assertEquals(priceOf([100, 7]), { median: 7, worst: 7, writes: 1 }, "one is left");
  assertEquals(priceOf([5]), { median: 5, worst: 5, writes: 1 });
  assertEquals(priceOf([]), undefined);
});
