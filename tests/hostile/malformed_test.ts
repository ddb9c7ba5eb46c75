import { assertEquals } from "@std/assert";
import { exchangesOf, type Table } from "./exchange.ts";
import { Judge, type Reach } from "./judge.ts";
import { HAS_OPENSSL } from "../support/certificates.ts";
import { brokerOverMemory, brokerProcess, brokerWithTls } from "./reach.ts";
import { TABLES, TABLES_OF_ACCOUNTS, TABLES_OF_HTTP, TABLES_OF_TLS } from "./tables/mod.ts";

const WRONG_MOST = 5;

async function wrongOn(reach: Reach, tables: readonly Table[] = TABLES): Promise<string[]> {
  await using judge = await Judge.on(reach);
  const wrong: string[] = [];
  for (const exchange of exchangesOf(tables)) {
    if (reach.piece < Infinity && exchange.whole) continue;
    const found = await judge.judge(exchange);
    if (found !== undefined) wrong.push(found);
    // each may have waited in vain
    if (wrong.length === WRONG_MOST) break;
  }
  return wrong;
}

Deno.test("malformed exchanges get what they are owed, and honest clients notice nothing (C13)", async () => {
  await using broker = await brokerProcess();
  assertEquals(await wrongOn(broker), []);
});

Deno.test("the same, when it comes byte by byte: a third of it, `deno task malformed` takes all", async () => {
  await using broker = brokerOverMemory();
  const some = TABLES.map((table) => ({ ...table, rows: table.rows.filter((_, at) => at % 3 === 0) }));
  assertEquals(await wrongOn(broker, some), []);
});

Deno.test("who has no account, and who has one that may do little, gets no further (A1, A2)", async () => {
  await using broker = await brokerProcess({ accounts: true });
  assertEquals(await wrongOn(broker, TABLES_OF_ACCOUNTS), []);
});

Deno.test("what comes to the HTTP port is one request or none, and comes from where it may (F54, F55, F57)", async () => {
  await using broker = await brokerProcess();
  assertEquals(await wrongOn(broker, TABLES_OF_HTTP), []);
});

Deno.test({
  name: `what comes to a port with TLS and is none is told so (F35, F37)${
    HAS_OPENSSL ? "" : " (skipped: without openssl there are no certificates)"
  }`,
  ignore: !HAS_OPENSSL,
  fn: async () => {
    await using broker = await brokerWithTls();
    assertEquals(await wrongOn(broker, TABLES_OF_TLS), []);
  },
});
