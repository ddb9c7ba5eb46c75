import { assertEquals } from "@std/assert";
import { drawable, Screen } from "../../../lib/cli/prompt/screen.ts";
import { Rows } from "./rows.ts";

function bench(columns: number, rows: number): { readonly terminal: Rows; readonly screen: Screen } {
  const terminal = new Rows(columns, rows);
  return { terminal, screen: new Screen(terminal) };
}

Deno.test("a text is drawn where the last one was, and the cursor stands in it", () => {
  const { terminal, screen } = bench(10, 5);
  screen.draw({ text: "> hello", cursor: 7 });
  assertEquals([terminal.shown, terminal.cursor], [["> hello"], [0, 7]]);
  screen.draw({ text: "> hello, world again", cursor: 3 });
  assertEquals([terminal.shown, terminal.cursor], [["> hello, w", "orld again"], [0, 3]]);
  screen.draw({ text: "> hello, world", cursor: 12 });
  assertEquals([terminal.shown, terminal.cursor], [["> hello, w", "orld"], [1, 2]]);
  screen.draw({ text: "> h", cursor: 2 });
  assertEquals([terminal.shown, terminal.cursor], [["> h"], [0, 2]], "nothing is left of it");
  assertEquals(terminal.scrolled, []);
});

Deno.test("behind a row that is full the cursor stands at the start of the next", () => {
  const { terminal, screen } = bench(5, 4);
  screen.draw({ text: "12345", cursor: 5 });
  assertEquals([terminal.shown, terminal.cursor], [["12345"], [1, 0]]);
  screen.draw({ text: "12345", cursor: 2 });
  assertEquals([terminal.shown, terminal.cursor], [["12345"], [0, 2]]);
  screen.draw({ text: "1234512345", cursor: 10 });
  assertEquals([terminal.shown, terminal.cursor], [["12345", "12345"], [2, 0]]);
  screen.draw({ text: "", cursor: 0 });
  assertEquals([terminal.shown, terminal.cursor], [[], [0, 0]]);
});

Deno.test("lines are printed where the text was, and the text, where there is one, below them", () => {
  const { terminal, screen } = bench(10, 6);
  screen.print("first\n");
  screen.draw({ text: "> one two three", cursor: 15 });
  screen.print("a\nb\n", { text: "> one two three", cursor: 1 });
  assertEquals([terminal.shown, terminal.cursor], [["first", "a", "b", "> one two", "three"], [3, 1]]);
  screen.print("c\n");
  assertEquals([terminal.shown, terminal.cursor], [["first", "a", "b", "c"], [4, 0]]);
  screen.draw({ text: "> x", cursor: 3 });
  assertEquals(terminal.shown.at(-1), "> x");
});

Deno.test("a text that is left stays in whole, and what comes is below it", () => {
  const { terminal, screen } = bench(10, 6);
  screen.leave("nothing was drawn");
  assertEquals(terminal.shown, []);
  screen.draw({ text: "> one two three", cursor: 4 });
  screen.leave("> one two three");
  screen.draw({ text: "> ", cursor: 2 });
  assertEquals([terminal.shown, terminal.cursor], [["> one two", "three", ">"], [2, 2]]);
});

Deno.test("a screen that is cleared is empty, and the text is drawn at its top", () => {
  const { terminal, screen } = bench(10, 4);
  screen.print("a\nb\n", { text: "> one two three", cursor: 15 });
  screen.clear();
  assertEquals([terminal.shown, terminal.cursor], [[], [0, 0]]);
  screen.draw({ text: "> x", cursor: 3 });
  assertEquals([terminal.shown, terminal.cursor], [["> x"], [0, 3]]);
});

Deno.test("where somebody else has written it begins in an empty row, wherever the cursor was", () => {
  for (const written of ["", "half", "0123456789"]) {
    const { terminal, screen } = bench(10, 4);
    terminal.write(written);
    screen.begin();
    screen.draw({ text: "> x", cursor: 3 });
    assertEquals(terminal.shown, written === "" ? ["> x"] : [written, "> x"]);
  }
});

