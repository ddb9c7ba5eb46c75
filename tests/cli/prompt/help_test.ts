/** What `help` prints, on terminals of several widths. */
import { assertEquals } from "@std/assert";
import { GRAMMAR } from "../../../lib/cli/commands/grammar.ts";
import { promptHelp } from "../../../lib/cli/prompt/help.ts";

Deno.test("help is the grammar and what the prompt has beyond it, a line each where all of them fit", () => {
  for (const [role, longest] of [["publisher", 79], ["subscriber", 87]] as const) {
    const lines = promptHelp(role, longest);
    assertEquals(lines.slice(0, GRAMMAR[role].length), [...GRAMMAR[role]]);
    assertEquals(lines.slice(GRAMMAR[role].length), [
      "help, list               this; what was done so far",
      "Tab completes, the arrows give earlier lines, Ctrl-Z and fg stop and go on.",
    ]);
    assertEquals(Math.max(...lines.map((line) => line.length)), longest);
  }
});

Deno.test("where one line does not fit, what a command does stands below its form", () => {
  assertEquals(promptHelp("publisher", 78), [
    "[seconds] pub #topic message",
    "      publish the rest of the line",
    '[seconds] json {"topic": "#a", "payload": "hi"}',
    "      with headers, key, ttl, reply",
    "[seconds] quit",
    "      leave (so do Ctrl-C and Ctrl-D)",
    "Seconds are waited first. The # of a topic may be left out.",
    "help, list",
    "      this; what was done so far",
    "Tab completes, the arrows give earlier lines, Ctrl-Z and fg stop and go on.",
  ]);
  assertEquals(promptHelp("publisher", 40).slice(2, 5), [
    '[seconds] json {"topic": "#a",',
    '      "payload": "hi"}',
    "      with headers, key, ttl, reply",
  ]);
  assertEquals(promptHelp("subscriber", 40).slice(0, 6), [
    "[seconds] sub #topic",
    "      subscribe to a topic or a pattern:",
    "      #orders.* #orders.> #>",
    "   from=earliest",
    "      with what is stored: earliest,",
    "      latest, 7, 09:00, -10m, -10",
  ]);
});
