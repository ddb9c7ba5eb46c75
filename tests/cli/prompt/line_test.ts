import { assertEquals } from "@std/assert";
import type { Motion } from "../../../lib/cli/prompt/keys.ts";
import { Line } from "../../../lib/cli/prompt/line.ts";

/** The line with a bar where the cursor is, after these keys and texts (`"text`). */
function after(...keys: readonly (Motion | `"${string}`)[]): string {
  const line = new Line([]);
  for (const key of keys) {
    if (key.startsWith('"')) line.insert(key.slice(1));
    else line.move(key as Motion);
  }
  return `${line.before}|${line.text.slice(line.cursor)}`;
}

Deno.test("Line moves and deletes by what a person sees as one character", () => {
  assertEquals(after('"a👩‍👩‍👧e\u0301b', "left", "left", "left"), "a|👩‍👩‍👧e\u0301b");
  assertEquals(after('"a👩‍👩‍👧e\u0301', "backspace"), "a👩‍👩‍👧|");
  assertEquals(after('"a👩‍👩‍👧e\u0301', "backspace", "backspace"), "a|");
  assertEquals(after('"🇩🇪x', "home", "delete"), "|x");
  assertEquals(after('"日本', "swap"), "本日|");
});

Deno.test("Line deletes by words and gives back what was deleted last", () => {
  assertEquals(after('"pub #a.b c d', "delete word", "delete word"), "pub #a.b |");
  assertEquals(
    after('"pub #a.b c', "word left", "word left", "delete to end", "home", "yank"),
    "b c|pub #a.",
  );
  assertEquals(after('"ab cd', "word left", "delete to start", "yank", "yank"), "ab ab |cd");
  assertEquals(after('"ab cd', "home", "delete word right"), "| cd");
  assertEquals(after('"ab cd', "delete word", "delete to end", "delete", "yank"), "ab cd|", "nothing was");
  assertEquals(after("delete word", "delete to end", "yank", "backspace", "delete", "left", "right"), "|");
});

Deno.test("Line goes through what was entered before and comes back to what was being typed", () => {
  const history = ["first", "second"];
  const line = new Line(history);
  line.insert("draft");
  const seen = (["up", "up", "up", "down", "down", "down"] as const).map((key) => {
    line.move(key);
    return line.text;
  });
  assertEquals(seen, ["second", "first", "first", "second", "draft", "draft"]);
  line.move("up");
  assertEquals(line.take(), "second");
  history.push("third");
  line.toNewest();
  line.move("up");
  assertEquals(line.text, "third");
});

Deno.test("Line begins empty, and so does the one behind a line that was taken, whatever was typed before", () => {
  const line = new Line(["first", "second"]);
  assertEquals([line.text, line.cursor], ["", 0]);
  line.insert("draft");
  line.move("up");
  assertEquals([line.take(), line.text, line.cursor], ["second", "", 0]);
  line.move("down");
  assertEquals(line.text, "", "what was being typed is done with");
});

Deno.test("Line moves by words and to its ends, and swaps what is beside the cursor", () => {
  assertEquals(after('"pub #a.b c', "home", "word right"), "pub| #a.b c");
  assertEquals(after('"pub #a.b c', "home", "word right", "word right"), "pub #a| .b c".replace(" .", "."));
  assertEquals(after('"ab', "home", "end", '"c'), "abc|");
  assertEquals(after('"abc', "left", "swap"), "acb|");
  assertEquals(after('"abc', "left", "left", "swap"), "ba|c");
  assertEquals(after('"ab', "home", "swap"), "|ab");
  assertEquals(after('"a', "swap"), "a|");
});
