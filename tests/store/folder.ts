/**
 * A folder of a test's own, gone with it.
 *
 * @module
 */
import { openSqliteStore, type SqliteOptions } from "../../lib/store/sqlite/open_store.ts";
import { Asking } from "./asking.ts";

/** Where a test may do as it likes. */
export class Folder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "hashbus-store-" });
  /** The data directory most tests use. */
  readonly data = `${this.path}/data`;
  readonly database = `${this.data}/hashbus.db`;
  readonly wal = `${this.database}-wal`;

  /** Opens the store in `data`. */
  async open(options: SqliteOptions = {}): Promise<Asking> {
    return new Asking(await openSqliteStore(this.data, options));
  }

  /** Opens it, lets `work` have it, and closes it. */
  async with<T>(work: (store: Asking) => Promise<T>, options: SqliteOptions = {}): Promise<T> {
    const store = await this.open(options);
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  }

  /** Every file in `data` with its bytes, to see that nothing changed. */
  contents(): Map<string, string> {
    const files = new Map<string, string>();
    for (const { name } of Deno.readDirSync(this.data)) {
      if (name === "hashbus.lock") continue;
      files.set(name, new Uint8Array(Deno.readFileSync(`${this.data}/${name}`)).toBase64());
    }
    return files;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
