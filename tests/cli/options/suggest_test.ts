import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { nearest } from "../../../lib/cli/options/suggest.ts";

const KNOWN = ["host", "port", "pub-port", "sub-port", "connect-timeout", "quiet", "x"];

Deno.test("a slip of the finger is seen through: a letter too much, too few, another one, two that are swapped", () => {
  assertEquals(["hosst", "hst", "hott", "hots"].map((word) => nearest(word, KNOWN)), Array(4).fill("host"));
  assertEquals(["qiuet", "quite"].map((word) => nearest(word, KNOWN)), ["quiet", "quiet"]);
  assertEquals(nearest("host", KNOWN), "host");
});

Deno.test("every slip is as near as any other, and two are farther than one", () => {
  const slips = { "a letter too much": "hosst", "too few": "hst", another: "hott", "two swapped": "hots" };
  for (const [what, word] of Object.entries(slips)) {
    // one other letter: as near as the slip, and behind it
    assertEquals(nearest(word, ["host", `${word.slice(0, -1)}z`]), "host", what);
    assertEquals(nearest(word, [`${word.slice(0, -1)}z`, "host"]), `${word.slice(0, -1)}z`, what);
  }
  assertEquals(nearest("hosstt", ["host", "hossz"]), "host");
  assertEquals(nearest("hosstt", ["host", "hosstz"]), "hosstz", "one slip");
});

Deno.test("a word that was broken off, or whose beginning is left out, is near", () => {
  assertEquals(
    ["connect", "con", "timeout"].map((word) => nearest(word, KNOWN)),
    Array(3).fill("connect-timeout"),
  );
  assertEquals(nearest("co", KNOWN), undefined, "two letters say too little");
});

Deno.test("what is far from all is near to none", () => {
  for (const word of ["", "y", "zzzz", "abcdefgh", "hxxx"]) {
    assertEquals(nearest(word, KNOWN), undefined, word);
  }
  assertEquals([nearest("ab", ["ac"]), nearest("abc", ["xbc"]), nearest("abc", ["xyc"])], [
    "ac",
    "xbc",
    "xyc",
  ]);
  assertEquals(nearest("abcdefgh", ["abcdeXYZ"]), "abcdeXYZ");
  assertEquals(nearest("abcdefgh", ["abcdWXYZ"]), undefined, "four letters are no slip");
});

Deno.test("of several the nearest is meant, and the first of those that are as near", () => {
  assertEquals(nearest("abcde", ["abcxx", "abcdx", "abcdy"]), "abcdx");
  fc.assert(
    fc.property(fc.string({ minLength: 3, maxLength: 8 }), fc.nat(), (word, at) => {
      const where = at % word.length;
      const short = word.slice(0, where) + word.slice(where + 1);
      assertEquals(nearest(short, ["\0\0\0\0\0\0\0\0\0\0", word]), word);
    }),
    { numRuns: 100 },
  );
});

/** Letters to insert, drop, replace or swap with a neighbour until one word is the other: every way is tried. */
function slips(from: string, to: string): number {
  if (from === "" || to === "") return from.length + to.length;
  const [rest, other] = [from.slice(1), to.slice(1)];
  const ways = [
    slips(rest, to) + 1,
    slips(from, other) + 1,
    slips(rest, other) + (from[0] === to[0] ? 0 : 1),
  ];
  const swaps = from.length > 1 && from[0] === to[1] && from[1] === to[0];
  return Math.min(...ways, ...(swaps ? [slips(from.slice(2), to.slice(2)) + 1] : []));
}

Deno.test("a word is near where so few slips lead to it, whatever the two are", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 5 });
  fc.assert(
    fc.property(word, word, (typed, known) => {
      const isPart = typed.length > 2 && known.startsWith(typed);
      const most = Math.min(3, Math.ceil(typed.length / 2));
      const apart = isPart ? 1 : slips(typed, known);
      const isNear = apart <= most && apart < typed.length && apart < known.length;
      assertEquals(nearest(typed, [known]), isNear ? known : undefined);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("a word of megabytes is far from all at once", () => {
  const started = performance.now();
  assertEquals(nearest("x".repeat(8 * 1024 ** 2), KNOWN), undefined);
  assertEquals(performance.now() - started < 500, true);
});
