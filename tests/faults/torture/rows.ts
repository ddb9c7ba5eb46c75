/**
 * A table with a row a kind, each with a folder of its own.
 *
 * @module
 */

/** What is in the table. */
export interface Rows<Kind extends string> {
  readonly kinds: readonly Kind[];
  /** Behind `kind`. */
  readonly columns: readonly string[];
  readonly say: (line: string) => void;
  /** Rows that are made at a time, 1 where it is not said: they say themselves when they are done. */
  readonly atATime?: number;
  /** Says the row of one; whether all in it is as it should be. */
  readonly row: (kind: Kind, directory: string) => Promise<boolean>;
}

/** Whether all rows are good; where one cannot be made the table says why and goes on. */
export async function printRows<Kind extends string>(
  { kinds, columns, say, row, atATime = 1 }: Rows<Kind>,
): Promise<boolean> {
  say(`| kind | ${columns.join(" | ")} |\n| --- |${" ---: |".repeat(columns.length)}`);
  let good = true;
  const left = [...kinds];
  const some = async (): Promise<void> => {
    for (let kind = left.shift(); kind !== undefined; kind = left.shift()) await one(kind);
  };
  const one = async (kind: Kind): Promise<void> => {
    const directory = await Deno.makeTempDir({ prefix: "hashbus-torture-" });
    try {
      good = await row(kind, directory) && good;
    } catch (error) {
      say(`| ${kind} | ${error} |`);
      good = false;
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  };
  await Promise.all(Array.from({ length: atATime }, some));
  return good;
}
