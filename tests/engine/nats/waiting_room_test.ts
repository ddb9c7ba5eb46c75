import { assert, assertEquals } from "@std/assert";
import { ChunkPool } from "../../../lib/buffers.ts";
import { WaitingRoom } from "../../../lib/engine/nats/waiting_room.ts";
import type { Gate } from "../../../lib/engine/types.ts";
import { HeldMemory } from "../../../lib/held_memory.ts";
import type { Run } from "../../../lib/wire/run.ts";
import { runOf } from "../case_parts.ts";

/** Is full until it is freed. */
class Door implements Gate {
  full = false;
  #waiting: Array<() => void> = [];

  whenNotFull(callback: () => void): void {
    this.#waiting.push(callback);
  }

  free(): void {
    this.full = false;
    for (const callback of this.#waiting.splice(0)) callback();
  }
}

function made(
  doors: Readonly<Record<string, readonly Door[]>>,
  { most = 256 * 1024 * 1024, then = () => {} }: { most?: number; then?: () => void } = {},
): {
  room: WaitingRoom;
  got: string[];
  overflown: string[];
  memory: HeldMemory;
  offer: (text: string) => void;
} {
  const [got, overflown] = [[] as string[], [] as string[]];
  const memory = new HeldMemory({ most, pool: new ChunkPool() });
  const textOf = (run: Run): string =>
    `${run.route.topic} ${new TextDecoder().decode(run.records.view).split("\n")[1]}`;
  const room = new WaitingRoom({
    memory,
    gateOf: ({ route: { topic } }) => doors[topic]!.find(({ full }) => full),
    deliver: (run) => {
      got.push(textOf(run));
      then();
    },
    overflows: (run) => overflown.push(textOf(run)),
    changed: () => {},
    flush: () => {},
  });
  const offer = (text: string): void => {
    const [topic = "", payload = ""] = text.split(" ");
    const run = runOf({ topic, topicBytes: topic.length }, [payload]);
    run.keep();
    room.offer(run);
  };
  return { room, got, overflown, memory, offer };
}

Deno.test("what comes for who is full waits, in its order, and others do not wait for it (N4)", () => {
  const [one, other] = [new Door(), new Door()];
  const { room, got, memory, offer } = made({ "#a": [one], "#b": [one], "#c": [other], "#ab": [one, other] });
  one.full = true;
  for (const text of ["#a 1", "#c 2", "#b 3", "#ab 4", "#a 5", "#c 6"]) offer(text);
  assertEquals(got, ["#c 2", "#c 6"]);
  assert(room.bytes > 0 && memory.held > 0);
  assertEquals([...room.standing()].map(({ topics }) => [...topics]), [["#a", "#b", "#ab"]]);
  one.free();
  assertEquals(got.slice(2), ["#a 1", "#b 3", "#ab 4", "#a 5"]);
  assertEquals([room.bytes, memory.held, [...room.standing()].length], [0, 0, 0]);
});

Deno.test("what waits for one may have to wait for another next, all of its topic with it", () => {
  const [one, other] = [new Door(), new Door()];
  const { got, offer } = made({ "#a": [one], "#ab": [one, other] });
  one.full = other.full = true;
  for (const text of ["#ab 1", "#a 2", "#ab 3"]) offer(text);
  one.free();
  assertEquals(got, ["#a 2"]);
  offer("#ab 4");
  other.full = false;
  one.full = true;
  offer("#ab 5");
  other.free();
  assertEquals(got, ["#a 2"], "the first is full again");
  one.free();
  assertEquals(got, ["#a 2", "#ab 1", "#ab 3", "#ab 4", "#ab 5"]);
});

Deno.test("one that is full again after the first run keeps the others waiting", () => {
  const one = new Door();
  const { got, offer } = made({ "#a": [one] }, { then: () => one.full = true });
  one.full = true;
  for (const text of ["#a 1", "#a 2", "#a 3"]) offer(text);
  one.free();
  assertEquals(got, ["#a 1"]);
  offer("#a 4");
  one.free();
  one.free();
  assertEquals(got, ["#a 1", "#a 2", "#a 3"]);
});

Deno.test("what there is no room for overflows", () => {
  const one = new Door();
  const { room, got, overflown, offer } = made({ "#a": [one] }, { most: 8 * 1024 });
  one.full = true;
  for (let at = 0; at < 8; at++) offer(`#a ${at}`);
  assertEquals([overflown.length > 0, got], [true, []]);
  room.clear();
  assertEquals(room.bytes, 0);
});
