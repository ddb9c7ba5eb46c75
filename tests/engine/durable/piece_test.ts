import { assert, assertEquals } from "@std/assert";
import { Piece, Repetition } from "../../../lib/engine/durable/piece.ts";
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

const ANSWER = { acknowledge: () => {}, refuse: () => {} };

function known(claimant?: Piece, repetition?: Repetition): Piece {
  return new Piece({ part: undefined, acknowledgement: ANSWER, claimant, repetition });
}

Deno.test("what is stored already takes what its objects do, and no bytes of its own", () => {
  assertEquals([known().weight, known().overhead], [PIECE_BYTES, PIECE_BYTES]);
});

Deno.test("what has been answered refers to nothing that it repeats, nor to what repeats it", () => {
  const claimant = known();
  const repetition = new Repetition();
  const piece = known(claimant, repetition);
  piece.repeatedBy = [new Repetition()];
  piece.release();
  assertEquals([piece.claimant, piece.repetition, piece.repeatedBy], [undefined, undefined, undefined]);
});

Deno.test("a run that repeats a piece several times is noted with it once, beside the others that do", () => {
  const [claimant, other] = [known(), known()];
  const [first, second] = [new Repetition(), new Repetition()];
  first.repeats(claimant);
  second.repeats(claimant);
  second.repeats(claimant);
  second.repeats(other);
  assertEquals(claimant.repeatedBy, [first, second]);
  claimant.waits = false;
  assert(second.blocker === other);
  other.waits = false;
  assertEquals(second.blocker, undefined);
});

Deno.test("the pieces of a repetition are given once", () => {
  const repetition = new Repetition();
  const pieces = [known(undefined, repetition)];
  repetition.consistsOf(pieces);
  assertEquals([repetition.takeAll(), repetition.takeAll()], [pieces, []]);
});
