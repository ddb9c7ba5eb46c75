import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { BROKER } from "../../../lib/cli/broker/options.ts";
import { helpText } from "../../../lib/cli/options/help.ts";
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

Deno.test("the clients' help says what a # is to a shell", () => {
  for (const program of [PUBLISHER, SUBSCRIBER]) {
    assertStringIncludes(helpText(program, 100), "-t hello and -t '#hello' are the same topic");
  }
});

Deno.test("the programs have the version of the project", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(new URL("../../../deno.json", import.meta.url)));
  assertEquals(VERSION, version);
});
