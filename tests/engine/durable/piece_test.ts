import { assertEquals } from "@std/assert";
import { Piece } from "../../../lib/engine/durable/piece.ts";
import { CLAIM_BYTES, PIECE_BYTES } from "../../../lib/limits.ts";
import { runOf, type Sent } from "../case_parts.ts";

Deno.test("what waits takes its bytes, so much beside them, and so much for each run of ids", () => {
  const weightOf = (...messages: readonly Sent[]): number => {
    const part = runOf({ topic: "#a", topicBytes: 2 }, messages);
    const { start, end } = part.records;
    const piece = new Piece({ part, acknowledgement: { acknowledge: () => {}, refuse: () => {} } });
    return piece.weight - (end - start);
  };
  assertEquals(weightOf("x", "y"), PIECE_BYTES);
  assertEquals(weightOf({ text: "x", id: "a" }), PIECE_BYTES + CLAIM_BYTES);
  assertEquals(weightOf({ text: "x", id: "a" }, { text: "y", id: "b" }), PIECE_BYTES + 2 * CLAIM_BYTES);
});
