import { assertEquals } from "@std/assert";
import { STRFTIME } from "../../../lib/cli/output/strftime.ts";

/** What these letters write of a local time, with a space between them. */
function written(letters: string, date: Date): string {
  return [...letters].map((letter) => STRFTIME.get(letter)!(date)).join(" ");
}

Deno.test("each letter writes its part of a local time", () => {
  const morning = new Date(2026, 0, 4, 9, 5, 7, 45);
  assertEquals(written("aAbB", morning), "Sun Sunday Jan January");
  assertEquals(written("CdDeF", morning), "20 04 01/04/26  4 2026-01-04");
  assertEquals(written("HIjklmM", morning), "09 09 004  9  9 01 05");
  assertEquals(written("NpRSTuwyY%", morning), "045000000 AM 09:05 07 09:05:07 7 0 26 2026 %");
  assertEquals(written("ntns", new Date(1999)), "\n \t \n 1");
  const evening = new Date(2024, 11, 31, 23, 59, 58, 5);
  assertEquals(written("abdeHIklpjuw", evening), "Tue Dec 31 31 23 11 23 11 PM 366 2 2");
  const [noon, midnight] = [new Date(1905, 6, 1, 12), new Date(1905, 6, 1, 0)];
  assertEquals([written("Ilp", noon), written("Ilp", midnight)], ["12 12 PM", "12 12 AM"]);
  assertEquals(written("CyDj", noon), "19 05 07/01/05 182");
});

Deno.test("a zone is how far it is ahead of UTC, in hours and minutes", () => {
  const zone = (ahead: number): string =>
    written("z", Object.assign(new Date(0), { getTimezoneOffset: () => -ahead }));
  assertEquals([0, 60, 330, -210, -720].map(zone), ["+0000", "+0100", "+0530", "-0330", "-1200"]);
});
