/**
 * Reads the blobs of a store in a bare loop, as fast as SQLite hands them over, and does nothing with them: a process of its
 * own. Takes the file as its argument and prints a {@link BareRead} as a line of JSON.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";

/** What was read. */
export interface BareRead {
  readonly batches: number;
  readonly bytes: number;
  readonly seconds: number;
}

function read(file: string): BareRead {
  const db = new DatabaseSync(file, { readOnly: true });
  const rows = db.prepare("SELECT bytes FROM batch ORDER BY id");
  let batches = 0;
  let bytes = 0;
  const start = performance.now();
  for (const row of rows.iterate()) {
    const blob = row["bytes"];
    if (!(blob instanceof Uint8Array)) throw new Error("a batch has no bytes");
    bytes += blob.length;
    batches++;
  }
  const seconds = (performance.now() - start) / 1000;
  db.close();
  return { batches, bytes, seconds };
}

if (import.meta.main) {
  const said = `${JSON.stringify(read(Deno.args[0] ?? ""))}\n`;
  await Deno.stdout.write(new TextEncoder().encode(said));
}
