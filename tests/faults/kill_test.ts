import { assert, assertEquals } from "@std/assert";
import { killRounds } from "./kill.ts";
import { seeded } from "./random.ts";

Deno.test("what was acknowledged survives kill -9: 5 kills under load, classic and v2, every message once, in order", async () => {
  const directory = await Deno.makeTempDir({ prefix: "hashbus-kill-" });
  try {
    const seed = Date.now() % 1_000_000;
    const report = await killRounds({ kills: 5, random: seeded(seed), directory: `${directory}/data` });
    const { lost, doubled, disordered, invented } = report;
    assertEquals(
      { lost, doubled, disordered, invented },
      { lost: 0, doubled: 0, disordered: 0, invented: 0 },
      `seed ${seed}`,
    );
    assert(report.acknowledged > 0 && report.stored >= report.acknowledged, JSON.stringify(report));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
