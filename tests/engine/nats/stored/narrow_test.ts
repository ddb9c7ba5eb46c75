import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { narrow } from "../../../../lib/engine/nats/stored/narrow.ts";
import { isWhole } from "../../../../lib/engine/nats/stored/whole.ts";
import type { Asked, EdgeMessage } from "../../../../lib/engine/nats/streams_port.ts";
import { Subjects } from "../../../../lib/engine/nats/subjects.ts";
import { covers } from "../../../../lib/topics/covers.ts";
import { overlap } from "../../../../lib/topics/overlap.ts";

Deno.test("patterns are made so few as may be, and no wider than that takes", () => {
  assertEquals(narrow(["#a.*", "#a.b", "#c"], 4), ["#a.*", "#c"]);
  assertEquals(narrow(["#a.b", "#a.*"], 4), ["#a.*"]);
  assertEquals(narrow(["#a.*.c", "#a.b.*"], 4), ["#a.*.*"]);
  assertEquals(narrow(["#a.*.c", "#a.b.>"], 4), ["#a.*.>"]);
  assertEquals(narrow(["#a.b", "#a.c", "#a.d"], 2), ["#a.*"]);
  assertEquals(narrow(["#a.b", "#a.c"], 2), ["#a.b", "#a.c"]);
  assertEquals(narrow(["#a.b", "#a.b.c"], 1), ["#a.>"]);
  assertEquals(narrow(["#a", "#b.c"], 1), ["#>"]);
});

Deno.test("whatever patterns there are, their few take in all of them, and have no topic in common", () => {
  const word = fc.constantFrom("a", "b", "*");
  const pattern = fc.tuple(fc.array(word, { minLength: 1, maxLength: 4 }), fc.boolean()).map(([all, rest]) =>
    `#${[...all, ...(rest ? [">"] : [])].join(".")}`
  );
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 6 }), fc.integer({ min: 1, max: 6 }), (patterns, most) => {
      const few = narrow(patterns, most);
      assert(few.length <= most);
      for (const each of patterns) assert(few.some((wide) => covers(wide, each)), each);
      for (const [at, one] of few.entries()) {
        for (const other of few.slice(at + 1)) assert(!overlap(one, other), `${one} ${other}`);
      }
    }),
  );
});

Deno.test("a stretch is whole where the stream has nothing of the patterns in it, as far as that can be said (N8)", () => {
  const whole = (
    stored: Readonly<Record<string, readonly [sequence: number, time: number] | "failed">>,
    stretch: Parameters<typeof isWhole>[2],
  ): (boolean | undefined)[] => {
    const said: (boolean | undefined)[] = [];
    const subjects = new Subjects("p");
    const asked = (subject: string, from: number): Asked<EdgeMessage> => {
      const found = stored[subjects.topicOfStored(subject)!];
      if (found === "failed") return { kind: "failed", reason: "no leader" };
      if (found === undefined || found[0] < from) return { kind: "none" };
      return { kind: "done", value: { sequence: found[0], time: found[1] } };
    };
    isWhole(
      {
        subjects,
        streams: {
          next: (subject, from, done) => done(asked(subject, from)),
          edge: (subject, which, done) => {
            assertEquals(which, "last");
            done(asked(subject, 0));
          },
        },
      },
      Object.keys(stored),
      stretch,
      (is) => void said.push(is),
    );
    return said;
  };
  const stored = { "#a": [5, 100], "#b": [9, 200] } as const;
  assertEquals(whole(stored, { after: 5, upTo: 8 }), [true]);
  assertEquals(whole(stored, { after: 5, upTo: 9 }), [false]);
  assertEquals(whole(stored, { after: 4, upTo: 8 }), [false]);
  assertEquals(whole(stored, { after: 9, upTo: 9 }), [true]);
  assertEquals(whole(stored, { after: 0, upTo: 4 }), [true]);
  assertEquals(whole({}, { after: 1, upTo: 9 }), [true]);
  assertEquals(whole(stored, { after: 0, upTo: 1, time: 201 }), [true]);
  assertEquals(whole(stored, { after: 0, upTo: 1, time: 200 }), [false], "by time, whatever its number");
  assertEquals(whole(stored, { after: 9, upTo: 10, time: 1 }), [true], "by number, where something was seen");
  assertEquals(whole({ ...stored, "#c": "failed" }, { after: 9, upTo: 10 }), [undefined]);
  assertEquals(whole({ "#c": "failed", ...stored }, { after: 4, upTo: 8 }), [false]);
  assertEquals(whole({ ...stored, "#c": "failed" }, { after: 4, upTo: 8 }), [false]);
});
