import { assert, assertEquals } from "@std/assert";
import { WaitingRoom } from "../../../lib/engine/durable/waiting_room.ts";
import { COMMIT_PIECES_MOST, LOG_PIECES_LEAST } from "../../../lib/limits.ts";

Deno.test("there is room for some commits of the size that commits have, and grows with it", () => {
  const room = new WaitingRoom();
  assertEquals(room.most, LOG_PIECES_LEAST);
  // a commit takes what waited while the one before it ran, up to its most
  for (let commit = 0; commit < 4; commit++) room.took(Math.min(COMMIT_PIECES_MOST, room.most));
  assertEquals(room.most, 6 * COMMIT_PIECES_MOST);
});

Deno.test("a small commit between large ones changes little; when all are small there is room for few", () => {
  const room = new WaitingRoom();
  room.took(COMMIT_PIECES_MOST);
  room.took(1);
  assert(room.most > 5 * COMMIT_PIECES_MOST, `${room.most}`);
  for (let commit = 0; commit < 100; commit++) room.took(128);
  assertEquals(room.most, LOG_PIECES_LEAST);
});
