import { assert, assertEquals, assertMatch } from "@std/assert";
import { openForWriting } from "../../../../lib/store/sqlite/open_for_writing.ts";
import { FORMAT, OPEN_BIT } from "../../../../lib/store/sqlite/schema.ts";
import { run } from "../../asking.ts";
import { Folder } from "../../folder.ts";
import { store, writing } from "../../writing.ts";

Deno.test("where it is not known what is stored nothing is written any more, not even by closing", () => {
  using folder = new Folder();
  const { writer, held } = openForWriting(folder.data, {
    sync: "interval",
    dedupWindow: 1000,
    judge: () => {},
  });
  const bytes = new TextEncoder().encode("pub #a 1\nx\n");
  writer.commit({ batches: [{ topic: "#a", count: 1, start: 0, end: bytes.length }] }, bytes, 1);
  const wal = Deno.readFileSync(folder.wal);
  Deno.removeSync(folder.wal);
  writer.look();
  const { lost } = writer;
  assertEquals(lost?.kind, "lost");
  // somebody puts back what is no longer the one that is open
  Deno.writeFileSync(folder.wal, wal);
  const before = folder.contents();
  assertEquals([writer.checkpoint(), writer.syncWal(), writer.giveBack()], [lost, lost, false]);
  writer.close();
  assertEquals(folder.contents(), before);
  held.release();
});

Deno.test("what a crash left is moved into the database by opening it, and counts for what somebody may cut", () => {
  using folder = new Folder();
  using copy = new Folder();
  Deno.mkdirSync(copy.data);
  writing(folder, (writer) => {
    store(writer, { appends: [run("#a", "x".repeat(500_000))] });
    Deno.copyFileSync(folder.database, copy.database);
    Deno.copyFileSync(folder.wal, copy.wal);
  });
  const { size } = Deno.statSync(copy.database);
  writing(copy, (writer) => {
    assert(Deno.statSync(copy.database).size > size);
    writer.look();
    assertEquals(writer.lost, undefined);
    Deno.truncateSync(copy.database, size);
    writer.look();
    assertMatch(writer.lost?.reason ?? "", /hashbus\.db" was cut from \d+ to \d+ bytes while it was in use/);
  });
});

Deno.test("where little is free nothing is given back, and nothing is taken of the log for it", () => {
  using folder = new Folder();
  writing(folder, (writer) => {
    assertEquals([writer.giveBack(), writer.walUsed], [false, false]);
  });
});

Deno.test("that somebody has a store open stands in the database's own file, as long as that is so", () => {
  using folder = new Folder();
  const version = (): number => new DataView(Deno.readFileSync(folder.database).buffer).getUint32(60);
  writing(folder, () => assertEquals(version(), OPEN_BIT | FORMAT));
  assertEquals(version(), FORMAT);
});