Deno.test("of what has more rows than the screen those around the cursor are shown, and all is taken away", () => {
  const text = "aaaabbbbccccddddeeeeffff";
  const { terminal, screen } = bench(4, 3);
  const at = (cursor: number): readonly unknown[] => {
    screen.draw({ text, cursor });
    return [terminal.shown, terminal.cursor];
  };
  assertEquals(at(0), [["aaaa", "bbbb", "cccc"], [0, 0]]);
  assertEquals(at(9), [["bbbb", "cccc", "dddd"], [1, 1]]);
  assertEquals(at(23), [["eeee", "ffff"], [1, 3]]);
  assertEquals(at(4), [["aaaa", "bbbb", "cccc"], [1, 0]]);
  screen.draw({ text: "x", cursor: 1 });
  assertEquals([terminal.shown, terminal.scrolled], [["x"], []]);
});

Deno.test("when the terminal has broken the rows anew, all of them are drawn over", () => {
  const text = "> one two three fou";
  for (const [columns, cursor] of [[10, 19], [7, 3], [5, 12], [30, 0]] as const) {
    let terminal = new Rows(20, 6);
    const screen = new Screen({ size: () => terminal.size(), write: (text) => terminal.write(text) });
    screen.print("above\n", { text, cursor });
    // one that is made narrower breaks the rows by itself, and its cursor stays where it was in the text
    terminal = new Rows(columns, 6);
    terminal.write(`above\n${text}`);
    for (let up = terminal.cursor[0] - 1 - Math.floor(cursor / columns); up > 0; up--) {
      terminal.write("\x1b[1A");
    }
    screen.resized();
    screen.draw({ text: "> x", cursor: 3 });
    assertEquals(terminal.shown, ["above", "> x"], `${columns} columns`);
  }
  const { terminal, screen } = bench(20, 6);
  screen.resized();
  screen.draw({ text: "> x", cursor: 3 });
  assertEquals(terminal.shown, ["> x"]);
});

Deno.test("what is drawn moves no cursor and turns no writing around", () => {
  assertEquals(drawable("a ä 漢 👍"), "a ä 漢 👍");
  assertEquals(
    drawable("می\u200cخواهم"),
    "می\u200cخواهم",
    "what joins and parts letters is of the one before",
  );
  assertEquals(drawable("a\x1b[2Jb\tc"), "a\\x1b[2Jb\\tc");
  for (const turned of ["\u202e", "\u2066", "\u2028", "\u2029", "\u0085"]) {
    assertEquals(drawable(`a${turned}b`).includes(turned), false);
  }
});

Deno.test("what was scrolled off a terminal that became narrower is gone, and the rest is drawn over", () => {
  for (const cursor of [18, 13, 9]) {
    let terminal = new Rows(8, 3);
    const screen = new Screen({ size: () => terminal.size(), write: (text) => terminal.write(text) });
    const text = "aaaabbbbccccddddee";
    screen.draw({ text, cursor });
    assertEquals(terminal.shown, ["aaaabbbb", "ccccdddd", "ee"]);
    // it breaks the rows by itself, and its cursor stays where it was in the text
    terminal = new Rows(4, 3);
    terminal.write(text);
    for (let up = 4 - Math.floor(cursor / 4); up > 0; up--) terminal.write("\x1b[1A");
    assertEquals([terminal.shown, terminal.scrolled], [["cccc", "dddd", "ee"], ["aaaa", "bbbb"]]);
    screen.resized();
    screen.draw({ text: "> x", cursor: 3 });
    assertEquals([terminal.shown, terminal.cursor], [["> x"], [0, 3]]);
  }
});

Deno.test("a terminal that does not break its rows anew has nothing of the text below it", () => {
  const { terminal, screen } = bench(10, 4);
  screen.draw({ text: "> one two three", cursor: 3 });
  assertEquals(terminal.shown, ["> one two", "three"]);
  terminal.columns = 30;
  screen.resized();
  screen.draw({ text: "> x", cursor: 3 });
  assertEquals([terminal.shown, terminal.cursor], [["> x"], [0, 3]]);
});
