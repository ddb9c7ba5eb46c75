import { assertEquals } from "@std/assert";
import { openForWriting } from "../../../../lib/store/sqlite/open_for_writing.ts";
import { Folder } from "../../folder.ts";

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
