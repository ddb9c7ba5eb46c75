import { assert, assertEquals } from "@std/assert";
import { seeded } from "./random.ts";
import { workRounds } from "./workers/rounds.ts";

Deno.test("workers and brokers are killed 6 times: each message is settled, by one at a time, or a dead letter", async () => {
  const seed = Date.now() % 1_000_000;
  const directory = await Deno.makeTempDir({ prefix: "hashbus-work-" });
  try {
    const { wrong, published, settled, dead } = await workRounds({
      kills: 6,
      random: seeded(seed),
      directory,
    });
    assertEquals(wrong, [], `seed ${seed}`);
    assert(published > 100 && settled + dead >= published, `${published}, ${settled}, ${dead}`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
