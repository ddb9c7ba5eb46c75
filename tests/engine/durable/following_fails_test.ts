import { assertEquals } from "@std/assert";
import { Following, type FollowingParts } from "../../../lib/engine/durable/following.ts";
import { Replay } from "../../../lib/engine/durable/replay.ts";
import type { SeekOutcome } from "../../../lib/store/types.ts";
import { Recorder } from "../case_parts.ts";

const FOUND: SeekOutcome = {
  kind: "found",
  cursor: { pattern: "#t", after: 7, sequence: 0, time: 0, to: undefined },
  first: { bytes: new Uint8Array(), messages: 0 },
  trimmedTo: undefined,
  ahead: undefined,
  deleted: 0,
};

Deno.test("a beginning that was looked for in what is no more is looked for anew", () => {
  const seeks: Array<(outcome: SeekOutcome) => void> = [];
  const store = {
    seek: (_: unknown, __: unknown, done: typeof seeks[number]) => void seeks.push(done),
    read: () => {},
  };
  const parts = {
    store,
    turns: { add: (turn: Following) => turn.ask(1, () => {}), remove: () => {} },
    finish: () => {},
    handedOn: () => 7,
    begun: () => 7,
    goLive: () => {},
    leave: () => {},
    flush: () => {},
  } as unknown as FollowingParts;
  const starts: string[] = [];
  const following = new Following(parts, []);
  const replay: Replay = new Replay({
    pattern: "#t",
    range: { from: { kind: "earliest" }, to: undefined },
    subscriber: new Recorder(),
    started: ({ kind }) => void starts.push(kind),
    ended: () => {},
    owner: { behind: () => {}, had: () => [] },
  });
  following.start(replay);
  following.fail("made anew");
  seeks.shift()!(FOUND);
  assertEquals([starts, seeks.length, replay.state], [[], 1, "seeking"]);
  seeks.shift()!(FOUND);
  assertEquals([starts, replay.state], [["started"], "reading"]);
});
