import { assertEquals } from "@std/assert";
import { pidOfLockIn } from "../../../lib/store/sqlite/held_files.ts";

const LOCKS = [
  "1: POSIX  ADVISORY  WRITE 11 fe:00:700 0 EOF",
  "2: FLOCK  ADVISORY  READ  12 fe:00:700 0 EOF",
  "3: FLOCK  ADVISORY  WRITE 13 fe:00:7001 0 EOF",
  "4: FLOCK  ADVISORY  WRITE 14 fe:00:1700 0 EOF",
  "5: FLOCK  ADVISORY  WRITE 15 fe:00:700 0 EOF",
  "6: FLOCK  ADVISORY  WRITE 0 00:1b:701 0 EOF",
].join("\n");

Deno.test("who has a file is who has locked all of it for itself, and nobody who has another", () => {
  assertEquals(pidOfLockIn(LOCKS, 700), 15);
  assertEquals(pidOfLockIn(LOCKS, 7001), 13);
  assertEquals(pidOfLockIn(LOCKS, 70), undefined);
  assertEquals(pidOfLockIn("", 700), undefined);
});

Deno.test("who is in a namespace of its own has no number here", () => {
  assertEquals(pidOfLockIn(LOCKS, 701), undefined);
});

Deno.test("a file that has no number is nobody's", () => {
  assertEquals(pidOfLockIn(LOCKS, null), undefined);
});
