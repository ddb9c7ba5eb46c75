/** Data that a broker must not touch: what is said, and that it stays as it is. */
import { assertEquals, assertMatch } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { broker, contents, Place, SERVE, SOME } from "./place.ts";

/** What is no data directory, how it comes to be, and what is said. */
const FOREIGN: readonly (readonly [string, (place: Place) => void, RegExp])[] = [
  [
    "a file",
    ({ data }) => Deno.writeTextFileSync(data, "my notes"),
    /the data needs (a directory|one) of its own/,
  ],
  ["below a file", (place) => Deno.writeTextFileSync(place.path + "/x", "x"), /directory/],
  ["another program's database", ({ data }) => {
    Deno.mkdirSync(data);
    const db = new DatabaseSync(`${data}/hashbus.db`);
    db.exec("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
    db.close();
  }, /belongs to another program: take another directory/],
  ["a text file of that name", ({ data }) => {
    Deno.mkdirSync(data);
    Deno.writeTextFileSync(`${data}/hashbus.db`, "dear diary\n".repeat(100));
  }, /is no store of hashbus/],
  ["an empty file of that name", ({ data }) => {
    Deno.mkdirSync(data);
    Deno.writeTextFileSync(`${data}/hashbus.db`, "");
  }, /is empty: restore it/],
];

for (const [name, make, says] of FOREIGN) {
  Deno.test(`a data directory that is ${name} is refused in one line, and stays as it is`, async () => {
    using place = new Place();
    make(place);
    const data = name === "below a file" ? `${place.path}/x/data` : place.data;
    await refused(place, { data, says });
  });
}

Deno.test("a store of a newer version is refused in one line, and stays as it is", async () => {
  using place = new Place();
  await broker(place.data, ["--import"], { stdin: SOME });
  const db = new DatabaseSync(`${place.data}/hashbus.db`);
  db.exec("PRAGMA journal_mode = DELETE; PRAGMA user_version = 99; PRAGMA journal_mode = WAL");
  db.close();
  await refused(place, {
    data: place.data,
    says: /was written by a newer version \(format 99, .*run that version/,
  });
});

Deno.test("a data directory that cannot be written to is refused in one line, and stays as it is", async () => {
  using place = new Place();
  Deno.mkdirSync(place.data, { mode: 0o500 });
  // who is root may write everywhere, unless told to do without
  const under = Deno.uid() === 0 ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] : [];
  try {
    await refused(place, {
      data: place.data,
      says: /cannot be used: Permission denied/,
      under,
      jobs: [SERVE],
    });
    await refused(place, {
      data: `${place.data}/deeper`,
      says: /cannot be used: Permission denied/,
      under,
      jobs: [SERVE],
    });
  } finally {
    Deno.chmodSync(place.data, 0o700);
  }
});

/** Starts a broker in every way with data that none may touch. */
async function refused(
  place: Place,
  { data, says, under = [], jobs = [SERVE, ["--export", "#>"], ["--import"]] }: {
    readonly data: string;
    readonly says: RegExp;
    readonly under?: readonly string[];
    readonly jobs?: readonly (readonly string[])[];
  },
): Promise<void> {
  const before = await contents(place.path);
  for (const job of jobs) {
    const { code, stdout, stderr } = await broker(data, job, { under });
    assertEquals([code, stdout], [1, ""], job.join(" "));
    assertMatch(stderr, says);
    assertMatch(stderr, /^broker: [^\n]*\n$/);
    const after = await contents(place.path);
    // the lock says who looks, and holds nothing
    after.delete(`${data}/hashbus.lock`);
    before.delete(`${data}/hashbus.lock`);
    assertEquals(after, before, job.join(" "));
  }
}
