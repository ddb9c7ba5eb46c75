import { assertEquals } from "@std/assert";
import { ReadTime } from "../../../lib/cli/options/position.ts";
import { ToldPositions } from "../../../lib/cli/subscriber/told_positions.ts";

Deno.test("a time without an offset is told once, an end that looks like Unix seconds, too, and nothing else", () => {
  const said: string[] = [];
  const told = new ToldPositions((text) => said.push(text));
  const time = new ReadTime(0, { written: "1970-01-01" });
  for (let twice = 0; twice < 2; twice++) {
    told.from("--from ", time);
    told.from("from=", 1_763_900_000);
    told.to("to=", 1_763_900_000);
    for (const exact of [7, "-1h", new Date(0)] as const) told.to("--to ", exact);
  }
  assertEquals(said, [
    `--from ${time.told}`,
    "to=1763900000 is a sequence number (Unix seconds are written @1763900000)",
  ]);
});

Deno.test("a hundred things are told, and then no more", () => {
  const said: string[] = [];
  const told = new ToldPositions((text) => said.push(text));
  const times = Array.from({ length: 102 }, (_, at) => new ReadTime(0, { written: `${at}` }));
  for (const [at, time] of times.entries()) {
    told.from("from=", time);
    assertEquals(said.length, Math.min(at + 1, 100));
  }
  told.from("from=", times[0]!);
  assertEquals(said.length, 100);
});
