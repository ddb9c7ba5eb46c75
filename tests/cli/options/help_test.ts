import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { BROKER } from "../../../lib/cli/broker/options.ts";
import { helpText, wrap } from "../../../lib/cli/options/help.ts";
import { flag, option, type Program, type Table } from "../../../lib/cli/options/table.ts";
import { TEXT } from "../../../lib/cli/options/units.ts";
import { PUBLISHER } from "../../../lib/cli/publisher/options.ts";
import { SUBSCRIBER } from "../../../lib/cli/subscriber/options.ts";
import { VERSION } from "../../../lib/cli/version.ts";
import { SAMPLE } from "./sample_program.ts";

Deno.test("the help names every option with its forms, its value and its meaning", () => {
  const help = helpText(SAMPLE, 100);
  for (
    const line of [
      "  -s, --sub-port [PORT]    for subscribers (9090)",
      "  -t, --topic PATTERN ...  what to subscribe to",
      "  -v, --verbose            say more",
      "  --help                   print this and exit",
    ]
  ) assertStringIncludes(help, `\n${line}\n`);
});

const TINY: Program<Table> = {
  name: "tiny",
  version: "1",
  summary: "Does one thing.",
  usage: ["tiny [options] FILE"],
  options: {
    go: flag({ letters: "g", help: "do it" }),
    "with-a-very-long-name": option(TEXT, { help: "do it with something that has a long name" }),
  },
  examples: [{ command: "tiny -g x", does: "does it" }],
  notes: ["Mind.", "That is all."],
};

/** Its help from the lines of its own options on, up to those that every program has. */
function optionsOf(width: number): string[] {
  const lines = helpText(TINY, width).split("\n");
  return lines.slice(
    lines.indexOf("Options:") + 1,
    lines.findIndex((line) => line.includes("--show-config")),
  );
}

Deno.test("the help has what a program is for, how it is called, its options, examples and notes, in this order", () => {
  const help = helpText(TINY, 100);
  const [head = "", rest = ""] = help.split("Options:\n");
  assertEquals(
    head,
    "Does one thing.\n\nUsage:\n  tiny [options] FILE\n  tiny completions bash|zsh|fish\n\n",
  );
  assertEquals(
    rest.split("\n").slice(-10).join("\n"),
    "  --version                   print the version and exit\n\nExamples:\n  tiny -g x\n      does it\n\n" +
      "Mind.\n\nThat is all.\n",
  );
  const { examples: _, ...others } = TINY;
  assertEquals(helpText({ ...others, examples: [] }, 100).includes("Examples"), false);
});

Deno.test("a meaning stands beside its option where there is room, and else below it", () => {
  assertEquals(optionsOf(100), [
    "  -g, --go                    do it",
    "  --with-a-very-long-name TEXT",
    "                              do it with something that has a long name",
  ]);
  assertEquals(optionsOf(64), [
    "  -g, --go                    do it",
    "  --with-a-very-long-name TEXT",
    "                              do it with something that has a",
    "                              long name",
  ]);
  assertEquals(optionsOf(63), [
    "  -g, --go",
    "      do it",
    "  --with-a-very-long-name TEXT",
    "      do it with something that has a long name",
  ]);
  assertEquals(optionsOf(10), [
    "  -g, --go",
    "      do it",
    "  --with-a-very-long-name",
    "      TEXT",
    "      do it with",
    "      something that",
    "      has a long",
    "      name",
  ]);
});

Deno.test("on a narrow terminal what is too long goes on below, further in than it began", () => {
  const lines = helpText({
    ...TINY,
    examples: [{ command: "tiny -g the whole", does: "does all of it, at once" }],
  }, 20);
  const [head = "", rest = ""] = lines.split("Options:\n");
  assertEquals(head.split("\n"), [
    "Does one thing.",
    "",
    "Usage:",
    "  tiny [options]",
    "      FILE",
    "  tiny completions",
    "      bash|zsh|fish",
    "",
    "",
  ]);
  assertEquals(rest.split("\n").slice(-10), [
    "",
    "Examples:",
    "  tiny -g the whole",
    "      does all of",
    "      it, at once",
    "",
    "Mind.",
    "",
    "That is all.",
    "",
  ]);
  const long = helpText({ ...TINY, examples: [{ command: "tiny -g the whole lot", does: "it" }] }, 20);
  assertStringIncludes(long, "\n  tiny -g the whole\n      lot\n      it\n");
});

Deno.test("no line is wider than 100 characters or narrower than 20 for the width of a terminal", () => {
  assertEquals(helpText(SAMPLE, 200), helpText(SAMPLE, 100));
  assertEquals(helpText(SAMPLE, 1), helpText(SAMPLE, 20));
  assertEquals(helpText(SAMPLE, 19), helpText(SAMPLE, 20));
  assertEquals(helpText(SAMPLE, 99) === helpText(SAMPLE, 100), false);
});

Deno.test("a text is broken between words, where a line has just room for the next it is there", () => {
  assertEquals(wrap("ab cd ef", { width: 5 }), ["ab cd", "ef"]);
  assertEquals(wrap("ab cd ef", { width: 4 }), ["ab", "cd", "ef"]);
  assertEquals(wrap("ab cd ef", { width: 7, indent: 2 }), ["  ab cd", "  ef"]);
  assertEquals(wrap("ab cd ef", { width: 7, indent: 2, hang: 4 }), ["  ab cd", "    ef"]);
  assertEquals(wrap("abcdef g", { width: 3, indent: 1 }), [" abcdef", " g"]);
});

for (const program of [BROKER, PUBLISHER, SUBSCRIBER]) {
  for (const width of [40, 80, 120]) {
    Deno.test(`the ${program.name}'s help fits a terminal of ${width} columns`, () => {
      for (const line of helpText(program, width).split("\n")) {
        const indent = line.length - line.trimStart().length;
        const isOneLongWord = !line.trim().includes(" ");
        assert(line.length <= width || isOneLongWord, line);
        assert(indent <= width / 2, line);
      }
    });
  }

  Deno.test(`no two options of the ${program.name} have a letter in common`, () => {
    const letters = Object.values(program.options).flatMap((option) => [...option.letters ?? ""]);
    assertEquals([...new Set(letters)], letters);
  });
}

Deno.test("the broker's help says what each limit is where none is given, bytes as one writes them", () => {
  const help = helpText(BROKER, 120).replace(/ +/g, " ");
  assertStringIncludes(help, " --max-line SIZE most bytes in a line (64KiB)");
  assertStringIncludes(help, " --max-connections N most connections at once, over both ports (10000)");
});

Deno.test("the broker's help says how long it tries and how many it takes where nothing is said", () => {
  const help = helpText(BROKER, 100).replace(/\s+/g, " ");
  for (
    const text of [
      "how long the start tries to reach NATS (5s)",
      "most connections at once from one address, of IPv6 from one /64 (any number; with --users 1,000)",
      "(1GiB, or what --max-outbox and twice --max-payload need)",
      "0 takes a free one (none, 9080)",
      "port for subscribers; 0 takes a free one (9090)",
      "port for publishers; 0 takes a free one (9000)",
    ]
  ) assertStringIncludes(help, text);
});

Deno.test("the clients' help says what a # is to a shell", () => {
  for (const program of [PUBLISHER, SUBSCRIBER]) {
    assertStringIncludes(helpText(program, 100), "-t hello and -t '#hello' are the same topic");
  }
});

Deno.test("the programs have the version of the project", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(new URL("../../../deno.json", import.meta.url)));
  assertEquals(VERSION, version);
});
