/**
 * A store in a folder, written to and changed in the test's own thread.
 *
 * @module
 */
import { fail } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { type CommitNumbers, groupAppends } from "../../lib/store/log/group.ts";
import { openForWriting, type WritingOptions } from "../../lib/store/sqlite/open_for_writing.ts";
import { batchCrc, type BatchMark } from "../../lib/store/sqlite/stored_rows.ts";
import type { Writer } from "../../lib/store/sqlite/writer/writer.ts";
import type { Commit } from "../../lib/store/types.ts";
import type { Folder } from "./folder.ts";

/** Lets `work` have the writer of the store in a folder, and closes it. */
export function writing<T>(
  folder: Folder,
  work: (writer: Writer) => T,
  options: Partial<WritingOptions> = {},
): T {
  const how = { sync: "interval", dedupWindow: 1000, judge: () => {}, ...options } as const;
  const { writer, held } = openForWriting(folder.data, how);
  try {
    return work(writer);
  } finally {
    writer.close();
    held.release();
  }
}

/** Stores what a commit brings, at this time; fails where it is not stored. */
export function store(
  writer: Writer,
  { appends = [], delayed: later = [], ...rest }: Partial<Commit>,
  now = 1000,
): CommitNumbers {
  const grouped = groupAppends(appends, later);
  const { batches, delayed } = grouped;
  const bytes = new Uint8Array(grouped.length);
  grouped.copyTo(bytes);
  const outcome = writer.commit({ batches, delayed, ...rest }, bytes, now);
  return "firsts" in outcome ? outcome : fail(outcome.reason);
}

/** Changes the database behind the store's back. */
export function change(folder: Folder, how: string | ((db: DatabaseSync) => void)): void {
  using db = new DatabaseSync(folder.database);
  if (typeof how === "string") db.exec(how);
  else how(db);
}

/** A batch as if it had been written so. */
export function putBatch(db: DatabaseSync, mark: BatchMark, records: string): void {
  const { id, topic, first, count, time, expires = null } = mark;
  const bytes = new TextEncoder().encode(records);
  db.prepare("INSERT OR REPLACE INTO batch VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
    .run(id, topic, first, count, time, batchCrc(mark, bytes), bytes, expires);
}
