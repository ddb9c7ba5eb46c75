import { assertEquals } from "@std/assert";
import { ChunkPool } from "../../../lib/buffers.ts";
import {
  deadLettersOf,
  deadTopicOf,
  type Death,
  withDeadLetters,
} from "../../../lib/engine/groups/dead_letters.ts";
import { runsOf } from "../../../lib/engine/groups/stored_runs.ts";
import { encodeBatchHeader } from "../../../lib/wire/batch.ts";

Deno.test("dead letters are durable wherever anything is, and are named once (G11)", () => {
  assertEquals(withDeadLetters(["#a", "#b.>"]), ["#a", "#b.>", "#dead.>"]);
  for (const patterns of [["#>"], ["#a", "#>"], ["#dead.>", "#a"], ["#dead.>", "#>"]]) {
    assertEquals(withDeadLetters(patterns), patterns);
  }
});

Deno.test("a dead letter's topic is its message's, or where that would be too long that of all its group's (G11)", () => {
  assertEquals(deadTopicOf("#a.b", { group: "g", topicMost: 11 }), "#dead.g.a.b");
  assertEquals(deadTopicOf("#a.b", { group: "g", topicMost: 10 }), "#dead.g");
  assertEquals(deadTopicOf("#a.ü", { group: "g", topicMost: 11 }), "#dead.g", "its bytes count");
});

/** Records of `#a.b`, the first with the number 7, as they are read to die; and what is reserved for them. */
function dead(
  records: string,
  { begins = true, ...of }: Partial<Death> & { readonly begins?: boolean } = {},
): {
  readonly topic: string;
  readonly count: number;
  readonly text: string;
  readonly asked: readonly string[];
} {
  const asked: string[] = [];
  const pool = new ChunkPool();
  const bytes = new TextEncoder().encode(records);
  const header = encodeBatchHeader({
    ...{ topic: "#a.b", count: records.split("pub ").length - 1, length: bytes.length },
    ...{ first: 7, time: 0 },
  });
  const chunk = pool.adopt(new Uint8Array([...header, ...bytes]));
  const routeOf = (topic: string): { topic: string; topicBytes: number } => ({
    topic,
    topicBytes: topic.length,
  });
  const [run] = [...runsOf({ chunk, length: header.length + bytes.length }, { pool, routeOf })];
  const letters = deadLettersOf(run!, {
    ...{ group: "g", attempts: 3, cause: "lost connection", topicMost: 255 },
    ...of,
    topics: {
      reserve: (topic) => {
        asked.push(topic);
        return begins ? () => void asked.push("stored") : undefined;
      },
    },
  });
  letters.stored();
  const { topic, count } = letters;
  return { topic, count, text: new TextDecoder().decode(letters.bytes), asked };
}

const HEADERS = "h.dead-group=g h.dead-attempts=3 h.dead-reason=lost%20connection";

Deno.test("dead letters say what they were, each its own number, and have all that they had but a time to live (G11)", () => {
  const { topic, count, text, asked } = dead(
    "pub #a.b 2 id=x ttl=9 h.k=v\nhi\npub #a.b 0\n\npub #a.b 3 key=a\na\nb\n",
  );
  assertEquals([topic, count, asked], ["#dead.g.a.b", 3, ["#dead.g.a.b", "stored"]]);
  assertEquals(
    text,
    `pub #dead.g.a.b 2 id=x h.k=v h.dead-topic=#a.b h.dead-seq=7 ${HEADERS}\nhi\n` +
      `pub #dead.g.a.b 0 h.dead-topic=#a.b h.dead-seq=8 ${HEADERS}\n\n` +
      `pub #dead.g.a.b 3 key=a h.dead-topic=#a.b h.dead-seq=9 ${HEADERS}\na\nb\n`,
  );
});

Deno.test("what dies once more says only of the last time (G11)", () => {
  const { text } = dead("pub #a.b 1 h.dead-topic=#z h.k=v h.dead-seq=1 h.dead-attempts=9\nx\n");
  assertEquals(text, `pub #dead.g.a.b 1 h.k=v h.dead-topic=#a.b h.dead-seq=7 ${HEADERS}\nx\n`);
});

Deno.test("where its topic may not begin a dead letter goes to that of all its group's (D10)", () => {
  const { topic, text, asked } = dead("pub #a.b 1\nx\n", { begins: false });
  assertEquals([topic, asked], ["#dead.g", ["#dead.g.a.b"]]);
  assertEquals(text, `pub #dead.g 1 h.dead-topic=#a.b h.dead-seq=7 ${HEADERS}\nx\n`);
});
