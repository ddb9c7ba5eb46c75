import { assert, assertEquals, assertMatch } from "@std/assert";
import { exchangesOf, type Row } from "./exchange.ts";
import { Judge } from "./judge.ts";
import { brokerOverMemory } from "./reach.ts";
import { TABLES, TABLES_OF_ACCOUNTS, TABLES_OF_HTTP } from "./tables/mod.ts";
import { TLS_PORT } from "./tables/tls.ts";

/** What the judge says of a row at the publishers' door that is not as it should be. */
const WRONG: readonly (readonly [row: Row, says: RegExp])[] = [
  [
    ["another answer", "c pub #a x\n", "ERR_BUSY"],
    /\["ERR_BUSY",.* was to come, \["OK","OK","ERR_WRONG_PORT"\] came/,
  ],
  [
    ["an answer more", "c pub #a x\nc pub #a x\n", "OK"],
    /\["OK","OK","ERR_WRONG_PORT"\] was to come, \["OK","OK","OK"/,
  ],
  [["no end", "c quit\n", "OK", "waits", { brings: 0 }], /the broker hung up/],
  [["a message more", "c pub #a x\n", "OK", "answers", { brings: 0 }], /1 messages were to reach .*"#a x"/],
  [["a message less", "c x\n", "ERR_UNKNOWN_COMMAND", "answers", { brings: 1 }], /2 messages were to reach/],
];

Deno.test("what is not as a row says is found, and so is a message too many", async () => {
  await using broker = brokerOverMemory();
  await using judge = await Judge.on(broker);
  for (const [row, says] of WRONG) {
    const [exchange] = exchangesOf([{ title: "wrong", on: "publishers", opening: "classic", rows: [row] }]);
    assertMatch(await judge.judge(exchange!) ?? "nothing", says);
  }
  const [good] = exchangesOf([{
    title: "right",
    on: "publishers",
    opening: "classic",
    rows: [["a publish", "c pub #a x\n", "OK"]],
  }]);
  assertEquals(await judge.judge(good!), undefined);
});

Deno.test("there are a thousand exchanges, and no two say the same in the same place", () => {
  const all = exchangesOf([...TABLES, ...TABLES_OF_ACCOUNTS, ...TABLES_OF_HTTP, TLS_PORT]);
  assert(all.length > 1000, `${all.length} exchanges`);
  const said = new Map<string, string>();
  const twice: string[] = [];
  for (const { on, opening, says, title, what } of all) {
    const pieces = says.map((piece) => piece instanceof Uint8Array ? [...piece] : piece);
    const key = JSON.stringify([on, opening, pieces]);
    const before = said.get(key);
    if (before !== undefined) twice.push(`${title}: ${what} is ${before}`);
    said.set(key, `${title}: ${what}`);
  }
  assertEquals(twice, []);
});
