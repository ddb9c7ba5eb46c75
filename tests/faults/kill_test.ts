import { assert, assertEquals } from "@std/assert";
import { type KillOptions, type KillReport, killRounds } from "./kill.ts";
import { seeded } from "./random.ts";

async function kill(options: Pick<KillOptions, "kills" | "random" | "newIds">): Promise<KillReport> {
  const directory = await Deno.makeTempDir({ prefix: "hashbus-kill-" });
  try {
    return await killRounds({ ...options, directory: `${directory}/data` });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("what was acknowledged survives kill -9: 5 kills under load, classic, v2 and sent again with ids, every message once, in order", async () => {
  const seed = Date.now() % 1_000_000;
  const report = await kill({ kills: 5, random: seeded(seed) });
  const { lost, doubled, disordered, invented } = report;
  assertEquals(
    { lost, doubled, disordered, invented },
    { lost: 0, doubled: 0, disordered: 0, invented: 0 },
    `seed ${seed}: ${report.wrong.join(", ")}`,
  );
  assert(report.acknowledged > 0 && report.stored >= report.acknowledged, JSON.stringify(report));
  assert(report.resent > 0, JSON.stringify(report));
});

Deno.test("a message that was stored and is sent again with another id is found twice", async () => {
  // a kill between a commit and its acknowledgement is likely, not certain
  for (let tries = 0; tries < 10; tries++) {
    const { doubled, known } = await kill({
      kills: 1,
      random: seeded(tries),
      newIds: true,
    });
    assertEquals(doubled, known);
    if (known > 0) return;
  }
  throw new Error("no kill came between a commit and its acknowledgement");
});
