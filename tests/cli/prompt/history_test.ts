import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { History } from "../../../lib/cli/prompt/history.ts";

/** A test with a file in a folder that is not there yet. */
function test(name: string, fn: (path: string) => Promise<void> | void): void {
  Deno.test(name, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await fn(`${folder}/state/hashbus/publisher_history`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

test("History is in its file as soon as a line is entered, for this person alone", (path) => {
  const history = new History({ path });
  history.add("pub a 1");
  assertEquals(Deno.readTextFileSync(path), "pub a 1\n");
  history.add("pub b 日本");
  assertEquals(Deno.readTextFileSync(path), "pub a 1\npub b 日本\n");
  assertEquals(new History({ path }).lines, ["pub a 1", "pub b 日本"]);
  if (Deno.build.os === "windows") return;
  assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
  assertEquals(Deno.statSync(path.replace("/publisher_history", "")).mode! & 0o777, 0o700);
});

test("History leaves out what begins with a space, is empty, repeats the last line or could move a cursor", (path) => {
  const history = new History({ path });
  for (const line of ["a", "a", " secret", "", "  ", "b\x1b[2J", "c\nd", "e\u2028f", "b", "a"]) {
    history.add(line);
  }
  assertEquals(history.lines, ["a", "b", "a"]);
  assertEquals(Deno.readTextFileSync(path), "a\nb\na\n");
});

test("History shows nothing of what was put into its file and could move a cursor", (path) => {
  new History({ path }).add("before");
  Deno.writeTextFileSync(path, "\x1b[2Jevil\n\n\xff\ngood\nno line end", { append: true });
  assertEquals(new History({ path }).lines, ["before", "ÿ", "good", "no line end"]);
  new History({ path }).add("after");
  assertEquals(new History({ path }).lines.slice(-2), ["no line end", "after"]);
});

/**
 * Adds lines until the file holds no more than it should, and gives them. A process that another test is just
 * starting has this one's lock on the file for a moment, and then a line is only added.
 */
async function addUntil(history: History, isCut: () => boolean): Promise<string[]> {
  const added: string[] = [];
  while (!isCut() && added.length < 1000) {
    await new Promise((done) => setTimeout(done, 1));
    const line = `more ${added.length}`;
    history.add(line);
    added.push(line);
  }
  return added;
}

test("History keeps the latest thousand lines, of several programs together", async (path) => {
  const [one, two] = [new History({ path }), new History({ path })];
  const all: string[] = [];
  for (let number = 0; number < 700; number++) {
    one.add(`one ${number}`);
    two.add(`two ${number}`);
    all.push(`one ${number}`, `two ${number}`);
  }
  assertEquals(one.lines.length, 700);
  const lines = (): string[] => Deno.readTextFileSync(path).trimEnd().split("\n");
  const more = await addUntil(one, () => lines().length <= 1000);
  assertEquals(lines(), [...all, ...more].slice(-1000));
});

test("History adds a line without waiting for one that was stopped while it wrote", (path) => {
  const history = new History({ path });
  history.add("first");
  using other = Deno.openSync(path, { read: true, write: true });
  other.lockSync(true);
  history.add("second");
  assertEquals(Deno.readTextFileSync(path), "first\nsecond\n");
});

test("History that cannot be kept is told once and is there for this run", async (path) => {
  const problems: string[] = [];
  const failed = (problem: string): void => void problems.push(problem);
  await Deno.mkdir(path, { recursive: true });
  const history = new History({ path, failed });
  history.add("a");
  history.add("b");
  assertEquals(history.lines, ["a", "b"]);
  assertEquals(problems.length, 1);
  assertStringIncludes(problems[0]!, `${path}" is not kept: it is not a file`);
  const nowhere = new History();
  nowhere.add("a");
  assertEquals(nowhere.lines, ["a"]);
});

test("History reads the end of a file that is far too large", async (path) => {
  new History({ path }).add("x");
  await Deno.writeTextFile(path, "a line that is long enough\n".repeat(400_000));
  const history = new History({ path });
  assertEquals(history.lines.length, 1000);
  history.add("last");
  const isCut = (): boolean => Deno.statSync(path).size < 100_000;
  const more = await addUntil(history, isCut);
  assert(isCut());
  assertEquals(new History({ path }).lines.at(-1), more.at(-1) ?? "last");
});

test("History keeps a line of 8 KiB, and none that is longer, whoever has put it into the file", (path) => {
  const [longest, longer] = ["x".repeat(8192), "y".repeat(8193)];
  const history = new History({ path });
  for (const line of [longest, longer]) history.add(line);
  assertEquals(history.lines, [longest]);
  Deno.writeTextFileSync(path, `${longer}\n`, { append: true });
  assertEquals(new History({ path }).lines, [longest]);
});

test("History has the latest thousand lines, also of this run alone", (path) => {
  for (const history of [new History(), new History({ path })]) {
    for (let at = 0; at <= 1000; at++) history.add(`line ${at}`);
    assertEquals([history.lines.length, history.lines[0], history.lines.at(-1)], [
      1000,
      "line 1",
      "line 1000",
    ]);
  }
  assertEquals(new History({ path }).lines.at(-1), "line 1000");
});

test("History reads as much of a file as it may have, from where the last of it begins", async (path) => {
  new History({ path }).add("x");
  const most = 4 * 1024 * 1024;
  // the first line begins just where reading does, or a byte before that
  for (const [size, first] of [[most, "first"], [most + 1, "irst"]] as const) {
    await Deno.writeTextFile(path, "first\n".padEnd(size - 5, "\n") + "last\n");
    assertEquals(new History({ path }).lines, [first, "last"]);
  }
});
