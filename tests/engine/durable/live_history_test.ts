import { assert, assertEquals } from "@std/assert";
import { LiveHistory } from "../../../lib/engine/durable/live_history.ts";
import type { Cursor, Had } from "../../../lib/store/types.ts";
import { Recorder } from "../case_parts.ts";

function cursor(pattern: string, after = 0): Cursor {
  return { pattern, after, sequence: 0, time: 0, to: undefined };
}

/** As `pattern since..until`. */
function shown(had: readonly Had[]): string[] {
  return had.map(({ pattern, since, until }) => `${pattern} ${since}..${until}`);
}

function of(history: LiveHistory, pattern: string, { after = 0, since = 0, upTo = 100 } = {}): string[] {
  return shown(history.of(cursor(pattern, after), { since, upTo }));
}

Deno.test("what came live from one batch to another is known by the patterns it overlaps (C5, D8)", () => {
  const history = new LiveHistory();
  const one = new Recorder();
  history.begin("#a.*", one, { since: 10 });
  assertEquals([of(history, "#a.b"), of(history, "#>"), of(history, "#b")], [
    ["#a.* 10..100"],
    ["#a.* 10..100"],
    [],
  ]);
  history.end("#a.*", one, 20);
  assertEquals(of(history, "#a.b"), ["#a.* 10..20"]);
  assertEquals(of(history, "#a.b", { since: 15 }), ["#a.* 15..20"], "only what came since it began");
  assertEquals(of(history, "#a.b", { upTo: 12 }), ["#a.* 10..12"], "and has been handed on");
  for (const nothing of [{ after: 20 }, { since: 20 }, { upTo: 10 }, { after: 100 }, { since: 100 }]) {
    assertEquals(of(history, "#a.b", nothing), [], JSON.stringify(nothing));
  }
  assertEquals(of(history, "#a.b", { after: 19 }), ["#a.* 10..20"]);
});

Deno.test("the bounds of who got it are told with it", () => {
  const history = new LiveHistory();
  const bounds = { sequence: 5, time: 7, to: { kind: "sequence", sequence: 9 } } as const;
  history.begin("#a", new Recorder(), { since: 1, bounds });
  assertEquals(history.of(cursor("#a"), { since: 0, upTo: 3 }), [{
    pattern: "#a",
    ...bounds,
    since: 1,
    until: 3,
  }]);
});

Deno.test("who takes another's place ends that there, and is not ended by it", () => {
  const history = new LiveHistory();
  const [one, other] = [new Recorder(), new Recorder()];
  history.begin("#a", one, { since: 1 });
  history.begin("#a", other, { since: 5 });
  history.end("#a", one, 7);
  assertEquals(of(history, "#a"), ["#a 1..5", "#a 5..100"]);
  history.end("#a", other, 7);
  history.end("#a", other, 9);
  assertEquals(of(history, "#a"), ["#a 1..5", "#a 5..7"]);
});

Deno.test("who may leave something out counts for nothing, and ends what was there before", () => {
  const history = new LiveHistory();
  history.begin("#a", new Recorder(), { since: 1 });
  history.begin("#a", Object.assign(new Recorder(), { leavesOut: true as boolean }), { since: 5 });
  assertEquals(of(history, "#a"), ["#a 1..5"]);
});

Deno.test("what nobody is behind any more is forgotten, and so is what is too much", () => {
  const history = new LiveHistory();
  const one = new Recorder();
  for (let at = 1; at <= 1001; at++) {
    history.begin("#a", one, { since: 2 * at });
    history.end("#a", one, 2 * at);
    history.begin("#a", one, { since: 2 * at });
    history.end("#a", one, 2 * at + 1);
  }
  const all = of(history, "#a", { upTo: 10_000 });
  assertEquals([all.length, all[0]], [1000, "#a 4..5"], "of no batch nothing is kept, and the oldest goes");
  history.forget(2001);
  assertEquals(of(history, "#a", { upTo: 10_000 }), ["#a 2002..2003"]);
  history.forget(Infinity);
  assertEquals(of(history, "#a", { upTo: 10_000 }), []);
});

Deno.test("one of whom no bounds are told gets all of its pattern", () => {
  const history = new LiveHistory();
  history.begin("#a", new Recorder(), { since: 1 });
  assertEquals(history.of(cursor("#a"), { since: 0, upTo: 3 }), [{
    pattern: "#a",
    sequence: 0,
    time: 0,
    to: undefined,
    since: 1,
    until: 3,
  }]);
});

Deno.test("what is over is forgotten also where it is one alone, as soon as nobody is before its end", () => {
  const history = new LiveHistory();
  const one = new Recorder();
  history.begin("#a", one, { since: 1 });
  history.end("#a", one, 5);
  history.forget(4);
  assertEquals(of(history, "#a"), ["#a 1..5"]);
  history.forget(5);
  assertEquals(of(history, "#a"), []);
});

Deno.test("where nothing has come since, nothing that came before is looked at, however much there is", () => {
  const history = new LiveHistory();
  for (let at = 0; at < 100; at++) history.begin(`#${at}`, new Recorder(), { since: 1 });
  const iterator = Object.getPrototypeOf(new Map().values());
  const { next } = iterator;
  let steps = 0;
  const stepsOf = (bounds: { after?: number; since?: number; upTo: number }): number => {
    steps = 0;
    iterator.next = function (): unknown {
      steps++;
      return next.call(this);
    };
    try {
      of(history, "#7", bounds);
    } finally {
      iterator.next = next;
    }
    return steps;
  };
  assertEquals([stepsOf({ after: 9, upTo: 9 }), stepsOf({ since: 9, upTo: 9 })], [0, 0]);
  assert(stepsOf({ after: 9, since: 9, upTo: 10 }) >= 100);
});
