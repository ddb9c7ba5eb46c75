import { assert, assertEquals, assertRejects } from "@std/assert";
import { measureFsync, priceOf } from "../../../lib/store/tools/fsync_price.ts";
import { DATABASE_PAGE_BYTES } from "../../../lib/store/sqlite/schema.ts";
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

Deno.test("three pages are written each time, and over the first ones behind the sixteenth", async () => {
  using folder = new Folder();
  const { sync } = Deno.FsFile.prototype;
  const { now } = performance;
  const sizes: number[] = [];
  Deno.FsFile.prototype.sync = async function (): Promise<void> {
    sizes.push(this.statSync().size);
    await sync.call(this);
  };
  // no time passes, so that the disk's pace is not what ends it
  performance.now = () => 0;
  try {
    const price = await measureFsync(folder.path, new AbortController().signal);
    assertEquals(price?.writes, sizes.length - 3, "the first three are not counted");
  } finally {
    performance.now = now;
    Deno.FsFile.prototype.sync = sync;
  }
  assert(sizes.length > 17, `${sizes.length} writes`);
  const bytes = 3 * (DATABASE_PAGE_BYTES + 24);
  assertEquals(sizes, sizes.map((_, at) => Math.min(at + 1, 16) * bytes));
});

Deno.test("a write of which the system takes a part goes on behind that", async () => {
  using folder = new Folder();
  const { sync, write } = Deno.FsFile.prototype;
  const sizes: number[] = [];
  Deno.FsFile.prototype.write = async function (bytes): Promise<number> {
    return await write.call(this, bytes.subarray(0, 5000));
  };
  Deno.FsFile.prototype.sync = async function (): Promise<void> {
    sizes.push(this.statSync().size);
    await sync.call(this);
  };
  try {
    await measureFsync(folder.path, new AbortController().signal);
  } finally {
    Object.assign(Deno.FsFile.prototype, { sync, write });
  }
  assertEquals(sizes[0], 3 * (DATABASE_PAGE_BYTES + 24));
});

Deno.test("a measuring that is stopped on its way writes no more", async () => {
  using folder = new Folder();
  const { sync } = Deno.FsFile.prototype;
  const stop = new AbortController();
  let syncs = 0;
  Deno.FsFile.prototype.sync = async function (): Promise<void> {
    await sync.call(this);
    if (++syncs === 2) stop.abort();
  };
  try {
    assertEquals(await measureFsync(folder.path, stop.signal), undefined);
  } finally {
    Deno.FsFile.prototype.sync = sync;
  }
  assertEquals(syncs, 2);
});

Deno.test("a price is what syncs took without the first three, known after a quarter of a second", async () => {
  using folder = new Folder();
  const { sync } = Deno.FsFile.prototype;
  const { now } = performance;
  let time = 1000;
  let syncs = 0;
  performance.now = () => time;
  // the first takes a millisecond, and each one more than that before it
  Deno.FsFile.prototype.sync = async function (): Promise<void> {
    await sync.call(this);
    time += ++syncs;
  };
  try {
    const price = await measureFsync(folder.path, new AbortController().signal);
    // 231 milliseconds are over behind the 21st
    assertEquals([syncs, price], [22, { median: 13, worst: 22, writes: 19 }]);
  } finally {
    performance.now = now;
    Deno.FsFile.prototype.sync = sync;
  }
});
