import { assertEquals } from "@std/assert";
import type { Role } from "../../../lib/cli/commands/grammar.ts";
import { complete } from "../../../lib/cli/prompt/complete.ts";

const topics = ["#orders.eu", "#orders.us", "#hello"];

function offers(line: string, role: Role = "subscriber"): string[] {
  return complete(line, { role, topics })[0];
}

Deno.test("Tab offers the commands of the program, with a space to go on", () => {
  assertEquals(offers(""), ["sub ", "unsub ", "quit ", "list ", "help "]);
  assertEquals(offers("un"), ["unsub "]);
  assertEquals(offers("2.5 s"), ["sub "]);
  assertEquals(offers("p", "publisher"), ["pub "]);
  assertEquals(offers("x"), []);
});

Deno.test("Tab offers the known topics where one belongs, with or without their #", () => {
  assertEquals(offers("sub "), ["#hello ", "#orders.eu ", "#orders.us "]);
  assertEquals(offers("3 unsub #or"), ["#orders.eu ", "#orders.us "]);
  assertEquals(offers("sub or"), ["orders.eu ", "orders.us "]);
  assertEquals(offers("pub #h", "publisher"), ["#hello "]);
});

Deno.test("Tab offers nothing in a message, in seconds, or to a command of the other program", () => {
  for (const line of ["pub #hello h", "pub #hello ", "3", "quit ", "sub #hello "]) {
    assertEquals(offers(line, "publisher"), [], line);
  }
});

Deno.test("Tab offers the fields behind a pattern that are not there yet, and the words that one may be", () => {
  assertEquals(offers("sub #hello "), ["from=", "to=", "slow=", "group=", "window=", "ack=", "by="]);
  assertEquals(offers("sub #hello group=g w"), ["window="]);
  assertEquals(offers("sub #hello group=g "), ["from=", "to=", "slow=", "window=", "ack=", "by="]);
  assertEquals(offers("2 unsub #hello "), ["group="]);
  assertEquals(offers("sub #hello group=g ack="), ["auto ", "explicit "]);
  assertEquals(complete("sub #hello ack=e", { role: "subscriber", topics }), [["explicit "], "e"]);
  assertEquals(offers("sub #hello by="), ["key "]);
  assertEquals(offers("sub #hello window="), [], "a number");
  assertEquals(offers("sub #hello never="), []);
  assertEquals(offers("quit now "), []);
});

Deno.test("what is completed is the word before the cursor", () => {
  assertEquals(complete("3 sub #or", { role: "subscriber", topics })[1], "#or");
  assertEquals(complete("su", { role: "subscriber", topics })[1], "su");
});

Deno.test("Tab offers nothing behind a message, whatever characters it has", () => {
  for (const line of ["pub #hello a\u2028", "pub #hello a\u2029 b", "json {\u2028} x"]) {
    assertEquals(offers(line, "publisher"), [], line);
  }
  assertEquals(offers("sub #hello from=1\u2028slow=l"), ["latest "]);
});

Deno.test("Tab offers the words of a field as far as they begin with what was typed", () => {
  assertEquals(offers("sub #hello slow="), ["block ", "disconnect ", "drop-new ", "drop-old ", "latest "]);
  assertEquals(offers("sub #hello slow=drop-"), ["drop-new ", "drop-old "]);
  assertEquals(complete("sub #hello slow=l", { role: "subscriber", topics }), [["latest "], "l"]);
  assertEquals(complete("sub #hello gr", { role: "subscriber", topics }), [["group="], "gr"]);
  assertEquals(complete("sub or", { role: "subscriber", topics }), [["orders.eu ", "orders.us "], "or"]);
});
