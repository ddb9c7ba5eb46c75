import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { COST, COST_LEAST, hashSecret, isMadeOf, lockedSecret, readStored } from "../../lib/auth/secrets.ts";

const stored = await hashSecret("opens", COST_LEAST);

Deno.test("a secret is kept as what only it opens", async () => {
  assertMatch(stored, /^\$scrypt\$ln=14,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  const read = readStored(stored);
  assert(read !== undefined);
  assertEquals(await isMadeOf(read, "opens"), true);
  for (const other of ["Opens", "opens ", "", "open", "opens\0", "opens\0\0"]) {
    assertEquals(await isMadeOf(read, other), false, other);
  }
  assertNotEquals(await hashSecret("opens", COST_LEAST), stored, "another salt each time");
});

Deno.test("nothing opens what is locked", async () => {
  for (const secret of ["", "opens"]) assertEquals(await isMadeOf(lockedSecret(COST_LEAST), secret), false);
});

Deno.test("what is no hash, or too cheap or too dear a one, is not read", () => {
  const [salt, hash] = stored.split("$").slice(3);
  const at = (cost: string): string => `$scrypt$${cost}$${salt}$${hash}`;
  for (const cost of ["ln=14,r=8,p=1", "ln=15,r=8,p=3", "ln=17,r=8,p=1", "ln=14,r=8,p=5"]) {
    assertEquals(readStored(at(cost))?.text, at(cost), cost);
  }
  // 256 MiB, and 16 times the work of a new one
  for (const cost of ["ln=18,r=8,p=1", "ln=15,r=8,p=48"]) {
    assertEquals(readStored(at(cost))?.text, at(cost), cost);
  }
  for (const cost of ["ln=18,r=9,p=1", "ln=15,r=8,p=49", "ln=16,r=8,p=25"]) {
    assertEquals(readStored(at(cost)), undefined, cost);
  }
  assertEquals(readStored(at(`ln=${COST.ln},r=${COST.r},p=${COST.p}`))?.cost, COST);
  const wrong = [
    "",
    "opens",
    stored.slice(1),
    `${stored}\n`,
    `${stored}=`,
    stored.slice(0, -2),
    `$scrypt$ln=14,r=8,p=1$${salt!.slice(4)}$${hash}`,
    `$scrypt$ln=14,r=8,p=1$$${hash}`,
    ...["ln=13,r=8,p=1", "ln=14,r=7,p=1", "ln=14,r=8,p=0", "ln=19,r=8,p=1", "ln=99,r=8,p=1", "ln=15,r=8,p=99"]
      .map(at),
    // numbers have two digits at most
    ...["ln=014,r=8,p=1", "ln=14,r=008,p=1", "ln=14,r=100,p=1", "ln=14,r=8,p=001"]
      .map(at),
    stored.replace("scrypt", "argon2id"),
  ];
  for (const text of wrong) assertEquals(readStored(text), undefined, text);
});
