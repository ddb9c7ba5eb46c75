import { assert, assertEquals } from "@std/assert";
import { commitOf } from "../../../lib/engine/durable/commit_parts.ts";
import type { News } from "../../../lib/engine/durable/news.ts";
import { type Moved, Piece } from "../../../lib/engine/durable/piece.ts";
import type { Run } from "../../../lib/wire/run.ts";

const GROUP = { name: "g", pattern: "#a" };
const NEWS: News = {
  pieces: [],
  marks: [],
  forget: [GROUP],
  stored: () => {},
  refused: () => {},
};

/** A piece of which only what it says is asked. */
function piece({ due, moved }: { readonly due?: number; readonly moved?: Moved } = {}): Piece {
  const part = { records: { start: 0, end: 0 }, ids: [], due } as unknown as Run;
  return new Piece({ part, acknowledgement: { acknowledge: () => {}, refuse: () => {} }, moved });
}

/** One that is stored already. */
function known(): Piece {
  return new Piece({ part: undefined, acknowledgement: { acknowledge: () => {}, refuse: () => {} } });
}

Deno.test("what is all published now is given to the store as it is, and nothing is made", () => {
  const pieces = [piece(), piece()];
  const commit = commitOf(pieces, { news: undefined, topicsMost: 7 });
  assertEquals(commit, { appends: pieces, marks: [], forget: [], topicsMost: 7 });
  assert(commit?.appends === pieces);
});

Deno.test("what is stored already is in no commit; with nothing else there is none, but for news", () => {
  const of = { news: undefined, topicsMost: 7 };
  assertEquals(commitOf([known(), known()], of), undefined);
  assertEquals(commitOf([], of), undefined);
  const one = piece();
  assertEquals(commitOf([known(), one, known()], of)?.appends, [one]);
  const news = commitOf([known()], { ...of, news: NEWS });
  assertEquals(news, { appends: [], delayed: [], moved: [], marks: [], forget: [GROUP], topicsMost: 7 });
  assertEquals(commitOf([], { ...of, news: NEWS }), {
    appends: [],
    marks: [],
    forget: [GROUP],
    topicsMost: 7,
  });
});

Deno.test("what is to come later is kept apart, what has come is appended and taken from there", () => {
  const [now, later, come] = [
    piece(),
    piece({ due: 5 }),
    piece({ moved: { runs: [3, 4], ids: undefined } }),
  ];
  const of = { news: undefined, topicsMost: 7 };
  const rest = { marks: [], forget: [], topicsMost: 7 };
  assertEquals(commitOf([now, later, come], of), {
    appends: [now, come],
    delayed: [later],
    moved: [3, 4],
    ...rest,
  });
  assertEquals(commitOf([later], of), { appends: [], delayed: [later], moved: [], ...rest });
  assertEquals(commitOf([come], of), { appends: [come], delayed: [], moved: [3, 4], ...rest });
});
