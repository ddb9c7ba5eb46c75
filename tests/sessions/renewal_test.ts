/** What becomes of connections when accounts have changed (P8). */
import { assertEquals, assertMatch } from "@std/assert";
import type { Gatekeeper, Visitor } from "../../lib/auth/gatekeeper.ts";
import { type Grant, NOTHING, UNLIMITED } from "../../lib/auth/grant.ts";
import { renewGrants } from "../../lib/sessions/renewal.ts";
import { settled } from "../support/handed_clock.ts";
import { ScriptedEngine } from "../support/scripted_engine.ts";
import { Line } from "./connection_bench.ts";
import { Bench } from "./session_bench.ts";

/** Knows when it was told that permissions have changed, and who had which by then. */
class ToldEngine extends ScriptedEngine {
  readonly seen: (string | undefined)[][] = [];
  lines: readonly Line[] = [];

  override permissionsChanged(): void {
    this.seen.push(this.lines.map(({ connection }) => connection.session.grant?.account));
    super.permissionsChanged();
  }
}

/** What accounts may do now; who asked for that. */
class Accounts implements Gatekeeper {
  readonly now = new Map<string, Grant>();
  readonly asked: Visitor[] = [];

  admit(): void {}
  admitClassic(): undefined {}
  renew(grant: Grant, visitor: Visitor): Grant | undefined {
    this.asked.push(visitor);
    return this.now.get(grant.account!);
  }
}

function grantOf(account: string, denied = "nothing"): Grant {
  const may = (topic: string): boolean => topic !== denied;
  return { ...UNLIMITED, account, administrator: false, maySubscribe: may, mayShare: may, mayReceive: may };
}

/** Connections of these accounts to one engine; undefined: of who needs none. */
function room(...accounts: readonly (string | undefined)[]): {
  lines: Line[];
  engine: ToldEngine;
  gatekeeper: Accounts;
  renew: () => void;
} {
  const bench = new Bench({}, ToldEngine);
  const engine = bench.engine as ToldEngine;
  const gatekeeper = new Accounts();
  const lines = accounts.map((account) => {
    if (account === undefined) return new Line({ bench, to: "subscribers" });
    const grant = gatekeeper.now.get(account) ?? grantOf(account);
    gatekeeper.now.set(account, grant);
    return new Line({ bench, grant, to: "subscribers" });
  });
  engine.lines = lines;
  const renew = (): void => {
    renewGrants(lines.map(({ connection }) => connection), { gatekeeper, engine });
    bench.flushes.flush();
  };
  return { lines, engine, gatekeeper, renew };
}

async function end(lines: readonly Line[]): Promise<void> {
  for (const { connection } of lines) connection.cut("closed");
  await Promise.all(lines.map(({ over }) => over));
}

Deno.test("where nothing has changed nothing is told, and who needs no account is not asked about", async () => {
  const { lines, engine, gatekeeper, renew } = room("a", undefined, "b");
  renew();
  assertEquals(gatekeeper.asked, [{ id: "", address: "10.0.0.1" }, { id: "", address: "10.0.0.1" }]);
  assertEquals([engine.seen, lines.map(({ wire }) => wire.written)], [[], ["", "", ""]]);
  await end(lines);
});

Deno.test("all have what they may do now before the engine is told, once, and before anything ends", async () => {
  const { lines, engine, gatekeeper, renew } = room("a", "b", "gone", undefined);
  for (const [at, line] of lines.entries()) await line.wire.comes(`sub #${at}\nsub #x\n`);
  gatekeeper.now.set("a", grantOf("a", "#x"));
  gatekeeper.now.delete("gone");
  renew();
  await settled();
  assertEquals(engine.seen, [["a", "b", NOTHING.account, UNLIMITED.account]]);
  assertEquals(lines.map(({ connection }) => connection.session.snapshot().subscriptions.length), [
    1,
    2,
    0,
    2,
  ]);
  const said = lines.map(({ wire }) => wire.written.replaceAll(/ok \d\n/g, ""));
  assertEquals([said[0], said[1], said[3]], [
    'info {"ended":"#x","reason":"this account may not receive it any more"}\n',
    "",
    "",
  ]);
  assertMatch(said[2]!, /^bye DENIED [^\n]*\n$/);
  assertEquals(lines.map(({ wire }) => wire.ends), [0, 0, 1, 0]);
  renew();
  assertEquals(engine.seen.length, 1, "it is as it was");
  await end(lines);
});

Deno.test("another grant that denies nothing of what is subscribed to ends nothing, but is told", async () => {
  const { lines, engine, gatekeeper, renew } = room("a");
  const [line] = lines;
  await line!.wire.comes("sub #a\nsub #g group=g\n");
  engine.memberships[0]!.joining.joined({ kind: "joined" });
  gatekeeper.now.set("a", grantOf("a", "#other"));
  renew();
  await settled();
  assertEquals([engine.seen.length, line!.connection.session.snapshot().groups.length], [1, 1]);
  gatekeeper.now.set("a", grantOf("a", "#g"));
  renew();
  await settled();
  assertEquals([engine.seen.length, line!.connection.session.snapshot().groups.length], [2, 0]);
  assertMatch(line!.wire.written, /\ninfo \{"ended":"#g","group":"g","reason":"[^"]*"\}\n$/);
  assertEquals(line!.connection.session.snapshot().subscriptions.length, 1);
  await end(lines);
});
