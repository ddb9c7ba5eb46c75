import { assertEquals } from "@std/assert";
import type { AccountLimits } from "../../../lib/auth/account_limits.ts";
import { type Grant, UNLIMITED } from "../../../lib/auth/grant.ts";
import { DEFAULT_LIMITS } from "../../../lib/limits.ts";
import { AccountUses } from "../../../lib/sessions/admission/account_uses.ts";
import { Standing } from "../../../lib/sessions/admission/standing.ts";

function grantOf(account: string, limits: AccountLimits = {}): Grant {
  return { ...UNLIMITED, account, limits };
}

function standing(accounts = new AccountUses()): {
  accounts: AccountUses;
  outbox: { most: number };
  standing: Standing;
} {
  const outbox = { most: 7 };
  return { accounts, outbox, standing: new Standing({ accounts, limits: DEFAULT_LIMITS }, outbox) };
}

Deno.test("who has no grant has the broker's limits and nothing that holds it", () => {
  const { standing: none, outbox } = standing();
  const { grant, limits, isTooMany, held, newTopics, readMost } = none;
  assertEquals({ grant, limits, isTooMany, held, newTopics, readMost }, {
    grant: undefined,
    limits: DEFAULT_LIMITS,
    isTooMany: false,
    held: undefined,
    newTopics: undefined,
    readMost: Infinity,
  });
  none.spend(1000, 1000);
  none.rest();
  none.close();
  assertEquals(outbox.most, 7);
});

Deno.test("who has a grant has its limits, counts with its account once, and with another when that is its grant", () => {
  const { accounts, outbox, standing: one } = standing();
  const grant = grantOf("a", { outbox: 1000, patterns: 3, messageRate: 100, newTopics: 2 });
  one.grant = grant;
  one.grant = grant;
  assertEquals([accounts.connectionsOf("a"), one.limits.patterns, outbox.most, one.readMost], [
    1,
    3,
    1000,
    250,
  ]);
  assertEquals([one.held, one.newTopics?.take("#x")], [undefined, true]);
  one.grant = grantOf("b");
  assertEquals([accounts.connectionsOf("a"), accounts.connectionsOf("b")], [0, 1]);
  assertEquals([one.limits, outbox.most, one.readMost], [DEFAULT_LIMITS, DEFAULT_LIMITS.outbox, Infinity]);
  one.grant = undefined;
  assertEquals([accounts.connectionsOf("b"), one.limits], [0, DEFAULT_LIMITS]);
});

Deno.test("who has published too much is held until time has passed, and makes way when it rests", () => {
  const { accounts, standing: one } = standing();
  const grant = grantOf("a", { messageRate: 10 });
  one.grant = grant;
  one.spend(10, 0);
  assertEquals(one.held, undefined);
  one.spend(1, 0);
  const held = one.held!;
  assertEquals(held.full, true);
  let went = 0;
  held.whenNotFull(() => went++);
  const { standing: other } = standing(accounts);
  other.grant = grant;
  other.held!.whenNotFull(() => went++);
  accounts.tick(100);
  assertEquals([went, one.held, other.held?.full], [1, undefined, true]);
  one.rest();
  assertEquals([went, other.held], [2, undefined]);
});

Deno.test("who is gone counts for nobody any more, lets others go on, and takes no grant", () => {
  const { accounts, standing: one } = standing();
  const grant = grantOf("a", { messageRate: 10, connections: 1 });
  one.grant = grant;
  const { standing: other } = standing(accounts);
  other.grant = grant;
  assertEquals([one.isTooMany, other.isTooMany, accounts.connectionsOf("a")], [false, true, 2]);
  one.spend(11, 0);
  let went = 0;
  one.held!.whenNotFull(() => went++);
  one.close();
  one.close();
  assertEquals([went, accounts.connectionsOf("a"), one.isTooMany, one.held], [1, 1, false, undefined]);
  one.grant = grantOf("b");
  assertEquals([one.grant, accounts.connectionsOf("b")], [grant, 0]);
});
