import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Action, ACTIONS } from "./everyday_actions.ts";
import { keysOf, readActions, tableOf, type Written } from "./cli_compared.ts";
import { Desk } from "./desk.ts";

const document = await Deno.readTextFile(new URL("../../../docs/cli-compared.md", import.meta.url));
const written = readActions(document);
const mosquitto = await Desk.mosquittoMissing();

Deno.test("docs/cli-compared.md has fifteen actions, and a trial of each is here", () => {
  assertEquals(written.map(({ title }) => title), Object.keys(ACTIONS));
  assertEquals(written.length, 15);
});

Deno.test("docs/cli-compared.md counts the keys as they are", () => {
  assertEquals(tableOf(document), written.map(({ title, commands }) => [title, ...keysOf(commands)]));
});

Deno.test("no action takes more keys than with any of the others, but for a request, which the document says", () => {
  const longer = written.filter(({ title, commands }) => {
    const [ours, ...others] = keysOf(commands);
    assert(typeof ours === "number", `${title} can be done`);
    return others.some((theirs) => theirs !== "-" && ours > theirs);
  });
  assertEquals(longer.map(({ title }) => title), ["A request by hand"]);
  assertMatch(document, /the one action here that takes more keys/);
});

for (const [title, action] of Object.entries(ACTIONS)) {
  Deno.test(`hashbus: ${title}`, () => tried(action, { title, tool: "hashbus" }));
  const theirs = commandOf(title, "Mosquitto");
  if (theirs === undefined || action.ours === true) continue;
  Deno.test({
    name: mosquitto === undefined ? `Mosquitto: ${title}` : `Mosquitto: ${title} (skipped: ${mosquitto})`,
    ignore: mosquitto !== undefined,
    fn: () => tried(action, { title, tool: "Mosquitto" }),
  });
}

/** The command that stands in the document. */
function commandOf(title: string, tool: string): string | undefined {
  return written.find((each: Written) => each.title === title)?.commands.get(tool);
}

async function tried(
  action: Action,
  { title, tool }: { readonly title: string; readonly tool: "hashbus" | "Mosquitto" },
): Promise<void> {
  const command = commandOf(title, tool);
  assert(command !== undefined, `${title} has a command for ${tool}`);
  await using desk = await Desk.open(tool);
  await action.try(desk, command);
}
