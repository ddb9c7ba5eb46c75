import v8 from "node:v8";
import { assert, assertEquals } from "@std/assert";
import { collectHeap } from "../../../lib/collect.ts";
import { Piece, Repetition } from "../../../lib/engine/durable/piece.ts";
import { WaitingPieces } from "../../../lib/engine/durable/waiting_pieces.ts";
import type { Acknowledgement, Publisher } from "../../../lib/engine/types.ts";
import { COMMIT_FIRST_PIECES } from "../../../lib/limits.ts";

const MOST = { pieces: 1000, bytes: 1e9 };
const ACKNOWLEDGEMENT: Acknowledgement = { acknowledge: () => {}, refuse: () => {} };

function newPiece(): Piece {
  return new Piece({ part: undefined, acknowledgement: ACKNOWLEDGEMENT });
}

function newPublisher(): Publisher {
  return { hold: () => ACKNOWLEDGEMENT };
}

Deno.test("publishers that come and go with each commit have their turns in the order they came", () => {
  const waiting = new WaitingPieces();
  const publishers = Array.from({ length: 5 }, newPublisher);
  for (let round = 0; round < 20; round++) {
    const inOrder = publishers.map((_, at) => publishers[(at + round) % publishers.length]!);
    const pieces = inOrder.map((publisher) => {
      const piece = newPiece();
      waiting.add(piece, publisher);
      assert(waiting.has(publisher));
      return piece;
    });
    assertEquals(waiting.size, 5);
    assertEquals(waiting.take(MOST).map((piece) => pieces.indexOf(piece)), [0, 1, 2, 3, 4]);
    assertEquals(waiting.size, 0);
    assertEquals(publishers.some((publisher) => waiting.has(publisher)), false);
  }
});

Deno.test("a commit that is full leaves the others to the next, in their order", () => {
  const waiting = new WaitingPieces();
  const pieces = Array.from({ length: 7 }, newPiece);
  for (const piece of pieces) waiting.add(piece, newPublisher());
  const taken: number[][] = [];
  while (waiting.size > 0) {
    taken.push(waiting.take({ pieces: 3, bytes: 1e9 }).map((piece) => pieces.indexOf(piece)));
  }
  assertEquals(taken, [[0, 1, 2], [3, 4, 5], [6]]);
});

Deno.test("who floods is no reason for a short commit each time all it had was taken, and who comes beside it is", () => {
  const waiting = new WaitingPieces();
  const [flood, quiet] = [newPublisher(), newPublisher()];
  const pour = (): Piece[] => {
    const pieces = Array.from({ length: 200 }, newPiece);
    for (const piece of pieces) waiting.add(piece, flood);
    return pieces;
  };
  pour();
  assert(waiting.isShort(MOST, { hasTo: true }) === false, "all of it is more than a short one takes");
  assertEquals(waiting.take(MOST).length, 200);
  for (let commit = 0; commit < 20; commit++) {
    const pieces = pour();
    assertEquals(waiting.isShort(MOST, { hasTo: false }), false);
    assertEquals(waiting.isShort(MOST, { hasTo: true }), false);
    const piece = newPiece();
    waiting.add(piece, quiet);
    assertEquals(waiting.isShort(MOST, { hasTo: false }), true);
    assertEquals(waiting.take(MOST, { short: true }).map((each) => pieces.indexOf(each)), [
      -1,
      ...Array.from({ length: COMMIT_FIRST_PIECES }, (_, at) => at),
    ]);
    assertEquals(waiting.take(MOST).length, 200 - COMMIT_FIRST_PIECES);
  }
});

Deno.test("what has left refers to nothing that comes behind it", () => {
  const waiting = new WaitingPieces();
  const publisher = newPublisher();
  const pieces = Array.from({ length: 5 }, newPiece);
  for (const piece of pieces) waiting.add(piece, publisher);
  assertEquals(waiting.take({ pieces: 3, bytes: 1e9 }), pieces.slice(0, 3));
  assertEquals(pieces.map(({ after }) => pieces.indexOf(after!)), [-1, -1, -1, 4, -1]);
  assertEquals(waiting.take(MOST), pieces.slice(3));
  assertEquals(pieces.map(({ after }) => after), Array(5).fill(undefined));
});

Deno.test("what has left a commit log is not kept by what left before it and has grown old", () => {
  const waiting = new WaitingPieces();
  const publishers = Array.from({ length: 64 }, newPublisher);
  const rounds = (count: number): void => {
    for (let round = 0; round < count; round++) {
      // first one alone, then all others: as those who wait for one commit each come
      for (const some of [publishers.slice(0, 1), publishers.slice(1)]) {
        for (const publisher of some) waiting.add(newPiece(), publisher);
        waiting.take(MOST);
      }
    }
  };
  rounds(1000);
  // what is there at a full collection is old from then on
  for (const publisher of publishers) waiting.add(newPiece(), publisher);
  collectHeap();
  waiting.take(MOST);
  const before = oldBytes();
  let most = 0;
  // 2 million pieces, several hundred MB: the young are collected many times meanwhile
  for (let some = 0; some < 100; some++) {
    rounds(300);
    most = Math.max(most, oldBytes() - before);
  }
  assert(most < 2_000_000, `${most} bytes have grown old`);
});

Deno.test("what others had to wait for is not kept when it has left", async () => {
  const waiting = new WaitingPieces();
  const pass = (): WeakRef<Piece> => {
    const claimant = newPiece();
    const repetition = new Repetition();
    repetition.repeats(claimant);
    const again = new Piece({ part: undefined, acknowledgement: ACKNOWLEDGEMENT, claimant, repetition });
    // its publisher's turn comes first
    waiting.add(again, newPublisher());
    waiting.add(claimant, newPublisher());
    const taken = waiting.take(MOST);
    assert(taken[0] === claimant && taken[1] === again && waiting.size === 0);
    return new WeakRef(claimant);
  };
  const gone = pass();
  const isGone = await new Promise<boolean>((resolve) =>
    setTimeout(() => {
      collectHeap();
      resolve(gone.deref() === undefined);
    })
  );
  assert(isGone);
});

/** Bytes of what has outlived collections of the young. */
function oldBytes(): number {
  const spaces = v8.getHeapSpaceStatistics() as { space_name: string; space_used_size: number }[];
  return spaces.find(({ space_name: name }) => name === "old_space")!.space_used_size;
}
