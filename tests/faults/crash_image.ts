/**
 * A store as kill -9 leaves it, and copies of it that were cut or changed.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { checkTail } from "../../lib/store/sqlite/check_tail.ts";
import { connect } from "../../lib/store/sqlite/connection.ts";
import { filesIn } from "../../lib/store/sqlite/files.ts";
import { inspect } from "../../lib/store/sqlite/inspect.ts";
import { readWalTail, type WalTail } from "../../lib/store/sqlite/wal_tail.ts";
import type { Append } from "../../lib/store/types.ts";
import { Folder } from "../store/folder.ts";

/** What lay on disk when the process was gone. */
export interface CrashImage {
  readonly database: Uint8Array;
  readonly wal: Uint8Array;
  /** Where in the WAL each commit ends, in order. */
  readonly ends: readonly number[];
}

/** Commits to a store and takes what is on disk then, without closing it. */
export async function crashImage(commits: readonly (readonly Append[])[]): Promise<CrashImage> {
  using folder = new Folder();
  return await folder.with(async (store) => {
    const ends: number[] = [];
    for (const appends of commits) {
      await store.commit(...appends);
      ends.push(Deno.statSync(folder.wal).size);
    }
    return { database: Deno.readFileSync(folder.database), wal: Deno.readFileSync(folder.wal), ends };
  });
}

/** Makes these the only files of a store. */
export function lay(
  folder: Folder,
  { database, wal }: { readonly database: Uint8Array; readonly wal: Uint8Array | undefined },
): void {
  Deno.mkdirSync(folder.data, { recursive: true });
  Deno.removeSync(folder.data, { recursive: true });
  Deno.mkdirSync(folder.data);
  Deno.writeFileSync(folder.database, database);
  if (wal !== undefined) Deno.writeFileSync(folder.wal, wal);
}

/** What a start finds: what it says of the WAL, and the batches that are there. */
export function startOf(folder: Folder): { readonly tail: WalTail | undefined; readonly batches: number } {
  const files = filesIn(folder.data);
  inspect(files);
  const tail = readWalTail(files.wal);
  const db = connect(files.database, { readOnly: false, sync: "commit" });
  try {
    checkTail(db);
    const row = db.prepare("SELECT count(*) AS batches, max(id) AS last FROM batch").get() ?? {};
    const { batches, last } = row;
    assertEquals(last ?? 0, batches, "the batches that are there are the first ones");
    return { tail, batches: Number(batches) };
  } finally {
    db.close();
  }
}
