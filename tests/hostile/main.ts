/**
 * `deno task malformed [--only TEXT]`: hundreds of malformed exchanges with a broker, on sockets and byte by byte,
 * and behind each a look at whether honest clients notice anything. Ends with 1 where something was not as the
 * tables say.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { exchangesOf, type Table } from "./exchange.ts";
import { Judge, type Reach } from "./judge.ts";
import { HAS_OPENSSL } from "../support/certificates.ts";
import { brokerOverMemory, brokerProcess, brokerWithTls } from "./reach.ts";
import { TABLES, TABLES_OF_ACCOUNTS, TABLES_OF_HTTP, TABLES_OF_TLS } from "./tables/mod.ts";

const { only = "" } = parseArgs(Deno.args, { string: ["only"] }) as { readonly only?: string };
let wrong = 0;
{
  await using broker = await brokerProcess();
  await run("a broker's process, over sockets", broker);
}
{
  await using broker = await brokerProcess();
  await run("its HTTP port", broker, TABLES_OF_HTTP);
}
{
  await using broker = brokerOverMemory();
  await run("the same, byte by byte", broker);
}
{
  await using broker = await brokerProcess({ accounts: true });
  await run("a broker with accounts", broker, TABLES_OF_ACCOUNTS);
}
if (HAS_OPENSSL) {
  await using broker = await brokerWithTls();
  await run("a port with TLS", broker, TABLES_OF_TLS);
} else {
  say("no port with TLS: without openssl there are no certificates");
}
Deno.exit(wrong === 0 ? 0 : 1);

async function run(where: string, reach: Reach, tables: readonly Table[] = TABLES): Promise<void> {
  await using judge = await Judge.on(reach);
  say(`${where}:`);
  let all = 0;
  const began = performance.now();
  for (const table of tables) {
    const exchanges = exchangesOf([table]).filter(({ title, what, whole }) =>
      `${title}: ${what}`.includes(only) && !(whole && reach.piece < Infinity)
    );
    let bad = 0;
    for (const exchange of exchanges) {
      const found = await judge.judge(exchange);
      if (found === undefined) continue;
      bad++;
      say(`  ${found}`);
    }
    all += exchanges.length;
    wrong += bad;
    if (exchanges.length > 0) {
      say(`  ${table.title}: ${exchanges.length}, ${bad === 0 ? "all good" : `${bad} WRONG`}`);
    }
  }
  say(
    `  ${all} exchanges in ${
      ((performance.now() - began) / 1000).toFixed(1)
    } s, honest clients looked at behind each`,
  );
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
